"""What a layer's code still knows: an image with the same code as the given one (Mahendran and Vedaldi 2015,
https://arxiv.org/abs/1412.0035)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.optimization.climbing import climb
from reportgen.optimization.objectives import like
from reportgen.optimization.recipes import Recipe
from reportgen.probe import Array, Probe


@dataclass(frozen=True, eq=False)
class Inverted:
    """The image found. `error` is the distance of its code from the true one, relative to the code's length;
    `difference` the root mean square difference of pixels; `start` the first error."""

    image: Array
    error: float
    start: float
    difference: float


def invert(
    probe: Probe, pixels: Array, layer: str, answers: Array, recipe: Recipe,
    on_step: Callable[[int], None] = lambda step: None,
) -> Inverted:
    """An image whose code in the layer is as near as can be to `answers`, those of `pixels`."""
    found = climb(probe, [like(layer, answers)], (pixels.shape[0], pixels.shape[1]), recipe, on_step=on_step)
    image = found.images[0]
    return Inverted(
        image, float(np.sqrt(max(0.0, -found.last[0]))), float(np.sqrt(max(0.0, -found.first[0]))),
        float(np.sqrt(np.mean((image - pixels) ** 2))),
    )
