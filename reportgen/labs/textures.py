"""Images of two textures with their masks, from a seed.

The rule that a network must find: the mask marks the *coarser* of the two textures. Both come from
the same families (gratings, weaves, noise fields, cells), both have the same gray levels (each is
ranked to a uniform distribution) and get their colours from the same lottery, and light falls
unevenly over all, so that no colour gives the answer away: only the size of the features does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

SIDE = 256
FINE = (3.0, 5.5)
COARSE = (9.0, 15.0)
"""Pixels after which a texture's features come again; the ranges do not touch."""

Random = np.random.Generator
Array: TypeAlias = Any
"""A NumPy array; NumPy's own types cannot follow this arithmetic."""


def two_textures(seed: int, side: int = SIDE) -> tuple[Array, Array]:
    """An image (side × side × 3, float32 in 0…1) and the mask of its coarser texture (bool)."""
    random = np.random.Generator(np.random.PCG64(seed))
    mask = region(random, side)
    coarse = texture(random, side, random.uniform(*COARSE))
    fine = texture(random, side, random.uniform(*FINE))
    image: Array = np.where(mask[..., None], coloured(random, coarse), coloured(random, fine))
    image = image * light(random, side)[..., None] + random.normal(0, 0.015, image.shape)
    return np.clip(image, 0, 1).astype(np.float32), mask


def texture(random: Random, side: int, period: float) -> Array:
    """A texture of any family with features of this size."""
    family = tuple(FAMILIES)[random.integers(len(FAMILIES))]
    return FAMILIES[family](random, side, period)


def region(random: Random, side: int) -> Array:
    """A smooth shape that takes between a quarter and two thirds of the image."""
    field = band(random, side, low=1.0, high=4.0)
    return field > np.quantile(field, random.uniform(0.34, 0.75))


def grating(random: Random, side: int, period: float) -> Array:
    """Parallel stripes of any direction, soft or sharp, slightly bent."""
    phase = waves(random, side, period, random.uniform(0, np.pi))
    return ranked(np.tanh(random.uniform(0.2, 3) * np.sin(phase)))


def weave(random: Random, side: int, period: float) -> Array:
    """Two sets of threads that cross, over and under in turn."""
    angle = random.uniform(0, np.pi)
    warp = waves(random, side, period, angle)
    weft = waves(random, side, period * random.uniform(0.8, 1.25), angle + np.pi / 2)
    over = np.sin(warp / 2) * np.sin(weft / 2) > 0
    return ranked(np.where(over, np.abs(np.sin(warp / 2)), np.abs(np.sin(weft / 2)) - 0.3))


def noise(random: Random, side: int, period: float) -> Array:
    """Noise of one band of frequencies without a direction."""
    cycles = side / period
    return ranked(band(random, side, cycles * 0.7, cycles * random.uniform(1.1, 1.4)))


def cells(random: Random, side: int, period: float) -> Array:
    """Voronoi cells around scattered points: the distance to their borders, and a gray for each cell."""
    size = period * 1.2
    count = int(np.ceil(side / size)) + 3
    points = (np.indices((count, count)).transpose(1, 2, 0) + random.uniform(-0.1, 1.1, (count, count, 2)) - 1) * size
    grays = random.uniform(0, 1, (count, count))
    rows, columns = np.indices((side, side))
    home_row, home_column = (rows // size).astype(int) + 1, (columns // size).astype(int) + 1
    nearest = np.full((side, side), np.inf)
    second = np.full((side, side), np.inf)
    gray = np.zeros((side, side))
    for step_row in (-1, 0, 1):
        for step_column in (-1, 0, 1):
            row = np.clip(home_row + step_row, 0, count - 1)
            column = np.clip(home_column + step_column, 0, count - 1)
            distance = np.hypot(points[row, column, 0] - rows, points[row, column, 1] - columns)
            closer = distance < nearest
            second = np.where(closer, nearest, np.minimum(second, distance))
            nearest = np.where(closer, distance, nearest)
            gray = np.where(closer, grays[row, column], gray)
    border = np.minimum(second - nearest, size / 2)
    return ranked(border + random.uniform(0, 1.5) * size * gray)


FAMILIES: dict[str, Callable[[Random, int, float], Array]] = {
    "grating": grating, "weave": weave, "noise": noise, "cells": cells,
}


def waves(random: Random, side: int, period: float, angle: float) -> Array:
    """The phase of plane waves, bent a little."""
    rows, columns = np.indices((side, side))
    along = columns * np.cos(angle) + rows * np.sin(angle)
    bend = band(random, side, 1.0, 3.0) * random.uniform(0, 0.8)
    return 2 * np.pi * (along / period) + bend + random.uniform(0, 2 * np.pi)


def band(random: Random, side: int, low: float, high: float) -> Array:
    """Noise with `low` to `high` cycles across the image, of mean 0 and deviation 1."""
    spectrum = np.fft.rfft2(random.standard_normal((side, side)))
    cycles = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)) * side
    field = np.fft.irfft2(spectrum * ((cycles >= low) & (cycles <= high)), (side, side))
    return (field - field.mean()) / (field.std() + 1e-12)


def ranked(field: Array) -> Array:
    """Values replaced by their ranks, so that every texture has the same gray levels."""
    order = np.empty(field.size)
    order[np.argsort(field, axis=None, kind="stable")] = np.arange(field.size)
    return (order / (field.size - 1)).reshape(field.shape)


def coloured(random: Random, texture: Array) -> Array:
    """A texture between two colours that differ enough in lightness to be seen."""
    dark = random.uniform(0.05, 0.5, 3)
    bright = dark + random.uniform(0.15, 0.5, 3)
    if random.uniform() < 0.5:
        texture = 1 - texture
    return dark + (bright - dark) * texture[..., None]


def light(random: Random, side: int) -> Array:
    """Uneven light: brighter on one side than on the other."""
    rows, columns = np.indices((side, side)) / side - 0.5
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0, 0.5)
    return random.uniform(0.8, 1.1) * (1 + strength * (columns * np.cos(angle) + rows * np.sin(angle)))
