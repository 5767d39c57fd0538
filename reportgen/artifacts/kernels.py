"""The kernels of a convolution, brought into one form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.probe import Array, Layer, Probe
from reportgen.text import Message, _


@dataclass(frozen=True, eq=False)
class Kernels:
    """The kernels of a layer as (height, width, inputs, filters).

    `part` tells the two kernels of a separable convolution apart; `remark` says what was left out.
    `fans` are how many weights feed one output and how many one input feeds: what initializers use.
    """

    layer: Layer
    array: Array
    part: str = ""
    remark: Message | None = None
    fans: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        """The layer's path, with the part where there are two."""
        return f"{self.layer.name} ({self.part})" if self.part else self.layer.name

    @property
    def count(self) -> int:
        """How many filters there are."""
        return int(self.array.shape[-1])


def evenly(values: Array, most: int) -> Array:
    """About `most` evenly spaced values, the same every time.

    The step has no divisor in common with any side, so that every filter gives its share.
    """
    step = max(1, values.size // most)
    while step > 1 and any(math.gcd(step, side) > 1 for side in values.shape if side > 1):
        step += 1
    return values.reshape(-1)[::step]


def kernels_of(probe: Probe) -> Iterator[Kernels]:
    """The kernels of every convolution, in running order."""
    for layer in probe.layers.convolutions:
        weights = probe.weights(layer.owner or layer.name)
        named = {name.rsplit("/", 1)[-1]: array for name, array in weights.items()}
        if "depthwise_kernel" in named:
            yield _flat(layer, named["depthwise_kernel"], "depthwise", depthwise=True)
            yield _flat(layer, named["pointwise_kernel"], "pointwise")
        elif "kernel" in named:
            yield _flat(layer, named["kernel"], "", depthwise="Depthwise" in layer.kind)


def _flat(layer: Layer, array: Array, part: str, depthwise: bool = False) -> Kernels:
    """Any kernel with two spatial axes: sequences lie on their side, volumes give their middle slice."""
    remark = None
    places = math.prod(array.shape[:-2])
    fans = (places * array.shape[-2], places * array.shape[-1])
    if "Transpose" in layer.kind:
        fans = fans[::-1]
    if array.ndim == 3:
        array = array[None]
    elif array.ndim == 5:
        remark = _("of each three-dimensional kernel the middle slice is shown")
        array = array[array.shape[0] // 2]
    if depthwise:
        array = array.reshape(*array.shape[:2], 1, -1)
    return Kernels(layer, array, part, remark, fans)
