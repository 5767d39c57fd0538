"""How often chance alone gives as much: exact tails of small counts."""

from __future__ import annotations

import math


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
