"""Would the map be the same for a network that has learned nothing? Weights are shuffled, layer after layer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.chance import unrelated
from reportgen.attention.evidence import UNCHANGED, rank_correlation, stages
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Heat, Maps
from reportgen.attention.methods import METHODS, MethodName
from reportgen.attention.untrained import learned_layers, shuffled, shuffling_work, sparing, work
from reportgen.effort import BACK, JUDGING, Effort
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Chart, Column, Fact, Note, Series, Table
from reportgen.study import Sample, Study
from reportgen.text import Text, _, listed

LARGEST = 64
"""Maps are compared at no more than so many places along a side: finer ones differ by grain alone."""
SHUFFLES: Mapping[Effort, int] = {"quick": 2, "standard": 3, "thorough": 6}
"""So often every layer is shuffled in another way."""
PASSES = 8
"""Maps that are means of many gradients are made of no more than so many here, the true ones too."""


@dataclass(frozen=True)
class Sanity(ImageArtifact):
    """The model randomisation test: maps while layers are randomised from the top, compared with the true ones.

    `methods` are those to test; without any, all but those that take many trials. `stages` is in how many steps the
    layers are randomised, `shuffles` how often; 0 for what the effort says, as far as its budget goes.
    """

    name = "sanity"
    chapter = "attention"
    uses = ("attention",)
    references = ("sanity",)
    question = _("Do the maps depend on what the network has learned?")
    title = _("Do the maps depend on what was learned?")
    about = _(
        "An explanation of a network must change when the network does. Here its weights are shuffled, from the last "
        "layer back to the first, and each map is compared with the true one. A map that stays the same shows edges of "
        "the image, not reasons of the network (Adebayo et al. 2018, arXiv:1810.03292)."
    )
    reading = _(
        "Each line should fall towards 0 as more layers are shuffled, and begin with the last of them, for that is "
        "where the classes are. A line that stays high belongs to a method whose picture would look as convincing for "
        "a network that has learned nothing; one that falls only at the first layers shows what these see, whatever "
        "the class. Compared are absolute values, by rank correlation: 1 is the same order of places, 0 is none in "
        "common."
    )
    methods: tuple[MethodName, ...] = ()
    stages: int = 0
    shuffles: int = 0

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The chart, the table, the methods to be wary of."""
        maps = sparing(explained(study, sample), PASSES)
        goal = maps.goals[0]
        own = learned_layers(maps, goal)
        methods, steps, shuffles = self._plan(maps, goal)
        if not methods or not own:
            raise NotApplicable(_("There is no map to be tested, or no weights to be shuffled."))
        cascade = stages(own, steps)
        true = {name: _compared(maps.heat(name, goal), goal) for name in methods}
        alike: dict[str, list[list[float | None]]] = {name: [[] for _stage in cascade] for name in methods}
        for shuffle in range(shuffles):
            with contextlib.ExitStack() as shuffling:  # layer after layer from the top: each is shuffled once
                before: list[str] = []
                for number, layers in enumerate(cascade):
                    done = shuffle * len(cascade) + number
                    further = [layer for layer in layers if layer not in before]
                    fresh = shuffling.enter_context(shuffled(maps, further, done))
                    before = layers
                    for name in methods:
                        alike[name][number].append(_alike(true[name], fresh.heat(name, goal), goal))
                    study.progress((done + 1) / (len(cascade) * shuffles), f"shuffling weights for {sample.file}")
        found = {name: [Kept(tuple(values)) for values in alike[name]] for name in methods}
        yield Fact("shuffles", _("Shuffles of every layer"), shuffles)
        yield Fact("sanity_passes", _("Gradients that a map is the mean of, at most"), PASSES)
        yield _chart(maps, goal, cascade, found)
        yield _table(cascade, found)
        yield from _silent(goal, cascade, found)
        yield from _verdict(goal, cascade, found, {
            name: unrelated(values, maps.settings.seed).high for name, values in true.items()
        })

    def _plan(self, maps: Maps, goal: Goal) -> tuple[list[str], int, int]:
        """The methods that have a map, in how many stages and how often layers are shuffled."""
        known = [name for name in METHODS if (name in self.methods if self.methods else METHODS[name].cost != "trials")]
        cheap = [name for name in known if METHODS[name].cost == "pass"] or known
        usual = SHUFFLES[maps.settings.effort]
        plans = [(known, 5, usual), (cheap, 5, usual), (cheap, 3, 2)]
        cost = work(maps, goal)
        for names, steps, shuffles in plans[:1] if self.methods else plans:
            passes = steps * _passes(maps, names) * cost
            if shuffles * (passes + shuffling_work(maps)) <= JUDGING[maps.settings.effort]:
                break
        methods = [name for name in names if not maps.heat(name, goal).reason]
        return methods, self.stages or steps, self.shuffles or shuffles


