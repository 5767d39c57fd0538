"""What is to be explained: a class, one side of a yes-or-no answer, a region of a mask, a unit inside the network.

What a user may ask for, written as one text:

    tabby cat, #281        a class by its name or number; "not cat" for what speaks against it
    layer:7                a channel or unit of any layer
    road@predicted         a class of a segmentation on a region: what the network marks, "mask" (the given
    @box:10,20,60,80       one), "all", a point or a box, in pixels of the network's input or in percent
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from reportgen import imaging
from reportgen.errors import UsageError
from reportgen.probabilities import probabilities
from reportgen.probe import Array, Places, Probe, Target
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Text, _

Region: TypeAlias = Literal["", "predicted", "rest", "mask", "all", "point", "box"]
HALF = 0.5
"""From this probability on a pixel counts as marked."""
_REGION = re.compile(r"(predicted|mask|all|point:(?P<point>[^:]+)|box:(?P<box>[^:]+))")
SPATIAL = ("mask", "classmap")
"""Kinds of answers that say something of every place."""
ONE_CHANNEL = ("binary", "mask")
"""Kinds of answers in which one number speaks for both sides."""


@dataclass(frozen=True, eq=False)
class Goal:
    """A number of the network to be explained. `name` is fit for file names and unique among the goals.

    `region` are the places of the output that count, where not all do.
    """

    name: str
    label: Text
    target: Target
    region: Array | None = None

    @property
    def inner(self) -> bool:
        """True for a unit inside the network, which has no probability."""
        return self.target.layer != ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A user's text, understood; `against` is what speaks against it."""

    text: str = ""
    channel: int = 0
    layer: str = ""
    against: bool = False
    region: Region = ""
    numbers: tuple[float, ...] = ()


def goals_of(study: Study, sample: Sample) -> tuple[Goal, ...]:
    """What to explain of the network's answer to an image; empty for an answer of a form that has no such numbers."""
    key = ("goals", sample.name)
    if key not in study.memory:
        answer = np.asarray(study.probe.trace(sample.pixels).scores, np.float32)
        wishes = [read_wish(study, text) for text in study.maps.targets] or default_wishes(study, sample, answer)
        found = [goal for wish in wishes if (goal := _goal(study, sample, answer, wish))]
        study.memory[key] = tuple(_apart(found))
    goals: tuple[Goal, ...] = study.memory[key]
    return goals


def default_wishes(study: Study, sample: Sample, answer: Array) -> list[Wish]:
    """The likeliest classes; both sides of a yes or no; the marked region and the rest; the largest values."""
    facts = study.probe.output
    shares = probabilities(np.nan_to_num(answer), facts)
    most = study.maps.classes
    if facts.kind == "binary":
        positive = float(shares.reshape(-1)[0]) >= HALF
        return [Wish(against=not positive), Wish(against=positive)]
    if facts.kind == "mask":
        marked = shares[..., 0] >= HALF
        regions: list[Wish] = [Wish(region="predicted")] if marked.any() else []
        regions += [Wish(region="rest", against=True)] if not marked.all() else []
        return regions + ([Wish(region="mask")] if sample.mask is not None and sample.mask.any() else [])
    if facts.kind == "classmap":
        areas = np.bincount(shares.argmax(axis=-1).reshape(-1), minlength=shares.shape[-1])
        return [Wish(channel=int(k), region="predicted") for k in np.argsort(-areas, kind="stable")[:most] if areas[k]]
    if answer.ndim not in (1, 3):
        return []
    sizes = np.abs(answer).mean(axis=(0, 1)) if answer.ndim == 3 else answer
    sizes = np.abs(sizes) if facts.kind == "values" else shares
    return [Wish(channel=int(k)) for k in np.argsort(-sizes, kind="stable")[:most]]


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
                _inside(study, sample, wish, sample.pixels.shape[:2])
    layer = study.maps.layer
    if layer and not has_layer(study, layer):
        raise UsageError(
            f"The network has no layer '{layer}'.", slug="unknown-layer", hint="`reportgen inspect` lists its layers."
        )


def _goal(study: Study, sample: Sample, answer: Array, wish: Wish) -> Goal | None:
    """The goal of a wish for one image; None where its region is empty."""
    facts = study.probe.output
    if wish.layer:
        unit = _("`{layer}`, channel {channel}", layer=wish.layer, channel=wish.channel)
        return Goal(slug(f"{wish.layer}-{wish.channel}"), unit, Target(wish.channel, wish.layer))
    region = _places(study, sample, answer, wish) if facts.kind in SPATIAL else None
    if region is not None and not region.any():
        return None
    name, label = _names(study, wish)
    places = None if region is None or region.all() else Places.of(region.astype(np.float32))
    return Goal(name, label, Target(wish.channel, places=places, sign=-1 if wish.against else 1), region)


