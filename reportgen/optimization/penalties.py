"""What an image should not be. Each penalty gives a value for each image and its slopes by the colours.

Colours are counted from the middle of the range, in half ranges: −1…1.
"""

from __future__ import annotations

import numpy as np

from reportgen.probe import Array

TINY = 1e-8


def total_variation(images: Array, power: float = 2.0) -> tuple[Array, Array]:
    """Roughness: the mean over pixels and colours of (Δx² + Δy²)^(β/2) (Mahendran and Vedaldi 2015,
    https://arxiv.org/abs/1412.0035), with β = `power`."""
    down = np.zeros_like(images)
    right = np.zeros_like(images)
    down[:, :-1] = images[:, 1:] - images[:, :-1]
    right[:, :, :-1] = images[:, :, 1:] - images[:, :, :-1]
    squares = down**2 + right**2
    count = images[0].size
    values = (squares ** (power / 2)).reshape(len(images), -1).sum(axis=1) / count
    outer = power * np.maximum(squares, TINY) ** (power / 2 - 1) / count
    slopes = -outer * (down + right)
    slopes[:, 1:] += (outer * down)[:, :-1]
    slopes[:, :, 1:] += (outer * right)[:, :, :-1]
    return values, slopes


def loudness(images: Array, power: float) -> tuple[Array, Array]:
    """The p-norm: (mean |x|^p)^(1/p); for an infinite power the largest absolute value, told by its one place."""
    flat = images.reshape(len(images), -1)
    sizes = np.abs(flat)
    slopes = np.zeros_like(flat)
    largest = sizes.max(axis=1)
    if np.isinf(power):
        rows, places = np.arange(len(flat)), sizes.argmax(axis=1)
        slopes[rows, places] = np.sign(flat[rows, places])
        return largest, slopes.reshape(images.shape)
    scale = np.maximum(largest, TINY)[:, None]  # high powers of small numbers would vanish
    shares = sizes / scale
    mean = (shares**power).mean(axis=1, keepdims=True)
    values = (scale * mean ** (1 / power))[:, 0]
    inner = np.maximum(mean, TINY) ** (1 / power - 1) / flat.shape[1]
    slopes = inner * shares ** (power - 1) * np.sign(flat)
    return np.where(largest > 0, values, 0.0), slopes.reshape(images.shape)


def decay(images: Array) -> tuple[Array, Array]:
    """The mean square."""
    count = images[0].size
    return (images**2).reshape(len(images), -1).mean(axis=1), 2 * images / count


def blurred(images: Array, radius: float) -> Array:
    """Smoothed with a Gaussian of this deviation in pixels; the sides are joined."""
    if radius <= 0:
        return images
    for axis in (1, 2):
        frequencies = np.fft.rfftfreq(images.shape[axis])
        damping = np.exp(-2 * (np.pi * frequencies * radius) ** 2)
        shape = [1] * images.ndim
        shape[axis] = len(damping)
        spectrum = np.fft.rfft(images, axis=axis) * damping.reshape(shape)
        images = np.fft.irfft(spectrum, images.shape[axis], axis=axis)
    return images.astype(np.float32)
