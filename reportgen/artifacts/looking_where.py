"""Does the network look where a person would? Maps against a mask: the true one, else the predicted one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.evidence import Pointing, pointing
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Maps
from reportgen.attention.methods import METHODS, MethodName
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Column, Fact, Gallery, Note, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _

SHOWN = ("gradcam", "occlusion", "rise")
ODDS = 1.5
"""The odds of heat to lie on the object, as a multiple of chance, from which on a network is said to look at it."""


@dataclass(frozen=True)
class LookingWhere(ImageArtifact):
    """The pointing game, the energy inside and the best overlap of each map with a mask.

    `methods` are those to judge, all when empty; `side` is the longer side of a picture, in pixels.
    """

    name = "pointing"
    chapter = "attention"
    references = ("pointing",)
    question = _("Does the network look at the object?")
    title = _("Does it look at the object?")
    about = _(
        "Where the object is known, one can count instead of judge: is the hottest place on it, how much of the heat "
        "falls on it, and how well does the map, cut at its best threshold, cover it?"
    )
    reading = _(
        "The object's share of the area is what a map would reach by chance. Energy well above it means that the "
        "network looks at the object; energy near or below it means that it decides by the surroundings, which often "
        "fails on other pictures. A low overlap with high energy only means that a part of the object is enough."
    )
    formulas = (
        Formula(
            r"E=\frac{\sum_{p\in B}L(p)}{\sum_{p}L(p)},\qquad "
            r"\mathrm{IoU}=\max_t\frac{|\{L\geq t\}\cap B|}{|\{L\geq t\}\cup B|}",
            _("where L is the map (only what speaks for the class), B are the pixels of the object and t are the "
              "thresholds"),
        ),
    )
    methods: tuple[MethodName, ...] = ()
    side: int = 240

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The object, the table of all methods, the answer."""
        maps = explained(study, sample)
        goal = maps.goals[0]
        inside, source = _object(maps, goal)
        share = float(inside.mean())
        found = {
            name: pointing(heat.enlarged((inside.shape[0], inside.shape[1])), inside)
            for name in self.methods or METHODS if not (heat := maps.heat(name, goal)).reason
        }
        if not found:
            raise NotApplicable(_("No method has a map that could be judged: all of them are empty."))
        yield Fact("object", _("The object is"), source)
        yield Fact("object_share", _("Its share of the area"), share, ".1%")
        yield Fact("energy", _("Heat on it, the median of the maps"), _median(found), ".1%")
        yield self._pictures(maps, goal, inside)
        best = sorted(found, key=lambda name: -found[name].energy)
        rows: list[tuple[Cell, ...]] = [
            (METHODS[name].title, found[name].hit, found[name].energy, found[name].overlap) for name in best
        ]
        yield Table(
            "pointing",
            (Column(_("Method")), Column(_("Hottest place on it")), Column(_("Energy inside"), ".1%"),
             Column(_("Best IoU"), ".3f")),
            tuple(rows),
            _("The maps of “{goal}” in `{image}` against the object, the best first. By chance the energy inside would "
              "be {share:.1%}.", goal=goal.label, image=sample.file, share=share),
        )
        yield from _answer(goal, found, share)

    def _pictures(self, maps: Maps, goal: Goal, inside: Array) -> Gallery:
        pixels = maps.sample.pixels
        edge = imaging.outline(inside)
        pictures = [imaging.photo(_marked(imaging.gray(pixels), edge), lossy=True)]
        labels: list[Text] = [_("The object's edge")]
        for name in [name for name in SHOWN if not self.methods or name in self.methods]:
            heat = maps.heat(name, goal)
            if not heat.reason:
                bright = imaging.stretch(np.maximum(heat.enlarged((inside.shape[0], inside.shape[1])), 0))
                pictures.append(imaging.photo(_marked(np.repeat(bright[..., None], 3, axis=-1), edge), lossy=True))
                labels.append(METHODS[name].title)
        return Gallery(
            "pointing", tuple(pictures), tuple(labels),
            _("The object's edge in `{image}` and in some of the maps of “{goal}”: bright is what speaks for it.",
              image=maps.sample.file, goal=goal.label),
            _("The outline of the object in {image}, drawn over the image and over maps.", image=maps.sample.name),
            "compare",
        )


def _object(maps: Maps, goal: Goal) -> tuple[Array, Message]:
    """The pixels of the object, and how they are known."""
    height, width = maps.sample.pixels.shape[:2]
    if maps.sample.mask is not None:
        inside: Array = np.asarray(maps.sample.mask) > 0.5
        source = _("the given mask")
    elif goal.region is not None:
        inside = imaging.resize(goal.region.astype(np.float32), (height, width), "nearest") > 0.5
        source = _("what the network itself marks")
    else:
        raise NotApplicable(_("No mask was given for this image, so it is not known where the object is."))
    if not inside.any() or inside.all():
        raise NotApplicable(_("The mask covers nothing or everything, so there is no object to look at."))
    return inside, source


def _marked(picture: Array, edge: Array) -> Array:
    """A picture with the edge in orange."""
    return np.where(edge[..., None], np.array([0.84, 0.37, 0], np.float32), picture)


def _median(found: dict[str, Pointing]) -> float:
    return float(np.median([one.energy for one in found.values()]))


def _answer(goal: Goal, found: dict[str, Pointing], share: float) -> Iterator[Note]:
    """The verdict of two thirds of the maps; one map alone is too little to go by."""
    aiming = sum(one.energy * (1 - share) > ODDS * share * (1 - one.energy) for one in found.values())
    looks = (
        _("the network looks at the object") if 3 * aiming >= 2 * len(found)
        else _("the network does not aim at the object") if 3 * aiming <= len(found)
        else _("the maps disagree whether the network looks at the object")
    )
    yield Note(_(
        "For “{goal}” {verdict}: {aiming} of {total} maps have clearly more heat on it than by chance, half of them "
        "{energy:.1%} or more, while it takes {share:.1%} of the area; the hottest place is on it in {hits} maps, the "
        "best IoU is {overlap:.2f}.",
        goal=goal.label, verdict=looks, aiming=aiming, total=len(found),
        energy=_median(found), share=share,
        hits=sum(one.hit for one in found.values()), overlap=max(one.overlap for one in found.values()),
    ))
