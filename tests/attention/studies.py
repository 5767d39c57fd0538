"""Studies of networks made in a test, to ask for maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.attention.maps import Maps, maps_of
from reportgen.probe.memo import MemoProbe
from reportgen.study import MapSettings, Sample, Study
from tests.probe.probing import probe_of


def study_of(
    model: Any, *images: np.ndarray, labels: tuple[str, ...] = (), mask: np.ndarray | None = None, **settings: Any
) -> Study:
    """A study of a Keras network with these images."""
    samples = tuple(
        Sample(f"image-{number}", f"image-{number}.png", f"{number:064x}", pixels, pixels, mask=mask)
        for number, pixels in enumerate(images, start=1)
    )
    return Study(MemoProbe(probe_of(model)), samples, labels, MapSettings(**settings))  # type: ignore[arg-type]


def maps_for(model: Any, pixels: np.ndarray, **settings: Any) -> Maps:
    """The maps of one image."""
    study = study_of(model, pixels, **settings)
    return maps_of(study, study.samples[0])
