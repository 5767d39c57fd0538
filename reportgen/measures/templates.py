"""Pictures of what a small filter can look for: edges, lines, stripes and spots of every direction and size.

Stripes are Gabor's functions (https://doi.org/10.1049/ji-3-2.1946.0074), as in Daugman 1985
(https://doi.org/10.1364/JOSAA.2.001160); soft edges and lines are derivatives of Gaussians.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
Form: TypeAlias = Literal["edge", "line", "stripes", "spot"]
Profile: TypeAlias = Callable[[Array, Array], Array]
"""Values at places: `u` across the line that the form follows, `v` along it, in pixels from the middle."""
STEP = 7.5
"""Degrees from one direction of the set to the next."""
FINE = 4
"""Every pixel is the mean of so many points along each side, as a camera's pixel is."""
WIDE = 8
"""From this side on fewer points a pixel are enough."""
LONG = 1.8
"""A line is so many times as long as it is broad, or it is a spot."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A form before it is turned; `point` marks a spot of a single pixel, `hard` what is asked only in the middle of
    each pixel, as a filter written by hand often is."""

    form: Form
    profile: Profile
    point: bool = False
    hard: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Templates:
    """All templates of a size: rows of length 1 with the mean 0, what each is, its direction.

    `quick` are the rows in half the bytes. The direction is that of the line in degrees, 0 horizontal, counted
    anticlockwise; nan for spots.
    """

    rows: Array
    quick: Array
    shapes: tuple[Shape, ...]
    angles: Array
    forms: Array

    def edges_at(self, angle: float) -> Array:
        """Which rows are edges within two steps of this direction."""
        apart = np.abs((self.angles - angle + 90) % 180 - 90)
        near: Array = (self.forms == "edge") & (apart <= 2 * STEP)
        return near


@lru_cache(maxsize=16)
def templates(height: int, width: int) -> Templates:
    """The set for filters of this size."""
    rows, shapes, angles = [], [], []
    directions = np.arange(0, 180, STEP)
    for shape in _turned(min(height, width) if min(height, width) > 1 else max(height, width)):
        for angle in directions:
            rows.append(drawn(shape, float(angle), height, width))
            shapes.append(shape)
            angles.append(float(angle))
    for shape in _spots(height, width):
        rows.append(drawn(shape, 0.0, height, width))
        shapes.append(shape)
        angles.append(math.nan)
    stacked = np.stack(rows)
    told = np.linalg.norm(stacked, axis=1) > 0.5
    kept = [shape for shape, good in zip(shapes, told, strict=True) if good]
    forms = np.array([shape.form for shape in kept])
    return Templates(stacked[told], stacked[told].astype(np.float32), tuple(kept), np.array(angles)[told], forms)


def drawn(shape: Shape, angle: float, height: int, width: int) -> Array:
    """A shape turned to an angle: flat, with the mean 0 and the length 1; zeros where nothing of it is left."""
    x, y = _points(height, width, 1 if shape.hard else FINE if max(height, width) < WIDE else 2)
    turn = math.radians(angle)
    across, along = x * math.sin(turn) + y * math.cos(turn), x * math.cos(turn) - y * math.sin(turn)
    values = shape.profile(across, along).mean(axis=0)
    values = values - values.mean()
    length = float(np.linalg.norm(values))
    result: Array = values / length if length > 1e-6 else np.zeros_like(values)
    return result


@lru_cache(maxsize=48)
def _points(height: int, width: int, fine: int) -> tuple[Array, Array]:
    """Columns and rows (downwards) of the points of every pixel, from the middle: (points, pixels)."""
    inner = (np.arange(fine) + 0.5) / fine - 0.5
    rows, columns = (np.arange(side) - (side - 1) / 2 for side in (height, width))
    y, x, dy, dx = np.meshgrid(rows, columns, inner, inner, indexing="ij")
    places = height * width
    return (x + dx).reshape(places, -1).T, (y + dy).reshape(places, -1).T


def _turned(side: int) -> Iterator[Shape]:
    """Everything that has a direction."""
    envelopes = [math.inf, side / 3.2] if side < 5 else [math.inf, side / 3.2, side / 5.5]
    for along in envelopes:
        yield from _edges(side, along)
        yield from _lines(side, along)
    if side >= 5:
        yield from _stripes(side)


def _edges(side: int, along: float) -> Iterator[Shape]:
    for place in _places(0.5 if side < 5 else side / 5, side):
        for soft in (0.05, 0.8):
            yield Shape("edge", _windowed(_step(place, soft), along))
        for wide in _sizes(0.8, side / 4):
            yield Shape("edge", _windowed(_slope(place, wide), along))
    yield Shape("edge", _windowed(lambda u, v: u, along))
    if math.isinf(along):
        for place in (-0.1, 0.0, 0.1):
            yield Shape("edge", _step(place), hard=True)


