"""How an image is written down while it is being changed.

A canvas is a linear map from numbers to raw colours, and a bound that keeps colours within the image's range. Waves
instead of pixels let an image change over large areas at once, decorrelated colours let it change its brightness
more easily than its hue, both as natural images do (Olah, Mordvintsev and Schubert 2017, doi:10.23915/distill.00007).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from reportgen.probe import Array

OPPONENTS = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
"""Brightness, blue against yellow, red against green: the axes along which the colours of natural images are not
correlated (Ruderman, Cronin and Chiao 1998, doi:10.1364/JOSAA.15.002036)."""
SPREADS = np.array([1.0, 0.28, 0.13])
"""How much natural colours vary along these axes, relative to brightness."""
INNER = 1e-3
"""A start image is kept so far from the ends of its range, where a sigmoid has no slope."""


@dataclass(frozen=True)
class Canvas:
    """Numbers for images of one size. `waves` writes them as a spectrum, `decorrelated` in opponent colours.

    `bound` is "sigmoid" (smooth) or "clip" (colours beyond the range are cut off and forgotten).
    """

    height: int
    width: int
    channels: int
    waves: bool = True
    decorrelated: bool = True
    bound: Literal["sigmoid", "clip"] = "sigmoid"
    low: float = 0.0
    high: float = 1.0

    def raw(self, numbers: Array) -> Array:
        """The linear part: numbers → colours without bounds."""
        if self.waves:
            spectrum = _complex(numbers) * self._scale
            plain = np.fft.irfft2(spectrum, (self.height, self.width), norm="ortho")
            numbers = np.moveaxis(plain, 1, -1)
        return self._mixed(numbers, self._colours)

    def adjoint(self, slopes: Array) -> Array:
        """The transposed linear part: slopes by raw colours → slopes by numbers."""
        slopes = self._mixed(slopes, self._colours.T)
        if not self.waves:
            return slopes
        return _real(self._spectrum(slopes) * (self._twice * self._scale))

    def numbers(self, raw: Array) -> Array:
        """The inverse of the linear part."""
        plain = self._mixed(raw, np.linalg.inv(self._colours))
        return _real(self._spectrum(plain) / self._scale) if self.waves else plain

    def _spectrum(self, plain: Array) -> Array:
        """Of each colour: images × colours × frequencies."""
        found: Array = np.fft.rfft2(np.ascontiguousarray(np.moveaxis(plain, -1, 1)), norm="ortho")
        return found

    def _mixed(self, colours: Array, matrix: Array) -> Array:
        """Colours (… × channels) times a matrix; nothing is done where it would change nothing.

        Not by a threaded product, whose threads go on spinning when TensorFlow wants the cores for the next step.
        """
        colours = np.ascontiguousarray(colours, np.float32)
        if not self.decorrelated or self.channels != 3:
            return colours
        mixed: Array = np.einsum("...v,vc->...c", colours, matrix.astype(np.float32))
        return mixed

    def paint(self, numbers: Array) -> Array:
        """The images (count × height × width × channels), within the range."""
        raw = self.raw(numbers)
        if self.bound == "clip":
            painted: Array = np.clip(raw, self.low, self.high)
            return painted
        smooth: Array = np.float32(self.low) + np.float32(self.high - self.low) * _sigmoid(raw)
        return smooth

    def back(self, images: Array, slopes: Array) -> Array:
        """Slopes by the colours of painted images → slopes by their numbers."""
        if self.bound == "sigmoid":
            width = np.float32(self.high - self.low)
            share = (images - np.float32(self.low)) / width
            slopes = slopes * (width * share * (1 - share))
        return self.adjoint(slopes)

    def settled(self, numbers: Array) -> Array:
        """The numbers without what the bound cuts off."""
        return self.numbers(self.paint(numbers)) if self.bound == "clip" else numbers

    def noise(self, count: int, random: np.random.Generator, size: float) -> Array:
        """Numbers for images that are gray but for a little noise."""
        flat = np.full((count, self.height, self.width, self.channels), self._gray(), np.float32)
        shape: tuple[int, ...] = flat.shape
        if self.waves:
            shape = (count, self.channels, self.height, self.width // 2 + 1, 2)
        noisy: Array = self.numbers(flat) + np.float32(size) * random.standard_normal(shape, np.float32)
        return noisy

    def start(self, images: Array) -> Array:
        """Numbers that paint given images, as near as the bound allows."""
        if self.bound == "clip":
            return self.numbers(images)
        share = np.clip((images - self.low) / (self.high - self.low), INNER, 1 - INNER)
        return self.numbers(np.log(share / (1 - share)))

    def _gray(self) -> float:
        return (self.low + self.high) / 2 if self.bound == "clip" else 0.0

    @cached_property
    def _colours(self) -> Array:
        """Rows are what one number of each colour axis adds to the channels."""
        colours: Array = OPPONENTS * (SPREADS / SPREADS.max())[:, None]
        return colours

    @cached_property
    def _scale(self) -> Array:
        """Slow waves are written large: 1 / frequency, of mean square 1 over the whole spectrum."""
        slow = np.hypot(np.fft.fftfreq(self.height)[:, None], np.fft.rfftfreq(self.width)[None])
        scale = 1 / np.maximum(slow, 1 / max(self.height, self.width))
        power = (self._twice * scale**2).sum() / (self.height * self.width)
        even: Array = (scale / np.sqrt(power)).astype(np.float32)
        return even

    @cached_property
    def _twice(self) -> Array:
        """Half a spectrum stands for the whole: all but the first (and, of an even width, the last) column count
        double."""
        counts = np.full((1, self.width // 2 + 1), 2.0, np.float32)
        counts[0, 0] = 1
        if self.width % 2 == 0:
            counts[0, -1] = 1
        return counts


def _complex(numbers: Array) -> Array:
    """Pairs of real numbers as complex ones, without a copy."""
    return np.ascontiguousarray(numbers, np.float32).view(np.complex64)[..., 0]


def _real(spectrum: Array) -> Array:
    """Complex numbers as pairs of real ones."""
    return np.ascontiguousarray(spectrum.astype(np.complex64)[..., None]).view(np.float32)


def _sigmoid(values: Array) -> Array:
    found: Array = np.float32(0.5) * (1 + np.tanh(np.float32(0.5) * values))
    return found
