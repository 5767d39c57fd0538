"""What a small filter looks for, read from its weights, beside what noise of the same size would give.

A filter is split into its mean over places and what varies from place to place. What varies is compared with
pictures of edges, lines, stripes and spots (`templates`); the evidence is the share of it that the best one explains
in one colour. Noise is drawn and read in the same way: a name is given only where the evidence is larger than that
of 199 in 200 filters of noise. The colour is that in which the pattern is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np

from reportgen.measures.templates import Array, Templates, drawn, templates

Kind: TypeAlias = Literal["edge", "line", "stripes", "point", "blur", "surround", "colour", "none"]
LEVEL = 0.005
"""Noise is given a name so often at most, by each of the tests."""
DRAWS, PLACES = (2000, 250), 25
"""So many filters of noise are read, fewer where a filter has more places than that: there `LEAST` decides."""
LEAST = 0.4
"""The best picture must explain at least so much, whatever noise would give: less is not what the filter looks for."""
FLAT = 0.7
"""From this share of its energy in its mean on a filter only adds up what it sees."""
OPPOSED = 0.3
"""From this share on what surrounds a spot counts as its opposite: its sum over that of the spot."""
COLOURED = 0.25
"""From this share of a pattern's energy outside gray on it is one of a colour."""
TURN, TURN_LARGE = 30.0, 12.0
"""Degrees to both sides within which the best template is turned finely: five by five pixels may tell no less apart."""
DEAD = 1e-6
GRAY = np.ones(3) / math.sqrt(3)
PRIMARIES = np.array([[2.0, -1, -1], [-1, 2, -1], [-1, -1, 2]]) / math.sqrt(6)
"""What is red, green, blue and not gray, as directions in colour space."""
TONES = {
    "red-cyan": (2.0, -1.0, -1.0), "orange-blue": (1.0, 0.0, -1.0), "yellow-blue": (1.0, 1.0, -2.0),
    "green-violet": (0.0, 1.0, -1.0), "green-magenta": (-1.0, 2.0, -1.0), "red-green": (1.0, -1.0, 0.0),
}
"""Pairs of opposite colours, every 30° of the circle of hues."""
_CHUNK = 1 << 22
"""Numbers that are compared at once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a filter looks for. `evidence` is the share of it, 0…1, that its name explains.

    `angle` is that of an edge's, a line's or stripes' direction in degrees, 0 horizontal, 90 vertical, counted
    anticlockwise; `tone` the pair of colours, empty for gray; `primaries` how strongly the filter stands for red,
    green and blue against the rest; `horizontal` and `vertical` the share explained by such an edge, whatever the name.
    """

    kind: Kind
    evidence: float
    angle: float = 0.0
    tone: str = ""
    primaries: tuple[float, float, float] = (0.0, 0.0, 0.0)
    horizontal: float = 0.0
    vertical: float = 0.0

    @property
    def directed(self) -> bool:
        """True for what has an angle."""
        return self.kind in ("edge", "line", "stripes")


@dataclass(frozen=True, eq=False, slots=True)
class Noise:
    """What filters of noise of one size give: evidence for a form, a mean, one colour, a primary, an upright edge."""

    forms: Array
    means: Array
    hues: Array
    primaries: Array
    upright: Array

    @staticmethod
    def reached(values: Array, level: float) -> float:
        """The value that noise exceeds so rarely."""
        return float(np.quantile(values, 1 - level))


def bars(null: Noise) -> tuple[float, float, float]:
    """From which evidence on a form, a mean and one colour are named."""
    return (
        max(LEAST, null.reached(null.forms, LEVEL)), max(FLAT, null.reached(null.means, LEVEL)),
        max(LEAST, null.reached(null.hues, LEVEL)),
    )


@lru_cache(maxsize=16)
def noise(height: int, width: int, channels: int) -> Noise:
    """Filters of normal noise of this size, read as others are; the same every time."""
    random = np.random.Generator(np.random.PCG64([height, width, channels]))
    drawn_filters = random.normal(size=(DRAWS[height * width > PLACES], height, width, channels))
    measured = list(_measured(drawn_filters))
    primaries = [max(one.primaries) for one in measured] if channels == 3 else [0.0]
    return Noise(*map(np.array, (
        [one.share for one in measured], [one.mean for one in measured], [one.hue for one in measured], primaries,
        [share for one in measured for share in one.upright],
    )))


@dataclass(frozen=True, eq=False, slots=True)
class _Measured:
    """`best` is the number of the template that explains most, `share` how much of what varies, `mean` the share of
    the energy in the mean, `hue` that in one colour, `upright` what a horizontal and a vertical edge explain."""

    values: Array
    best: int
    share: float
    mean: float
    hue: float
    primaries: tuple[float, float, float]
    upright: tuple[float, float]


def read(filters: Array) -> list[Reading]:
    """Filters (height, width, 1 or 3, how many), each named or called unstructured."""
    stacked = np.moveaxis(np.asarray(filters, np.float64), -1, 0)
    known, null = templates(*stacked.shape[1:3]), noise(*stacked.shape[1:])
    return [_named(one, known, null, stacked.shape[1:3]) for one in _measured(stacked)]


