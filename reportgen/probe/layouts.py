"""Which layers keep their channels first: told by the layers that say so, and passed on to their neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TO_LAST = {(2, 3, 1), (2, 3, 4, 1), (2, 1)}
_TO_FIRST = {(3, 1, 2), (4, 1, 2, 3), (2, 1)}


def channels_first(
    layers: Mapping[str, Any], parents: Mapping[str, Sequence[str]], ranks: Mapping[str, int]
) -> frozenset[str]:
    """The paths of the outputs whose channels come before height and width.

    `layers` has the layer of each path in running order (None for the model's inputs); `ranks` count
    the axes without the batch. A layer that does not say takes the layout of its parents or, at the
    beginning, of the layers after it.
    """
    known: dict[str, bool | None] = {}
    for _round in range(2):
        for path, layer in layers.items():
            if known.get(path) is None:
                known[path] = _said(layer, ranks[path])
            if known[path] is None:
                same = [known[up] for up in parents[path] if ranks.get(up) == ranks[path] and known[up] is not None]
                known[path] = any(same) if same else None
        for path in reversed(list(layers)):
            turned = _turned(layers[path], ranks[path])
            own = known[path] if turned is None else not turned
            for up in parents[path]:
                if known.get(up) is None and ranks.get(up) == ranks[path]:
                    known[up] = own
    return frozenset(path for path, first in known.items() if first and ranks[path] >= 2)


def _said(layer: Any, rank: int) -> bool | None:
    """What the layer itself says of its output."""
    turned = _turned(layer, rank)
    if turned is not None:
        return turned
    axis = getattr(layer, "axis", None)
    if type(layer).__name__ in ("BatchNormalization", "GroupNormalization") and isinstance(axis, int) and rank >= 2:
        return None if rank == 2 and axis not in (1, -1) else axis == 1
    said = getattr(layer, "data_format", None)
    return said == "channels_first" if said in ("channels_first", "channels_last") and _moves(layer) else None


def _moves(layer: Any) -> bool:
    return type(layer).__name__ != "Flatten"


def _turned(layer: Any, rank: int) -> bool | None:
    """True for a permutation that brings the channels first, False for one that brings them last."""
    dims = getattr(layer, "dims", None)
    if type(layer).__name__ == "Transpose" and getattr(layer, "axes", None):
        dims = tuple(layer.axes)[1:]
    if dims is None or rank < 3:
        return None
    dims = tuple(dims)
    return True if dims in _TO_FIRST else False if dims in _TO_LAST else None
