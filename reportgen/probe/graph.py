"""Where a tensor of a recorded graph comes from. No TensorFlow is imported: the graph's own objects are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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
