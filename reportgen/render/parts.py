"""What a lab report is divided into: parts with their topics, questions with answers, appendices."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.report.blocks import Table
from reportgen.report.document import Section
from reportgen.text import Message, Text, _

TITLES: dict[str, Message] = {
    "goal": _("Aim of the work"),
    "task": _("Task"),
    "theory": _("Theory"),
    "procedure": _("Procedure"),
    "results": _("Results"),
    "conclusions": _("Conclusions"),
    "questions": _("Control questions"),
    "sources": _("List of sources"),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A chapter within the results, or a method within the theory."""

    number: str
    title: Text
    sections: tuple[Section, ...]

    @property
    def anchor(self) -> str:
        """Where it begins."""
        return f"topic-{self.number}"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the document. An unnumbered one has no number; `text` is the author's Markdown."""

    slot: str
    title: Message
    number: str = ""
    text: str = ""
    topics: tuple[Topic, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A control question with what was measured, or with the author's answer."""

    question: Text
    findings: tuple[Message, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Appendix:
    """An appendix: "tables", "listings" or "origin"."""

    kind: str
    letter: str
    title: Message
    tables: tuple[tuple[Section, Table], ...] = ()
