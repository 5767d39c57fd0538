"""Does the network look where a person would? Maps against a mask: the true one, else, without a verdict, its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.chance import LEAST, Range
from reportgen.attention.evidence import Pointing, energy, pointing
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Maps
from reportgen.attention.methods import METHODS, MethodName
from reportgen.attention.untrained import learned_layers, shuffled, shuffling_work, work
from reportgen.effort import BACK, JUDGING, Effort
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Column, Fact, Gallery, Note, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _

SHOWN = ("gradcam", "occlusion", "rise")
ODDS = 1.5
"""The odds of heat to lie on the object, as a multiple of its share of the area, from which on a network is said to
look at it, if it does so more than the same network with its weights shuffled."""
SHUFFLES: Mapping[Effort, int] = {"quick": 6, "standard": 10, "thorough": 30}
"""So often the weights are shuffled, where the effort's budget suffices."""
PASSES = 4 * BACK
"""What the maps of one shuffled network cost: the recorded pass, and gradients by three rules."""


@dataclass(frozen=True)
class LookingWhere(ImageArtifact):
    """The pointing game, the energy inside and the best overlap of each map with a mask.

    `methods` are those to judge, all when empty. The verdict is beside so many `shuffles` of the network's weights,
    0 for what the effort says.
    `side` is the longer side of a picture, in pixels.
    """

    name = "pointing"
    chapter = "attention"
    uses = ("attention",)
    references = ("pointing",)
    question = _("Does the network look at the object?")
    title = _("Does it look at the object?")
    about = _(
        "Where the object is known, one can count instead of judge: is the hottest place on it, how much of the heat "
        "falls on it, and how well does the map, cut at its best threshold, cover it?"
    )
    reading = _(
        "The object's share of the area is what an even map would reach. But objects have edges, and stand in the "
        "middle, so that maps of a network that has learned nothing lie on them too: beside the heat stands what the "
        "same network gives with its weights shuffled, and only what differs from it was learned. Heat well above both "
        "means that the network looks at the object; heat below both, that it decides by the surroundings, which often "
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
    shuffles: int = 0
    side: int = 240

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The object, the table of all methods, the answer."""
        maps = explained(study, sample)
        goal = maps.goals[0]
        inside, source, given = _object(maps, goal)
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
            _("The maps of “{goal}” in `{image}` against the object, the best first. An even map would have "
              "{share:.1%} inside.", goal=goal.label, image=sample.file, share=share),
        )
        if not given:
            yield Note(_(
                "No mask was given: the object here is what the network itself marks. Heat on it tells that maps and "
                "answer belong together, not that the network looks at the object, so there is no verdict."
            ), "info")
        elif goal.region is not None and not goal.region.all():
            yield Note(_(
                "What is explained, “{goal}”, is itself a region of the image, and heat lies on it by construction. So "
                "there is no verdict whether the network looks at the object.", goal=goal.label,
            ), "info")
        else:
            yield from _answer(goal, found, share, self._untrained(maps, goal, list(found), inside))

    def _untrained(self, maps: Maps, goal: Goal, methods: list[str], inside: Array) -> dict[str, list[float]]:
        """The heat on the object in the maps of each shuffled network, by method; nan where there is no map.

        Only methods that one pass gives are asked.
        """
        layers = learned_layers(maps, goal)
        found: dict[str, list[float]] = {name: [] for name in methods if METHODS[name].cost == "pass"}
        usual, effort = SHUFFLES[maps.settings.effort], maps.settings.effort
        cost = usual * (PASSES * work(maps, goal) + shuffling_work(maps))
        shuffles = self.shuffles or (usual if cost <= JUDGING[effort] else LEAST)
        for number in range(shuffles if layers and found else 0):
            with shuffled(maps, layers, number) as fresh:
                heats = {name: fresh.heat(name, goal) for name in found}
            for name, heat in heats.items():
                there = energy(heat.enlarged((inside.shape[0], inside.shape[1])), inside)
                found[name].append(np.nan if heat.reason else there)
            maps.study.progress((number + 1) / shuffles, f"shuffling weights for {maps.sample.file}")
        return found

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


def _object(maps: Maps, goal: Goal) -> tuple[Array, Message, bool]:
    """The pixels of the object, how they are known, and whether somebody other than the network told them."""
    height, width = maps.sample.pixels.shape[:2]
    given = maps.sample.mask is not None
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
    return inside, source, given


def _marked(picture: Array, edge: Array) -> Array:
    """A picture with the edge in orange."""
    return np.where(edge[..., None], np.array([0.84, 0.37, 0], np.float32), picture)


def _median(found: dict[str, Pointing]) -> float:
    return float(np.median([one.energy for one in found.values()]))


def _answer(
    goal: Goal, found: dict[str, Pointing], share: float, untrained: dict[str, list[float]]
) -> Iterator[Block]:
    """The verdict, of the maps together, beside the same maps of the network with its weights shuffled."""
    methods = list(untrained)
    each = np.array([untrained[name] for name in methods]).reshape(len(methods), -1)
    each = each[:, np.isfinite(each).mean(axis=0) >= 0.5] if methods else each
    if each.size == 0 or each.shape[1] < LEAST:
        yield Note(_(
            "Whether the network looks at the object for “{goal}” cannot be told: there are not enough maps of the "
            "same network with its weights shuffled to compare with.", goal=goal.label,
        ))
        return
    trained = float(np.median([found[name].energy for name in methods]))
    chance = Range.of_shares(np.nanmedian(each, axis=0))
    aiming = sum(
        Range.of_shares(values[np.isfinite(values)]).side(found[name].energy) > 0
        for name, values in zip(methods, each, strict=True)
    )
    odds = trained * (1 - share) / max(share * (1 - trained), 1e-12)
    side = int(chance.side(trained) > 0 and odds > ODDS) - int(chance.side(trained) < 0 and odds < 1)
    yield Fact("energy_untrained", _("Heat on it with the weights shuffled, mean"), chance.mean, ".1%")
    yield Fact("energy_judged", _("Heat on it, the median of the maps compared"), trained, ".1%")
    if side:
        yield Fact("looks", _("It looks at the object"), side > 0)
    yield Note(_(
        "For “{goal}” {verdict}: the median of its maps ({total}) has {energy:.1%} of the heat on it, with the weights "
        "shuffled {low:.1%} to {high:.1%} ({count} shuffles), while it takes {share:.1%} of the area. Maps that have "
        "more heat on it than those of the shuffled networks: {aiming}.",
        goal=goal.label, verdict=_VERDICTS[side], total=len(methods), energy=trained, low=chance.low, high=chance.high,
        count=chance.count, share=share, aiming=aiming,
    ))


_VERDICTS: dict[int, Message] = {
    1: _("the network looks at the object"), -1: _("the network does not aim at the object"),
    0: _("it cannot be told whether the network looks at the object"),
}
