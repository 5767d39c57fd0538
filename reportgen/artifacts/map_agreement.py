"""Do the methods agree with each other?"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.chance import Range, moved
from reportgen.attention.evidence import rank_correlation, ranks
from reportgen.attention.maps import Heat
from reportgen.attention.methods import METHODS, MethodName
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Column, Fact, Note, Table
from reportgen.study import Sample, Study
from reportgen.text import Message, _

LARGEST = 64
"""Maps are compared at no more than so many places along a side."""
DRAWS = 100
"""So often all maps are put elsewhere, each by itself, to see how alike unrelated maps are."""


@dataclass(frozen=True)
class MapAgreement(ImageArtifact):
    """The rank correlation between the maps of `methods` (all when empty), for the first thing explained."""

    name = "map_agreement"
    chapter = "attention"
    uses = ("attention",)
    title = _("Do the methods agree?")
    about = _(
        "Methods that ask in different ways and get the same answer support each other. Each pair of maps is compared "
        "by the order in which they put the places of the image."
    )
    reading = _(
        "1 is the same order of places, 0 no relation, −1 the opposite. Class activation maps usually agree with each "
        "other because they rest on the same layer; more telling is whether they agree with occlusion and RISE, which "
        "use nothing of the network's inside. Smooth maps of few places are alike by chance too: what unrelated maps "
        "of this grain would give stands below. Of maps with both signs only what speaks for the class is compared."
    )
    methods: tuple[MethodName, ...] = ()

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The matrix and the extremes."""
        maps = explained(study, sample)
        goal = maps.goals[0]
        heats = {name: heat for name in self.methods or METHODS if not (heat := maps.heat(name, goal)).reason}
        if len(heats) < 2:
            raise NotApplicable(_("There are not two maps that could be compared."))
        names = list(heats)
        coarse = [_coarse(heat, sample.pixels.shape) for heat in heats.values()]
        matrix = correlations(coarse)
        yield Fact("compared", _("Compared for"), goal.label)
        yield Fact("compared_methods", _("Methods"), len(names))
        rows: list[tuple[Cell, ...]] = [
            (_("{number} {method}", number=place + 1, method=METHODS[name].title),
             *(None if np.isnan(value) else float(value) for value in matrix[place]))
            for place, name in enumerate(names)
        ]
        yield Table(
            "map_agreement",
            (Column(_("Method")), *(Column(str(place + 1), ".2f") for place in range(len(names)))),
            tuple(rows),
            _("Rank correlation between the maps of “{goal}” in `{image}`; columns are numbered as the rows.",
              goal=goal.label, image=sample.file),
        )
        yield from _extremes(names, matrix, by_chance(coarse, maps.settings.seed))


def correlations(arrays: list[Array]) -> Array:
    """Rank correlations of every pair; nan where one of them is the same everywhere."""
    matrix = np.eye(len(arrays))
    for first in range(len(arrays)):
        for second in range(first):
            alike = rank_correlation(arrays[first], arrays[second])
            matrix[first, second] = matrix[second, first] = np.nan if alike is None else alike
    return matrix


def by_chance(arrays: list[Array], seed: int, draws: int = DRAWS) -> Array:
    """Such matrices for the same maps put elsewhere, each by itself: draws × maps × maps."""
    random = np.random.Generator(np.random.PCG64([seed, 3]))
    ordered = [ranks(array).reshape(array.shape) for array in arrays]
    found = np.empty((draws, len(arrays), len(arrays)))
    for draw in range(draws):
        with np.errstate(invalid="ignore"):
            found[draw] = np.corrcoef([moved(one, random).reshape(-1) for one in ordered])
    return found


def _coarse(heat: Heat, shape: tuple[int, ...]) -> Array:
    """What speaks for the goal, at a size at which maps of all methods can be compared."""
    positive = Heat(np.maximum(heat.values, 0))
    return positive.enlarged((min(LARGEST, shape[0]), min(LARGEST, shape[1])))


def _extremes(names: list[str], matrix: Array, random: Array) -> Iterator[Note]:
    apart = ~np.eye(len(names), dtype=bool)
    others = np.where(apart, matrix, np.nan)
    if np.isnan(others).all():
        return
    mean = float(np.nanmean(others))
    chance = Range.of([float(np.nanmean(one[apart])) for one in random])
    single = float(np.nanpercentile(np.abs(random[:, apart]), 95))
    row, column = np.unravel_index(int(np.nanargmin(others)), others.shape)
    yield Note(_(
        "{count} maps agree with a mean rank correlation of {mean:.2f}; unrelated maps of this grain would have "
        "{low:.2f} to {high:.2f} ({draws} draws), so {verdict}. The least alike are {first} and {second} "
        "({least:.2f}); between two unrelated ones up to ±{single:.2f} comes by chance (95%).",
        count=len(names), mean=mean, low=chance.low, high=chance.high, draws=chance.count,
        verdict=_VERDICTS[chance.side(mean)], first=METHODS[names[row]].title, second=METHODS[names[column]].title,
        least=float(others[row, column]), single=single,
    ))
    trials = [place for place, name in enumerate(names) if name in ("occlusion", "rise")]
    inside = [place for place in range(len(names)) if place not in trials]
    if trials and inside:
        block = others[np.ix_(inside, trials)]
        if not np.isnan(block).all():
            yield _nearest_to_hiding([names[place] for place in inside], block, random[:, inside][:, :, trials])


_VERDICTS: dict[int, Message] = {
    1: _("they do agree"), 0: _("it cannot be told whether they agree"), -1: _("they contradict each other"),
}


def _nearest_to_hiding(names: list[str], block: Array, random: Array) -> Note:
    """The map most like occlusion and RISE, and whether the best of so many unrelated ones would be so too."""
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        per_method = np.nanmean(block, axis=1)
        best_by_chance = Range.of(np.nanmax(np.nanmean(random, axis=2), axis=1))
    best = int(np.nanargmax(per_method))
    value = float(per_method[best])
    if best_by_chance.side(value) <= 0:
        return Note(_(
            "No map agrees with hiding parts of the image more than the best of {count} unrelated ones would (up to "
            "{high:.2f}): {value:.2f} at most.", count=len(names), high=best_by_chance.high, value=value,
        ))
    return Note(_(
        "The map that agrees best with hiding parts of the image is {method} (mean rank correlation {value:.2f}; the "
        "best of {count} unrelated ones would have up to {high:.2f}).", method=METHODS[names[best]].title, value=value,
        count=len(names), high=best_by_chance.high,
    ))
