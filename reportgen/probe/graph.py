"""Where a tensor of a recorded graph comes from. No TensorFlow is imported: the graph's own objects are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from reportgen.probe import Array

_ONLY_SHAPES = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})


def parents(outputs: Iterable[Any], producers: Mapping[str, str]) -> tuple[str, ...]:
    """The paths of the calls whose outputs these were made from, in the order in which they are taken.

    Arithmetic outside any layer is passed through. What lends only its shape is no parent, unless
    nothing else is found.
    """
    outputs = tuple(outputs)
    return _walk(outputs, producers, _ONLY_SHAPES) or _walk(outputs, producers, frozenset())


def _walk(outputs: tuple[Any, ...], producers: Mapping[str, str], stops: frozenset[str]) -> tuple[str, ...]:
    own = {tensor.name for tensor in outputs}
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [tensor for output in reversed(outputs) for tensor in reversed(output.op.inputs)]
    while waiting:
        tensor = waiting.pop()
        if tensor.name in seen or tensor.name in own:
            continue
        seen.add(tensor.name)
        if tensor.name in producers:
            found[producers[tensor.name]] = None
        elif tensor.op.type not in stops:
            waiting.extend(reversed(tensor.op.inputs))
    return tuple(found)


def shared(tensor: Any) -> Array:
    """The numbers of a computed tensor without copying them; read-only."""
    array = np.asarray(memoryview(tensor))
    array.flags.writeable = False
    return array


def unbatched(shape: Any) -> tuple[int | None, ...]:
    """A recorded tensor's shape without the batch axis, which is 1 there."""
    sides = () if shape.rank is None else tuple(shape)
    return sides[1:] if sides and sides[0] in (1, None) else sides


def one_of(array: Array) -> Array:
    """The only item of a batch; what has no batch axis stays as it is."""
    one: Array = array[0] if array.ndim and array.shape[0] == 1 else array
    return one
