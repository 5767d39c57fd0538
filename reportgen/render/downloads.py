"""Files to take away: every table as CSV, the sources as BibTeX, the pictures in one archive."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator

from reportgen.render import Output
from reportgen.render.citations import bibtex
from reportgen.render.environment import write_text
from reportgen.render.language import Speaker
from reportgen.render.names import anchors, csv_path, page_names
from reportgen.render.outline import pictures_of
from reportgen.report.blocks import Cell, Table
from reportgen.report.document import SETTINGS, Report
from reportgen.report.names import slug
from reportgen.report.references import KNOWN
from reportgen.text import Message

BIBLIOGRAPHY = "references.bib"
ARCHIVE = "figures.zip"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same bytes every time: an archive holds dates."""


def write(report: Report, output: Output, speaker: Speaker) -> None:
    """Write the tables of this language, and with the first language what all have in common."""
    for path, text in tables(report, speaker):
        write_text(output.folder / output.language / path, "\ufeff" + text)
    if output.is_first:
        write_text(output.folder / BIBLIOGRAPHY, bibliography(report))
        if report.provenance.settings:
            write_text(output.folder / SETTINGS, report.provenance.settings)
        if ARCHIVE in names(report, output):
            (output.folder / ARCHIVE).write_bytes(archive(report))


def names(report: Report, output: Output) -> tuple[str, ...]:
    """The files beside the pages; the archive, which doubles the bytes of pictures, where figures are asked for."""
    settings = [SETTINGS] if report.provenance.settings else []
    return (BIBLIOGRAPHY, *settings, *([ARCHIVE] if "figures" in output.formats else []))


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


def archive(report: Report) -> bytes:
    """Every picture under its figure's name, as it is."""
    buffer = io.BytesIO()
    pages = page_names(report)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as made:
        for section in report.sections:
            for place, anchor in anchors(section).items():
                found = pictures_of(section.blocks[place])
                for number, picture in enumerate(found, 1):
                    order = f"-{number:02d}" if len(found) > 1 else ""
                    name = f"{pages[section.name]}/{slug(anchor)}{order}.{picture.suffix}"
                    made.writestr(zipfile.ZipInfo(name, EPOCH), picture.data)
    return buffer.getvalue()
