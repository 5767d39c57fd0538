"""What a network's answer means, told from its shape, its last activation and, where these are silent, names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reportgen.probe import Layer, OutputKind
from reportgen.text import Message, _

_NAMED_CLASSES = re.compile(r"logit|predict|class|softmax|score", re.IGNORECASE)
MANY = 5
"""From so many units on, a dense layer without activation is taken for raw scores of classes; a box has four."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of an answer, whether it gives raw scores, and what had to be assumed to say so."""

    kind: OutputKind
    from_logits: bool = False
    assumptions: tuple[Message, ...] = ()


def meaning(
    squashing: str, shape: tuple[int | None, ...], layer: Layer, pictured: tuple[int | None, ...]
) -> Meaning:
    """The rule.

    | shape                     | softmax  | sigmoid  | neither                                          |
    |---------------------------|----------|----------|--------------------------------------------------|
    | one number                | values   | binary   | binary if named so, or values                    |
    | units                     | classes  | labels   | classes if named so or ≥ 5 in Dense, or values   |
    | height × width × 1        | values   | mask     | values                                           |
    | height × width × channels | classmap | classmap | classmap after a linear convolution, or values   |
    | anything else             | values   | values   | values                                           |

    `pictured` is the input's shape: three sigmoids at each of its places make a picture.
    """
    if len(shape) == 1:
        return _of_units(squashing, shape[0] or 0, layer)
    if len(shape) != 3 or (shape[-1] == 3 and squashing == "sigmoid" and _same(shape, pictured)):
        return Meaning("values")
    if shape[-1] == 1:
        return Meaning("mask" if squashing == "sigmoid" else "values")
    if squashing:
        return Meaning("classmap", squashing == "log_softmax")
    if layer.family in ("convolution", "upsampling") and layer.activation == "linear":
        said = _(
            "The answer has no activation; its {count:d} channels were taken for raw scores of classes at each"
            " place.", count=shape[-1] or 0,
        )
        return Meaning("classmap", True, (said,))
    return Meaning("values")


def _of_units(squashing: str, units: int, layer: Layer) -> Meaning:
    if squashing == "sigmoid":
        return Meaning("binary" if units == 1 else "labels")
    if squashing:
        return Meaning("values" if units == 1 else "classes", squashing == "log_softmax")
    name = layer.name.rpartition("/")[2]
    named = bool(_NAMED_CLASSES.search(name))
    plain = layer.activation == "linear" and layer.family in ("dense", "convolution", "pooling", "reshape")
    if units == 1 and plain and named:
        return Meaning("binary", True, (
            _("The answer has no activation; from the name of layer `{name}` it was taken for the raw score of one"
              " class.", name=layer.name),
        ))
    if units > 1 and plain and (named or (units >= MANY and layer.family == "dense")):
        return Meaning("classes", True, (
            _("The answer has no activation; its {count:d} numbers were taken for raw scores of classes.",
              count=units),
        ))
    return Meaning("values")


def _same(shape: tuple[int | None, ...], pictured: tuple[int | None, ...]) -> bool:
    return len(shape) == len(pictured) and shape[-1] == pictured[-1] and all(
        own in (None, other) for own, other in zip(shape[:-1], pictured[:-1], strict=True)
    )
