"""What makes a report a lab report: cover, the author's own words, and how it is set on paper.

All of it is data that travels in report.json, so a saved report can be printed anew anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from reportgen.report.blocks import Picture
from reportgen.report.limits import Between, Essay
from reportgen.report.references import Reference

Words: TypeAlias = tuple[tuple[str, Essay], ...]
"""What the author wrote: pairs of a language and a text, the language empty for "in all of them"."""

Gender: TypeAlias = Literal["", "f", "m"]
SLOTS = ("goal", "task", "theory", "procedure", "results", "conclusions", "questions", "sources")
"""The parts of a lab report that an author may write for, in their usual order."""
COVER = (
    "ministry", "university", "faculty", "department", "discipline", "topic", "number", "variant", "city", "year",
)
"""The fields of the cover page besides the people."""


def said(words: Words, language: str) -> str:
    """The text in this language, else the one for all, else whatever there is."""
    told = dict(words)
    return told.get(language) or told.get("") or next((text for _language, text in words if text), "")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone named on the cover."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    name: str
    gender: Gender = ""
    group: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the author's and its answer; `{section/fact}` in it stands for a number of this report."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    question: Essay
    answer: Essay


@dataclass(frozen=True, slots=True)
class Listing:
    """A file of code for the appendix."""

    name: str
    text: Essay


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture of the author's, by the name that the texts give it."""

    name: str
    picture: Picture


Margin: TypeAlias = Annotated[float, Between(5, 60)]
"""Millimetres."""
Points: TypeAlias = Annotated[float, Between(6, 20)]


@dataclass(frozen=True, slots=True)
class Style:
    """How the lab report is set. Millimetres and points; the defaults are those of DSTU 3008:2015.

    `order` names the parts that are printed, `lists` what is listed after the contents. Those in `own_page` begin on
    a new page. `figures` is the most figures of one section, `rows` the most rows of a table within the text: larger
    tables go to an appendix. `networks` says whether further networks are printed. `numbering` counts figures, tables
    and formulas by parts or straight through.
    """

    profile: str = "dstu-3008"
    page: Literal["A4", "letter"] = "A4"
    top: Margin = 20
    right: Margin = 10
    bottom: Margin = 20
    left: Margin = 25
    font: str = ""
    size: Annotated[float, Between(8, 20)] = 14
    small: Points = 12
    code: Points = 11
    spacing: Annotated[float, Between(1, 3)] = 1.5
    indent: Annotated[float, Between(0, 40)] = 12.5
    justified: bool = True
    hyphens: bool = False
    page_number: Literal["top-right", "top-center", "bottom-right", "bottom-center"] = "top-right"
    running_header: bool = False
    capitals: bool = True
    dash: str = "–"
    figure_word: str = ""
    caption: Literal["center", "left"] = "center"
    numbering: Literal["part", "straight"] = "part"
    references: Literal["dstu-8302", "ieee"] = "dstu-8302"
    lists: tuple[Literal["figures", "tables"], ...] = ("figures",)
    order: tuple[str, ...] = (*SLOTS, "appendices")
    unnumbered: tuple[str, ...] = ("conclusions", "sources")
    networks: Literal["all", "first"] = "all"
    figures: Annotated[int, Between(1, 200)] = 3
    rows: Annotated[int, Between(5, 60)] = 24
    own_page: tuple[str, ...] = ("results", "conclusions", "sources")


@dataclass(frozen=True, slots=True)
class Lab:
    """The author's part of a report. `cover` holds the fields of COVER, `texts` Markdown by slot.

    `styles` holds the style of each language; one without any has the defaults.
    """

    cover: tuple[tuple[str, Words], ...] = ()
    students: tuple[Person, ...] = ()
    teachers: tuple[Person, ...] = ()
    texts: tuple[tuple[str, Words], ...] = ()
    questions: tuple[Question, ...] = ()
    own_questions_only: bool = False
    sources: tuple[Reference, ...] = ()
    listings: tuple[Listing, ...] = ()
    illustrations: tuple[Illustration, ...] = ()
    own_conclusions: bool = False
    styles: tuple[tuple[str, Style], ...] = ()

    def field(self, name: str, language: str) -> str:
        """A field of the cover."""
        return said(dict(self.cover).get(name, ()), language)

    def text(self, slot: str, language: str) -> str:
        """The author's Markdown for a slot."""
        return said(dict(self.texts).get(slot, ()), language)

    def picture(self, name: str) -> Picture | None:
        """The picture that a text names."""
        return next((one.picture for one in self.illustrations if one.name == name), None)

    def style(self, language: str) -> Style:
        """How the document in this language is set."""
        return dict(self.styles).get(language, Style())
