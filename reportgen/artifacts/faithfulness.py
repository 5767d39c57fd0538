"""Does a map point at what the network uses? The network itself answers, seeing more or less of the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.evidence import (
    ORDERS,
    STEPS,
    Curves,
    confidence_changes,
    curves,
    order_of,
    random_orders,
)
from reportgen.attention.goals import Goal, confidences
from reportgen.attention.gradients import plain_image
from reportgen.attention.maps import Maps
from reportgen.attention.methods import METHODS, MethodName
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Chart, Column, Fact, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import _, listed

CHARTED = 6
"""So many methods are drawn at most, the best ones; the table has all."""
MOST_LEFT = 0.7
"""Where the hidden image keeps more than this share of the confidence, hiding proves nothing."""


@dataclass(frozen=True)
class Faithfulness(ImageArtifact):
    """Deletion and insertion curves against a random order, average drop and increase in confidence.

    `methods` are those to judge, all when empty.
    """

    name = "faithfulness"
    chapter = "attention"
    references = ("rise",)
    question = _("Which map foretells best what the network loses with a part of the image?")
    title = _("Do the maps tell the truth?")
    about = _(
        "A map that points at what the network really uses can be tested: hide the places it calls important, and the "
        "network's confidence must fall sooner than when places are hidden at random; show only these places, and it "
        "must come back sooner. No other proof is needed, and no opinion of ours."
    )
    reading = _(
        "Deletion: the lower the curve and its area, the better. Insertion: the higher, the better. A method that is "
        "not better than the random order has found nothing. The average drop is the share of the confidence that is "
        "lost when the image is seen only through the map; the increase is the share of classes for which confidence "
        "even grew."
    )
    formulas = (
        Formula(
            r"\mathrm{drop}=\frac{1}{N}\sum_{i=1}^{N}\frac{\max(0,\;f_i(x)-f_i(x\odot L_i))}{f_i(x)}",
            _("where f are the confidences in the N explained classes, x is the image and L are the maps, stretched "
              "to 0…1"),
        ),
    )
    methods: tuple[MethodName, ...] = ()

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """Two charts, the table of all methods, the verdict."""
        maps = explained(study, sample)
        goal = maps.goals[0]
        known = [name for name in METHODS if not self.methods or name in self.methods]
        methods: list[str] = [name for name in known if not maps.heat(name, goal).reason]
        if not methods:
            raise NotApplicable(_("No method has a map that could be judged: all of them are empty."))
        yield Fact("judged", _("Judged for"), goal.label)
        found = {name: _curves(maps, goal, maps.heat(name, goal).enlarged(_size(maps))) for name in methods}
        chance = _chance(maps, goal)
        yield Fact("confidence", _("Confidence in it"), float(chance.deletion[0]), ".3f")
        best = sorted(methods, key=lambda name: found[name].areas[0] - found[name].areas[1])
        yield from _charts(maps, goal, {name: found[name] for name in best[:CHARTED]}, chance)
        if len(best) > CHARTED:
            yield Note(_("Drawn are the {count} best methods; the table has all of them.", count=CHARTED), "info")
        changes = {name: _changes(maps, name) for name in methods}
        yield _table(maps, best, found, chance, changes)
        yield Note(_(
            "The image is hidden or shown in {steps} equal steps; hidden parts take one colour, as in the section on "
            "hiding. The random order follows {orders} smooth random maps, as coarse as a class activation map.",
            steps=STEPS, orders=ORDERS,
        ), "info")
        whole, hidden = float(chance.deletion[0]), float(chance.deletion[-1])
        if hidden > MOST_LEFT * whole:
            yield Note(_(
                "With the whole image hidden the confidence in “{goal}” is still {hidden:.3f}, of {whole:.3f}: hiding "
                "does not take it away, so these curves cannot tell good maps from bad ones here. Another colour for "
                "what is hidden may help: `fill` in the table `[attention]`.",
                goal=goal.label, hidden=hidden, whole=whole,
            ), "warning")
        else:
            yield from _verdict(goal, best, found, chance)


def _size(maps: Maps) -> tuple[int, int]:
    return maps.sample.pixels.shape[0], maps.sample.pixels.shape[1]


def _curves(maps: Maps, goal: Goal, heat: Array) -> Curves:
    return _in_order(maps, goal, order_of(heat, maps.settings.seed))


def _in_order(maps: Maps, goal: Goal, order: Array) -> Curves:
    pixels = maps.sample.pixels
    return curves(
        pixels, order, plain_image(pixels, maps.settings.fill),
        lambda batch: confidences(maps.study.probe, batch, [goal])[:, 0],
    )


def _chance(maps: Maps, goal: Goal) -> Curves:
    orders = random_orders(_size(maps), maps.settings.seed)
    each = [_in_order(maps, goal, order) for order in orders]
    return Curves(
        np.mean([one.deletion for one in each], axis=0), np.mean([one.insertion for one in each], axis=0)
    )


def _changes(maps: Maps, method: str) -> tuple[float | None, float | None]:
    """Average drop and increase over the goals for which the method has a map."""
    goals = [goal for goal in maps.goals if not maps.heat(method, goal).reason]
    if not goals or any(goal.inner for goal in goals) or maps.study.probe.output.kind == "values":
        return None, None
    pixels = maps.sample.pixels

    def ask(batch: Array) -> Array:
        answers = confidences(maps.study.probe, batch, goals)
        return answers[np.arange(len(batch)), np.arange(len(batch)) % len(goals)]

    drops, rises = confidence_changes(
        pixels, [maps.heat(method, goal).enlarged(_size(maps)) for goal in goals],
        plain_image(pixels, maps.settings.fill), ask,
    )
    return float(drops.mean()), float(rises.mean())


def _charts(maps: Maps, goal: Goal, found: dict[str, Curves], chance: Curves) -> Iterator[Chart]:
    shares = tuple(step / STEPS for step in range(STEPS + 1))
    lines = [*((METHODS[method].title, one) for method, one in found.items()), (_("random order"), chance)]
    yield Chart(
        "faithfulness:deletion", "curves", (), tuple(Series(title, _values(one.deletion)) for title, one in lines),
        _("Confidence in “{goal}” while the places a map calls important are hidden, the most important first.",
          goal=goal.label),
        _("Share of the image hidden"), _("Confidence"), shares, format=".3f",
    )
    yield Chart(
        "faithfulness:insertion", "curves", (), tuple(Series(title, _values(one.insertion)) for title, one in lines),
        _("Confidence in “{goal}” while the places a map calls important are shown, the most important first.",
          goal=goal.label),
        _("Share of the image shown"), _("Confidence"), shares, format=".3f",
    )


def _values(curve: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in curve)


def _table(
    maps: Maps, methods: list[str], found: dict[str, Curves], chance: Curves,
    changes: dict[str, tuple[float | None, float | None]],
) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (METHODS[name].title, *found[name].areas, *changes[name]) for name in methods
    ]
    rows.append((_("random order"), *chance.areas, None, None))
    return Table(
        "faithfulness",
        (Column(_("Method")), Column(_("Deletion area (low is good)"), ".3f"),
         Column(_("Insertion area (high is good)"), ".3f"), Column(_("Average drop (low is good)"), ".1%"),
         Column(_("Increase (high is good)"), ".0%")),
        tuple(rows),
        _("How well each map of `{image}` predicts the network's confidence, the best first.", image=maps.sample.file),
    )


def _verdict(goal: Goal, best: list[str], found: dict[str, Curves], chance: Curves) -> Iterator[Note]:
    low, high = chance.areas
    first = best[0]
    yield Note(_(
        "The map that predicts the confidence in “{goal}” best is {method}: deletion area {deletion:.3f} (random order "
        "{low:.3f}), insertion area {insertion:.3f} (random order {high:.3f}).",
        goal=goal.label, method=METHODS[first].title, deletion=found[first].areas[0], low=low,
        insertion=found[first].areas[1], high=high,
    ))
    worse = [name for name in best if found[name].areas[0] >= low and found[name].areas[1] <= high]
    if worse:
        yield Note(_(
            "{count} method does no better than a random order here: {methods}. Do not rely on its map of this image.",
            "{count} methods do no better than a random order here: {methods}. Do not rely on their maps of this "
            "image.", count=len(worse), methods=listed([METHODS[name].title for name in worse]),
        ), "warning")