def _lines(side: int, along: float) -> Iterator[Shape]:
    if math.isinf(along):
        yield Shape("line", _bar(0.0, 0.5), hard=True)
    for place in _places(0.5 if side < 5 else side / 4, side):
        for wide in _sizes(0.45, min(side / 6, along / LONG)):
            yield Shape("line", _windowed(_bump(place, wide), along))
        for half in (0.5, 1.0, 1.5):
            if half <= min(side / 4, along / LONG):
                yield Shape("line", _windowed(_bar(place, half), along))
        for wide in _sizes(0.8, min(side / 4.5, along / LONG)):
            yield Shape("line", _windowed(_curved(place, wide), along))


def _stripes(side: int) -> Iterator[Shape]:
    for length in _sizes(2.2, side / 1.5, 1.25):
        for part in (0.5, 0.75, 1.2):
            for phase in np.arange(0, math.pi, math.pi / 8):
                yield Shape("stripes", _windowed(_wave(length, float(phase), part * length), part * length))


def _spots(height: int, width: int) -> Iterator[Shape]:
    """Single pixels everywhere; bells, with and without a surround, where there is room for them."""
    side = min(height, width)
    rows, columns = (np.arange(size) - (size - 1) / 2 for size in (height, width))
    room = side / 4 if side >= 5 else side / 2
    for y in map(float, rows):
        for x in map(float, columns):
            yield Shape("spot", _pixel(y, x), point=True)
            if max(abs(y), abs(x)) > room:
                continue
            yield Shape("spot", _cross(y, x), hard=True)
            for wide in _sizes(0.6, side / 3):
                yield Shape("spot", _bell(y, x, wide))
                for ratio in (1.6, 2.5):
                    yield Shape("spot", _ringed(y, x, wide, ratio))


def _step(place: float, soft: float = 0.0) -> Profile:
    """From −1 to 1, at once or softly."""
    if not soft:
        return lambda u, v: np.sign(np.round(u - place, 9))
    return lambda u, v: np.tanh((u - place) / soft)


def _slope(place: float, wide: float) -> Profile:
    """The first derivative of a Gaussian."""
    return lambda u, v: (u - place) * np.exp(-((u - place) ** 2) / (2 * wide * wide))


def _bump(place: float, wide: float) -> Profile:
    return lambda u, v: np.exp(-((u - place) ** 2) / (2 * wide * wide))


def _bar(place: float, half: float) -> Profile:
    return lambda u, v: (np.abs(u - place) < half + 1e-9).astype(np.float64)


def _curved(place: float, wide: float) -> Profile:
    """The second derivative of a Gaussian."""
    return lambda u, v: (1 - ((u - place) / wide) ** 2) * np.exp(-((u - place) ** 2) / (2 * wide * wide))


def _wave(length: float, phase: float, spread: float) -> Profile:
    return lambda u, v: np.cos(2 * math.pi * u / length + phase) * np.exp(-u * u / (2 * spread * spread))


def _pixel(y: float, x: float) -> Profile:
    return lambda u, v: ((np.abs(u - y) < 0.5) & (np.abs(v - x) < 0.5)).astype(np.float64)


def _cross(y: float, x: float) -> Profile:
    """Laplace's operator: a pixel against its four neighbours."""

    def profile(u: Array, v: Array) -> Array:
        steps = np.abs(u - y) + np.abs(v - x)
        result: Array = (steps < 0.5).astype(np.float64) - 0.25 * (np.abs(steps - 1) < 0.01)
        return result

    return profile


def _bell(y: float, x: float, wide: float) -> Profile:
    return lambda u, v: np.exp(-((u - y) ** 2 + (v - x) ** 2) / (2 * wide * wide))


def _ringed(y: float, x: float, wide: float, ratio: float) -> Profile:
    """A bell against a broader one of the same volume."""
    centre, surround = _bell(y, x, wide), _bell(y, x, wide * ratio)
    return lambda u, v: centre(u, v) - surround(u, v) / ratio**2


def _windowed(profile: Profile, along: float) -> Profile:
    """The profile fading out along its line, if the spread is finite."""
    if math.isinf(along):
        return profile
    return lambda u, v: profile(u, v) * np.exp(-v * v / (2 * along * along))


def _places(reach: float, side: int) -> Array:
    """Places from the middle, in both directions, not more than a pixel apart, in large filters a little more."""
    count = max(1, math.ceil(reach / max(1.0, side / 7)))
    result: Array = np.linspace(-reach, reach, 2 * count + 1)
    return result


def _sizes(least: float, most: float, ratio: float = 1.4) -> Array:
    """Sizes, each about `ratio` times as large as the one before."""
    if most <= least:
        return np.array([least])
    count = max(2, 1 + round(math.log(most / least) / math.log(ratio)))
    result: Array = np.geomspace(least, most, count)
    return result
