"""Files to take away: every table as CSV, the sources as BibTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from reportgen.render import Output
from reportgen.render.citations import bibtex
from reportgen.render.environment import write_text
from reportgen.render.language import Speaker
from reportgen.render.names import csv_path, page_names
from reportgen.report.blocks import Cell, Table
from reportgen.report.document import SETTINGS, Report
from reportgen.report.references import KNOWN
from reportgen.text import Message

BIBLIOGRAPHY = "references.bib"


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
    """Every table as a path and its text; words are in the language, numbers as programs read them."""
    pages = page_names(report)
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield csv_path(block, section, pages[section.name]), numbers(block, speaker)


def numbers(table: Table, speaker: Speaker) -> str:
    """A table as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_safe(speaker.say(column.title)) for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(value, speaker) for value in row])
    return buffer.getvalue()


def _cell(value: Cell, speaker: Speaker) -> str:
    if value is None:
        return ""
    if isinstance(value, str | Message):
        return _safe(speaker.say(value))
    return speaker.number(value) if isinstance(value, bool) else repr(value)


def _safe(text: str) -> str:
    """Words that a spreadsheet would take for a formula begin with an apostrophe."""
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and len(text) > 1) else text


def bibliography(report: Report) -> str:
    """The sources of the report's methods and the author's own."""
    keys = dict.fromkeys(key for section in report.sections for key in section.references)
    own = [source for source in report.lab.sources if source.key not in keys]
    return bibtex([*(KNOWN[key] for key in keys if key in KNOWN), *own])
