"""What an image must survive: each step sees it shifted, scaled and turned a little, by chance.

A wobble is linear, each seen pixel a mix of four of the image's, so slopes go back through its transpose and the image
itself never drifts. Sides are joined: what is pushed out on the left comes in on the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reportgen.probe import Array


@dataclass(frozen=True)
class Wobble:
    """How far: `shift` in pixels (below 1 a share of the side), `scale` as a share, `turn` in degrees.

    `crop` is the share of the side that may be cut off; what is left, anywhere in the image, is enlarged to its size.
    """

    shift: float = 0.0
    scale: float = 0.0
    turn: float = 0.0
    crop: float = 0.0

    def draw(self, random: np.random.Generator, height: int, width: int) -> Moved:
        """A wobble by chance for images of this size."""
        reach = [round(self.shift * side) if 0 < self.shift < 1 else round(self.shift) for side in (height, width)]
        shifts = tuple(int(random.integers(-most, most + 1)) if most else 0 for most in reach)
        factor = 1 + self.scale * random.uniform(-1, 1) if self.scale else 1.0
        angle = math.radians(self.turn * random.uniform(-1, 1)) if self.turn else 0.0
        if not self.crop:
            return Moved(height, width, (shifts[0], shifts[1]), factor, angle)
        left = 1 - self.crop * random.uniform()
        offsets = tuple(float(random.uniform(-1, 1) * (1 - left) * side / 2) for side in (height, width))
        return Moved(height, width, (shifts[0], shifts[1]), factor / left, angle, (offsets[0], offsets[1]))


@dataclass(frozen=True)
class Moved:
    """A drawn wobble: a shift, then a scale and a turn around a middle moved by `offsets`, bilinear."""

    height: int
    width: int
    shifts: tuple[int, int] = (0, 0)
    factor: float = 1.0
    angle: float = 0.0
    offsets: tuple[float, float] = (0.0, 0.0)

    def seen(self, images: Array) -> Array:
        """The images as this step sees them."""
        images = np.roll(images, self.shifts, (1, 2))
        if self._straight:
            return images
        places, shares = self._taps
        rows = _as_rows(images)
        found = shares[0, :, None] * rows[places[0]]
        for place, share in zip(places[1:], shares[1:], strict=True):
            found += share[:, None] * rows[place]
        return _as_images(found, images.shape)

    def back(self, slopes: Array) -> Array:
        """The transpose: slopes by what was seen → slopes by the images."""
        if not self._straight:
            places, shares = self._taps
            order = np.argsort(places.reshape(-1), kind="stable")
            targets = places.reshape(-1)[order]
            starts = np.flatnonzero(np.diff(targets, prepend=-1))
            sources = order % places.shape[1]
            mixed = shares.reshape(-1)[order][:, None] * _as_rows(slopes)[sources]
            found = np.zeros((self.height * self.width, mixed.shape[1]), np.float32)
            found[targets[starts]] = np.add.reduceat(mixed, starts, axis=0)
            slopes = _as_images(found, slopes.shape)
        moved: Array = np.roll(slopes, (-self.shifts[0], -self.shifts[1]), (1, 2))
        return moved

    @property
    def _straight(self) -> bool:
        return self.factor == 1.0 and self.angle == 0.0 and self.offsets == (0.0, 0.0)

    @cached_property
    def _taps(self) -> tuple[Array, Array]:
        """For each seen pixel the four pixels it is mixed of (4 × pixels) and their shares."""
        y, x = np.mgrid[: self.height, : self.width]
        y, x = y - (self.height - 1) / 2, x - (self.width - 1) / 2
        cosine, sine = math.cos(self.angle) / self.factor, math.sin(self.angle) / self.factor
        rows = cosine * y - sine * x + (self.height - 1) / 2 + self.offsets[0]
        columns = sine * y + cosine * x + (self.width - 1) / 2 + self.offsets[1]
        top, left = np.floor(rows).astype(np.int32), np.floor(columns).astype(np.int32)
        down, right = (rows - top).astype(np.float32), (columns - left).astype(np.float32)
        places, shares = [], []
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            places.append((top + dy) % self.height * self.width + (left + dx) % self.width)
            shares.append((down if dy else 1 - down) * (right if dx else 1 - right))
        return np.stack(places).reshape(4, -1), np.stack(shares).reshape(4, -1)


def _as_rows(images: Array) -> Array:
    """Pixels × (images and colours): the numbers of one pixel lie together."""
    count, height, width, channels = images.shape
    return np.ascontiguousarray(images.transpose(1, 2, 0, 3)).reshape(height * width, count * channels)


def _as_images(rows: Array, shape: tuple[int, ...]) -> Array:
    count, height, width, channels = shape
    return np.ascontiguousarray(rows.reshape(height, width, count, channels).transpose(2, 0, 1, 3))
