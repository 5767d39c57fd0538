"""How often chance alone gives as much: tails of small counts, and of the angle between random directions."""

from __future__ import annotations

import math

import numpy as np


def at_least(count: int, trials: int, share: float) -> float:
    """The probability of `count` or more successes in so many trials, each with this share of success."""
    if count <= 0:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    return min(1.0, math.fsum(
        math.exp(
            math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
            + hits * math.log(share) + (trials - hits) * math.log1p(-share)
        )
        for hits in range(count, trials + 1)
    ))


def cosine_beyond(cosine: float, dimensions: int) -> float:
    """The probability that two random directions in so many dimensions have this cosine or a larger one."""
    if dimensions < 2:
        return 0.5
    angles = np.linspace(0, math.pi, 20_001)
    density = np.sin(angles) ** (dimensions - 2)
    return float(density[angles <= math.acos(max(-1.0, min(1.0, cosine)))].sum() / density.sum())
