"""The report turned by layer: one page for each, with everything that any section shows of it.

Nothing is computed here. A figure says which layer it is about; of a sheet over many layers the picture under the
layer's name is taken, of a table its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reportgen.render import outline
from reportgen.report.blocks import Block, Cell, Column, Diagram, Figure, Gallery, Node, Picture, Series, Table
from reportgen.report.document import Report, Section
from reportgen.report.names import digest, slug
from reportgen.text import Message, Text, _

ARCHITECTURE = "architecture_layers"
"""The table whose row tells what a layer is."""


_NOTHING = Message("")
LAYERS = Section("*layers", "*layers", "layers", _("Layers"), _NOTHING, _NOTHING, ())
"""The page that lists the layers; it stands in the place of a section. No artifact has such a name."""
MISSING = Section("*missing", "*missing", "", _("There is no such page"), _NOTHING, _NOTHING, ())
"""What stands in the place of a page that does not exist."""
WINDOW = 12
"""So many layers before and after are listed beside a layer's page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Blocks about one layer from one section of the report."""

    home: Section
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says about one layer: a value for each column but the layer's own."""

    home: Section
    table: Table
    cells: tuple[tuple[Column, Cell], ...]


@dataclass(frozen=True, slots=True)
class Channels:
    """What the view of single channels needs: the mosaic of answers, that of the filters, the image."""

    answers: Figure
    filters: Figure | None = None
    image: Picture | None = None
    sample: str = ""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the channels in the mosaic."""
        return self.answers.picture.grid.numbers if self.answers.picture.grid else ()

    @property
    def rows(self) -> tuple[tuple[int, tuple[Cell, ...]], ...]:
        """For every channel its number, then the numbers of its answer and of its filter."""
        series = self.series
        return tuple(
            (number, tuple(one.values[place] if place < len(one.values) else None for one in series))
            for place, number in enumerate(self.numbers)
        )

    @property
    def first_shown(self) -> int:
        """The place of the channel that is shown first: of the strongest answer, for a silent one shows nothing."""
        told = self.series[0].values[: len(self.numbers)] if self.series else ()
        known = {place: float(value) for place, value in enumerate(told) if value is not None and value == value}
        return max(known, key=known.__getitem__, default=0)

    @property
    def series(self) -> tuple[Series, ...]:
        """What is told of every channel."""
        return (*self.answers.tiles, *(self.filters.tiles if self.filters else ()))


@dataclass(frozen=True)
class LayerPage:
    """A layer's page. `section` holds every block that is shown, so that figures are numbered through."""

    page: str
    node: Node
    network: str
    facts: tuple[tuple[Column, Cell], ...]
    shown: tuple[Shown, ...]
    rows: tuple[Row, ...]
    channels: tuple[Channels, ...] = ()
    section: Section = field(init=False)

    def __post_init__(self) -> None:
        leading = [view.answers for view in self.channels]
        rest = [block for shown in self.shown for block in shown.blocks if not self.is_in_view(block)]
        blocks: tuple[Block, ...] = (*leading, *rest)
        title = _("Layer `{layer}`", layer=self.node.name)
        object.__setattr__(self, "section", Section(
            f"*layer:{self.page}", "*layer", "layers", title, _NOTHING, _NOTHING, blocks, network=self.network,
        ))

    def is_in_view(self, block: Block) -> bool:
        """True for a mosaic that stands beside the view of its channels."""
        return any(view.answers is block for view in self.channels)

    @property
    def kind(self) -> str:
        """What kind of layer it is, such as Conv2D."""
        told = [cell for column, cell in self.facts if column.code and isinstance(cell, str)]
        return told[0] if told else self.node.title

    @property
    def chapters(self) -> tuple[tuple[Text, tuple[Shown, ...]], ...]:
        """What is shown, by the chapter in which it stands in the report."""
        gathered: dict[str, tuple[Text, list[Shown]]] = {}
        for shown in self.shown:
            if all(map(self.is_in_view, shown.blocks)):
                continue
            title = outline.CHAPTERS.get(shown.home.chapter, shown.home.chapter)
            gathered.setdefault(shown.home.chapter, (title, []))[1].append(shown)
        return tuple((title, tuple(found)) for title, found in gathered.values())


def layer_pages(report: Report) -> tuple[LayerPage, ...]:
    """A page for every layer of which something is shown, network by network in running order."""
    taken: set[str] = set()
    pages = []
    for section, diagram in _diagrams(report):
        own = own_sections(section, report)
        index = _Index(own, {node.name for node in diagram.nodes})
        for node in diagram.nodes:
            if node.family == "input":
                continue
            shown = tuple(index.shown.get(node.name, ()))
            if not any(isinstance(block, Figure | Gallery) for one in shown for block in one.blocks):
                continue
            page = slug(f"{section.network}-{node.name}" if section.network else node.name)
            if page.casefold() in taken:
                page = f"{page}-{digest(section.network + '/' + node.name)}"
            taken.add(page.casefold())
            rows = index.rows.get(node.name, ())
            facts = next((row.cells for row in rows if row.table.name == ARCHITECTURE), ())
            rest = tuple(row for row in rows if row.table.name != ARCHITECTURE)
            pages.append(LayerPage(page, node, section.network, facts, shown, rest, _channels(shown, own)))
    return tuple(pages)


