"""What chance would give: maps that mean nothing but look like the true ones, and the range in which chance lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.attention.evidence import rank_correlation, ranks
from reportgen.probe import Array

FAR = 0.25
"""A map is put elsewhere by at least this share of a side, so that it does not find its own place again."""
LEAST = 5
"""From fewer numbers no range is told."""
SMALLEST = 1e-4
"""Shares closer to 0 or 1 than this are taken for this: their odds would be endless."""
ALIKE, LAG = 0.8, 0.375
"""In a random grid, enlarged with bilinear interpolation, places at 0.375 of a cell have a correlation of 0.8."""
UNRELATED = 200
"""So many maps put elsewhere are compared with a true one; no network is asked for them."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where a number lies by chance, found from `count` draws: their mean, and the ends beyond which is no chance.

    The ends hold all draws (of two hundred and more, 99 %) and 99 % of what a further one would give (the prediction
    interval of a normal distribution), so that few draws make a wide range.
    """

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float] | Array) -> Range:
        """The range of these draws; of fewer than `LEAST` it is endless."""
        drawn = np.asarray(values, np.float64)
        mean = float(drawn.mean()) if drawn.size else math.nan
        if drawn.size < LEAST:
            return cls(mean, -math.inf, math.inf, drawn.size)
        reach = _quantile(drawn.size - 1) * float(drawn.std(ddof=1)) * math.sqrt(1 + 1 / drawn.size)
        beyond = drawn.size // 200
        least, most = np.sort(drawn)[[beyond, -1 - beyond]]
        return cls(mean, min(mean - reach, float(least)), max(mean + reach, float(most)), drawn.size)

    @classmethod
    def of_shares(cls, values: Sequence[float] | Array) -> Range:
        """The range of numbers between 0 and 1: that of their log odds, so that it ends there and may be skewed."""
        drawn = np.asarray(values, np.float64)
        kept = np.clip(drawn, SMALLEST, 1 - SMALLEST)
        odds = cls.of(np.log(kept / (1 - kept)))
        if odds.count < LEAST:
            return odds
        low, high = (1 / (1 + math.exp(-end)) for end in (odds.low, odds.high))
        return cls(float(drawn.mean()), min(low, float(drawn.min())), max(high, float(drawn.max())), odds.count)

    def side(self, value: float) -> int:
        """1 above the range, -1 below it, 0 inside: no different from chance."""
        return int(value > self.high) - int(value < self.low)


def _quantile(freedom: int) -> float:
    """The 99.5th percentile of Student's t, by the Cornish-Fisher expansion: within 1.3 % from four degrees on."""
    z = 2.5758
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def moved(values: Array, random: np.random.Generator) -> Array:
    """A map put elsewhere: mirrored or not, and shifted around the edges by at least a quarter of a side.

    It has the same values and the same grain, so whatever it reaches it reaches without knowing the image.
    """
    height, width = values.shape[:2]
    turned = values[:: random.choice((1, -1)), :: random.choice((1, -1))]
    if max(height, width) < 2:
        return turned
    while True:
        down, across = int(random.integers(height)), int(random.integers(width))
        if max(min(down, height - down) / height, min(across, width - across) / width) >= FAR:
            shifted: Array = np.roll(turned, (down, across), axis=(0, 1))
            return shifted


def grain(values: Array) -> float:
    """How many pixels the patches of a map measure, at least 1, as if it were a random grid enlarged smoothly.

    It is told from the lag at which the correlation of the map's ranks with themselves falls to 0.8: the finest of its
    structure counts, not the region in which it lies.
    """
    field = ranks(values).reshape(values.shape)
    field = field - field.mean()
    variance = float((field * field).mean())
    before = 1.0
    for lag in range(1, max(values.shape)) if variance else ():
        now = float(np.mean([(a * b).mean() for a, b in _neighbours(field, lag)])) / variance
        if now <= ALIKE:
            return max(1.0, (lag - 1 + (before - ALIKE) / (before - now)) / LAG)
        before = now
    return 1.0


def _neighbours(field: Array, lag: int) -> list[tuple[Array, Array]]:
    """The field and itself a lag further down, and a lag further to the right."""
    pairs = [(field[:-lag], field[lag:]), (field[:, :-lag], field[:, lag:])]
    return [pair for pair in pairs if pair[0].size]


def smooth(size: tuple[int, int], patch: float, random: np.random.Generator) -> Array:
    """A random field of this grain."""
    cells = [max(1, round(side / patch)) for side in size]
    if patch < 1.5:
        return random.random(size).astype(np.float32)
    grid = random.random((cells[0] + 1, cells[1] + 1)).astype(np.float32)
    return imaging.resize(grid, size)


def unrelated(values: Array, seed: int, inside: Array | None = None) -> Range:
    """The rank correlations of a map with itself put elsewhere: what two maps of this grain have in common by chance.

    Only the places `inside` are compared, where they are given.
    """
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    kept = np.ones(values.shape, bool) if inside is None else inside
    found = [rank_correlation(values[kept], moved(values, random)[kept]) for _draw in range(UNRELATED)]
    return Range.of([one for one in found if one is not None])
