"""Which pixels of the input a unit sees: exact interval arithmetic backwards through the network.

One unit needs an interval of its layer's input, that interval needs a larger one before it, and so
on; where paths part, the union is taken. For a chain of convolutions this is the recursion of
Araujo, Norris and Sim 2019 (https://distill.pub/2019/computing-receptive-fields), `r' = r + (k − 1) j`;
unlike it, intervals also go through upsampling, transposed convolutions and skip connections.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reportgen.probe import Layer, Layers

Interval: TypeAlias = tuple[float, float]
Sizes: TypeAlias = Mapping[str, tuple[int | None, ...]]
EVERYWHERE: Interval = (-math.inf, math.inf)
UNKNOWN: Interval = (math.nan, math.nan)
_TAPS = {"bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}
"""How far an interpolation looks to both sides of a place, in places of the smaller map."""


@dataclass(frozen=True, slots=True)
class Field:
    """What the middle unit of a layer sees, from first to last pixel, along height and width.

    The ends may lie outside the image, where zero padding is seen; an infinite end means that the
    whole image is seen, one that is no number that it cannot be told. `jump` is how many pixels apart neighbouring
    units look.
    """

    rows: Interval
    columns: Interval
    jump: float | None

    @property
    def whole(self) -> bool:
        """True where every unit sees the whole image, whatever its size."""
        return math.isinf(self.rows[0]) or math.isinf(self.columns[0])

    @property
    def known(self) -> bool:
        """False where a layer on the way does something that cannot be followed."""
        return self.whole or not math.isnan(self.rows[0] + self.columns[0])

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) in pixels; None for the whole image and where it cannot be told."""
        if self.whole or not self.known:
            return None
        return int(self.rows[1] - self.rows[0]) + 1, int(self.columns[1] - self.columns[0]) + 1


def fields(layers: Layers, sizes: Sizes | None = None) -> dict[str, Field]:
    """The field of the middle unit of every layer; `sizes` are spatial sizes where the facts leave them open."""
    spatial = {layer.name: tuple((sizes or {}).get(layer.name, layer.spatial)) for layer in layers}
    return {layer.name: _field(layer, layers, spatial) for layer in layers}


def _field(layer: Layer, layers: Layers, spatial: Sizes) -> Field:
    axes = [_backwards(layer, layers, spatial, axis) for axis in (0, 1)]
    return Field(axes[0], axes[1], _jump(layer, layers, spatial))


