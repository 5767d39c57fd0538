"""How tables are set on paper: how tightly, and which words stay whole."""

from __future__ import annotations

from reportgen.render.choice import is_broad
from reportgen.report.blocks import Table

LONGEST_WHOLE = 20
"""A word of a table no longer than this is never broken."""
_DENSITIES = ((4, "easy"), (6, "medium"), (8, "tight"), (99, "tightest"))


def density(table: Table) -> str:
    """The class of a table by the number of its columns."""
    room = 1.5 if is_broad(table) else 1
    return next(name for most, name in _DENSITIES if len(table.columns) <= most * room)


def wholeness(words: str) -> str:
    """The class of a cell whose words are short enough never to be broken; a single one not even at a hyphen."""
    if max(map(len, words.split()), default=0) > LONGEST_WHOLE:
        return ""
    return " words" if " " in words else " word"
