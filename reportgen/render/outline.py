"""The order of a report's parts: chapters, neighbours, runs of facts. Words and numbers only, no mark-up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reportgen.report.blocks import Block, Cell, Chart, Diagram, Fact, Figure, Gallery, Level, Note, Picture, Table
from reportgen.report.document import Report, Section
from reportgen.text import Message, Text, _

CHAPTERS: dict[str, Message] = {
    "overview": _("Overview"),
    "filters": _("Filters"),
    "activations": _("Activations"),
    "attention": _("Attention"),
    "optimization": _("Optimization"),
}
ROLES: dict[str, Message] = {
    "model": _("model", context="file"),
    "weights": _("weights", context="file"),
    "architecture": _("architecture", context="file"),
    "image": _("image", context="file"),
    "mask": _("true mask", context="file"),
    "labels": _("class names", context="file"),
    "config": _("configuration", context="file"),
    "custom": _("code of the author's own", context="file"),
    "start": _("image to start from", context="file"),
    "text": _("text or picture of the author's", context="file"),
    "templates": _("templates", context="file"),
}
THUMBNAIL_BYTES = 120_000
"""A larger picture is not fetched only to be shown small."""


def chapter_title(one: Chapter | Section) -> Text:
    """The title of a chapter, or of a section's: the tool's own are translated, the user's are as they were written.

    A chapter about a further network of the report bears its name.
    """
    title = CHAPTERS.get(one.chapter, one.chapter)
    return _("{chapter}: {network}", chapter=title, network=one.network) if one.network else title


def chapter_key(one: Chapter | Section) -> str:
    """What tells chapters apart."""
    return f"{one.network}/{one.chapter}" if one.network else one.chapter


def role_title(role: str) -> Text:
    """What a file was for."""
    return ROLES.get(role.partition(" ")[0], role)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents: an artifact's section, or its sections for several images."""

    title: Message
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Sections of one network that belong together, in reading order."""

    chapter: str
    sections: tuple[Section, ...]
    network: str = ""

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return chapter_key(self)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The sections, those of one artifact gathered."""
        gathered: dict[tuple[str, Message], list[Section]] = {}
        for section in self.sections:
            gathered.setdefault((section.artifact, section.title), []).append(section)
        return tuple(Entry(title, tuple(sections)) for (_artifact, title), sections in gathered.items())


def chapters(report: Report) -> tuple[Chapter, ...]:
    """The chapters in the order in which they first appear."""
    gathered: dict[tuple[str, str], list[Section]] = {}
    for section in report.sections:
        gathered.setdefault((section.chapter, section.network), []).append(section)
    return tuple(Chapter(chapter, tuple(sections), network) for (chapter, network), sections in gathered.items())


def neighbours(section: Section, report: Report) -> tuple[Section | None, Section | None]:
    """The section before and the one after, as one reads chapter by chapter."""
    order = [
        one for chapter in chapters(report) for entry in chapter.entries for one in entry.sections
    ]
    place = next(place for place, one in enumerate(order) if one.name == section.name)
    before = order[place - 1] if place else None
    return before, order[place + 1] if place + 1 < len(order) else None


def overviews(report: Report) -> tuple[Section, ...]:
    """The section about each network as a whole, whose facts stand on the index page."""
    return tuple(section for section in report.sections if section.artifact == "summary")


def networks(report: Report) -> tuple[str, ...]:
    """The networks of the report; the first has an empty name."""
    return tuple(dict.fromkeys(section.network for section in report.sections))


def network_name(network: str, report: Report) -> Text:
    """What a network is called; the first by its own summary."""
    for section in overviews(report):
        for block in section.blocks:
            if section.network == network and isinstance(block, Fact) and block.name == "name":
                return block.value if isinstance(block.value, str | Message) else network
    return network


def findings(report: Report) -> tuple[Told, ...]:
    """What was found: of the network and, where it is shown several images, of the first; of the others only what
    compares them."""
    first: dict[tuple[str, str], str] = {}
    for section in report.sections:
        first.setdefault((section.network, section.artifact), section.name)
    told = gathered(report.sections, "finding")
    return tuple(one for one in told if first[one.section.network, one.section.artifact] == one.section.name)


@dataclass(frozen=True, slots=True)
class Beside:
    """The images of a network beside each other: each with its name, the answer and a map; and the section."""

    section: Section
    images: tuple[tuple[Text, Text, Picture, Picture], ...]


