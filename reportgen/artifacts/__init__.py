"""The catalogue of artifacts, in the order in which a reader should meet them."""

from __future__ import annotations

from reportgen.artifacts.activation_heatmaps import ActivationHeatmaps
from reportgen.artifacts.activation_maps import ActivationMaps
from reportgen.artifacts.activation_statistics import ActivationStatistics
from reportgen.artifacts.architecture import Architecture
from reportgen.artifacts.base import Artifact
from reportgen.artifacts.dense_layers import DenseLayers
from reportgen.artifacts.filter_comparison import FilterComparison
from reportgen.artifacts.filter_images import FilterImages
from reportgen.artifacts.filter_reading import FilterReading
from reportgen.artifacts.filter_statistics import FilterStatistics
from reportgen.artifacts.input import InputImage
from reportgen.artifacts.prediction import Prediction
from reportgen.artifacts.progression import Progression
from reportgen.artifacts.receptive_field import ReceptiveField
from reportgen.artifacts.summary import Summary

ORDER: tuple[type[Artifact], ...] = (
    Summary,
    Architecture,
    InputImage,
    Prediction,
    ReceptiveField,
    FilterImages,
    FilterReading,
    FilterComparison,
    FilterStatistics,
    Progression,
    ActivationMaps,
    ActivationHeatmaps,
    ActivationStatistics,
    DenseLayers,
)
CATALOGUE: dict[str, type[Artifact]] = {artifact.name: artifact for artifact in ORDER}
GROUPS: dict[str, tuple[str, ...]] = {
    chapter: tuple(name for name, artifact in CATALOGUE.items() if artifact.chapter == chapter)
    for chapter in ("filters", "activations", "attention", "optimization")
}
