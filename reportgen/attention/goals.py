"""What is to be explained: a class, one side of a yes-or-no answer, a region of a mask, a unit inside the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.attention.amounts import CLASSES
from reportgen.attention.wishes import SPATIAL, Wish, inside, read_wish
from reportgen.probabilities import probabilities
from reportgen.probe import Array, Places, Probe, Target
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Text, _

HALF = 0.5
"""From this probability on a pixel counts as marked."""


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


def goals_of(study: Study, sample: Sample) -> tuple[Goal, ...]:
    """What to explain of the network's answer to an image; empty for an answer of a form that has no such numbers."""
    key = ("goals", sample.name, study.maps)
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
    most = study.maps.classes or CLASSES[study.maps.effort]
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
    if answer.ndim not in (1, 3) or facts.kind == "picture":
        return []
    sizes = np.abs(answer).mean(axis=(0, 1)) if answer.ndim == 3 else answer
    sizes = np.abs(sizes) if facts.kind == "values" else shares
    return [Wish(channel=int(k)) for k in np.argsort(-sizes, kind="stable")[:most]]


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
    label = study.short_label(wish.channel)
    stem = _stem(label)
    if wish.against:
        stem, label = f"not-{stem}", _("not “{label}”", label=label)
    if wish.region in ("", "predicted"):
        return stem, label
    return f"{stem}-{region}", _("{label}, {region}", label=label, region=where)


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
        covered: Array = imaging.resize(np.asarray(sample.mask, np.float32), (size[0], size[1]), "nearest") > HALF
        return covered
    if wish.region in ("point", "box"):
        return inside(study, sample, wish, size)
    return np.ones(size, bool)


def confidences(probe: Probe, batch: Array, goals: Sequence[Goal]) -> Array:
    """How sure the network is of each goal (images × goals): a probability, for a region its mean there.

    A unit inside the network, or a value that is no probability, is given as it is.
    """
    found = np.zeros((len(batch), len(goals)))
    plain = [number for number, goal in enumerate(goals) if goal.inner or probe.output.kind in ("picture", "values")]
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
