"""Does a map point at what the network uses? The network itself answers, seeing more or less of the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.evidence import Hiding
from reportgen.attention.goals import Goal, confidences
from reportgen.attention.gradients import plain_image
from reportgen.attention.maps import Maps
from reportgen.attention.methods import METHODS, MethodName
from reportgen.attention.trial import SIDES, Chance, Plan, Side, Trial, plan_of, try_maps
from reportgen.attention.untrained import work
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Chart, Column, Fact, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _, listed

CHARTED = 4
"""So many methods are drawn at most, the best ones; the table has all."""
MOST_LEFT = 0.7
"""Where the hidden image keeps more than this share of the confidence, hiding proves nothing."""
FEW = ("gradcam", "integrated_gradients", "occlusion")
"""One of each kind: what is tried of a network for which all would take too long."""


@dataclass(frozen=True)
class Faithfulness(ImageArtifact):
    """Deletion and insertion curves against chance, the drop and the increase of confidence.

    `methods` are those to judge, all when empty. In so many `steps` the image is hidden, and with so many random
    `orders` of each grain a map is compared; 0 for what the effort says, as far as its budget goes.
    """

    name = "faithfulness"
    chapter = "attention"
    uses = ("attention",)
    references = ("rise",)
    question = _("Which map foretells best what the network loses with a part of the image?")
    title = _("Do the maps tell the truth?")
    about = _(
        "A map that points at what the network really uses can be tested: hide the places it calls important, and the "
        "network's confidence must fall sooner than by chance; show only these places, and it must come back sooner. "
        "Chance is the same maps put elsewhere: mirrored and shifted, as coarse as they are, but knowing nothing of "
        "the image."
    )
    reading = _(
        "Deletion: the lower the curve and its area, the better. Insertion: the higher, the better. The bands are "
        "where the random orders lie; a curve inside its band cannot be told apart from chance, and the two tests are "
        "judged separately. Drop: the share of the confidence that is lost when the image is seen only through the "
        "map; beside it what is lost through maps put elsewhere."
    )
    formulas = (
        Formula(
            r"\mathrm{drop}=\frac{\max(0,\;f(x)-f(x\odot L))}{f(x)},\qquad "
            r"\mathrm{increase}=[f(x\odot L)>f(x)]",
            _("where f is the confidence in the predicted class, x is the image and L is the map, stretched to 0…1"),
        ),
    )
    methods: tuple[MethodName, ...] = ()
    steps: int = 0
    orders: int = 0

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """Two charts, the tables of all methods, the verdict."""
        maps = explained(study, sample)
        goal = maps.goals[0]
        heats, plan = self._wanted(maps, goal)
        hiding = Hiding(
            sample.pixels, plain_image(sample.pixels, maps.settings.fill),
            lambda batch: confidences(study.probe, batch, [goal])[:, 0], plan.steps,
        )
        found = try_maps(heats, hiding, plan, maps.settings.seed)
        best = sorted(found, key=lambda name: found[name].area("deletion") - found[name].area("insertion"))
        found = {name: found[name] for name in best}
        yield Fact("judged", _("Judged for"), goal.label)
        yield Fact("confidence", _("Confidence in it"), hiding.whole, ".3f")
        yield Fact("confidence_hidden", _("Confidence with everything hidden"), hiding.hidden, ".3f")
        yield Fact("curve_steps", _("Steps of a curve"), plan.steps)
        yield Fact("random_orders", _("Random orders of each grain"), plan.orders)
        yield from _charts(goal, {name: found[name] for name in best[:CHARTED]}, hiding.shares)
        yield _table(maps, found)
        yield from _changes(maps, goal, found, hiding)
        yield from _about(maps, goal, found, plan)
        if hiding.hidden > MOST_LEFT * hiding.whole:
            yield Note(_(
                "With the whole image hidden the confidence in “{goal}” is still {hidden:.3f}, of {whole:.3f}: hiding "
                "does not take it away, so these curves cannot tell good maps from bad ones here. Another colour for "
                "what is hidden may help: `fill` in the table `[attention]`.",
                goal=goal.label, hidden=hiding.hidden, whole=hiding.whole,
            ), "warning")
        elif plan.orders:
            yield from _verdict(goal, found)

    def _wanted(self, maps: Maps, goal: Goal) -> tuple[Mapping[str, Array], Plan]:
        """The maps to be tried, of the image's size, and how."""
        known = [name for name in METHODS if not self.methods or name in self.methods]
        size = (maps.sample.pixels.shape[0], maps.sample.pixels.shape[1])
        heats = {
            name: heat.enlarged(size) for name in known if not (heat := maps.heat(name, goal)).reason
        }
        if not heats:
            raise NotApplicable(_("No method has a map that could be judged: all of them are empty."))
        few = {name: heats[name] for name in FEW if name in heats and not self.methods}
        chosen, plan = plan_of([heats, few] if few else [heats], work(maps, goal), maps.settings.effort)
        return chosen, Plan(self.steps or plan.steps, self.orders or plan.orders)