def _passes(maps: Maps, names: Sequence[str]) -> float:
    """What the maps of one shuffled network cost, in passes forward; those of one recorded pass cost it once."""
    gradients = 1 + len({"guided", "deconvnet"} & set(names)) + PASSES * (
        bool({"smoothgrad", "vargrad"} & set(names)) + ("integrated_gradients" in names)
    )
    trials = sum(METHODS[name].cost == "trials" for name in names)
    return BACK * gradients + trials * maps.settings.masks


@dataclass(frozen=True, slots=True)
class Kept:
    """How alike a map stayed in each shuffle of the same layers; None where there was no map to compare with."""

    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        """Those that were compared."""
        return [value for value in self.values if value is not None]

    @property
    def mean(self) -> float | None:
        """Their mean."""
        return float(np.mean(self.known)) if self.known else None

    @property
    def spread(self) -> float | None:
        """Half the way from the least to the largest."""
        return (max(self.known) - min(self.known)) / 2 if self.known else None

    @property
    def told(self) -> bool:
        """True where there is more than one map, so that their spread is known, and not most are missing."""
        return len(self.known) >= max(2, len(self.values) / 2)


def _compared(heat: Heat, goal: Goal) -> Array:
    """Absolute values, no finer than what is compared, inside the goal's region: a map, or a list of places.

    A gradient never leaves the neighbourhood of its region, whatever the weights; outside of it all maps are alike.
    """
    size = (min(LARGEST, heat.values.shape[0]), min(LARGEST, heat.values.shape[1]))
    values = Heat(np.abs(heat.values)).enlarged(size)
    if goal.region is None:
        return values
    inside: Array = values[imaging.resize(goal.region.astype(np.float32), size) > 0.5]
    return inside[:, None]


def _alike(true: Array, heat: Heat, goal: Goal) -> float | None:
    """The rank correlation with a map of the shuffled network; an empty or even one is no map."""
    return None if heat.reason else rank_correlation(true, _compared(heat, goal))


def _chart(maps: Maps, goal: Goal, cascade: Sequence[Sequence[str]], found: Mapping[str, Sequence[Kept]]) -> Chart:
    labels: tuple[Text, ...] = (_("none"), *(layers[-1] for layers in cascade))
    return Chart(
        "sanity", "lines", labels,
        tuple(
            Series(METHODS[name].title, (1.0, *(one.mean for one in kept)), (0.0, *(one.spread for one in kept)))
            for name, kept in found.items()
        ),
        _("How alike the maps of “{goal}” in `{image}` stay while the weights are shuffled, from the last layer back "
          "to the named one; bars are as long as the range of the shuffles.", goal=goal.label,
          image=maps.sample.file),
        _("Shuffled from the end back to"), _("Rank correlation with the true map"), format=".2f",
    )


