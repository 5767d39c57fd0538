"""Which blocks are printed: the site shows everything, paper a choice, because it is read from the beginning."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from reportgen.report.blocks import Block, Chart, Diagram, Figure, Gallery, Note, Table
from reportgen.report.document import Section
from reportgen.text import _

MOST_FURTHER = 3
"""A section about a further image or network with more figures and tables is shortened on paper."""
WIDEST = 8
"""A table of more columns goes on a landscape page of an appendix."""
MOST_ROWS = 150
PAGE_ROWS = {"portrait": 30, "landscape": 16}
SLACK = 2
"""So many rows more fit on a page where that spares a page with these few alone."""
_SHOWN = (Figure, Gallery, Chart, Diagram, Table)


def of_networks(sections: Sequence[Section], which: str) -> tuple[Section, ...]:
    """The sections about all networks of the report, or about the first alone."""
    return tuple(section for section in sections if which == "all" or not section.network)


def few_figures(section: Section, most: int) -> Section:
    """The section with a choice of its figures, evenly over depth."""
    figures = [place for place, block in enumerate(section.blocks) if isinstance(block, Figure | Gallery)]
    if len(figures) <= most:
        return section
    kept = {figures[round(step * (len(figures) - 1) / max(1, most - 1))] for step in range(most)}
    blocks: list[Block] = []
    for place, block in enumerate(section.blocks):
        if place == figures[0]:
            blocks.append(Note(
                _("{shown} of {count} figures are printed, evenly over depth; the site has all of them.",
                  shown=len(kept), count=len(figures)), "info",
            ))
        if place in kept or place not in figures:
            blocks.append(block)
    return dataclasses.replace(section, blocks=tuple(blocks))


def of_first_image(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections without those of a network's further images, where a section sets its images side by side."""
    compared = {section.network for section in sections if section.artifact == "side_by_side" and not section.skipped}
    first: dict[str, str] = {}
    for section in sections:
        if section.sample:
            first.setdefault(section.network, section.sample)
    return tuple(
        section for section in sections
        if section.network not in compared or section.sample in ("", first[section.network])
    )


def shortened(sections: Sequence[Section]) -> list[Section]:
    """The sections; of an artifact that was shown in full before, for another image or network, the first figure."""
    seen: set[str] = set()
    chosen = []
    for section in sections:
        chosen.append(_shortened(section) if section.artifact in seen else section)
        seen.add(section.artifact)
    return chosen


def _shortened(section: Section) -> Section:
    shown = [block for block in section.blocks if isinstance(block, _SHOWN)]
    if len(shown) <= MOST_FURTHER:
        return section
    blocks = [block for block in section.blocks if block is shown[0] or not isinstance(block, _SHOWN)]
    blocks.insert(blocks.index(shown[0]) + 1, Note(
        _("Printed is the first figure alone; the site has all {count} figures and tables.",
          count=len(shown)), "info",
    ))
    return dataclasses.replace(section, blocks=tuple(blocks))


def told_once(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections without the tables that an earlier one has, word for word: paper is read from the beginning."""
    told: set[Table] = set()
    kept: list[Section] = []
    for section in sections:
        blocks = tuple(block for block in section.blocks if not (isinstance(block, Table) and block in told))
        told.update(block for block in blocks if isinstance(block, Table))
        kept.append(dataclasses.replace(section, blocks=blocks))
    return tuple(kept)


def is_broad(table: Table) -> bool:
    """True for a table that needs a landscape page."""
    return len(table.columns) > WIDEST


def pages_of(table: Table) -> tuple[tuple[tuple[object, ...], ...], ...]:
    """The rows of a large table, cut into pages."""
    rows = table.rows[:MOST_ROWS]
    size = PAGE_ROWS["landscape" if is_broad(table) else "portrait"]
    spared = math.ceil(len(rows) / (size + SLACK))
    if spared < math.ceil(len(rows) / size):
        size = math.ceil(len(rows) / spared)
    return tuple(rows[start : start + size] for start in range(0, max(1, len(rows)), size))
