"""Axes: where numbers lie on a line, which of them are written, and how."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportgen.render.language import Speaker

LARGEST, LEAST = 1e200, 1e-200
"""Numbers beyond these cannot be added, subtracted and scaled any more without leaving what a float holds."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers from `low` to `high` along `length` units, beginning at `start` (downwards when `turned`)."""

    low: float
    high: float
    start: float
    length: float
    logarithmic: bool = False
    turned: bool = False

    def at(self, value: float) -> float:
        """Where a number lies; what is outside the axis lies at its nearer end."""
        share = (self._scaled(value) - self._scaled(self.low)) / (self._scaled(self.high) - self._scaled(self.low))
        share = min(1.0, max(0.0, share))
        return self.start + self.length * (1 - share if self.turned else share)

    @property
    def base(self) -> float:
        """Where a bar begins: at zero, or at the low end where there is no zero."""
        return self.at(self.low if self.logarithmic else min(max(0.0, self.low), self.high))

    def _scaled(self, value: float) -> float:
        if not self.logarithmic:
            return value
        return math.log10(value) if value > 0 else math.log10(self.low)


def usable(value: object) -> bool:
    """True for a number that can be drawn; None, NaN, infinities and what is near them are gaps."""
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST


def linear_range(values: Iterable[float], *, zero: bool, steps: int = 5) -> tuple[float, float, float]:
    """Round ends that hold all values, and the step between ticks. `zero` forces zero into it."""
    found = list(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    if zero or (low > 0 and low < 0.4 * high) or (high < 0 and high > 0.4 * low):
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= max(1e-12 * max(abs(low), abs(high)), LEAST):
        spread = abs(high) * 0.1 or 1.0
        low, high = (low, low + spread) if low == 0 else (low - spread, high + spread)
    step = nice_step((high - low) / steps)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def nice_step(rough: float) -> float:
    """The least of 1, 2, 2.5, 5, 10 times a power of ten that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(round(m * power, 15) if power > 1e-9 else m * power for m in (1, 2, 2.5, 5,
    10) if m * power >= rough * (1 - 1e-9))


def linear_ticks(low: float, high: float, step: float) -> list[float]:
    """The ticks from end to end."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [0.0 if number == 0 else number * step for number in range(first, last + 1)]


def logarithmic_range(values: Iterable[float]) -> tuple[float, float]:
    """Powers of ten around the positive values."""
    positive = [value for value in values if value > 0]
    if not positive:
        return 0.1, 10.0
    low, high = math.floor(math.log10(min(positive)) + 1e-9), math.ceil(math.log10(max(positive)) - 1e-9)
    low, high = max(low, -300), min(high, 300)
    return 10.0**low, 10.0 ** (high if high > low else low + 1)


def logarithmic_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Powers of ten, and 2 and 5 times them where there are few."""
    first, last = round(math.log10(low)), round(math.log10(high))
    every = max(1, math.ceil((last - first) / most))
    ticks = [10.0**power for power in range(first, last + 1, every)]
    if last - first <= 2:
        ticks += [m * 10.0**power for power in range(first, last) for m in (2, 5)]
    return sorted(ticks)


def written(ticks: Sequence[float], form: str, speaker: Speaker, *, step: float = 0.0) -> list[str]:
    """The ticks in the reader's language, all with as many digits as tell them apart."""
    percent = form.endswith("%")
    unit = step * (100 if percent else 1)
    largest = max((abs(tick) for tick in ticks), default=0.0) * (100 if percent else 1)
    if not step or not unit:
        return [speaker.number(float(tick), _alone(tick, percent)) for tick in ticks]
    if largest >= 1e6 or largest < 1e-3:
        return [speaker.number(tick, ".3g") for tick in ticks]
    places = max(0, -math.floor(math.log10(unit) + 1e-9))
    if abs(round(unit, places) - unit) > unit * 1e-6:
        places += 1
    return [speaker.number(float(tick), f",.{places}{'%' if percent else 'f'}") for tick in ticks]


def _alone(tick: float, percent: bool) -> str:
    """The format of a tick on a logarithmic axis."""
    if percent and tick >= 1e-4:
        places = max(0, -math.floor(math.log10(tick * 100) + 1e-9))
        return f".{places}%"
    return ".0e" if not 1e-3 <= tick < 1e5 else (",.0f" if tick >= 1 else ".3g")