def _charts(goal: Goal, found: dict[str, Trial], shares: Array) -> Iterator[Chart]:
    """The best curves and the bands of the chances they are compared with."""
    captions: dict[Side, tuple[Message, Message]] = {
        "deletion": (
            _("Confidence in “{goal}” while the places a map calls important are hidden, the most important first; "
              "the bands are random orders.", goal=goal.label),
            _("Share of the image hidden"),
        ),
        "insertion": (
            _("Confidence in “{goal}” while the places a map calls important are shown, the most important first; "
              "the bands are random orders.", goal=goal.label),
            _("Share of the image shown"),
        ),
    }
    chances = list(dict.fromkeys(chance for one in found.values() for chance in one.chances))
    for side in SIDES:
        caption, across = captions[side]
        lines = [
            Series(METHODS[name].title, tuple(map(float, getattr(one.curves, side)))) for name, one in found.items()
        ]
        yield Chart(
            f"faithfulness:{side}", "curves", (), (*lines, *(_band(chance, side) for chance in chances)), caption,
            across, _("Confidence"), tuple(map(float, shares)), format=".3f",
        )


def _band(chance: Chance, side: Side) -> Series:
    """From the least to the largest of the random orders, step by step."""
    every = np.stack([getattr(one, side) for one in chance.curves])
    low, high = every.min(axis=0), every.max(axis=0)
    return Series(
        _chance_name(chance), tuple(map(float, (low + high) / 2)), tuple(map(float, (high - low) / 2))
    )


def _chance_name(chance: Chance) -> Message:
    if not chance.patch:
        return _("chance, pixels shuffled")
    return _("chance, patches of {size:.0f} pixels", size=chance.patch)


def _table(maps: Maps, found: dict[str, Trial]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (METHODS[name].title, *(cell for side in SIDES for cell in (
            one.area(side), _between(one, side), _OUTCOMES.get(one.outcome(side))
        )))
        for name, one in found.items()
    ]
    return Table(
        "faithfulness",
        (Column(_("Method")), Column(_("Deletion area (low is good)"), ".3f"), Column(_("By chance")),
         Column(_("Verdict")), Column(_("Insertion area (high is good)"), ".3f"), Column(_("By chance")),
         Column(_("Verdict"))),
        tuple(rows),
        _("How well each map of `{image}` predicts the network's confidence, the best first. A dash in place of a "
          "verdict: it cannot be told apart from chance.", image=maps.sample.file),
    )


_OUTCOMES: dict[int, Message] = {1: _("better"), -1: _("worse")}


def _between(one: Trial, side: Side) -> Message | None:
    """The bounds of chance."""
    if not one.chances:
        return None
    low, high = one.bounds(side)
    return _("{low:.3f} … {high:.3f}", low=low, high=high)


