"""What the sections on attention have in common: what is explained, sheets of maps, scales, files of numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.broken import unexplained
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Heat, Maps, maps_of
from reportgen.attention.methods import METHODS
from reportgen.probe import Array
from reportgen.report.blocks import Attachment, Block, Column, Download, Gallery, Note, Picture, Scale, Table
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _, listed

CLIP = 99.5
"""The percentile at which the scale of a map of single pixels ends, so that a few of them do not darken the rest."""
FINE = ("gradient", "rule")
"""Families whose maps are as fine as the image and are shown by themselves, not over it."""


def explained(study: Study, sample: Sample) -> Maps:
    """The maps of an image for everything that is to be explained; refused where nothing is."""
    if not np.isfinite(study.probe.trace(sample.pixels).scores).all():
        raise NotApplicable(unexplained(study))
    maps = maps_of(study, sample)
    if not maps.goals:
        raise NotApplicable(
            _("The network marks nothing in this image that was to be explained.") if study.maps.targets
            else _("The network's answer is a picture; no single number of it stands for a decision to be explained.")
            if study.probe.output.kind == "picture"
            else _("The network's answer is of a form that cannot be explained number by number.")
        )
    return maps


def on_scores(study: Study, goals: Sequence[Goal]) -> Iterator[Block]:
    """What is explained, and that it is the score before softmax or the sigmoid."""
    facts = study.probe.output
    shown = listed([goal.label for goal in goals], apart=True)
    if (facts.kind in ("picture", "values") and facts.constant is None) or all(goal.inner for goal in goals):
        yield Note(_("Explained here: {goals}. The number itself is explained, as the network gives it.", goals=shown),
                   "info")
    elif not facts.before_activation:
        yield Note(_(
            "Explained here: {goals}. Softmax or the sigmoid could not be left out of this network, so the probability "
            "itself is explained; where it is close to 0 or 1 its gradients vanish.", goals=shown,
        ), "warning")
    elif facts.kind in ("mask", "classmap"):
        yield Note(_(
            "Explained here: {goals}. The number explained is the mean raw score over the places of the region "
            "(Seg-Grad-CAM, Vinogradova et al. 2020, arXiv:2002.11434), before softmax or the sigmoid, which are left "
            "out.", goals=shown,
        ), "info")
    else:
        yield Note(_(
            "Explained here: {goals}. The number explained is the raw score, before softmax or the sigmoid: these mix "
            "the classes and flatten the gradients of a network that is sure, so they are left out.", goals=shown,
        ), "info")


def on_frames(study: Study) -> Iterator[Note]:
    """What the gradient of a pixel is where the network takes many pictures at once."""
    if study.probe.input.frames > 1:
        yield Note(_(
            "The picture is each of the {count} slices or frames that the network takes; a pixel's gradient is the sum "
            "over all of them.", count=study.probe.input.frames,
        ), "info")


def scale_of(method: str, heat: Heat) -> Scale:
    """The scale of a map by itself: diverging around zero where signs matter, else from the map's least value or 0."""
    values = heat.values
    family = METHODS[method].family
    if heat.signed:
        bound = _end(np.abs(values), CLIP if family in FINE else 100)
        return Scale("diverging", -bound, bound, clipped=bool(np.abs(values).max() > bound))
    low = float(values.min()) if method == "rise" else 0.0
    high = _end(values, CLIP if family in FINE or method == "guided_gradcam" else 100)
    return scales.sequential(low, max(high, low), clipped=bool(values.max() > high))


def _end(values: Array, percent: float) -> float:
    high = float(np.percentile(values, percent))
    return high or float(values.max()) or 1.0


@dataclass(frozen=True, eq=False)
class Sheet:
    """How maps of an image are drawn: over the picture of it, no longer than `side` pixels."""

    sample: Sample
    side: int
    opacity: float

    def picture(self, method: str, heat: Heat) -> Picture:
        """A map over the image, or by itself where it is as fine as the image; the bare image where it is empty."""
        if heat.reason:
            return imaging.photo(imaging.gray(self.base()), lossy=True)
        if METHODS[method].family in FINE or method == "guided_gradcam":
            return self.bare(method, heat)
        return imaging.overlay(self.base(), heat.values, scale_of(method, heat), self.opacity)

    def bare(self, method: str, heat: Heat) -> Picture:
        """The map alone, at its own resolution."""
        return imaging.picture_of_map(heat.values, scale_of(method, heat))

    def base(self) -> Array:
        """The image as it was given, made small."""
        return imaging.resize(self.sample.original, self.size(), "area")

    def size(self) -> tuple[int, int]:
        """The height and width of the pictures."""
        height, width = self.sample.original.shape[:2]
        ratio = min(1.0, max(16, self.side) / max(height, width))
        return max(1, round(height * ratio)), max(1, round(width * ratio))


