"""Whether numbers can have been drawn from a known law: its support, its middle and its tails.

One number that the law cannot give decides. Otherwise there are two tests: Anderson's and Darling's (1954,
https://doi.org/10.1080/01621459.1954.10501232) of the whole distribution, its chance computed as by Marsaglia and
Marsaglia (2004, https://doi.org/10.18637/jss.v009.i02), and that of the largest number. Each has half of the level.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
LEVEL = 0.01
"""Of networks none of whose layers was moved, so many are said to have a layer that was."""
CUT = 0.87962566103423978
"""The deviation of a standard normal distribution that is cut at ±2."""


@dataclass(frozen=True, eq=False, slots=True)
class Law:
    """A distribution around 0: its cumulative function, the share of numbers that are larger than a size, and the size
    that none exceeds."""

    cumulative: Callable[[Array], Array]
    beyond: Callable[[float], float]
    limit: float = math.inf


@dataclass(frozen=True, slots=True)
class Match:
    """Numbers against a law. `distance` is Kolmogorov's and Smirnov's, `count` how many numbers it is of, `outside` how
    many of all numbers the law cannot give, `chance` how often numbers of the law are as far from it."""

    distance: float
    count: int
    outside: int
    chance: float

    def fits(self, tests: int = 1) -> bool:
        """False where the law is refuted; of many tests each has its share of the level (Bonferroni)."""
        return self.chance > LEVEL / max(1, tests)


def uniform(limit: float) -> Law:
    """Even between the limits."""
    return Law(
        lambda values: np.clip((values + limit) / (2 * limit), 0, 1), lambda size: max(0.0, 1 - size / limit), limit
    )


def normal(deviation: float) -> Law:
    """Gauss's."""
    erf = np.vectorize(math.erf, otypes=[np.float64])
    scale = deviation * math.sqrt(2)
    return Law(lambda values: 0.5 + 0.5 * np.asarray(erf(values / scale)), lambda size: math.erfc(size / scale))


def cut_normal(deviation: float) -> Law:
    """Gauss's, cut at two deviations (`deviation` is that before the cut)."""
    whole, limit = normal(deviation), 2 * deviation
    low, high = whole.cumulative(np.array([-limit, limit]))
    left = whole.beyond(limit)
    return Law(
        lambda values: np.clip((whole.cumulative(values) - low) / (high - low), 0, 1),
        lambda size: max(0.0, (whole.beyond(size) - left) / (1 - left)), limit,
    )


def match(values: Array, law: Law, sample: Array) -> Match:
    """All values against the law's support, a sample of them against its form."""
    sizes = np.abs(values)
    outside = int((sizes > law.limit * (1 + rounding(values))).sum())
    drawn = np.sort(sample.reshape(-1).astype(np.float64))
    steps = np.arange(drawn.size + 1) / drawn.size
    known = law.cumulative(drawn)
    distance = float(max(np.abs(steps[1:] - known).max(), np.abs(steps[:-1] - known).max()))
    share = law.beyond(float(sizes.max()))
    largest = -math.expm1(values.size * math.log1p(-share)) if share < 1 else 1.0
    chance = min(1.0, 2 * min(largest, chance_of(anderson_darling(known))))
    return Match(distance, drawn.size, outside, 0.0 if outside else chance)


def rounding(values: Array) -> float:
    """By how much of themselves numbers may have been rounded: those of half precision more."""
    single = np.ascontiguousarray(values, np.float32)
    if not (single.view(np.uint32) & 0xFFFF).any():
        return 2.0**-8
    with np.errstate(over="ignore"):
        half = bool((single.astype(np.float16).astype(np.float32) == single).all())
    return 2.0**-11 if half else 1e-6


def anderson_darling(known: Array) -> float:
    """The distance of sorted values of a cumulative function (0…1) from an even distribution."""
    count = known.size
    inside = np.clip(known, 1e-3 / count**2, 1 - 1e-3 / count**2)
    weights = 2 * np.arange(1, count + 1) - 1
    return float(-count - (weights * (np.log(inside) + np.log1p(-inside[::-1]))).sum() / count)


def chance_of(distance: float) -> float:
    """How often numbers of the law itself have this distance or a larger one."""
    z = distance
    if z <= 0:
        return 1.0
    if z < 2:
        tail = 2.00012 + (0.247105 - (0.0649821 - (0.0347962 - (0.0116720 - 0.00168691 * z) * z) * z) * z) * z
        return max(0.0, 1 - math.exp(-1.2337141 / z) / math.sqrt(z) * tail)
    if z > 10:  # where the fit ends the tail falls as e to the minus z
        return chance_of(10.0) * math.exp(10.0 - z)
    exponent = 1.0776 - (2.30695 - (0.43424 - (0.082433 - (0.008056 - 0.0003146 * z) * z) * z) * z) * z
    return -math.expm1(-math.exp(exponent))
