"""Would the map be the same for a network that has learned nothing? Weights are shuffled, layer after layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.evidence import UNCHANGED, rank_correlation, stages
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Heat, Maps
from reportgen.attention.methods import METHODS, MethodName
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Chart, Column, Note, Series, Table
from reportgen.study import Sample, Study
from reportgen.text import Text, _, listed

LARGEST = 64
"""Maps are compared at no more than so many places along a side: finer ones differ by grain alone."""


@dataclass(frozen=True)
class Sanity(ImageArtifact):
    """The model randomisation test: maps while layers are randomised from the top, compared with the true ones.

    `methods` are those to test; without any, all but those that take many trials. `stages` is in how many steps the
    layers are randomised.
    """

    name = "sanity"
    chapter = "attention"
    references = ("sanity",)
    question = _("Do the maps depend on what the network has learned?")
    title = _("Do the maps depend on what was learned?")
    about = _(
        "An explanation of a network must change when the network does. Here its weights are shuffled, from the last "
        "layer back to the first, and each map is compared with the true one. A map that stays the same shows edges of "
        "the image, not reasons of the network (Adebayo et al. 2018, arXiv:1810.03292)."
    )
    reading = _(
        "Each line should fall towards 0 as more layers are shuffled. A line that stays high belongs to a method whose "
        "picture would look as convincing for a network that has learned nothing. Compared are absolute values, by "
        "rank correlation: 1 is the same order of places, 0 is none in common."
    )
    methods: tuple[MethodName, ...] = ()
    stages: int = 5

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The chart, the table, the methods to be wary of."""
        maps = explained(study, sample)
        goal = maps.goals[0]
        cheap = [name for name, method in METHODS.items() if method.cost != "trials"]
        known = [name for name in METHODS if name in (self.methods or cheap)]
        methods: list[str] = [name for name in known if not maps.heat(name, goal).reason]
        own = [layer.name for layer in study.probe.layers if layer.parameters and layer.owner in ("", layer.name)]
        if not methods or not own:
            raise NotApplicable(_("There is no map to be tested, or no weights to be shuffled."))
        true = {name: _compared(maps.heat(name, goal), goal) for name in methods}
        alike: dict[str, list[float | None]] = {name: [1.0] for name in methods}
        cascade = stages(own, max(1, self.stages))
        for number, layers in enumerate(cascade):
            with study.probe.randomized(layers, study.maps.seed):
                fresh = Maps(study, sample, maps.goals)
                for name in methods:
                    alike[name].append(_alike(true[name], fresh.heat(name, goal), goal))
            study.progress((number + 1) / len(cascade), f"shuffling weights for {sample.file}")
        labels: tuple[Text, ...] = (_("none"), *(layers[-1] for layers in cascade))
        yield Chart(
            "sanity", "lines", labels,
            tuple(Series(METHODS[name].title, tuple(alike[name])) for name in methods),
            _("How alike the maps of “{goal}” in `{image}` stay while the weights are shuffled, from the last layer "
              "back to the named one.", goal=goal.label, image=sample.file),
            _("Shuffled from the end back to"), _("Rank correlation with the true map"), format=".2f",
        )
        rows: list[tuple[Cell, ...]] = [(METHODS[name].title, *alike[name][1:]) for name in methods]
        yield Table(
            "sanity",
            (Column(_("Method")), *(Column(_("from `{layer}` on", layer=layers[-1]), ".2f") for layers in cascade)),
            tuple(rows),
            _("Rank correlation of each map with the true one, while more and more layers are shuffled."),
        )
        yield from _verdict(methods, alike)


def _compared(heat: Heat, goal: Goal) -> Array:
    """Absolute values, no finer than what is compared, inside the goal's region.

    A gradient never leaves the neighbourhood of its region, whatever the weights; outside of it all maps are alike.
    """
    size = (min(LARGEST, heat.values.shape[0]), min(LARGEST, heat.values.shape[1]))
    values = Heat(np.abs(heat.values)).enlarged(size)
    if goal.region is None:
        return values
    inside: Array = values[imaging.resize(goal.region.astype(np.float32), size) > 0.5]
    return inside


def _alike(true: Array, heat: Heat, goal: Goal) -> float | None:
    """The rank correlation with a map of the shuffled network; an empty one has nothing in common."""
    return 0.0 if heat.reason else rank_correlation(true, _compared(heat, goal))


def _verdict(methods: list[str], alike: dict[str, list[float | None]]) -> Iterator[Note]:
    last = {name: alike[name][-1] for name in methods}
    kept = {name: value for name, value in last.items() if value is not None and value > UNCHANGED}
    if kept:
        yield Note(_(
            "{count} method hardly changes when every weight is shuffled (rank correlation above {limit:.1f}): "
            "{methods}. Its picture shows the image, not what the network has learned.",
            "{count} methods hardly change when every weight is shuffled (rank correlation above {limit:.1f}): "
            "{methods}. Their pictures show the image, not what the network has learned.",
            count=len(kept), limit=UNCHANGED, methods=listed([
                _("{method} ({value:.2f})", method=METHODS[name].title, value=value) for name, value in kept.items()
            ]),
        ), "warning")
    values = [value for value in last.values() if value is not None]
    if values:
        least = min((name for name in methods if last[name] is not None), key=lambda name: abs(last[name] or 0.0))
        yield Note(_(
            "With every weight shuffled, {passed} of {total} maps lose what they had in common with the true ones "
            "(rank correlation {limit:.1f} or less); the most sensitive is {method} with {value:.2f}.",
            passed=len(values) - len(kept), total=len(values), limit=UNCHANGED, method=METHODS[least].title,
            value=last[least] or 0.0,
        ))
