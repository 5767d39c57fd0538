"""Which layer class activation maps are taken from."""

from __future__ import annotations

import math
from collections.abc import Mapping

from reportgen.probe import Array, Layers


def last_with_places(layers: Layers, outputs: Mapping[str, Array], answer: Array) -> str:
    """The last layer, of those with known outputs, that has height and width above 1; "" where there is none.

    Where the network's own answer has places, the coarsest such layer is meant: what comes after it only draws.
    """
    flat = [layer for layer in layers if layer.family != "input" and has_places(outputs.get(layer.name))]
    if not any(layer.family in ("convolution", "attention", "recurrent") for layer in flat):
        return ""
    if has_places(answer):
        sizes = [math.prod(outputs[layer.name].shape[:2]) for layer in flat]
        flat = [layer for layer, size in zip(flat, sizes, strict=True) if size == min(sizes)]
    return flat[-1].name


def has_places(answer: Array | None) -> bool:
    """True for height × width × channels with more than one place along both sides."""
    return answer is not None and answer.ndim == 3 and min(answer.shape[:2]) > 1
