"""What a network's answer means, told from its shape, its last activation and, where these are silent, names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.probe import Layer, OutputKind
from reportgen.text import Message, _

_NAMED_CLASSES = re.compile(r"logit|predict|class|softmax|score", re.IGNORECASE)
_NAMED_PICTURE = re.compile(
    r"auto_?enc|\bvae|_vae|reconstr|denois|deblur|inpaint|restor|colou?ri[sz]|super_?res", re.IGNORECASE
)
_NAMED_NUMBERS = re.compile(
    r"(?<![a-z])(b?box(es)?|coord(inate)?s?|offsets?|landmarks?|keypoints?|regress(ion|or)?|depth|flow|anchors?|deltas?)"
    r"(?![a-z])", re.IGNORECASE,
)
"""Whole words: flowers are no flow, and what is depthwise is no depth."""
MANY = 5
"""From so many units on, a dense layer without activation is taken for raw scores of classes; a box has four."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of an answer, whether it gives raw scores, and what had to be assumed to say so.

    `constant` is a number that every answer is, where it can be no other.
    """

    kind: OutputKind
    from_logits: bool = False
    assumptions: tuple[Message, ...] = ()
    constant: float | None = None


def meaning(
    squashing: str, shape: tuple[int | None, ...], layer: Layer, pictured: tuple[int | None, ...],
    names: Sequence[str] = ("",),
) -> Meaning:
    """The rule.

    | shape                     | softmax  | sigmoid  | neither                                          |
    |---------------------------|----------|----------|--------------------------------------------------|
    | one number                | always 1 | binary   | binary if named so, or values                    |
    | units                     | classes  | labels   | classes if named so or ≥ 5 in Dense, or values   |
    | height × width × 1        | always 1 | mask     | values                                           |
    | height × width × channels | classmap | classmap | classmap after a linear convolution, or values   |
    | anything else             | values   | values   | values                                           |

    An answer as large as the input, whose shape is `pictured`, and with its channels is a picture where there are
    three sigmoids or hyperbolic tangents at each place, or where one of the names says so; so is one with three of
    them made from a row of numbers. `names` are those of the network and of the output; an output whose name speaks of
    boxes or other measures is numbers where it has no activation.
    """
    names = (*names, layer.name.rpartition("/")[2])
    measured = any(_NAMED_NUMBERS.search(name) for name in names[1:])
    if squashing.endswith("softmax") and shape[-1:] == (1,):
        return _constant(0.0 if squashing.startswith("log") else 1.0)
    if len(shape) == 1:
        return Meaning("values") if measured and not squashing else _of_units(squashing, shape[0] or 0, layer)
    if len(shape) != 3:
        return Meaning("values")
    if _is_picture(squashing, shape, layer, pictured, names):
        return Meaning("picture")
    if shape[-1] == 1:
        return _mask(pictured) if squashing == "sigmoid" else Meaning("values")
    if squashing:
        return Meaning("classmap", squashing == "log_softmax")
    if layer.family in ("convolution", "upsampling") and layer.activation == "linear" and not measured:
        said = _(
            "The answer has no activation; its {count:d} channels were taken for raw scores of classes at each"
            " place.", count=shape[-1] or 0,
        )
        return Meaning("classmap", True, (said,))
    return Meaning("values")


def _constant(value: float) -> Meaning:
    return Meaning("values", constant=value, assumptions=(_(
        "The network's answer is {value:g} for every image, whatever its weights: softmax shares one whole among "
        "units, and here there is a single unit. A sigmoid was probably meant.", value=value,
    ),))


def _is_picture(
    squashing: str, shape: tuple[int | None, ...], layer: Layer, pictured: tuple[int | None, ...], names: Sequence[str]
) -> bool:
    bounded = squashing == "sigmoid" or layer.activation == "tanh"
    if len(pictured) == 1:  # a generator draws from a row of numbers
        return bounded and shape[-1] == 3
    if not _fits(shape, pictured):
        return False
    named = any(_NAMED_PICTURE.search(name) for name in names)
    return (bounded and shape[-1] == 3) or (named and not squashing.endswith("softmax"))


def _mask(pictured: tuple[int | None, ...]) -> Meaning:
    if pictured[-1] != 1:
        return Meaning("mask")
    return Meaning("mask", assumptions=(_(
        "A gray picture goes in and one sigmoid a pixel comes out: this was taken for a mask. A network that draws the "
        "picture itself would look the same; name it so (“autoencoder”, “denoiser”) to have it shown as one."
    ),))


def rank(squashing: str, shape: tuple[int | None, ...], name: str, *, whole: bool = False) -> int:
    """How well an output can be explained, 0 best: probabilities; classes by name; numbers; what has no channels to
    speak of, and whole numbers; measures of another kind."""
    if _NAMED_NUMBERS.search(name) and not squashing:
        return 4
    if whole or len(shape) not in (1, 3) or (squashing.endswith("softmax") and shape[-1] == 1):
        return 2 if squashing else 3
    return 0 if squashing or (len(shape) == 1 and _NAMED_CLASSES.search(name)) else 1


def _of_units(squashing: str, units: int, layer: Layer) -> Meaning:
    if squashing == "sigmoid":
        return Meaning("binary" if units == 1 else "labels")
    if squashing:
        return Meaning("classes", squashing == "log_softmax")
    named = bool(_NAMED_CLASSES.search(layer.name.rpartition("/")[2]))
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


def _fits(shape: tuple[int | None, ...], pictured: tuple[int | None, ...]) -> bool:
    """True where an answer is of the input's form: its channels, and its sides or larger ones."""
    return len(shape) == len(pictured) and shape[-1] == pictured[-1] and shape[-1] in (1, 3) and all(
        own is None or other is None or own >= other for own, other in zip(shape[:-1], pictured[:-1], strict=True)
    )