def _table(cascade: Sequence[Sequence[str]], found: Mapping[str, Sequence[Kept]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (METHODS[name].title, *(one.mean for one in kept), _turning(cascade, kept)) for name, kept in found.items()
    ]
    return Table(
        "sanity",
        (Column(_("Method")), *(Column(_("from `{layer}` on", layer=layers[-1]), ".2f") for layers in cascade),
         Column(_("Half is gone at"), code=True)),
        tuple(rows),
        _("Mean rank correlation of each map with the true one, while more and more layers are shuffled, and the layer "
          "with which it falls to {limit:.1f} or less. A dash: no map to compare with, or it never falls so far.",
          limit=UNCHANGED),
    )


def _turning(cascade: Sequence[Sequence[str]], kept: Sequence[Kept]) -> str | None:
    """The layer with which, shuffled too, the map falls to half."""
    for layers, one in zip(cascade, kept, strict=True):
        if one.told and one.mean is not None and one.mean <= UNCHANGED:
            return layers[-1]
    return None


def _silent(
    goal: Goal, cascade: Sequence[Sequence[str]], found: Mapping[str, Sequence[Kept]]
) -> Iterator[Note]:
    """How many maps of shuffled networks were empty or even."""
    every = [value for kept in found.values() for one in kept for value in one.values]
    missing = sum(value is None for value in every)
    if missing:
        yield Note(_(
            "{missing} of {total} maps of shuffled networks are empty or the same everywhere, because such a network "
            "has nothing to say of “{goal}”. There is nothing to compare: they count neither for nor against a "
            "method.", missing=missing, total=len(every), goal=goal.label,
        ), "info")


def _verdict(
    goal: Goal, cascade: Sequence[Sequence[str]], found: Mapping[str, Sequence[Kept]], chance: Mapping[str, float]
) -> Iterator[Note]:
    """What can be told: of a map that stays in every shuffle, of one that no shuffle leaves more alike than chance."""
    last = {name: kept[-1] for name, kept in found.items() if kept[-1].told}
    if not last:
        yield Note(_(
            "Whether the maps of “{goal}” depend on what was learned cannot be told: with every weight shuffled the "
            "network gives no map to compare with.", goal=goal.label,
        ))
        return
    stays = [name for name, one in last.items() if min(one.known) > max(UNCHANGED, chance[name])]
    gone = [name for name, one in last.items() if max(one.known) <= max(0.0, chance[name])]
    if stays:
        yield Note(_(
            "{count} method keeps most of its map when every weight is shuffled (rank correlation above {limit:.1f} in "
            "every shuffle): {methods}. Its picture shows the image rather than what the network has learned.",
            "{count} methods keep most of their maps when every weight is shuffled (rank correlation above {limit:.1f} "
            "in every shuffle): {methods}. Their pictures show the image rather than what the network has learned.",
            count=len(stays), limit=UNCHANGED, methods=_named(stays, {name: last[name].mean for name in stays}),
        ), "warning")
    late = {
        name: kept for name, kept in found.items()
        if name not in stays and len(cascade) > 2 and all(_kept_up(one) for one in kept[: len(cascade) // 2 + 1])
    }
    if late:
        upper = cascade[len(cascade) // 2]
        yield Note(_(
            "{count} method keeps most of its map while the last {layers} of {total} layers with weights, back to "
            "`{layer}`, are shuffled (least rank correlation): {methods}. It shows what the lower layers see rather "
            "than why this class was chosen.",
            "{count} methods keep most of their maps while the last {layers} of {total} layers with weights, back to "
            "`{layer}`, are shuffled (least rank correlation): {methods}. They show what the lower layers see rather "
            "than why this class was chosen.",
            count=len(late), layers=len(upper), total=len(cascade[-1]), layer=upper[-1],
            methods=_named(list(late), {
                name: min(min(one.known) for one in kept[: len(cascade) // 2 + 1]) for name, kept in late.items()
            }),
        ), "warning")
    yield Note(_(
        "With every weight shuffled, {gone} of {total} maps have no more in common with the true ones than maps of "
        "this grain have by chance, in each of {shuffles} shuffles; {stays} stay, and of {open} nothing can be told.",
        gone=len(gone), total=len(found), shuffles=len(next(iter(last.values())).values), stays=len(stays),
        open=len(found) - len(gone) - len(stays),
    ))


def _kept_up(one: Kept) -> bool:
    """True where every shuffle leaves more than half."""
    return one.told and min(one.known) > UNCHANGED


def _named(names: Sequence[str], values: Mapping[str, float | None]) -> Text:
    return listed([
        _("{method} ({value:.2f})", method=METHODS[name].title, value=values[name] or 0.0) for name in names
    ])