def _backwards(layer: Layer, layers: Layers, spatial: Sizes, axis: int) -> Interval:
    """The interval of the input that the layer's middle unit needs along one axis."""
    size = _side(spatial[layer.name], axis)
    middle = float((size or 1) // 2)
    needed: dict[str, Interval] = {layer.name: (middle, middle) if len(spatial[layer.name]) else EVERYWHERE}
    seen: Interval | None = None
    for current in reversed(layers[: _place(layers, layer) + 1]):  # type: ignore[call-overload]
        interval = needed.pop(current.name, None)
        if interval is None:
            continue
        if not current.parents:
            seen = interval if seen is None else _union(seen, interval)
            continue
        for parent in current.parents:
            before = _through(current, interval, spatial[parent], spatial[current.name], axis)
            needed[parent] = _union(needed[parent], before) if parent in needed else before
    return seen or (middle, middle)


def _through(
    layer: Layer, interval: Interval, before: Sequence[int | None], after: Sequence[int | None], axis: int
) -> Interval:
    """The interval of a layer's input that an interval of its output needs."""
    low, high = interval
    if math.isinf(low) or layer.reach == "all" or not before or not after:
        return EVERYWHERE
    if _lost(layer, before, after) or math.isnan(low):
        return UNKNOWN
    if layer.family == "dense":
        return low, high  # on a map it works at every place by itself; to a vector one flattens or pools first
    if layer.kind.startswith("Adaptive") or layer.interpolation:
        return _resized(layer, interval, before, after, axis)
    if layer.family == "upsampling" and layer.factor:
        factor = _pick(layer.factor, axis)
        return math.floor(low / factor), math.floor(high / factor)
    if not layer.kernel:
        shift = _pick(layer.margins, axis, 0) if layer.margins else _shift(_side(before, axis), _side(after, axis))
        return low - shift, high - shift
    reach = (_pick(layer.kernel, axis) - 1) * (_pick(layer.dilation, axis) if layer.dilation else 1)
    stride = _pick(layer.strides, axis) if layer.strides else 1
    if "Transpose" in layer.kind:
        pad = _transposed_padding(layer, reach, stride)
        return math.ceil((low + pad - reach) / stride), math.floor((high + pad) / stride)
    pad = _padding(layer, reach, stride, _side(before, axis))
    return low * stride - pad, high * stride - pad + reach


def _lost(layer: Layer, before: Sequence[int | None], after: Sequence[int | None]) -> bool:
    """True where it cannot be told which places an answer comes from."""
    if tuple(before) == tuple(after) and layer.kind in ("Reshape", "GetItem"):
        return False
    return layer.reach == "unknown" or layer.kind == "GetItem" or len(before) != len(after)


def _resized(
    layer: Layer, interval: Interval, before: Sequence[int | None], after: Sequence[int | None], axis: int
) -> Interval:
    """The places of a map that an interval of the resized one is made of, never beyond its edges.

    Middles of pixels lie on middles: place i of n is (i + ½) · m / n − ½ of m (TensorFlow's resize, second version).
    """
    old, new = _side(before, axis), _side(after, axis)
    if not old or not new:
        return UNKNOWN
    how, _space, kept = layer.interpolation.partition(" ")
    start, length = _kept(kept, before, after, axis) if kept else (0, old)
    if how not in ("", "nearest", *_TAPS) or not length:
        return UNKNOWN
    low, high = (min(max(int(end), 0), new - 1) for end in interval)
    ends = [_taps(how, place, length, new) for place in range(low, high + 1)]
    first = start + min(max(0, end[0]) for end in ends)
    last = start + max(min(length - 1, end[1]) for end in ends)
    return min(max(first, 0), old - 1), min(max(last, 0), old - 1)


def _taps(how: str, place: int, old: int, new: int) -> tuple[int, int]:
    """First and last place that one place of the new map is made of."""
    if not how:  # adaptive pooling
        return place * old // new, -(-(place + 1) * old // new) - 1
    if how == "nearest":
        at = math.floor((place + 0.5) * old / new)
        return at, at
    at_exactly = (place + 0.5) * old / new - 0.5
    at = math.floor(at_exactly)
    if at_exactly == at:
        return at, at
    return at + 1 - _TAPS[how], at + _TAPS[how]


def _kept(how: str, before: Sequence[int | None], after: Sequence[int | None], axis: int) -> tuple[int, int]:
    """Where a map begins, and how long it is, after being cut or padded to the proportions of the new one."""
    old, other = _side(before, axis) or 0, _side(before, 1 - axis) or 0
    new, new_other = _side(after, axis) or 1, _side(after, 1 - axis) or 1
    fitting = int(other * new / new_other)
    length = max(1, min(old, fitting)) if how == "crop" else max(old, fitting)
    return int((old - length) / 2), length


def _padding(layer: Layer, reach: int, stride: int, side: int | None) -> int:
    """How many zeros are set before the first pixel: TensorFlow's rule for "same"."""
    if layer.padding == "causal":
        return reach
    if layer.padding != "same":
        return 0
    if side is None:
        return max(0, reach + 1 - stride) // 2
    total = max(0, (math.ceil(side / stride) - 1) * stride + reach + 1 - side)
    return total // 2


def _transposed_padding(layer: Layer, reach: int, stride: int) -> int:
    return max(0, reach + 1 - stride) // 2 if layer.padding == "same" else 0


def _shift(before: int | None, after: int | None) -> int:
    """By how much a layer of padding or cropping moves the pixels (evenly on both sides)."""
    return 0 if before is None or after is None else (after - before) // 2


def _jump(layer: Layer, layers: Layers, spatial: Sizes) -> float | None:
    """The product of the strides on the way from the input (upsampling divides)."""
    jump, current = 1.0, layer
    while current.parents:
        if not spatial[current.name]:
            return None
        if current.kernel and "Transpose" in current.kind:
            jump /= current.strides[0] if current.strides else 1
        elif current.kernel:
            jump *= current.strides[0] if current.strides else 1
        elif current.family == "upsampling" and current.factor:
            jump /= current.factor[0]
        elif current.interpolation:
            old, new = _side(spatial[current.parents[0]], 0), _side(spatial[current.name], 0)
            if not old or not new:
                return None
            jump *= old / new
        current = layers[current.parents[0]]
    return jump


def _place(layers: Layers, layer: Layer) -> int:
    return next(number for number, other in enumerate(layers) if other is layer)


def _union(one: Interval, other: Interval) -> Interval:
    if math.isnan(one[0]) or math.isnan(other[0]):
        return EVERYWHERE if math.inf in (one[1], other[1]) else UNKNOWN
    return min(one[0], other[0]), max(one[1], other[1])


def _pick(values: Sequence[int], axis: int, otherwise: int = 1) -> int:
    """The value along an axis; a sequence has one axis, and its other side is 1."""
    return values[axis] if axis < len(values) else otherwise


def _side(values: Sequence[int | None], axis: int) -> int | None:
    return values[axis] if axis < len(values) else 1
