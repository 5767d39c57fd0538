"""Deep Dream: a photograph in which what a layer sees already is made louder, from coarse to fine.

Mordvintsev, Olah and Tyka 2015, "Inceptionism: going deeper into neural networks". Each octave starts from the
photograph at its size with what was dreamt so far laid upon it, so that no detail of the photograph is lost.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reportgen import imaging
from reportgen.optimization.objectives import Objective, together, value_of
from reportgen.probe import Array, Probe

SMALLEST = 32
"""No octave is shorter than this along a side."""


def octaves(size: tuple[int, int], count: int, ratio: float) -> list[tuple[int, int]]:
    """The sizes from the smallest to the image's own."""
    sizes = [(round(size[0] / ratio**step), round(size[1] / ratio**step)) for step in range(count)]
    return [one for one in sizes[::-1] if min(one) >= min(SMALLEST, *size)] or [size]


def dream(
    probe: Probe, pixels: Array, objective: Objective, *, count: int, ratio: float, steps: int, rate: float,
    shift: int, seed: int, on_step: Callable[[int], None] = lambda step: None,
) -> tuple[Array, list[float]]:
    """The dreamt image, and how high the objective was at the start and after each octave."""
    random = np.random.Generator(np.random.PCG64(seed))
    pulls = together([objective])
    dreamt = np.zeros_like(pixels)

    def value(image: Array) -> float:
        return float(value_of(pulls, probe.climb(image[None], pulls)[0])[0])

    heights = [value(pixels)]
    step = 0
    for size in octaves((pixels.shape[0], pixels.shape[1]), count, ratio):
        base = imaging.resize(pixels, size, "area")
        image = np.clip(base + imaging.resize(dreamt, size), 0, 1)
        for _round in range(steps):
            moves = tuple(int(move) for move in random.integers(-shift, shift + 1, 2))
            _values, slopes = probe.climb(np.roll(image, moves, (0, 1))[None], pulls)
            slope = np.roll(np.nan_to_num(slopes[0]), (-moves[0], -moves[1]), (0, 1))
            strength = float(np.abs(slope).mean())
            image = np.clip(image + rate * slope / strength, 0, 1) if strength > 0 else image
            step += 1
            on_step(step)
        dreamt = imaging.resize(image - base, (pixels.shape[0], pixels.shape[1]))
        whole: Array = np.clip(pixels + dreamt, 0, 1).astype(np.float32)
        heights.append(value(whole))
    return whole, heights
