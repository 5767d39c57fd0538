"""What can be searched for: sections, layers, units, findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from reportgen.render import outline
from reportgen.render.language import Speaker
from reportgen.render.layers import LayerPage, by_layer
from reportgen.render.names import anchors, page_names, quoted
from reportgen.report.blocks import Table
from reportgen.report.document import Report
from reportgen.text import _

Entry: TypeAlias = tuple[str, str, str]
"""A title, what it is, and its address from the pages of the language."""
MOST_UNITS = 2000
_UNIT = re.compile(r"^(.+):(\d+)$")
LAYER, FINDING, UNIT = _("layer"), _("finding"), _("unit")


def entries(report: Report, speaker: Speaker, layers: Sequence[LayerPage]) -> Iterator[Entry]:
    """Everything that can be found, the most general first."""
    pages = page_names(report)
    for section in report.sections:
        where = [speaker.say(outline.chapter_title(section)), section.sample]
        yield speaker.say(section.title), " · ".join(filter(None, where)), f"{quoted(pages[section.name])}.html"
    for layer in layers:
        kind = " · ".join(filter(None, [speaker.say(LAYER), layer.node.title, layer.network]))
        yield layer.node.name, kind, f"layers/{quoted(layer.page)}.html"
    yield from _units(report, speaker, layers)
    for section in report.sections:
        for note in section.findings:
            where = [speaker.say(FINDING), speaker.say(section.title), section.sample]
            yield speaker.say(note.text), " · ".join(filter(None, where)), f"{quoted(pages[section.name])}.html"


def _units(report: Report, speaker: Speaker, layers: Sequence[LayerPage]) -> Iterator[Entry]:
    """Units that some table names; where the layer's page shows single channels, the unit's place on it."""
    known = by_layer(layers)
    pages = page_names(report)
    seen: set[tuple[str, str]] = set()
    for section in report.sections:
        for place, block in enumerate(section.blocks):
            for cell in (row[0] for row in block.rows if row) if isinstance(block, Table) else ():
                unit = _UNIT.match(cell) if isinstance(cell, str) else None
                if not unit or (section.network, unit[0]) in seen or len(seen) >= MOST_UNITS:
                    continue
                seen.add((section.network, unit[0]))
                page = known.get((section.network, unit[1]))
                address = (
                    f"layers/{quoted(page.page)}.html#ch-{unit[2]}" if page and page.channels
                    else f"{quoted(pages[section.name])}.html#{anchors(section)[place]}"
                )
                yield unit[0], speaker.say(UNIT), address
