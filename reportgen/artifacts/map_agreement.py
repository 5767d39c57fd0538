"""Do the methods agree with each other?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import explained
from reportgen.attention.evidence import rank_correlation
from reportgen.attention.maps import Heat
from reportgen.attention.methods import METHODS, MethodName
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Column, Fact, Note, Table
from reportgen.study import Sample, Study
from reportgen.text import _

LARGEST = 64
"""Maps are compared at no more than so many places along a side."""


@dataclass(frozen=True)
class MapAgreement(ImageArtifact):
    """The rank correlation between the maps of `methods` (all when empty), for the first thing explained."""

    name = "map_agreement"
    chapter = "attention"
    title = _("Do the methods agree?")
    about = _(
        "Methods that ask in different ways and get the same answer support each other. Each pair of maps is compared "
        "by the order in which they put the places of the image."
    )
    reading = _(
        "1 is the same order of places, 0 no relation, −1 the opposite. Class activation maps usually agree with each "
        "other because they rest on the same layer; more telling is whether they agree with occlusion and RISE, which "
        "use nothing of the network's inside. Of maps with both signs only what speaks for the class is compared."
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
        matrix = correlations([_coarse(heat, sample.pixels.shape) for heat in heats.values()])
        yield Fact("compared", _("Compared for"), goal.label)
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
        yield from _extremes(names, matrix)


def correlations(arrays: list[Array]) -> Array:
    """Rank correlations of every pair; nan where one of them is the same everywhere."""
    matrix = np.eye(len(arrays))
    for first in range(len(arrays)):
        for second in range(first):
            alike = rank_correlation(arrays[first], arrays[second])
            matrix[first, second] = matrix[second, first] = np.nan if alike is None else alike
    return matrix


def _coarse(heat: Heat, shape: tuple[int, ...]) -> Array:
    """What speaks for the goal, at a size at which maps of all methods can be compared."""
    positive = Heat(np.maximum(heat.values, 0))
    return positive.enlarged((min(LARGEST, shape[0]), min(LARGEST, shape[1])))


def _extremes(names: list[str], matrix: Array) -> Iterator[Note]:
    others = np.where(np.eye(len(names), dtype=bool), np.nan, matrix)
    if np.isnan(others).all():
        return
    trials = [place for place, name in enumerate(names) if name in ("occlusion", "rise")]
    mean = float(np.nanmean(others))
    row, column = np.unravel_index(int(np.nanargmin(others)), others.shape)
    yield Note(_(
        "The maps agree with a mean rank correlation of {mean:.2f}; the least alike are {first} and {second} "
        "({least:.2f}).", mean=mean, first=METHODS[names[row]].title, second=METHODS[names[column]].title,
        least=float(others[row, column]),
    ))
    inside = [place for place in range(len(names)) if place not in trials]
    if trials and inside:
        block = others[np.ix_(inside, trials)]
        if not np.isnan(block).all():
            per_method = np.nanmean(block, axis=1)
            best = int(np.nanargmax(per_method))
            yield Note(_(
                "The map that agrees best with hiding parts of the image is {method} (mean rank correlation "
                "{value:.2f}).", method=METHODS[names[inside[best]]].title, value=float(per_method[best]),
            ))
