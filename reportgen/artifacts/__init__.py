"""The artifacts that come with the tool, in the order in which a reader should meet them."""

from __future__ import annotations

from reportgen.artifacts.activation_heatmaps import ActivationHeatmaps
from reportgen.artifacts.activation_maps import ActivationMaps
from reportgen.artifacts.activation_statistics import ActivationStatistics
from reportgen.artifacts.architecture import Architecture
from reportgen.artifacts.base import Artifact
from reportgen.artifacts.class_activation import ClassActivationMaps
from reportgen.artifacts.class_activation_by_layer import ClassActivationByLayer
from reportgen.artifacts.class_images import ClassImages
from reportgen.artifacts.deep_dream import DeepDream
from reportgen.artifacts.dense_layers import DenseLayers
from reportgen.artifacts.faithfulness import Faithfulness
from reportgen.artifacts.filter_comparison import FilterComparison
from reportgen.artifacts.filter_images import FilterImages
from reportgen.artifacts.filter_reading import FilterReading
from reportgen.artifacts.filter_statistics import FilterStatistics
from reportgen.artifacts.gradient_maps import BackpropRules, GradientMaps
from reportgen.artifacts.hiding_maps import HidingMaps
from reportgen.artifacts.input import InputImage
from reportgen.artifacts.inversion import Inversion
from reportgen.artifacts.looking_where import LookingWhere
from reportgen.artifacts.made_to_order import MadeToOrder
from reportgen.artifacts.map_agreement import MapAgreement
from reportgen.artifacts.optimal_inputs import OptimalInputs
from reportgen.artifacts.penalty_sweep import PenaltySweep
from reportgen.artifacts.prediction import Prediction
from reportgen.artifacts.progression import Progression
from reportgen.artifacts.receptive_field import ReceptiveField
from reportgen.artifacts.sanity import Sanity
from reportgen.artifacts.side_by_side import SideBySide
from reportgen.artifacts.summary import Summary
from reportgen.artifacts.unit_rows import UnitRows

ORDER: tuple[type[Artifact], ...] = (
    Summary,
    Architecture,
    InputImage,
    Prediction,
    SideBySide,
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
    ClassActivationMaps,
    ClassActivationByLayer,
    GradientMaps,
    BackpropRules,
    HidingMaps,
    LookingWhere,
    Faithfulness,
    Sanity,
    MapAgreement,
    OptimalInputs,
    UnitRows,
    ClassImages,
    PenaltySweep,
    DeepDream,
    Inversion,
    MadeToOrder,
)
CATALOGUE: dict[str, type[Artifact]] = {artifact.name: artifact for artifact in ORDER}
