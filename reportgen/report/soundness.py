"""What must hold between the parts of a report, and no annotation of a single one can say.

Each check gives the problem as the end of a sentence, or nothing.
"""

from __future__ import annotations

import functools
import string
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from reportgen.report.blocks import Chart, Diagram, Grid, Picture, Table
from reportgen.report.document import Report, Section
from reportgen.report.limits import (
    ACROSS,
    LONGEST_SAID,
    MOST_BARS,
    MOST_CELLS,
    MOST_POINTS,
    MOST_TEX,
    NUMBER_FORMAT,
)
from reportgen.text import Message, Value

Check = Callable[[Any], str]


def table(one: Table) -> str:
    """Every row has a cell for every column."""
    if len(one.rows) * len(one.columns) > MOST_CELLS:
        return f"it has more than {MOST_CELLS} cells"
    uneven = next((place for place, row in enumerate(one.rows) if len(row) != len(one.columns)), None)
    return "" if uneven is None else f"row {uneven} has not as many cells as there are columns"


def chart(one: Chart) -> str:
    """Bars are drawn one by one; columns too, up to as many as there is room for, and a silhouette of more."""
    if one.form == "bars":
        return f"it has more than {MOST_BARS} bars" if len(one.labels) * len(one.series) > MOST_BARS else ""
    points = sum(min(len(series.values), ACROSS) for series in one.series)
    return f"it has more than {MOST_POINTS} points" if points > MOST_POINTS else ""


def diagram(one: Diagram) -> str:
    """Every edge joins nodes that there are."""
    count = len(one.nodes)
    return "" if all(0 <= end < count for edge in one.edges for end in edge) else "an edge leads to no node"


def section(one: Section) -> str:
    """Names with a star belong to pages that no artifact makes."""
    return "its name begins with a star" if one.name.startswith("*") or one.artifact.startswith("*") else ""


def report(one: Report) -> str:
    """No two sections have one name, which is that of a page; all formulas together can be set in a while."""
    name, count = Counter(section.name for section in one.sections).most_common(1)[0] if one.sections else ("", 1)
    if count > 1:
        return f"{count} sections have the same name"
    letters = sum(map(len, {formula.tex for section in one.sections for formula in section.formulas}))
    return f"its formulas have more than {MOST_TEX} letters" if letters > MOST_TEX else ""


def picture(one: Picture) -> str:
    """The tiles lie within the picture."""
    return "" if one.grid is None or _fits(one.grid, one.width, one.height) else "its tiles do not fit into it"


def _fits(grid: Grid, width: int, height: int) -> bool:
    rows = -(-len(grid.numbers) // grid.columns)
    across = min(grid.columns, max(1, len(grid.numbers))) * (grid.tile_width + grid.gap) - grid.gap
    return across <= width and max(1, rows) * (grid.tile_height + grid.gap) - grid.gap <= height


CHECKS: Mapping[type, Check] = {
    Table: table, Chart: chart, Diagram: diagram, Section: section, Report: report, Picture: picture,
}


def message(one: Message) -> str:
    """Every field of the pattern has a value that can be written as it asks, and what is said stays short."""
    values = dict(one.values)
    counted = values.get("count")
    if one.plural and (not isinstance(counted, int | float) or isinstance(counted, bool) or counted != counted):
        return "its plural has no count"
    for pattern in (one.id, one.plural):
        fields = fields_of(pattern)
        if fields is None:
            return "its pattern is broken"
        for name, form in fields:
            if name not in values:
                return f"its pattern has a field without a value, {name[:40]!r}"
            if not _can_be_written(values[name], form):
                return f"its value {name[:40]!r} cannot be written as the pattern asks"
    return "" if length(one) <= LONGEST_SAID else f"it becomes longer than {LONGEST_SAID} letters"


def length(text: Value) -> int:
    """How many letters a message may become at most, other languages' words aside."""
    if not isinstance(text, Message):
        return len(text) if isinstance(text, str) else 40
    lengths = {name: length(value) for name, value in text.values}
    return max(
        len(pattern) + sum(lengths.get(name, 0) for name, _form in fields_of(pattern) or ())
        for pattern in (text.id, text.plural)
    )


@functools.lru_cache(maxsize=4096)
def fields_of(pattern: str) -> tuple[tuple[str, str], ...] | None:
    """The fields of a pattern, as names and formats; nothing for one with more than plain fields."""
    try:
        parsed = [part for part in string.Formatter().parse(pattern) if part[1] is not None]
    except ValueError:
        return None
    if any(conversion or not NUMBER_FORMAT.fullmatch(form or "") for _text, _name, form, conversion in parsed):
        return None
    return tuple((name or "", form or "") for _text, name, form, _conversion in parsed)


def _can_be_written(value: Value, form: str) -> bool:
    """True where the value is a number or is asked for as it is."""
    return not form or (isinstance(value, int | float) and not isinstance(value, bool))
