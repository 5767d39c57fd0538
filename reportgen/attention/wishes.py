"""What a user wishes to have explained, written as one text.

    tabby cat, #281        a class by its name or number; "not cat" for what speaks against it
    layer:7                a channel or unit of any layer
    road@predicted         a class of a segmentation on a region: what the network marks, "mask" (the given
    @box:10,20,60,80       one), "all", a point or a box, in pixels of the network's input or in percent
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from reportgen.errors import UsageError
from reportgen.probe import Array
from reportgen.study import Sample, Study

Region: TypeAlias = Literal["", "predicted", "rest", "mask", "all", "point", "box"]
SPATIAL = ("mask", "classmap")
"""Kinds of answers that say something of every place."""
ONE_CHANNEL = ("binary", "mask")
"""Kinds of answers in which one number speaks for both sides."""
_REGION = re.compile(r"(predicted|mask|all|point:(?P<point>[^:]+)|box:(?P<box>[^:]+))")


@dataclass(frozen=True, slots=True)
class Wish:
    """A user's text, understood; `against` is what speaks against it."""

    text: str = ""
    channel: int = 0
    layer: str = ""
    against: bool = False
    region: Region = ""
    numbers: tuple[float, ...] = ()


def read_wish(study: Study, text: str) -> Wish:
    """A user's text, understood; one that names nothing of this network is refused."""
    facts = study.probe.output
    name, at, place = text.partition("@")
    region: Region = ""
    numbers: tuple[float, ...] = ()
    if at:
        region, numbers = _region(text, place.strip())
        if facts.kind not in SPATIAL:
            raise _refused(text, "this network's answer has no places", "Leave out what follows the @.")
    name = name.strip()
    layer, colon, unit = name.rpartition(":")
    if colon and has_layer(study, layer):
        return _unit(study, text, layer, unit, region)
    against = name.casefold().startswith("not ") and not study.classes_called(name, _classes(study))
    name = name[4:].strip() if against else name
    channel = _channel(study, text, name)
    if facts.kind in ONE_CHANNEL:
        against, channel = against != (channel == 0), 0
    return Wish(text, channel, "", against, region or _usual_region(facts.kind), numbers)


def _usual_region(kind: str) -> Region:
    return "predicted" if kind in SPATIAL else ""


def _unit(study: Study, text: str, layer: str, unit: str, region: Region) -> Wish:
    channels = study.probe.layers[layer].channels or 0
    if not unit.isdecimal() or int(unit) >= channels:
        raise _refused(text, f"the layer '{layer}' has no channel '{unit}'", f"Its channels are 0 to {channels - 1}.")
    if region:
        raise _refused(text, "a region goes with a class, not with a layer's channel", "Leave out what follows the @.")
    return Wish(text, int(unit), layer)


def _classes(study: Study) -> int:
    """How many classes can be asked for; a single sigmoid has two sides."""
    facts = study.probe.output
    return 2 if facts.kind in ONE_CHANNEL else facts.shape[-1] or 0


def _channel(study: Study, text: str, name: str) -> int:
    """The number of the class of that name; with one channel, 0 for its low side and 1 for its high one."""
    count = _classes(study)
    single = study.probe.output.kind in ONE_CHANNEL
    if not name and single:
        return 1
    number = name.removeprefix("#")
    if number.isdecimal():
        found: tuple[int, ...] = (int(number),) if int(number) < count else ()
    elif single and len(study.labels) == 1:
        found = (1,) if name.casefold() == str(study.labels[0]).casefold() else ()
    else:
        found = study.classes_called(name, count)
    if not found:
        raise _refused(
            text, f"the network has no class and no layer's channel of that name (classes 0 to {count - 1})",
            "Write a class as in the list of labels or as #number, a unit as layer:channel.",
        )
    return found[0]


def _region(text: str, place: str) -> tuple[Region, tuple[float, ...]]:
    match = _REGION.fullmatch(place)
    if not match:
        raise _refused(
            text, f"'{place}' is no region", "Regions are predicted, mask, all, point:x,y and box:x0,y0,x1,y1."
        )
    kind: Region = place.partition(":")[0]  # type: ignore[assignment]
    written = match["point"] or match["box"] or ""
    try:
        numbers = tuple(_coordinate(part) for part in written.split(",")) if written else ()
    except ValueError as problem:
        raise _refused(text, f"'{written}' is not a list of numbers", "Write pixels, or percent as 50%.") from problem
    if len(numbers) != {"point": 2, "box": 4}.get(kind, 0):
        raise _refused(text, f"'{written}' has not as many numbers as a {kind} needs", "Write x,y or x0,y0,x1,y1.")
    return kind, numbers


def _coordinate(text: str) -> float:
    """A number of pixels, or a share of the side below zero: -0.5 for 50%."""
    value = float(text.strip().removesuffix("%"))
    if not 0 <= value < 1e6:
        raise ValueError(text)
    return -value / 100 if text.strip().endswith("%") else value


def _refused(text: str, why: str, hint: str) -> UsageError:
    return UsageError(f"The target '{text}' cannot be explained: {why}.", slug="unknown-target", hint=hint)


def has_layer(study: Study, name: str) -> bool:
    """True where the network has a layer with this path."""
    return any(layer.name == name for layer in study.probe.layers)


def check_wishes(study: Study) -> None:
    """Refuse targets that this network or these images have not, before anything is computed."""
    for text in study.maps.targets:
        wish = read_wish(study, text)
        for sample in study.samples:
            if wish.region == "mask" and sample.mask is None:
                raise _refused(text, f"no mask was given for {sample.file}", "Give one with --mask.")
            if wish.numbers:
                inside(study, sample, wish, sample.pixels.shape[:2])
    layer = study.maps.layer
    if layer and not has_layer(study, layer):
        raise UsageError(
            f"The network has no layer '{layer}'.", slug="unknown-layer", hint="`reportgen inspect` lists its layers."
        )


def inside(study: Study, sample: Sample, wish: Wish, size: tuple[int, ...]) -> Array:
    """A point or a box as places of an array of this size."""
    height, width = sample.pixels.shape[:2]
    sides = (width, height) * 2
    pixels = [-value * side if value < 0 else value for value, side in zip(wish.numbers, sides, strict=False)]
    x0, y0 = pixels[:2]
    x1, y1 = pixels[2:] if wish.region == "box" else (x0 + 1, y0 + 1)
    if not (x0 < x1 and y0 < y1 and x0 < width and y0 < height):
        raise _refused(
            wish.text, f"it lies outside {sample.file}, which the network sees at {width} × {height} pixels",
            "Count pixels from the upper left corner, or write percent.",
        )
    found = np.zeros(size, bool)
    rows = slice(int(y0 * size[0] / height), max(int(y0 * size[0] / height) + 1, round(y1 * size[0] / height)))
    columns = slice(int(x0 * size[1] / width), max(int(x0 * size[1] / width) + 1, round(x1 * size[1] / width)))
    found[rows, columns] = True
    return found