def _measured(filters: Array) -> Iterator[_Measured]:
    """The numbers of filters (how many, height, width, channels), some at a time to bound memory."""
    known = templates(*filters.shape[1:3])
    at_once = max(1, _CHUNK // known.rows.size)
    for start in range(0, len(filters), at_once):
        some = filters[start : start + at_once]
        some = some.reshape(len(some), -1, some.shape[-1])
        energies = (some**2).sum(axis=(1, 2))
        alive = np.isfinite(energies) & (energies > DEAD**2 * _largest(filters) ** 2)
        unit = np.zeros_like(some)
        unit[alive] = some[alive] / np.sqrt(energies[alive])[:, None, None]
        means = unit.mean(axis=1, keepdims=True)
        varying = unit - means
        left = (varying**2).sum(axis=(1, 2))
        shares = np.zeros((len(known.rows), len(some)), np.float32)
        for channel in range(unit.shape[-1]):
            shares += (known.quick @ varying[..., channel].T.astype(np.float32)) ** 2
        best = shares.argmax(axis=0)
        upright = [shares[known.edges_at(angle)].max(axis=0, initial=0) for angle in (0, 90)]
        tops = np.stack([shares.max(axis=0), *upright])
        explained = np.divide(tops, left, out=np.zeros(tops.shape), where=left > 1e-9)
        for place, values in enumerate(unit):
            share, across, down = map(float, explained[:, place])
            yield _Measured(
                values, int(best[place]), share, float((means[place] ** 2).sum() * values.shape[0]),
                _hue(values), _primaries(values), (across, down),
            )


def _named(one: _Measured, known: Templates, null: Noise, size: tuple[int, int]) -> Reading:
    """A name where noise would hardly give as much."""
    blank = Reading("none", 0.0, primaries=one.primaries, horizontal=one.upright[0], vertical=one.upright[1])
    if not one.values.any():
        return blank
    form_bar, mean_bar, hue_bar = bars(null)
    formed, flat = one.share >= form_bar, one.mean >= mean_bar
    shape = known.shapes[one.best]
    pattern = known.rows[one.best]
    if flat and not (formed and shape.form == "spot"):
        return _coloured(replace(blank, kind="blur", evidence=one.mean), one.values.mean(axis=0))
    if not formed:
        tone = _main_colour(one.values)
        if one.hue >= hue_bar and _chroma(tone) >= COLOURED:
            return replace(blank, kind="colour", evidence=one.hue, tone=_tone(tone))
        return replace(blank, evidence=one.share)
    colour = one.values.T @ pattern
    if shape.form == "spot":
        kind = _spot(one.values, pattern, shape.point)
        return _coloured(replace(blank, kind=kind, evidence=max(one.share, one.mean if flat else 0.0)), colour)
    angle = _refined(one.values, known, one.best, size)
    found = replace(blank, kind=shape.form, evidence=one.share, angle=angle)
    return replace(found, tone=_tone(colour)) if _chroma(colour) >= COLOURED else found


def _coloured(found: Reading, colour: Array) -> Reading:
    """A spot or a mean of a colour is a filter for that colour."""
    return replace(found, kind="colour", tone=_tone(colour)) if _chroma(colour) >= COLOURED else found


def _spot(values: Array, pattern: Array, point: bool) -> Kind:
    """Whether a spot stands against its surround, is a single pixel, or blurs."""
    colour = values.T @ pattern
    colour = colour / np.linalg.norm(colour)
    line = values @ colour
    fitted = pattern * float(line @ pattern) + line.mean()
    if abs(fitted.min()) > fitted.max():
        fitted = -fitted
    if -np.minimum(fitted, 0).sum() >= OPPOSED * np.maximum(fitted, 0).sum():
        return "surround"
    return "point" if point else "blur"


def _refined(values: Array, known: Templates, best: int, size: tuple[int, int]) -> float:
    """The angle to a fraction of a degree: the form turned finely; the middle where several fit as well."""
    turn = TURN if min(size) <= 5 else TURN_LARGE
    turns = known.angles[best] + np.arange(-turn, turn + 0.01, 0.5)
    varying = values - values.mean(axis=0)
    rows = np.stack([drawn(known.shapes[best], float(turn), *size) for turn in turns])
    shares = ((rows @ varying) ** 2).sum(axis=1)
    low = high = int(shares.argmax())
    as_good = shares >= shares[low] * (1 - 1e-6)
    while low and as_good[low - 1]:
        low -= 1
    while high < len(turns) - 1 and as_good[high + 1]:
        high += 1
    return float(turns[low] + turns[high]) / 2 % 180


def _largest(filters: Array) -> float:
    return float(np.nanmax(np.abs(filters), initial=0.0))


def _hue(values: Array) -> float:
    """The share of the energy in one colour: the first singular value's."""
    if values.shape[-1] == 1 or not values.any():
        return 1.0 if values.any() else 0.0
    strengths = np.linalg.eigvalsh(values.T @ values)
    return float(strengths[-1] / strengths.sum())


def _main_colour(values: Array) -> Array:
    colour: Array = np.linalg.eigh(values.T @ values)[1][:, -1]
    return colour


def _chroma(colour: Array) -> float:
    """The share of a colour's energy outside gray."""
    if len(colour) != 3:
        return 0.0
    length = float(colour @ colour)
    return 1 - float(colour @ GRAY) ** 2 / length if length > 0 else 0.0


def _tone(colour: Array) -> str:
    """The pair of opposite colours nearest to a colour's hue."""
    return max(TONES, key=lambda name: abs(float(colour @ np.array(TONES[name]))) / float(np.linalg.norm(TONES[name])))


def _primaries(values: Array) -> tuple[float, float, float]:
    """How strongly the sum over places stands for red, green and blue against the other two."""
    if values.shape[-1] != 3:
        return 0.0, 0.0, 0.0
    total = values.sum(axis=0)
    strength = np.maximum(PRIMARIES @ (total - total.mean()), 0) / math.sqrt(values.shape[0])
    return float(strength[0]), float(strength[1]), float(strength[2])
