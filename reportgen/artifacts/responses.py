"""What the layers answered to an image: which of them can be drawn, and the numbers of each answer.

A layer's answer may be larger than the memory that is left (64 channels of 1024 × 1024 places are
268 MB), so everything here goes through it once, in blocks, and makes no second array of its size.
"""

from __future__ import annotations

import fnmatch
import math
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.probe import Array, Layer, Layers, Trace
from reportgen.text import Message, _

BLOCK = 1 << 17
"""How many values are looked at together: half a megabyte, which stays in a processor's cache."""


@dataclass(frozen=True, eq=False)
class Response:
    """The numbers of one layer's answer to one image, by channel.

    `counts` are how many finite values each channel has, `zeros` how many of them are exactly 0;
    `mean_map` is the mean over channels at every place; `broken` counts values that are no numbers
    or infinite, which are left out of everything else.
    """

    counts: Array
    means: Array
    deviations: Array
    lows: Array
    highs: Array
    zeros: Array
    mean_map: Array
    broken: int = 0

    @property
    def channels(self) -> int:
        """How many channels (or units) there are."""
        return len(self.means)

    @property
    def count(self) -> int:
        """How many finite values there are."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Over all values."""
        return float(self.means @ self.counts / max(self.count, 1))

    @property
    def deviation(self) -> float:
        """The standard deviation of all values."""
        spread = self.deviations**2 + (self.means - self.mean) ** 2
        return math.sqrt(float(spread @ self.counts / max(self.count, 1)))

    @property
    def low(self) -> float:
        """The least value."""
        return float(self.lows.min())

    @property
    def high(self) -> float:
        """The largest value."""
        return float(self.highs.max())

    @property
    def sparsity(self) -> float:
        """The share of values that are exactly zero."""
        return float(self.zeros.sum() / max(self.count, 1))

    @property
    def reach(self) -> Array:
        """The largest absolute value of each channel."""
        largest: Array = np.maximum(np.abs(self.lows), np.abs(self.highs))
        return largest

    def silent(self, threshold: float = 0.0) -> Array:
        """The numbers of the channels that have values, and none beyond the threshold."""
        return np.flatnonzero((self.reach <= threshold) & (self.counts > 0))


_kept: dict[int, tuple[weakref.ref[Array], Response]] = {}
"""Answers already counted, as long as their arrays live: several artifacts ask for the same numbers."""


def response(answer: Array) -> Response:
    """The numbers of a layer's answer (places …, channels), counted once."""
    key = id(answer)
    known = _kept.get(key)
    if known is not None and known[0]() is answer:
        return known[1]
    counted = _count(answer)
    _kept[key] = (weakref.ref(answer, lambda _gone: _kept.pop(key, None)), counted)
    return counted