def sheet(
    name: str, maps: Maps, methods: Sequence[str], goals: Sequence[Goal], drawn: Sheet, caption: Message, alt: Message
) -> Gallery:
    """Methods × goals, a row a method; below each map its ends. All of the methods are signed, or none is.

    A method that is made for the first goal alone takes one place.
    """
    tiles = [(method, goal) for method in methods for goal in goals if goal in maps.shown(method)]
    pictures: list[Picture] = []
    labels: list[Text] = []
    notes: list[Text] = []
    for method, goal in tiles:
        heat = maps.heat(method, goal)
        pictures.append(drawn.picture(method, heat))
        labels.append(_("{method}: {goal}", method=METHODS[method].title, goal=goal.label))
        notes.append(heat.reason or ends(scale_of(method, heat)))
    clipped = any(scale_of(method, maps.heat(method, goal)).clipped for method, goal in tiles)
    scale = (
        Scale("diverging", -1.0, 1.0, "picture", _("Red speaks for it, blue against it, white is zero"), clipped)
        if METHODS[methods[0]].signed
        else scales.sequential(extent="picture", label=_("What the score rests on"), clipped=clipped)
    )
    return Gallery(
        name, tuple(pictures), tuple(labels), caption, alt, scale=scale, notes=tuple(notes), columns=min(6, len(goals))
    )


def by_effort(maps: Maps, *names: str) -> Iterator[Note]:
    """What of these amounts the budget has cut, and what was left out with them."""
    less = [name for name in names if name in maps.amounts.less]
    if less:
        yield Note(_(
            "A pass through this network takes so long that fewer {amounts} were taken than usual; `--effort thorough` "
            "or a number in the table `[attention]` takes more.", amounts=listed([_AMOUNTS[name] for name in less]),
        ), "info")
    if {"samples", "steps"} & set(names) and not maps.amounts.every:
        yield Note(_(
            "What is averaged over many passes is shown for “{goal}” alone, for the same reason.",
            goal=maps.goals[0].label,
        ), "info")


_AMOUNTS: dict[str, Message] = {
    "samples": _("noisy copies"), "steps": _("steps of integrated gradients"), "masks": _("random masks"),
    "windows": _("windows"), "channels": _("channels"),
}


def ends(scale: Scale) -> Message:
    """The values of the first and the last colour."""
    return _("{low:.3g} … {high:.3g}", low=scale.low, high=scale.high)


def refuse_if_empty(maps: Maps, methods: Sequence[str]) -> None:
    """A section of nothing but empty maps is not made; parts of the image can still be hidden."""
    reason: Message | None = None
    for method in methods:
        for goal in maps.shown(method):
            if not (found := maps.heat(method, goal).reason):
                return
            reason = reason or found
    if reason:
        raise NotApplicable(_(
            "No gradient says anything of “{goal}”: {reason}. Hiding parts of the image needs no gradient: see that "
            "section.", goal=maps.goals[0].label, reason=reason,
        ))


def empty_maps(maps: Maps, methods: Sequence[str], goals: Sequence[Goal]) -> Iterator[Note]:
    """What says nothing, and why; methods that fail for the same goals and the same reason are told together."""
    told: dict[tuple[str, tuple[str, ...]], tuple[Message, list[str], list[Text]]] = {}
    for method in methods:
        silent = [
            (goal, reason) for goal in goals
            if goal in maps.shown(method) and (reason := maps.heat(method, goal).reason)
        ]
        for reason in {str(reason): reason for _goal, reason in silent}.values():
            same = [goal for goal, other in silent if str(other) == str(reason)]
            key = (str(reason), tuple(goal.name for goal in same))
            told.setdefault(key, (reason, [], [goal.label for goal in same]))[1].append(method)
    for reason, empty, labels in told.values():
        yield Note(_(
            "{method} has nothing to show for “{goal}”: {reason}.", "{method} have nothing to show for “{goal}”: "
            "{reason}.", count=len(empty), method=listed([METHODS[method].title for method in empty]),
            goal=listed(labels, apart=True), reason=reason,
        ), "info")


def about_methods(name: str, methods: Sequence[str]) -> Table:
    """What each method does and where it was published."""
    return Table(
        name, (Column(_("Method")), Column(_("What it does")), Column(_("Published"))),
        tuple((METHODS[method].title, METHODS[method].about, METHODS[method].paper) for method in methods),
        _("The methods, in the order in which they are shown."),
    )


def raw_maps(name: str, maps: Maps, methods: Sequence[str], goals: Sequence[Goal]) -> Iterator[Block]:
    """The maps as a file of arrays, where the user wants it: as computed, neither stretched nor enlarged."""
    if not maps.settings.raw_maps:
        return
    arrays = {
        f"{method}.{slug(goal.name)}": maps.heat(method, goal).values.astype(np.float32)
        for method in methods for goal in goals if goal in maps.shown(method)
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    yield Download(
        f"{name}_{slug(maps.sample.name)}", Attachment(buffer.getvalue(), "npz"),
        _("the {count} map above as NumPy array, as computed: neither stretched nor enlarged",
          "the {count} maps above as NumPy arrays, as computed: neither stretched nor enlarged", count=len(arrays)),
    )
