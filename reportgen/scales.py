"""What the colours of a map mean: from which number to which, and in which colours.

Values that are no numbers are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from reportgen.report.blocks import Extent, Scale, UnsignedColours
from reportgen.text import Message

Array = np.ndarray
CLIP = 99.8
"""The percentile at which a shared scale ends, so that one spike does not darken every map."""
SAMPLED = 1 << 20
"""From larger arrays the percentile is taken over about this many evenly spaced values."""
_UNSIGNED: ContextVar[UnsignedColours] = ContextVar("unsigned", default="viridis")


@contextmanager
def coloured(colours: UnsignedColours) -> Iterator[None]:
    """Within this, maps of numbers without sign are drawn in these colours: one choice for a whole report."""
    before = _UNSIGNED.set(colours)
    try:
        yield
    finally:
        _UNSIGNED.reset(before)


def sequential(
    low: float = 0.0, high: float = 1.0, extent: Extent = "block", label: Message | None = None, clipped: bool = False
) -> Scale:
    """A scale from the least to the largest value, in the colours of the report."""
    return Scale(_UNSIGNED.get(), low, high, extent, label, clipped)


def shared(maps: Array, label: Message | None = None) -> Scale:
    """One scale for all maps: from 0 (or the least value) to the clipped maximum.

    Values of both signs get the diverging map, centred at zero.
    """
    low, high = extremes(maps)
    if not low <= high:
        return sequential(label=label)
    if low < 0 < high:
        bound = _percentile(maps, CLIP, absolute=True) or max(-low, high)
        return Scale("diverging", -bound, bound, label=label, clipped=max(-low, high) > bound)
    if high <= 0 and low < 0:
        bound = _percentile(maps, 100 - CLIP) or low
        return sequential(bound, 0.0, label=label, clipped=low < bound)
    bound = _percentile(maps, CLIP) or high
    return sequential(0.0, bound or 1.0, label=label, clipped=high > bound)


def extremes(values: Array) -> tuple[float, float]:
    """The least and the largest value, exact; (inf, -inf) where there is no finite one."""
    if values.size == 0:
        return math.inf, -math.inf
    low, high = float(values.min()), float(values.max())
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (math.inf, -math.inf)


def sampled(values: Array) -> Array:
    """All values of a small array, else evenly spaced ones, the same every time.

    The step has no divisor in common with any side of the array, so that every channel, row and
    column gives its share.
    """
    flat: Array = values.reshape(-1)
    step = max(1, flat.size // SAMPLED)
    while step > 1 and any(math.gcd(step, side) > 1 for side in values.shape if side > 1):
        step += 1
    evenly_spaced: Array = flat[::step]
    return evenly_spaced


def _percentile(values: Array, percent: float, absolute: bool = False) -> float:
    some = sampled(values).astype(np.float32)
    some = some[np.isfinite(some)]
    return float(np.percentile(np.abs(some) if absolute else some, percent)) if some.size else 0.0


def symmetric(values: Array, label: Message | None = None) -> Scale:
    """The diverging scale for weights: white is zero, the ends are the largest absolute value."""
    finite = values[np.isfinite(values)]
    bound = float(np.abs(finite).max()) if finite.size else 0.0
    return Scale("diverging", -(bound or 1.0), bound or 1.0, label=label)