def _names(study: Study, wish: Wish) -> tuple[str, Text]:
    """A goal's name for files and for the reader."""
    kind = study.probe.output.kind
    region, where = _REGION_NAMES[wish.region]
    if kind == "mask":
        opposed = wish.against and wish.region != "rest"
        return (f"not-{region}", _("against it, {region}", region=where)) if opposed else (region, where)
    if kind == "binary":
        side = study.sides[int(not wish.against)]
        return _stem(side), side
    label = _short(study.label(wish.channel))
    stem = _stem(label)
    if wish.against:
        stem, label = f"not-{stem}", _("not “{label}”", label=label)
    if wish.region in ("", "predicted"):
        return stem, label
    return f"{stem}-{region}", _("{label}, {region}", label=label, region=where)


def _short(label: Text) -> Text:
    """The first of a class's names, where it has several joined by commas."""
    return label.partition(",")[0] if isinstance(label, str) else label


def _stem(label: Text) -> str:
    """A class's name, fit for a file."""
    return slug("-".join(re.findall(r"\w+", str(label))) or "class")


_REGION_NAMES: dict[str, tuple[str, Text]] = {
    "predicted": ("marked", _("marked area")), "rest": ("rest", _("not marked")),
    "mask": ("true-mask", _("true mask")), "all": ("everywhere", _("whole image")),
    "point": ("point", _("the point")), "box": ("box", _("the box")), "": ("everywhere", _("whole image")),
}


def _apart(goals: Sequence[Goal]) -> list[Goal]:
    """The goals with names that differ; a goal asked for twice is one."""
    kept: dict[tuple[str, Target], Goal] = {}
    for goal in goals:
        kept.setdefault((goal.name, goal.target), goal)
    names: dict[str, int] = {}
    apart = []
    for goal in kept.values():
        names[goal.name] = names.get(goal.name, 0) + 1
        number = names[goal.name]
        apart.append(goal if number == 1 else Goal(f"{goal.name}-{number}", goal.label, goal.target, goal.region))
    return apart


def _places(study: Study, sample: Sample, answer: Array, wish: Wish) -> Array:
    """The places of the output (height × width) that count."""
    size = answer.shape[:2]
    shares = probabilities(np.nan_to_num(answer), study.probe.output)
    single = study.probe.output.kind == "mask"
    marked = shares[..., 0] >= HALF if single else shares.argmax(axis=-1) == wish.channel
    if wish.region == "predicted":
        return marked
    if wish.region == "rest":
        return ~marked
    if wish.region == "mask" and sample.mask is not None:
        inside: Array = imaging.resize(np.asarray(sample.mask, np.float32), (size[0], size[1]), "nearest") > HALF
        return inside
    if wish.region in ("point", "box"):
        return _inside(study, sample, wish, size)
    return np.ones(size, bool)


def _inside(study: Study, sample: Sample, wish: Wish, size: tuple[int, ...]) -> Array:
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
    inside = np.zeros(size, bool)
    rows = slice(int(y0 * size[0] / height), max(int(y0 * size[0] / height) + 1, round(y1 * size[0] / height)))
    columns = slice(int(x0 * size[1] / width), max(int(x0 * size[1] / width) + 1, round(x1 * size[1] / width)))
    inside[rows, columns] = True
    return inside


def confidences(probe: Probe, batch: Array, goals: Sequence[Goal]) -> Array:
    """How sure the network is of each goal (images × goals): a probability, for a region its mean there.

    A unit inside the network, or a value that is no probability, is given as it is.
    """
    found = np.zeros((len(batch), len(goals)))
    plain = [number for number, goal in enumerate(goals) if goal.inner or probe.output.kind == "values"]
    if plain:
        found[:, plain] = probe.evaluate(batch, [goals[number].target for number in plain])
    shared = [number for number in range(len(goals)) if number not in plain]
    if shared:
        shares = probabilities(probe.scores(batch), probe.output).astype(np.float64)
        for number in shared:
            target = goals[number].target
            chosen = shares[..., target.channel]
            chosen = 1 - chosen if target.sign < 0 else chosen
            if target.places is None:
                found[:, number] = chosen.reshape(len(batch), -1).mean(axis=1)
            else:
                weights = target.places.weights
                found[:, number] = (chosen * weights).sum(axis=(1, 2)) / weights.sum()
    return found
