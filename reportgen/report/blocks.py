"""The nine things a report can say. The set is closed: renderers know exactly these.

A block holds data, never a drawing of it, and `Message`s, never sentences in one language.
Pictures are the exception that stays language-free: they hold pixels without any words.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal, TypeAlias

from reportgen.report.limits import Between, Members, NumberFormat
from reportgen.text import Message, Text

Level: TypeAlias = Literal["finding", "warning", "info", "skipped", "failed"]
Number: TypeAlias = int | float
Cell: TypeAlias = str | int | float | bool | Message | None
Side: TypeAlias = Annotated[int, Between(1, 1 << 20)]
"""A length in pixels."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the tiles of a mosaic lie, so that a renderer can number them or cut one out.

    Tiles fill rows from the left; tile `k` starts at `(k % columns) * (tile_width + gap)`,
    `(k // columns) * (tile_height + gap)`. `numbers` are the channel numbers of the tiles.
    """

    columns: Annotated[int, Between(1, 1 << 20)]
    tile_width: Side
    tile_height: Side
    gap: Annotated[int, Between(0, 1000)]
    numbers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """An image file at its native resolution, with no words in its pixels.

    `kind` tells how to show it: "map" is numbers through a colour map (enlarge with hard pixels,
    never as JPEG), "photo" is a photograph or an overlay on one.
    """

    data: bytes
    width: Side
    height: Side
    kind: Literal["map", "photo"] = "map"
    grid: Grid | None = None

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the file's bytes; it names the file in `assets/`."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def suffix(self) -> str:
        """The file name's ending that the bytes call for."""
        return "jpg" if self.data[:2] == b"\xff\xd8" else "png"

    def _identity(self) -> tuple[object, ...]:
        return (self.digest, self.width, self.height, self.kind, self.grid)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())


UnsignedColours: TypeAlias = Literal["viridis", "cividis"]
Colours: TypeAlias = UnsignedColours | Literal["diverging", "gray"]
Extent: TypeAlias = Literal["block", "picture", "tile"]


@dataclass(frozen=True, slots=True)
class Scale:
    """What the colours of a picture mean: a colour map from `low` to `high`.

    `extent` says for what the scale holds: every picture of the block, each picture by itself, or
    each tile by itself; in the last two cases low and high are 0 and 1 of that picture's own range.
    """

    colours: Colours
    low: float
    high: float
    extent: Extent = "block"
    label: Message | None = None
    clipped: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers of a chart or of a mosaic's tiles; None is a gap. `spread` is the half-length of error bars."""

    label: Text
    values: tuple[Number | None, ...]
    spread: tuple[Number | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph of explanation or interpretation."""

    kind: ClassVar[str] = "prose"
    text: Message


@dataclass(frozen=True, slots=True)
class Fact:
    """One number (or word) with a stable name: what diffs, surveys and JSON compare.

    `format` is a `str.format` specification: ",d", ".3f", ".1%". A share is kept as 0…1 and
    formatted with "%".
    """

    kind: ClassVar[str] = "fact"
    name: str
    label: Message
    value: Cell
    format: NumberFormat = ""
    unit: Message | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture with its caption; `alt` tells one who cannot see it what it shows.

    `layer` is the layer it is about, if it is about one. `tiles` are numbers of a mosaic's tiles, in their order.
    """

    kind: ClassVar[str] = "figure"
    name: str
    picture: Picture
    caption: Text
    alt: Text
    scale: Scale | None = None
    layer: str = ""
    tiles: Annotated[tuple[Series, ...], Members(100)] = ()


@dataclass(frozen=True, slots=True)
class Gallery:
    """Several pictures that belong together, each with a label.

    layout: "grid" of equals, "strip" of steps in order, "compare" of a few side by side. With `columns` the
    pictures are the rows of a sheet, so many in each. `notes` is empty or one line of small print for each picture.
    `layer` is the layer that all of it is about; in its place a picture's label may name one.
    """

    kind: ClassVar[str] = "gallery"
    name: str
    pictures: Annotated[tuple[Picture, ...], Members(1000)]
    labels: tuple[Text, ...]
    caption: Message
    alt: Message
    layout: Literal["grid", "strip", "compare"] = "grid"
    scale: Scale | None = None
    notes: tuple[Text, ...] = ()
    columns: Annotated[int, Between(0, 1000)] = 0
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `format` as in `Fact`; `code` shows the cells as code."""

    title: Text
    format: NumberFormat = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; a cell that is None is shown as a dash."""

    kind: ClassVar[str] = "table"
    name: str
    columns: Annotated[tuple[Column, ...], Members(1000)]
    rows: tuple[tuple[Cell, ...], ...]
    caption: Message


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers to be drawn, with the words to draw them with.

    form: "bars" horizontal, one row a label (classes, layers); "columns" vertical, many thin ones
    (units, histogram bins); "lines" over labels in order (layers by depth); "curves" over numbers:
    `positions` holds the x of each value. `marked` are the positions of labels to stand out.
    `format` writes the values, as in `Fact`.
    """

    kind: ClassVar[str] = "chart"
    name: str
    form: Literal["bars", "columns", "lines", "curves"]
    labels: tuple[Text, ...]
    series: Annotated[tuple[Series, ...], Members(500)]
    caption: Message
    x_label: Message | None = None
    y_label: Message | None = None
    positions: tuple[float, ...] = ()
    marked: tuple[int, ...] = ()
    format: NumberFormat = ".3g"
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A box of a diagram: a layer, what kind it is, and what leaves it.

    `family` is one of `reportgen.probe.FAMILIES`; `size` is the output's height (or length) and
    `channels` its channels, None where unknown.
    """

    name: str
    title: str
    family: str
    shape: str = ""
    size: int | None = None
    channels: int | None = None
    parameters: int = 0


@dataclass(frozen=True, slots=True)
class Diagram:
    """A network as a graph; the renderer lays it out. `edges` are pairs of node numbers."""

    kind: ClassVar[str] = "diagram"
    name: str
    nodes: Annotated[tuple[Node, ...], Members(3_000)]
    edges: Annotated[tuple[tuple[int, int], ...], Members(10_000)]
    caption: Message
    alt: Message


@dataclass(frozen=True, slots=True)
class Note:
    """A finding (a sentence backed by a number measured here), a caveat, or what went wrong."""

    kind: ClassVar[str] = "note"
    text: Message
    level: Level = "finding"


Suffix: TypeAlias = Literal["npz", "npy", "csv", "json", "txt"]


@dataclass(frozen=True, eq=False)
class Attachment:
    """A file of numbers that goes beside the report; `suffix` is its ending, never one that a browser would run."""

    data: bytes
    suffix: Suffix

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the file's bytes; it names the file in `assets/`."""
        return hashlib.sha256(self.data).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Attachment) and (self.digest, self.suffix) == (other.digest, other.suffix)

    def __hash__(self) -> int:
        return hash((self.digest, self.suffix))


@dataclass(frozen=True, slots=True)
class Download:
    """A file to take away, saved under its name; `label` tells what is in it."""

    kind: ClassVar[str] = "download"
    name: str
    file: Attachment
    label: Message


Block: TypeAlias = Prose | Fact | Figure | Gallery | Table | Chart | Diagram | Note | Download
KINDS: tuple[type, ...] = (Prose, Fact, Figure, Gallery, Table, Chart, Diagram, Note, Download)
