"""Opening a network made in a test, and independent ways to know what the probe should answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.probe.preprocessing import NAMED
from reportgen.probe.source import ModelSource, Preprocessing

if TYPE_CHECKING:
    from reportgen.probe.keras import KerasProbe


def probe_of(model: Any, *, preprocessing: Preprocessing = NAMED["unit"], **wishes: Any) -> KerasProbe:
    """A probe of a network in memory."""
    from reportgen.probe.keras import KerasProbe
    from reportgen.probe.loading import OpenedModel

    opened = OpenedModel(model, "tiny", "Tiny", type(model).__name__)
    return KerasProbe(model, source=ModelSource("tiny", **wishes), opened=opened, preprocessing=preprocessing)


def picture(*shape: int, seed: int = 0) -> np.ndarray:
    """Pixels between 0.1 and 0.9."""
    return np.random.default_rng(seed).uniform(0.1, 0.9, shape).astype(np.float32)


def slope(function: Callable[[np.ndarray], float], at: np.ndarray, direction: np.ndarray, step: float) -> float:
    """The derivative of a function along a direction by central differences."""
    return (function(at + step * direction) - function(at - step * direction)) / (2 * step)
