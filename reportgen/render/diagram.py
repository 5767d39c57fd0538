"""A network's graph laid out as a drawing.

Layers of the same spatial size form a stage, a stage is a column of boxes. An encoder with a decoder
is drawn as a U: every stage as deep as it is small, skip connections straight across. Any other
network is set in rows of columns, as text is. Layers that only finish another one's work (activation,
normalization, padding) are written into its box, so that hundreds of layers stay readable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from reportgen.render import vector
from reportgen.render.drawing import (
    SMALL,
    WIDTH,
    Box,
    Drawing,
    Group,
    Shape,
    Trail,
    Words,
    place_legend,
    shorten,
    text_width,
)
from reportgen.render.language import Speaker
from reportgen.report.blocks import Diagram, Node
from reportgen.text import Message, _

FAMILIES: dict[str, Message] = {
    "input": _("input", context="family"),
    "convolution": _("convolution", context="family"),
    "dense": _("dense", context="family"),
    "activation": _("activation", context="family"),
    "pooling": _("pooling", context="family"),
    "upsampling": _("upsampling", context="family"),
    "normalization": _("normalization", context="family"),
    "merge": _("merge", context="family"),
    "reshape": _("change of shape", context="family"),
    "recurrent": _("recurrent", context="family"),
    "attention": _("attention", context="family"),
    "other": _("other", context="family"),
}
FOLDED = ("activation", "normalization")
"""Families that are written into the box of the layer before them."""
BOX = 31.0
GAP = 9.0
LANE = 4.0
LANES = 3
BETWEEN = 2 * LANE * LANES
MOST_COLUMNS = 6
MOST_BOXES = 12
Link = Callable[[str], str | None]


@dataclass(eq=False)
class _Cell:
    """A box of the drawing: a layer with those folded into it."""

    node: Node
    places: list[int]
    folded: list[Node] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    column: int = 0
    row: int = 0
    head: bool = False

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + BOX / 2


def svg(diagram: Diagram, speaker: Speaker, link: Link | None = None) -> Markup:
    """The network as inline SVG; `link` gives the address for a layer, or nothing."""
    return vector.write(layout(diagram, speaker, link))


def layout(diagram: Diagram, speaker: Speaker, link: Link | None = None) -> Drawing:
    """The network as shapes and words in one language."""
    cells, cell_of = _fold(diagram)
    edges = sorted({
        (cell_of[start], cell_of[end]) for start, end in diagram.edges if cell_of[start] != cell_of[end]
    })
    stages = _stages(cells)
    drawing = Drawing(WIDTH, 0, speaker.say(diagram.caption), speaker.say(diagram.alt), "diagram")
    families = dict.fromkeys(_family(cell) for cell in cells)
    entries = [(f"family-{family}", speaker.say(FAMILIES[family])) for family in families]
    placed, top = place_legend(entries, 0, WIDTH, 14)
    for x, y, role, words in placed:
        drawing.add(Box(x, y + 1, 11, 11, role, 0.25, 1.2, 2), Words(x + 17, y + SMALL, words, SMALL))
    top += 10
    bottom = _as_u(stages, top) if _is_u(stages, cells, edges) else _as_rows(_columns(stages), top)
    drawing.height = bottom + 6
    drawing.add(*_lines(cells, edges))
    drawing.add(*(_box(cell, link) for cell in cells))
    return drawing


def _family(cell: _Cell) -> str:
    """The family that a box has its colour by."""
    return cell.node.family if cell.node.family in FAMILIES else "other"


def _fold(diagram: Diagram) -> tuple[list[_Cell], dict[int, int]]:
    """Boxes in running order, and for each node the number of its box."""
    parents: dict[int, list[int]] = {}
    children: dict[int, int] = {}
    for start, end in diagram.edges:
        parents.setdefault(end, []).append(start)
        children[start] = children.get(start, 0) + 1
    cells: list[_Cell] = []
    cell_of: dict[int, int] = {}
    for place, node in enumerate(diagram.nodes):
        before = parents.get(place, [])
        padding = node.family == "reshape" and "padding" in node.title.lower()
        follows = len(before) == 1 and before[0] in cell_of and (node.family in FOLDED or padding)
        if follows and children.get(before[0], 0) == 1 and diagram.nodes[before[0]].family != "input":
            host = cells[cell_of[before[0]]]
            if host.node.family not in ("pooling", "reshape") or node.family != "reshape":
                host.folded.append(node)
                host.places.append(place)
                cell_of[place] = cell_of[before[0]]
                continue
        cell_of[place] = len(cells)
        cells.append(_Cell(node, [place]))
    return cells, cell_of


def _stages(cells: Sequence[_Cell]) -> list[list[_Cell]]:
    """Runs of boxes of one size; vectors form one run at the end."""
    stages: list[list[_Cell]] = []
    for cell in cells:
        if stages and stages[-1][-1].node.size == cell.node.size:
            stages[-1].append(cell)
        else:
            stages.append([cell])
    return stages


def _is_u(stages: Sequence[Sequence[_Cell]], cells: Sequence[_Cell], edges: Sequence[tuple[int, int]]) -> bool:
    """True for an encoder with a decoder: sizes fall and rise again, and something leaps across."""
    sizes = [stage[0].node.size for stage in stages]
    if not 3 <= len(stages) <= 11 or any(size is None for size in sizes):
        return False
    known = [size for size in sizes if size is not None]
    lowest = known.index(min(known))
    falling = all(before > after for before, after in zip(known[:lowest], known[1 : lowest + 1], strict=True))
    rising = all(before < after for before, after in zip(known[lowest:], known[lowest + 1 :], strict=False))
    leaping = any(cells[start].node.size == cells[end].node.size and end - start > 2 for start, end in edges)
    return falling and rising and 0 < lowest < len(known) - 1 and leaping


def _as_u(stages: Sequence[Sequence[_Cell]], top: float) -> float:
    """Stages side by side, each below the larger ones; gives the lower end."""
    levels = sorted({stage[0].node.size or 0 for stage in stages}, reverse=True)
    width = (WIDTH - BETWEEN * (len(stages) - 1)) / len(stages)
    heights = {
        level: max(len(stage) for stage in stages if stage[0].node.size == level) * (BOX + GAP) for level in levels
    }
    tops = {level: top + sum(heights[upper] for upper in levels[:number]) for number, level in enumerate(levels)}
    bottom = top
    for number, stage in enumerate(stages):
        y = tops[stage[0].node.size or 0]
        for cell in stage:
            cell.x, cell.y, cell.width, cell.column = number * (width + BETWEEN), y, width, number
            y += BOX + GAP
        bottom = max(bottom, y)
    return bottom


def _columns(stages: Sequence[Sequence[_Cell]]) -> list[list[_Cell]]:
    """Stages cut into columns that are not too long; short neighbours at the end share one."""
    columns: list[list[_Cell]] = []
    for stage in stages:
        parts = math.ceil(len(stage) / MOST_BOXES)
        length = math.ceil(len(stage) / parts)
        for start in range(0, len(stage), length):
            part = list(stage[start : start + length])
            if columns and len(columns[-1]) + len(part) <= 4 and (len(part) == 1 or len(columns[-1]) == 1):
                columns[-1] += part
            else:
                columns.append(part)
    return columns


def _as_rows(columns: Sequence[Sequence[_Cell]], top: float) -> float:
    """Columns from left to right, row under row; gives the lower end."""
    if not columns:
        return top
    wanted = sorted(text_width(cell.node.title, SMALL, True) + 12 for column in columns for cell in column)
    fitting = int(WIDTH / (min(max(wanted[len(wanted) * 9 // 10], 96.0), 150.0) + BETWEEN))
    rows = math.ceil(len(columns) / min(MOST_COLUMNS, fitting))
    per_row = math.ceil(len(columns) / rows)
    width = min(170.0, (WIDTH - BETWEEN * per_row) / per_row)
    y = top
    for row in range(rows):
        members = columns[row * per_row : (row + 1) * per_row]
        for number, column in enumerate(members):
            for place, cell in enumerate(column):
                cell.x, cell.y = number * (width + BETWEEN), y + place * (BOX + GAP)
                cell.width, cell.column, cell.row, cell.head = width, row * per_row + number, row, place == 0
        y += max(len(column) for column in members) * (BOX + GAP) + 14
    return y - 14


def _lines(cells: Sequence[_Cell], edges: Sequence[tuple[int, int]]) -> list[Shape]:
    """The connections, drawn under the boxes."""
    shapes: list[Shape] = []
    lanes: dict[int, int] = {}
    for start, end in edges:
        one, other = cells[start], cells[end]
        if one.column == other.column:
            if abs(other.y - one.y) <= BOX + GAP + 0.1:
                x = one.x + one.width / 2
                shapes += [Trail(((x, one.y + BOX), (x, other.y)), "muted", 1.2), _tip(x, other.y, "down")]
                continue
            lane = lanes[one.column] = lanes.get(one.column, -1) + 1
            side = one.right + LANE * (1 + lane % LANES) - 1
            points = ((one.right, one.middle), (side, one.middle), (side, other.middle - 5), (other.right,
            other.middle - 5))
            shapes += [Trail(points, "series-6", 1.1), _tip(other.right, other.middle - 5, "left")]
        elif other.column > one.column and one.row == other.row:
            shapes += _across(one, other)
        else:
            shapes += _to_next_row(one, other)
    return shapes


def _across(one: _Cell, other: _Cell) -> list[Shape]:
    """From a column to a later one of the same row: straight where the way is free, else in steps."""
    if other.column == one.column + 1:
        middle = one.right + BETWEEN / 2
        points = ((one.right, one.middle), (middle, one.middle), (middle, other.middle), (other.x, other.middle))
        return [Trail(points, "muted", 1.2), _tip(other.x, other.middle, "right")]
    turn = other.x - BETWEEN / 3
    points = ((one.right, one.middle - 6), (turn, one.middle - 6), (turn, other.middle - 6), (other.x,
    other.middle - 6))
    return [Trail(points, "series-6", 1.6, dashes=(5, 3)), _tip(other.x, other.middle - 6, "right", "series-6")]


def _to_next_row(one: _Cell, other: _Cell) -> list[Shape]:
    """Between rows: out at the end of one column, in at the head of the other."""
    if other.row == one.row + 1 and other.column == one.column + 1 and other.head:
        lane = other.y - 9
        points = ((one.x + one.width / 2, one.y + BOX), (one.x + one.width / 2, lane), (other.x + other.width / 2,
        lane),
                  (other.x + other.width / 2, other.y))
        return [Trail(points, "muted", 1.2), _tip(other.x + other.width / 2, other.y, "down")]
    return [
        Trail(((one.right, one.middle), (one.right + LANE, one.middle)), "series-6", 1.6, title=other.node.name),
        Trail(((other.x - LANE, other.middle), (other.x, other.middle)), "series-6", 1.6, title=one.node.name),
    ]


def _tip(x: float, y: float, way: str, role: str = "muted") -> Shape:
    """The head of an arrow."""
    corners = {
        "down": ((x - 3, y - 5), (x + 3, y - 5)), "left": ((x + 5, y - 3), (x + 5, y + 3)), "right": ((x - 5, y - 3),
        (x - 5, y + 3)),
    }[way]
    return Trail(((x, y), *corners), "series-6" if way == "left" else role, 0.5, 1.0)


def _box(cell: _Cell, link: Link | None) -> Shape:
    """A box with the layer's name and what leaves it; its tooltip says everything."""
    node, role = cell.node, f"family-{_family(cell)}"
    under = cell.folded[-1].shape if cell.folded and cell.folded[-1].shape else node.shape
    more = "".join(f" + {one.title}" for one in cell.folded)
    title = f"{node.name}: {node.shape}{more}"
    name = shorten(node.title, cell.width - 10, SMALL, True)
    return Group(
        (
            Box(cell.x, cell.y, cell.width, BOX, "paper", radius=4),
            Box(cell.x, cell.y, cell.width, BOX, role, 0.14, 1.2, 4),
            Words(cell.x + cell.width / 2, cell.y + 13, name, SMALL, "middle", bold=True),
            Words(cell.x + cell.width / 2, cell.y + 26, shorten(under, cell.width - 8, SMALL), SMALL, "middle",
            "muted"),
        ),
        title, (link(node.name) or "") if link else "", "node",
    )
