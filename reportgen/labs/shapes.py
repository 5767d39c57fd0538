"""Ten classes of small pictures in which shape and texture decide, and colour alone does not.

Every class draws its colours, background, light and place from the same lottery, so that nothing but the form of
the object, or the pattern on it, tells the classes apart. Pictures are made from a seed, with NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

SIDE = 32
FINE = 4
"""Shapes are drawn so many times larger and averaged down, for soft edges."""
CONTRAST = 0.3
"""The least difference of lightness between the object and its background."""

Random = np.random.Generator
Array: TypeAlias = Any
"""A NumPy array; NumPy's own types cannot follow this arithmetic."""


def picture(seed: int, side: int = SIDE) -> tuple[Array, int, Array]:
    """An image (side × side × 3, float32 in 0…1), the number of its class, and the mask of the object (bool)."""
    random = np.random.Generator(np.random.PCG64(seed))
    number = int(random.integers(len(DRAWN)))
    outline, pattern = DRAWN[number]
    radius = random.uniform(0.29, 0.43)
    centre = random.uniform(1.06 * radius + 0.02, 0.98 - 1.06 * radius, 2)
    rows, columns = (np.indices((side * FINE, side * FINE)) + 0.5) / (side * FINE)
    angle = random.uniform(-0.35, 0.35)
    y, x = (rows - centre[0]) / radius, (columns - centre[1]) / radius
    x, y = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside = outline(x, y)
    pattern_angle = random.uniform(0, np.pi)
    along, across = (
        x * np.cos(pattern_angle) + y * np.sin(pattern_angle), y * np.cos(pattern_angle) - x * np.sin(pattern_angle)
    )
    marked = pattern(along, across) & inside
    cover, marks = _shrunk(inside), _shrunk(marked)
    ground, first, second = _colours(random)
    image = background(random, side, ground)
    image = image * (1 - cover)[..., None] + first * (cover - marks)[..., None] + second * marks[..., None]
    image = image * _light(random, side)[..., None] + random.normal(0, 0.02, image.shape)
    return np.clip(image, 0, 1).astype(np.float32), number, cover > 0.5


def ring(x: Array, y: Array) -> Array:
    """A circle without its middle."""
    distance = np.hypot(x, y)
    return (distance < 1) & (distance > 0.58)


def triangle(x: Array, y: Array) -> Array:
    """An equilateral triangle that stands on a side."""
    return (y < 0.6) & (y > np.sqrt(3) * np.abs(x) - 1.0)


def square(x: Array, y: Array) -> Array:
    """A square."""
    return np.maximum(np.abs(x), np.abs(y)) < 0.74


def star(x: Array, y: Array) -> Array:
    """A star with five points."""
    # turned onto one of its points, half of it is the wedge between the tip (1, 0) and the inner corner
    turn = (np.arctan2(x, -y) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5
    u, v = np.hypot(x, y) * np.cos(turn), np.abs(np.hypot(x, y) * np.sin(turn))
    corner_u, corner_v = 0.42 * np.cos(np.pi / 5), 0.42 * np.sin(np.pi / 5)
    return (u - 1) * corner_v < v * (corner_u - 1)


def cross(x: Array, y: Array) -> Array:
    """Two bars that cross upright."""
    return (np.minimum(np.abs(x), np.abs(y)) < 0.3) & (np.maximum(np.abs(x), np.abs(y)) < 0.95)


def crescent(x: Array, y: Array) -> Array:
    """A disc with another disc cut out of its side."""
    return (np.hypot(x, y) < 1) & (np.hypot(x - 0.55, y + 0.1) > 0.8)


def heart(x: Array, y: Array) -> Array:
    """A heart, by the sextic curve (a² + b² − 1)³ < a² b³."""
    a, b = x * 1.2, -y * 1.2 + 0.1
    return (a * a + b * b - 1) ** 3 < a * a * b**3


def ball(x: Array, y: Array) -> Array:
    """A disc."""
    return np.hypot(x, y) < 0.95


def plain(along: Array, _across: Array) -> Array:
    """No pattern."""
    return np.zeros(along.shape, bool)


def stripes(along: Array, _across: Array) -> Array:
    """Parallel stripes."""
    return np.sin(along * 9.5) > 0


def spots(along: Array, across: Array) -> Array:
    """Round spots in rows that are shifted by half."""
    row = np.floor(across / 0.58)
    return np.hypot((along / 0.66 + 0.5 * (row % 2)) % 1 - 0.5, (across / 0.58) % 1 - 0.5) < 0.33


def chequers(along: Array, across: Array) -> Array:
    """The squares of a chessboard."""
    return (np.floor(along / 0.48) + np.floor(across / 0.48)) % 2 == 0


DRAWN: tuple[tuple[Callable[[Array, Array], Array], Callable[[Array, Array], Array]], ...] = (
    (ring, plain), (triangle, plain), (square, plain), (star, plain), (cross, plain), (crescent, plain), (heart, plain),
    (ball, stripes), (ball, spots), (ball, chequers),
)
"""The outline and the pattern of every class, in the order of their numbers."""


def background(random: Random, side: int, colour: Array) -> Array:
    """A ground of one colour with soft clouds or faint stripes, the same lottery for every class."""
    rows, columns = np.indices((side, side)) / side
    if random.uniform() < 0.5:
        coarse = random.normal(0, 1, (5, 5))
        y, x = rows * 3.99, columns * 3.99
        top, left = y.astype(int), x.astype(int)
        fy, fx = y - top, x - left
        field = (
            coarse[top, left] * (1 - fy) * (1 - fx) + coarse[top, left + 1] * (1 - fy) * fx
            + coarse[top + 1, left] * fy * (1 - fx) + coarse[top + 1, left + 1] * fy * fx
        )
    else:
        angle = random.uniform(0, np.pi)
        wave = random.uniform(6, 28) * (columns * np.cos(angle) + rows * np.sin(angle))
        field = np.sin(wave + random.uniform(0, 2 * np.pi))
    return colour + field[..., None] * random.uniform(0.01, 0.07)


def _colours(random: Random) -> tuple[Array, Array, Array]:
    """Of the ground, the object and the marks on it; both of the object's stand out from the ground."""
    while True:
        ground, first, second = random.uniform(0.08, 0.92, (3, 3))
        light = [float(colour @ (0.299, 0.587, 0.114)) for colour in (ground, first, second)]
        if min(abs(light[0] - light[1]), abs(light[1] - light[2])) > CONTRAST and abs(light[0] - light[2]) > 0.08:
            return ground, first, second


def _light(random: Random, side: int) -> Array:
    """Uneven light: brighter on one side than on the other."""
    rows, columns = np.indices((side, side)) / side - 0.5
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0, 0.35)
    return random.uniform(0.85, 1.1) * (1 + strength * (columns * np.cos(angle) + rows * np.sin(angle)))


def _shrunk(fine: Array) -> Array:
    side = fine.shape[0] // FINE
    return fine.reshape(side, FINE, side, FINE).mean(axis=(1, 3))