def beside(report: Report, network: str) -> Beside | None:
    """The images set side by side, where a network was shown several."""
    for section in report.sections:
        sheet = next((block for block in section.blocks if isinstance(block, Gallery)), None)
        if section.network == network and section.artifact == "side_by_side" and sheet is not None:
            pairs = zip(sheet.labels[::2], sheet.notes[::2], sheet.pictures[::2], sheet.pictures[1::2], strict=False)
            return Beside(section, tuple(pairs))
    return None


def main_findings(report: Report) -> tuple[tuple[Chapter, tuple[tuple[Section, Note], ...]], ...]:
    """The first finding of every artifact, about the network or its first image, by chapter."""
    seen: set[tuple[str, str]] = set()
    gathered: list[tuple[Chapter, tuple[tuple[Section, Note], ...]]] = []
    for chapter in chapters(report):
        found = []
        for section in chapter.sections:
            key = (section.network, section.artifact)
            if section.findings and key not in seen:
                seen.add(key)
                found.append((section, section.findings[0]))
        if found:
            gathered.append((chapter, tuple(found)))
    return tuple(gathered)


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one image or of several: the note, where it stands first, and of how many images it is said."""

    section: Section
    note: Note
    count: int = 1


def gathered(sections: Iterable[Section], *levels: Level) -> tuple[Told, ...]:
    """The notes of these levels, level by level; what one artifact says word for word of several images is one."""
    sections = tuple(sections)
    found: dict[tuple[str, str, str, Message], Told] = {}
    for level in levels:
        for section in sections:
            for note in dict.fromkeys(note for note in section.notes if note.level == level):
                key = (level, section.network, section.artifact, note.text)
                one = found.get(key)
                found[key] = Told(one.section, note, one.count + 1) if one else Told(section, note)
    return tuple(found.values())


def caveats(report: Report) -> tuple[Told, ...]:
    """What failed, what is not shown and what to mind, the worst first."""
    return gathered(report.sections, "failed", "warning", "skipped")


def diagrams(report: Report) -> tuple[tuple[Section, Diagram], ...]:
    """The diagram of every network and where it stands."""
    return tuple(
        (section, block) for section in report.sections for block in section.blocks if isinstance(block, Diagram)
    )


def runs(blocks: Sequence[Block]) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """Blocks in order, neighbouring facts gathered: pairs of a kind and its blocks."""
    facts: list[Block] = []
    for block in blocks:
        if isinstance(block, Fact):
            facts.append(block)
            continue
        if facts:
            yield "fact", tuple(facts)
            facts = []
        yield block.kind, (block,)
    if facts:
        yield "fact", tuple(facts)


def pictures_of(block: Block) -> tuple[Picture, ...]:
    """The pictures of a figure or a gallery; of any other block none."""
    if isinstance(block, Figure):
        return (block.picture,)
    return block.pictures if isinstance(block, Gallery) else ()


def thumbnail(section: Section) -> Picture | None:
    """A picture to know a section by: the first that is not too large, if any."""
    for block in section.blocks:
        for picture in pictures_of(block):
            if len(picture.data) <= THUMBNAIL_BYTES:
                return picture
    return None


def alignments(table: Table) -> tuple[str, ...]:
    """For each column "number" or "text"."""
    return tuple(
        "number" if _numeric([row[place] for row in table.rows if place < len(row)]) else "text"
        for place in range(len(table.columns))
    )


def data_rows(chart: Chart, most: int = 200) -> tuple[tuple[Cell, ...], ...]:
    """A chart's numbers as rows: the label (or the position on the curve), then each series."""
    count = max((len(series.values) for series in chart.series), default=0)
    rows = []
    for place in range(min(count, most)):
        label: Cell = place
        if chart.positions:
            label = chart.positions[place] if place < len(chart.positions) else None
        elif place < len(chart.labels):
            label = chart.labels[place]
        values = (series.values[place] if place < len(series.values) else None for series in chart.series)
        rows.append((label, *values))
    return tuple(rows)


def first_sentence(text: str) -> str:
    """As much of a text as fits a card."""
    head, stop, _rest = text.partition(". ")
    return head + stop.strip()


def _numeric(cells: Sequence[Cell]) -> bool:
    told = [cell for cell in cells if cell is not None]
    return bool(told) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in told)