def _changes(maps: Maps, goal: Goal, found: dict[str, Trial], hiding: Hiding) -> Iterator[Table]:
    """Drop and increase, which the papers define for the predicted class only."""
    if not _predicted(maps, goal):
        return
    rows: list[tuple[Cell, ...]] = []
    for name, one in found.items():
        random = one.chances[0].through if one.chances else np.zeros(0)
        chance = (
            (float(np.mean([hiding.drop(value) for value in random])), float((random > hiding.whole).mean()))
            if random.size else (None, None)
        )
        grew = float(one.through > hiding.whole)
        rows.append((METHODS[name].title, hiding.drop(one.through), chance[0], grew, chance[1]))
    yield Table(
        "confidence_changes",
        (Column(_("Method")), Column(_("Drop (low is good)"), ".1%"), Column(_("By chance"), ".1%"),
         Column(_("Increase (high is good)"), ".0%"), Column(_("By chance"), ".0%")),
        tuple(rows),
        _("The confidence in “{goal}” when `{image}` is seen only through each map, and through such maps put "
          "elsewhere.", goal=goal.label, image=maps.sample.file),
    )


def _predicted(maps: Maps, goal: Goal) -> bool:
    """True where the goal is what the network answers; of what is chosen without a target the first always is."""
    output = maps.study.probe.output
    if goal.inner or output.kind == "values":
        return False
    if not maps.settings.targets:
        return True
    answer = np.asarray(maps.trace(goal).scores)
    return answer.ndim == 1 and answer.size > 1 and goal.target.sign > 0 and goal.target.channel == int(answer.argmax())


def _about(maps: Maps, goal: Goal, found: dict[str, Trial], plan: Plan) -> Iterator[Note]:
    """How it was done, and what is left out."""
    yield Note(_(
        "The image is hidden or shown in {steps} steps that grow from {first:.2%} of the image on; hidden parts take "
        "one colour, as in the section on hiding.", steps=plan.steps, first=1 / plan.steps**2,
    ), "info")
    if plan.orders:
        yield Note(_(
            "Chance: for each grain {orders} orders of maps put elsewhere, and {noisy} of single pixels for maps of "
            "single pixels. A map is better or worse than chance where its area lies beyond all of these and beyond "
            "99% of what a further one would give; else it cannot be told.", orders=plan.orders, noisy=plan.noisy,
        ), "info")
    else:
        yield Note(_(
            "This network takes so long to answer that only the curves of {count} map are drawn; what chance would "
            "give was not asked for, so there is no verdict. Ask for it with `--effort thorough`.",
            "This network takes so long to answer that only the curves of {count} maps are drawn; what chance would "
            "give was not asked for, so there is no verdict. Ask for it with `--effort thorough`.", count=len(found),
        ), "info")
    if len(found) > CHARTED:
        yield Note(_("Drawn are the {count} best methods; the table has all of them.", count=CHARTED), "info")
    if not _predicted(maps, goal) and maps.settings.targets:
        yield Note(_("Drop and increase are defined for the predicted class only; “{goal}” is not it.",
                     goal=goal.label), "info")


def _verdict(goal: Goal, found: dict[str, Trial]) -> Iterator[Note]:
    """A finding and, where there is need, a warning for each of the two tests."""
    for side in SIDES:
        better = [name for name, one in found.items() if one.outcome(side) > 0]
        worse = [name for name, one in found.items() if one.outcome(side) < 0]
        test = _TESTS[side]
        if better:
            best = (min if side == "deletion" else max)(better, key=lambda name: found[name].area(side))
            yield Note(_(
                "{test}: {count} of {total} maps tell what matters for “{goal}” better than chance; the best is "
                "{method} with an area of {area:.3f}, where chance ends at {end:.3f}.",
                test=test, count=len(better), total=len(found), goal=goal.label, method=METHODS[best].title,
                area=found[best].area(side), end=found[best].bounds(side)[0 if side == "deletion" else 1],
            ))
        else:
            yield Note(_(
                "{test}: none of the {total} maps of “{goal}” is better than chance here.", test=test,
                total=len(found), goal=goal.label,
            ))
        if worse:
            yield Note(_(
                "{test}: {count} map of “{goal}” does worse than chance: {methods}. Do not rely on it for this image.",
                "{test}: {count} maps of “{goal}” do worse than chance: {methods}. Do not rely on them for this image.",
                test=test, count=len(worse), goal=goal.label, methods=listed([METHODS[name].title for name in worse]),
            ), "warning")


_TESTS: dict[Side, Text] = {"deletion": _("Deletion"), "insertion": _("Insertion")}
