"""A report: immutable, complete, and the same in every language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.report.blocks import Block, Note
from reportgen.report.lab import Lab
from reportgen.report.limits import Essay, Members, Tex
from reportgen.text import Message, Text

SETTINGS = "reportgen.toml"
"""The file beside a report that makes it again."""
FORMAT = 2
"""The version of report.json. 2: `lab` is a table of its own, sections name their sources and a question."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in TeX (matplotlib's mathtext) and the sentence, beginning "where", that explains it.

    `title` says what it defines, where a section has several.
    """

    tex: Tex
    where: Message | None = None
    title: Text = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What one artifact saw in one sample, or in the model when `sample` is empty.

    `name` is unique in the report and makes the page's file name. `network` is empty for the report's first
    network, the name of any further one. `references` are the keys of the method's sources; `question` is one that
    the section's findings answer.
    """

    name: str
    artifact: str
    chapter: str
    title: Message
    about: Message
    reading: Message
    blocks: Annotated[tuple[Block, ...], Members(5_000)]
    formulas: Annotated[tuple[Formula, ...], Members(100)] = ()
    sample: str = ""
    network: str = ""
    references: tuple[str, ...] = ()
    question: Message | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of this section, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Note))

    @property
    def findings(self) -> tuple[Note, ...]:
        """What was found: sentences with numbers measured in this section."""
        return tuple(note for note in self.notes if note.level == "finding")

    @property
    def failed(self) -> bool:
        """True where the artifact broke; the rest of the report is whole."""
        return any(note.level == "failed" for note in self.notes)

    @property
    def skipped(self) -> bool:
        """True where there is nothing to show for this model, and a note says why."""
        return bool(self.blocks) and all(
            isinstance(block, Note) and block.level == "skipped" for block in self.blocks
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A file that went into the report, told by its content."""

    role: str
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the numbers come from: files, versions, and the command that makes them again.

    `settings` is the configuration as TOML, what differs from the defaults; it is kept as `SETTINGS`, and the command
    holds in a folder with that file and the sources. `commit` is the one the report is of.
    """

    sources: tuple[Source, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    command: Essay = ""
    settings: Essay = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A title and sections; everything else about it is a renderer's business.

    `lab` holds what its author gave for the cover page and wrote for the lab report.
    """

    title: Text
    sections: Annotated[tuple[Section, ...], Members(5_000)]
    provenance: Provenance = Provenance()
    lab: Lab = Lab()
    prefix: str = ""

    @property
    def findings(self) -> tuple[tuple[Section, Note], ...]:
        """Every finding with the section it was made in, in reading order."""
        return tuple((section, note) for section in self.sections for note in section.findings)

    @property
    def failed(self) -> bool:
        """True where some section failed."""
        return any(section.failed for section in self.sections)
