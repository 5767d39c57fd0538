"""Deep Dream: a photograph in which what a layer sees already is made louder, from coarse to fine.

Mordvintsev, Olah and Tyka 2015, "Inceptionism: going deeper into neural networks". Each octave starts from the
photograph at its size with what was dreamt so far laid upon it, so that no detail of the photograph is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reportgen import imaging
from reportgen.errors import InputError
from reportgen.optimization.objectives import Objective, together, value_of
from reportgen.probe import Array, Probe

SMALLEST = 32
"""No octave is shorter than this along a side."""


def octaves(
    size: tuple[int, int], count: int, ratio: float, nearest: Callable[[float], int] = round
) -> list[tuple[int, int]]:
    """The sizes from the smallest to the image's own, each once. `nearest` gives the nearest side that can be taken."""
    smaller = [(nearest(size[0] / ratio**step), nearest(size[1] / ratio**step)) for step in range(1, count)]
    sizes = dict.fromkeys([size, *(one for one in smaller if one[0] <= size[0] and one[1] <= size[1])])
    return [one for one in reversed(sizes) if min(one) >= min(SMALLEST, *size)]


def taken(probe: Probe, objective: Objective, sizes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of the sizes at which the layers of the objective can be asked; the last one, the image's own, always."""
    return [one for one in sizes[:-1] if _takes(probe, objective, one)] + [sizes[-1]]


def _takes(probe: Probe, objective: Objective, size: tuple[int, int]) -> bool:
    try:
        probe.climb(np.full((1, *size, probe.input.channels), 0.5, np.float32), together([objective]))
    except InputError:
        return False
    return True


def dream(
    probe: Probe, pixels: Array, objective: Objective, *, sizes: Sequence[tuple[int, int]], steps: int, rate: float,
    shift: int, seed: int, on_step: Callable[[int], None] = lambda step: None,
) -> tuple[Array, list[float]]:
    """The dreamt image, and how high the objective was at the start and after each octave; the last is the image's."""
    random = np.random.Generator(np.random.PCG64(seed))
    pulls = together([objective])
    dreamt = np.zeros_like(pixels)

    def value(image: Array) -> float:
        return float(value_of(pulls, probe.climb(image[None], pulls)[0])[0])

    heights = [value(pixels)]
    step = 0
    for size in sizes:
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
