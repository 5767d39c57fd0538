"""From names that anyone may have given to file names, addresses and anchors.

A layer or an image may be called anything: `<script>`, `..`, 240 letters. What is made of it here is
safe in a file system and in a page, the same every time, and different for different names.
"""

from __future__ import annotations

import re
import unicodedata
import urllib.parse

from reportgen.report.blocks import Block, Chart, Diagram, Figure, Gallery, Table
from reportgen.report.document import Report, Section
from reportgen.report.names import LONGEST, digest, slug


def page_names(report: Report) -> dict[str, str]:
    """The page's name of each section, without ending; no two are equal even where case is not told apart."""
    taken: set[str] = set()
    found: dict[str, str] = {}
    for section in report.sections:
        page = slug(section.name)
        if page.casefold() in taken:
            page = f"{page}-{digest(section.name)}"
        taken.add(page.casefold())
        found[section.name] = page
    return found


def anchors(section: Section) -> dict[int, str]:
    """The anchor of each named block, by the block's place in its section."""
    taken: set[str] = set()
    found = {}
    for place, block in enumerate(section.blocks):
        name = getattr(block, "name", "")
        if not name:
            continue
        base = identifier(name)
        anchor, number = base, 1
        while anchor in taken:
            number += 1
            anchor = f"{base}-{number}"
        taken.add(anchor)
        found[place] = anchor
    return found


def identifier(name: str) -> str:
    """A name as an identifier within a page."""
    words = re.sub(r"[\W_]+", "-", _composed(name)).strip("-")[:LONGEST].strip("-")
    return words if words[:1].isalpha() else f"at-{words or digest(name)}"


def ordinals(section: Section) -> dict[int, int]:
    """The number of each figure and of each table on its page, by the block's place in its section."""
    found: dict[int, int] = {}
    figures = tables = 0
    for place, block in enumerate(section.blocks):
        if isinstance(block, Table):
            tables += 1
            found[place] = tables
        elif isinstance(block, Figure | Gallery | Chart | Diagram):
            figures += 1
            found[place] = figures
    return found


def place_of(block: Block, section: Section) -> int:
    """Which block of the section this is (the very one: two blocks may be equal)."""
    return next(place for place, other in enumerate(section.blocks) if other is block)


def csv_path(block: Block, section: Section, page: str) -> str:
    """Where the numbers of a table stand, from the pages of its language; `page` is the section's."""
    return f"tables/{page}-{anchors(section)[place_of(block, section)]}.csv"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def quoted(path: str) -> str:
    """A path within the site as a part of an address."""
    return urllib.parse.quote(path, safe="/")