def neighbours(page: LayerPage, pages: Sequence[LayerPage]) -> tuple[LayerPage | None, LayerPage | None]:
    """The layer before and the one after, in the same network."""
    own = [one for one in pages if one.network == page.network]
    place = own.index(page)
    return own[place - 1] if place else None, own[place + 1] if place + 1 < len(own) else None


def window(page: LayerPage, pages: Sequence[LayerPage]) -> tuple[LayerPage, ...]:
    """The layers of the same network around one."""
    own = [one for one in pages if one.network == page.network]
    place = own.index(page)
    return tuple(own[max(0, place - WINDOW) : place + WINDOW + 1])


def own_sections(section: Section, report: Report) -> tuple[Section, ...]:
    """The sections about the same network."""
    return tuple(one for one in report.sections if one.network == section.network)


class _Index:
    """What the sections of a network show of each layer, found in one walk."""

    def __init__(self, sections: Iterable[Section], names: set[str]) -> None:
        self.names = names
        self.shown: dict[str, list[Shown]] = {}
        self.rows: dict[str, list[Row]] = {}
        for section in sections:
            found: dict[str, list[Block]] = {}
            for block in section.blocks:
                for name, part in self._parts(block):
                    found.setdefault(name, []).append(part)
                if isinstance(block, Table):
                    self._read(section, block)
            for name, blocks in found.items():
                self.shown.setdefault(name, []).append(Shown(section, tuple(blocks)))

    def _parts(self, block: Block) -> Iterator[tuple[str, Block]]:
        if isinstance(block, Figure | Gallery) and block.layer:
            if block.layer in self.names:
                yield block.layer, block
        elif isinstance(block, Gallery):
            for place, label in enumerate(block.labels[: len(block.pictures)]):
                if isinstance(label, str) and label in self.names:
                    yield label, _single(block, place)

    def _read(self, section: Section, table: Table) -> None:
        """Take the rows that begin with a layer's name."""
        place = next((number for number, column in enumerate(table.columns) if column.code), None)
        if place is None:
            return
        for row in table.rows:
            name = row[place]
            if isinstance(name, str) and name in self.names:
                cells = tuple(
                    (column, cell) for number, (column, cell) in enumerate(zip(table.columns, row, strict=False))
                    if number != place
                )
                self.rows.setdefault(name, []).append(Row(section, table, cells))


def _single(gallery: Gallery, place: int) -> Figure:
    """One picture of a gallery as a figure of its own."""
    note = gallery.notes[place] if place < len(gallery.notes) else ""
    caption = _("{caption} Here: {note}.", caption=gallery.caption, note=note) if note else gallery.caption
    return Figure(
        f"{gallery.name}_{place + 1}", gallery.pictures[place], caption,
        _("{label}: {alt}", label=gallery.labels[place], alt=gallery.alt), gallery.scale, str(gallery.labels[place]),
    )


def _channels(shown: Sequence[Shown], sections: Sequence[Section]) -> tuple[Channels, ...]:
    """A view of channels for every image whose answers are drawn."""
    mosaics = [
        (one.home, block) for one in shown for block in one.blocks
        if isinstance(block, Figure) and block.tiles and block.picture.grid
    ]
    filters = next((block for home, block in mosaics if not home.sample), None)
    return tuple(
        Channels(
            block, filters if filters and _fits(filters, block) else None, image_of(home.sample, sections), home.sample
        )
        for home, block in mosaics if home.sample
    )


def _fits(filters: Figure, answers: Figure) -> bool:
    """True where the filter of a number made the answer of the same number."""
    ours, theirs = filters.picture.grid, answers.picture.grid
    return bool(ours and theirs and set(theirs.numbers) <= set(ours.numbers))


def image_of(sample: str, sections: Iterable[Section]) -> Picture | None:
    """The image as the network was fed it."""
    for section in sections:
        if section.artifact == "input" and section.sample == sample:
            for block in section.blocks:
                if isinstance(block, Gallery) and block.pictures:
                    return block.pictures[-1]
    return None


def _diagrams(report: Report) -> Iterator[tuple[Section, Diagram]]:
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Diagram):
                yield section, block


def by_layer(pages: Sequence[LayerPage]) -> Mapping[tuple[str, str], LayerPage]:
    """The pages by network and layer."""
    return {(page.network, page.node.name): page for page in pages}