def _count(answer: Array) -> Response:
    """One walk through the answer; the blocks' means and squares are merged as Chan et al. (1979) do."""
    channels = answer.shape[-1]
    flat = answer.reshape(-1, channels)
    counts, zeros = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
    means, squares = np.zeros(channels), np.zeros(channels)
    lows, highs = np.full(channels, np.inf), np.full(channels, -np.inf)
    mean_map = np.zeros(len(flat), np.float32)
    for rows in blocks(flat):
        part = _tally(np.asarray(flat[rows], np.float32))
        total = np.maximum(counts + part.counts, 1)
        step = np.where(part.counts > 0, part.means - means, 0)
        squares += part.squares + step**2 * counts * part.counts / total
        means += step * part.counts / total
        counts += part.counts
        zeros += part.zeros
        np.minimum(lows, part.lows, out=lows)
        np.maximum(highs, part.highs, out=highs)
        mean_map[rows] = part.row_means
    lows[counts == 0] = highs[counts == 0] = 0
    return Response(
        counts, means, np.sqrt(squares / np.maximum(counts, 1)), lows, highs, zeros,
        mean_map.reshape(answer.shape[:-1]), int(flat.size - counts.sum()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Tally:
    """The numbers of one block of rows; `squares` are sums of squared distances from `means`."""

    counts: Array
    means: Array
    squares: Array
    zeros: Array
    lows: Array
    highs: Array
    row_means: Array


def _tally(block: Array) -> _Tally:
    sums = block.sum(axis=0, dtype=np.float64)
    if not np.isfinite(sums).all():
        return _tally_of_finite(block)
    means = sums / len(block)
    distances = block - means.astype(np.float32)
    squares = np.square(distances, out=distances).sum(axis=0, dtype=np.float64)
    return _Tally(
        np.full(block.shape[1], len(block)), means, squares, (block == 0).sum(axis=0),
        block.min(axis=0), block.max(axis=0), block.mean(axis=1),
    )


def _tally_of_finite(block: Array) -> _Tally:
    """The same without the values that are no numbers or infinite."""
    finite = np.isfinite(block)
    counts = finite.sum(axis=0)
    clean = np.where(finite, block, 0).astype(np.float64)
    means = clean.sum(axis=0) / np.maximum(counts, 1)
    return _Tally(
        counts, means, (np.square(clean - means) * finite).sum(axis=0), (block == 0).sum(axis=0),
        np.where(finite, block, np.inf).min(axis=0), np.where(finite, block, -np.inf).max(axis=0),
        clean.sum(axis=1) / np.maximum(finite.sum(axis=1), 1),
    )


def blocks(flat: Array) -> Iterator[slice]:
    """Slices of the rows of (places, channels), each a block of bounded size."""
    rows = max(1, BLOCK // max(1, flat.shape[1]))
    return (slice(top, top + rows) for top in range(0, len(flat), rows))


def share_within(answer: Array, threshold: float) -> float:
    """The share of an answer's finite values whose distance from zero is at most the threshold."""
    flat = answer.reshape(-1, answer.shape[-1])
    near = sum(int(np.count_nonzero(np.abs(flat[rows]) <= threshold)) for rows in blocks(flat))
    return near / max(response(answer).count, 1)


def with_exact_zeros(layers: Layers) -> frozenset[str]:
    """The layers where an exact zero means "did not answer".

    That are the ones with a ReLU, and those that only pick, average, repeat or join the answers of such.
    """
    found: set[str] = set()
    for layer in layers:
        passes = layer.family in ("pooling", "upsampling", "merge", "reshape") or layer.kind in _PASSING
        inherited = passes and layer.activation == "linear" and layer.parameters == 0 and bool(layer.parents)
        if layer.rectified or (inherited and all(parent in found for parent in layer.parents)):
            found.add(layer.name)
    return frozenset(found)


_PASSING = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Identity"})
"""Layers that hand on what they got when the network is not being trained."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A layer with something to draw, its place among such layers, and its answer."""

    number: int
    layer: Layer
    answer: Array

    @property
    def response(self) -> Response:
        """The numbers of the answer."""
        return response(self.answer)

    @property
    def size(self) -> str:
        """"56 × 56": the answer's size without its channels."""
        return " × ".join(str(side) for side in self.answer.shape[:-1])


@dataclass(frozen=True, slots=True)
class Left:
    """A layer that is not drawn, and why."""

    layer: str
    reason: Message


def is_vector(answer: Array) -> bool:
    """True for units without places, a map of one single place included."""
    return math.prod(answer.shape[:-1]) == 1


def maps_of(layers: Layers, trace: Trace, wanted: Sequence[str] = ()) -> tuple[list[Drawn], list[Left]]:
    """The layers whose answers are maps, in running order and numbered from 0, and the others with a reason."""
    drawn: list[Drawn] = []
    left: list[Left] = []
    for layer in layers:
        reason = _reason_against(layer, trace) or _no_maps(trace.outputs[layer.name])
        if reason is not None:
            left.append(Left(layer.name, reason))
        else:
            drawn.append(Drawn(len(drawn), layer, trace.outputs[layer.name]))
    if wanted:
        drawn = [one for one in drawn if is_wanted(one.layer.name, wanted)]
        left = [one for one in left if is_wanted(one.layer, wanted)]
    return drawn, left


def answers_of(layers: Layers, trace: Trace, wanted: Sequence[str] = ()) -> list[Drawn]:
    """Every layer with an answer of its own, maps and units alike, in running order."""
    found = [layer for layer in layers if _reason_against(layer, trace) is None]
    drawn = [Drawn(number, layer, trace.outputs[layer.name]) for number, layer in enumerate(found)]
    return [one for one in drawn if is_wanted(one.layer.name, wanted)]


def is_wanted(name: str, wanted: Sequence[str]) -> bool:
    """True for a layer that is named, or meant by a pattern such as `block1_*`; everything if none is."""
    return not wanted or any(name == one or fnmatch.fnmatchcase(name, one) for one in wanted)


def unknown_layers(layers: Layers, wanted: Sequence[str]) -> tuple[str, ...]:
    """The names and patterns that mean no layer of the network."""
    return tuple(one for one in wanted if not any(is_wanted(layer.name, (one,)) for layer in layers))


def _reason_against(layer: Layer, trace: Trace) -> Message | None:
    """Why a layer has no answer of its own to tell of."""
    answer = trace.outputs.get(layer.name)
    if answer is None or answer.ndim == 0 or answer.size == 0:
        return _("its answer could not be recorded")
    if layer.family == "input":
        return _("it is the input itself")
    if layer.family == "reshape":
        return _("it only moves values to other places")
    if layer.activation != "linear" or layer.parameters or layer.family not in ("activation", "other"):
        return None
    twin = next((parent for parent in layer.parents if _same(answer, trace.outputs.get(parent))), None)
    return _("its answer is the same as that of `{layer}`", layer=twin) if twin else None


def _no_maps(answer: Array) -> Message | None:
    if is_vector(answer):
        return _("its answer has no places, only units")
    if answer.ndim > 4:
        return _("its answer has {axes} axes, and such cannot be drawn", axes=answer.ndim)
    return None


def _same(answer: Array, other: Array | None) -> bool:
    """True where two answers are equal everywhere; most differ in their first values."""
    if other is None or other.shape != answer.shape:
        return False
    if answer is other:
        return True
    one, two = answer.reshape(-1, answer.shape[-1]), other.reshape(-1, answer.shape[-1])
    return all(np.array_equal(one[rows], two[rows]) for rows in blocks(one))
