"""Sentences that lead a reader of the document: to figures, tables, formulas and sources, and through what was done."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from reportgen.render.paper import DRAWN, Paper
from reportgen.report.blocks import Fact, Table
from reportgen.report.document import Report, Section
from reportgen.text import Message, _


def pointer(section: Section, paper: Paper) -> Message | None:
    """The sentence that sends the reader to the section's figures and tables, before they appear."""
    figures = [paper.of(block) for block in section.blocks if isinstance(block, DRAWN)]
    tables = [block for block in section.blocks if isinstance(block, Table)]
    near = [paper.of(table) for table in tables if not paper.is_large(table)]
    far = [paper.of(table) for table in tables if paper.is_large(table)]
    where: list[Message] = []
    if figures:
        where.append(_("figure {numbers}", "figures {numbers}", context="shown in", count=len(figures),
                       numbers=_run("figure", figures)))
    if tables:
        numbers = ", ".join(filter(None, [_run("table", near), *(_mark("table", number, far=True) for number in far)]))
        where.append(_("table {numbers}", "tables {numbers}", context="shown in", count=len(tables), numbers=numbers))
    if not where:
        return None
    told = where[0] if len(where) == 1 else _("{first} and {rest}", context="places", first=where[0], rest=where[1])
    return _("What was measured is shown in {places}.", places=told)


def formula_pointer(section: Section, paper: Paper) -> Message | None:
    """The sentence that names the formulas of a section, where they stand in the theory."""
    if not section.formulas or not paper.has_theory:
        return None
    home = next(one for one in paper.sections if one.artifact == section.artifact)
    numbers = [paper.formula(home, order) for order in range(len(home.formulas))]
    ends = [f"({_mark('formula', number)})" for number in dict.fromkeys((numbers[0], numbers[-1]))]
    return _("It is computed by formula {numbers}.", "It is computed by formulas {numbers}.", count=len(numbers),
             numbers="–".join(ends))


def source_pointer(section: Section, paper: Paper) -> Message | None:
    """The sentence that names the sources of a section's method."""
    orders = sorted(order for key in section.references if (order := paper.order_of(key)))
    if not orders:
        return None
    runs: list[list[int]] = []
    for order in orders:
        if runs and order == runs[-1][-1] + 1:
            runs[-1].append(order)
        else:
            runs.append([order])
    told = ", ".join(
        "–".join(_mark("source", str(end)) for end in dict.fromkeys((run[0], run[-1]))) for run in runs
    )
    return _("The method is described in [{sources}].", "The methods are described in [{sources}].",
             count=len(orders), sources=told)


_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKS = re.compile(f"{_OPEN}(!?)([^{_MIDDLE}]*){_MIDDLE}([^{_CLOSE}]*){_CLOSE}")


def _mark(kind: str, number: str, *, far: bool = False) -> str:
    """A number that `linked` makes a link; of a far one the page is told too."""
    return f"{_OPEN}{'!' if far else ''}{kind}-{number}{_MIDDLE}{number}{_CLOSE}"


def _run(kind: str, numbers: Sequence[str]) -> str:
    ends = [_mark(kind, number) for number in dict.fromkeys((*numbers[:1], *numbers[-1:]))]
    return (", " if len(numbers) == 2 else "–").join(ends)


def linked(text: Markup) -> Markup:
    """The numbers of figures, tables, formulas and sources in a sentence as links."""
    return Markup(_MARKS.sub(  # noqa: S704 - numbers of our own within escaped text
        lambda found: f'<a class="{"far" if found[1] else "near"}" href="#{found[2]}">{found[3]}</a>', str(text)
    ))


def steps(report: Report) -> tuple[Message, ...]:
    """What was done, in sentences: which network, which images, what was fed and computed."""
    said: list[Message] = []
    for section in report.sections:
        if section.artifact != "summary":
            continue
        facts = {block.name: block for block in section.blocks if isinstance(block, Fact)}
        if {"name", "layers", "parameters"} <= set(facts):
            said.append(_(
                "The trained network {name} was opened: {count} layer, {parameters:,d} parameters.",
                "The trained network {name} was opened: {count} layers, {parameters:,d} parameters.",
                name=_value(facts["name"]), count=_value(facts["layers"]), parameters=_value(facts["parameters"]),
            ))
        if {"input", "preprocessing"} <= set(facts):
            said.append(_(
                "Images were brought to its input, {size}; preprocessing: {preprocessing}.",
                size=_value(facts["input"]), preprocessing=_value(facts["preprocessing"]),
            ))
    images = [source.name for source in report.provenance.sources if source.role == "image"]
    if images:
        names = ", ".join(images)
        said.append(_("It was shown {count} image: {names}.", "It was shown {count} images: {names}.",
                      count=len(images), names=names))
    return tuple(said)


def _value(fact: Fact) -> str | int | float | bool | Message:
    return "" if fact.value is None else fact.value
