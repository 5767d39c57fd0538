"""Files to take away: every table as CSV, the sources as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reportgen.render import Output
from reportgen.render.citations import bibtex
from reportgen.render.environment import write_text
from reportgen.render.language import Speaker
from reportgen.render.letters import printable
from reportgen.render.names import csv_path, page_names
from reportgen.report.blocks import Cell, Table
from reportgen.report.document import SETTINGS, Report
from reportgen.report.references import KNOWN
from reportgen.text import Message, Text

BIBLIOGRAPHY = "references.bib"
_PARTING = re.compile(r'[,;|"\t\r\n]')
"""What some program takes for the end of a cell."""
_FORMULA = re.compile(r"\s*(?:[=+@\uff1d\uff0b\uff20\t\r]|[-\uff0d].)")
"""How words begin that a spreadsheet would compute; a dash alone is none."""


def write(report: Report, output: Output, speaker: Speaker) -> None:
    """Write the tables of this language, and with the first language what all have in common."""
    for path, text in tables(report, speaker):
        write_text(output.folder / output.language / path, "\ufeff" + text)
    if output.is_first:
        write_text(output.folder / BIBLIOGRAPHY, bibliography(report))
        if report.provenance.settings:
            write_text(output.folder / SETTINGS, report.provenance.settings)


def names(report: Report) -> tuple[str, ...]:
    """The files beside the pages."""
    settings = [SETTINGS] if report.provenance.settings else []
    return (BIBLIOGRAPHY, *settings)


def tables(report: Report, speaker: Speaker) -> Iterator[tuple[str, str]]:
    """Every table as a path and its text; words and numbers are in the language."""
    pages = page_names(report)
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield csv_path(block, section, pages[section.name]), numbers(block, speaker)


def numbers(table: Table, speaker: Speaker) -> str:
    """A table as CSV, as a spreadsheet of the language opens it: numbers with its decimal sign."""
    head = [_words(column.title, speaker) for column in table.columns]
    rows = ([_cell(value, speaker) for value in row] for row in table.rows)
    return "".join(f"{speaker.manners.list_separator.join(row)}\r\n" for row in (head, *rows))


def _cell(value: Cell, speaker: Speaker) -> str:
    if value is None:
        return ""
    if isinstance(value, str | Message):
        return _words(value, speaker)
    return speaker.number(value) if isinstance(value, bool) else repr(value).replace(".", speaker.manners.decimal)


def _words(text: Text, speaker: Speaker) -> str:
    """Words as one cell that is no formula, whether a program parts cells at commas or at semicolons."""
    said = printable(speaker.say(text))
    said = f"'{said}" if _FORMULA.match(said) else said
    return '"{}"'.format(said.replace('"', '""')) if _PARTING.search(said) else said


def bibliography(report: Report) -> str:
    """The sources of the report's methods and the author's own."""
    keys = dict.fromkeys(key for section in report.sections for key in section.references)
    own = [source for source in report.lab.sources if source.key not in keys]
    return bibtex([*(KNOWN[key] for key in keys if key in KNOWN), *own])
