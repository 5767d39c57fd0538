"""What an author of an artifact implements: one generator method.

An artifact is a frozen dataclass. Its class attributes say who it is; its fields are its
parameters, which become the configuration's schema and part of the cache key at once; its
`blocks` method says what it sees. It keeps no state and draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from reportgen.report.blocks import Block
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message

Chapter: TypeAlias = Literal["overview", "filters", "activations", "attention", "optimization"]
Settings: TypeAlias = Literal["attention", "optimization"]
"""A table of the configuration that several artifacts share."""


class NotApplicable(Exception):  # noqa: N818 - it is an answer, not an error
    """Raised by an artifact that has nothing to show for this model; the report says why."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True)
class Artifact:
    """One way of looking. `about` says what it shows, `reading` how to read it.

    `chapter` is also the group's name on the command line (`--artifacts filters`). `references` are keys of
    `reportgen.report.references`; `question` is a control question that the section's findings answer. `uses` are the
    shared tables that it looks into, itself or through maps and images made by them: `study.maps` is [attention],
    `study.wishes` is [optimization]. Its section is made anew when one of them changes; any other cannot be read.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    name: ClassVar[str]
    chapter: ClassVar[Chapter]
    title: ClassVar[Message]
    about: ClassVar[Message]
    reading: ClassVar[Message]
    formulas: ClassVar[tuple[Formula, ...]] = ()
    references: ClassVar[tuple[str, ...]] = ()
    question: ClassVar[Message | None] = None
    uses: ClassVar[tuple[Settings, ...]] = ()


@dataclass(frozen=True)
class ModelArtifact(Artifact):
    """Looks at the network alone; with `compares_samples` also at what it does with the study's images.

    Where there are fewer than `least_images` of them, it is not asked.
    """

    compares_samples: ClassVar[bool] = False
    least_images: ClassVar[int] = 0

    def blocks(self, study: Study) -> Iterator[Block]:
        """What it sees."""
        raise NotImplementedError


@dataclass(frozen=True)
class ImageArtifact(Artifact):
    """Looks at the network with one image in it.

    `compares_samples` is true for one that also looks at the study's other samples; its section is
    then computed again when any of them changes.
    """

    compares_samples: ClassVar[bool] = False

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """What it sees."""
        raise NotImplementedError
