"""The loop: paint, wobble, ask for slopes, take the penalties off, step; one batch of images at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.optimization.canvases import Canvas
from reportgen.optimization.objectives import Objective, together, value_of
from reportgen.optimization.penalties import blurred, decay, loudness, total_variation
from reportgen.optimization.recipes import Recipe
from reportgen.optimization.wobbles import Moved, Wobble
from reportgen.probe import Array, Probe

RISEN = 1e-3
"""An objective counts as risen when it has grown by more than this share of its size."""


@dataclass(frozen=True, eq=False)
class Climb:
    """What came of it, image by image.

    `values` (steps × images) are the objectives as each step saw them, `penalties` what was taken off. `first` and
    `last` are the objectives of the start and of the final image as they are; the first step does not wobble.
    """

    images: Array
    values: Array
    penalties: Array
    first: Array
    last: Array

    @property
    def risen(self) -> Array:
        """Which objectives ended higher than they began."""
        return risen(self.first, self.last)


def risen(first: Array, last: Array) -> Array:
    """Which values at the end are higher than those at the start of the same way."""
    found: Array = (last - first > RISEN * np.maximum(np.abs(first), 1e-6)) & np.isfinite(last)
    return found


def climb(
    probe: Probe, objectives: Sequence[Objective], size: tuple[int, int], recipe: Recipe, *,
    start: Array | None = None, on_step: Callable[[int], None] = lambda step: None,
) -> Climb:
    """Images of this size in which the objectives are high, one for each; `start` are images to begin from."""
    pulls = together(objectives)
    random = np.random.Generator(np.random.PCG64(recipe.seed))
    canvas = Canvas(
        size[0], size[1], probe.input.channels, recipe.waves, recipe.decorrelated, recipe.bound, recipe.low, recipe.high
    )
    count = len(objectives)
    numbers = canvas.noise(count, random, recipe.noise) if start is None else canvas.start(start)
    numbers = canvas.settled(numbers)
    wobble = Wobble(recipe.shift, recipe.scale, recipe.turn, recipe.crop)
    step_by = _Adam(recipe.rate) if recipe.optimizer == "adam" else _Ascent(recipe.rate)
    values, penalties = np.zeros((recipe.steps, count)), np.zeros((recipe.steps, count))
    for step in range(recipe.steps):
        images = canvas.paint(numbers)
        moved = wobble.draw(random, *size) if step else Moved(*size)
        said, slopes = probe.climb(moved.seen(images), pulls)
        values[step] = value_of(pulls, said)
        slopes = moved.back(_cleaned(slopes))
        slopes = _even(slopes) if recipe.even else slopes
        penalties[step], off = _penalty(images, recipe)
        numbers = canvas.settled(numbers + step_by(_cleaned(canvas.back(images, slopes - off))))
        if recipe.blur and (step + 1) % recipe.blur_every == 0 and step + 1 < recipe.steps:
            numbers = canvas.start(blurred(canvas.paint(numbers), recipe.blur))
        on_step(step + 1)
    images = canvas.paint(numbers)
    return Climb(images, values, penalties, values[0], value_of(pulls, probe.climb(images, pulls)[0]))


def _cleaned(slopes: Array) -> Array:
    """Without what is no number: one wild place must not spoil an image."""
    return slopes if np.isfinite(slopes).all() else np.nan_to_num(slopes, nan=0.0, posinf=0.0, neginf=0.0)


def _even(slopes: Array) -> Array:
    """Each image's slopes divided by their root mean square, signs kept; slopes of nothing stay nothing."""
    size = np.sqrt((slopes.astype(np.float64) ** 2).mean(axis=(1, 2, 3), keepdims=True))
    even: Array = (slopes / np.maximum(size, np.finfo(np.float32).tiny)).astype(np.float32)
    return even


def _penalty(images: Array, recipe: Recipe) -> tuple[Array, Array]:
    """The penalties of each image and their slopes; with even slopes a weight of 1 counts as much as the objective."""
    middle, half = (recipe.low + recipe.high) / 2, (recipe.high - recipe.low) / 2
    centred = (images - middle) / half
    value, slopes = np.zeros(len(images)), np.zeros_like(images)
    found = [
        (recipe.tv, total_variation(centred, recipe.tv_power)) if recipe.tv else None,
        (recipe.norm, loudness(centred, recipe.norm_power)) if recipe.norm else None,
        (recipe.decay, decay(centred)) if recipe.decay else None,
    ]
    for weight, (cost, slope) in filter(None, found):
        value += weight * cost
        slopes += (weight * slope * images[0].size / half).astype(np.float32)
    return value, slopes


class _Adam:
    """Adam (Kingma and Ba 2014, https://arxiv.org/abs/1412.6980), upwards."""

    def __init__(self, rate: float) -> None:
        self.rate, self.step = rate, 0
        self.mean: Array = np.zeros(())
        self.square: Array = np.zeros(())

    def __call__(self, slopes: Array) -> Array:
        """How far to go."""
        self.step += 1
        self.mean = 0.9 * self.mean + 0.1 * slopes
        self.square = 0.999 * self.square + 0.001 * slopes**2
        mean = self.mean / (1 - 0.9**self.step)
        square = self.square / (1 - 0.999**self.step)
        return (self.rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)


class _Ascent:
    """Straight uphill."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, slopes: Array) -> Array:
        """How far to go."""
        return self.rate * slopes
