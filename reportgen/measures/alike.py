"""Whether two maps have the same places, by their rank correlation and the number of places it is of."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["same", "different", "open"]
SAME, DIFFERENT = 0.7, 0.3
"""Maps surely above the first have the same places; those surely below the second have different ones: two random
smooth maps reach it by chance."""
SPREAD = 1.96
"""In 19 of 20 cases the true value is at most so many deviations from the measured one."""
TOGETHER = 4
"""So many neighbouring places count as one, for they say nearly the same."""


def interval(correlation: float, places: int) -> tuple[float, float]:
    """Where the true correlation is in 19 of 20 cases, by Fisher's transformation (1921)."""
    count = places / TOGETHER
    if count <= 4:
        return -1.0, 1.0
    middle = math.atanh(max(-1 + 1e-9, min(1 - 1e-9, correlation)))
    half = SPREAD / math.sqrt(count - 3)
    return math.tanh(middle - half), math.tanh(middle + half)


def alike(correlation: float, places: int) -> Verdict:
    """Whether two maps surely have the same places, surely different ones, or neither is sure."""
    low, high = interval(correlation, places)
    return "same" if low > SAME else "different" if high < DIFFERENT else "open"
