"""Maps from how the score depends on the input, pixel by pixel.

Gradients are those of the raw score with respect to the numbers that the network is fed. A map over pixels is
made of the colour channels either by the largest absolute value (`strength`) or by the sum (`balance`), which
keeps the sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.probe import Array, Probe, Rule, Target
from reportgen.study import MapSettings


def strength(gradients: Array) -> Array:
    """The largest absolute value over the colour channels: the absolute value first, the maximum afterwards."""
    strongest: Array = np.abs(gradients).max(axis=-1)
    return strongest


def balance(parts: Array) -> Array:
    """The sum over the colour channels, with its sign."""
    total: Array = parts.sum(axis=-1)
    return total


def gradient(probe: Probe, pixels: Array, target: Target, rule: Rule = "plain") -> Array:
    """The gradient itself (height × width × colours), by a rule for rectifiers."""
    found: Array = probe.gradients(pixels[None], target, rule)[0]
    return found


@dataclass(frozen=True, eq=False)
class Noisy:
    """What the gradients of noisy copies have in common and how much they differ."""

    smooth: Array
    variance: Array


def noisy(probe: Probe, pixels: Array, target: Target, settings: MapSettings) -> Noisy:
    """SmoothGrad (Smilkov et al. 2017, https://arxiv.org/abs/1706.03825): the strength of the mean gradient; and
    VarGrad (Adebayo et al. 2018, https://arxiv.org/abs/1810.03307): the gradients' variance, summed over colours.

    The noise is added to the pixels, with a deviation of `noise` times the range of the image's values.
    """
    random = np.random.Generator(np.random.PCG64(settings.seed))
    deviation = settings.noise * float(pixels.max() - pixels.min())
    noise = random.standard_normal((settings.samples, *pixels.shape), np.float32)
    found = probe.gradients(pixels + np.float32(deviation) * noise, target)
    mean, variance = found.mean(axis=0, dtype=np.float64), found.var(axis=0, dtype=np.float64)
    return Noisy(strength(mean).astype(np.float32), balance(variance).astype(np.float32))


@dataclass(frozen=True, eq=False)
class Path:
    """Integrated gradients, and what they should add up to: the score's rise from the baseline to the image."""

    map: Array
    total: float
    rise: float

    @property
    def error(self) -> float:
        """How far the sum is from the rise, as a share of the rise."""
        return abs(self.total - self.rise) / max(abs(self.rise), 1e-12)


def integrated(probe: Probe, pixels: Array, target: Target, settings: MapSettings) -> Path:
    """Integrated gradients (Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365), by the midpoint rule.

    The mean gradient on the way from the baseline is multiplied by the difference of the values fed.
    """
    start = plain_image(pixels, settings.baseline)
    shares = (np.arange(settings.steps, dtype=np.float32) + 0.5) / settings.steps
    way = start + shares[:, None, None, None] * (pixels - start)
    mean = probe.gradients(way, target).mean(axis=0, dtype=np.float64)
    parts = mean * (probe.values(pixels).astype(np.float64) - probe.values(start))
    low, high = probe.evaluate(np.stack([start, pixels]), [target])[:, 0]
    return Path(balance(parts).astype(np.float32), float(parts.sum()), float(high - low))


def plain_image(pixels: Array, colour: str) -> Array:
    """An image of one colour: black, white, or the mean of this one."""
    if colour == "mean":
        return np.broadcast_to(pixels.mean(axis=(0, 1), dtype=np.float64), pixels.shape).astype(np.float32)
    return np.full(pixels.shape, float(colour == "white"), np.float32)
