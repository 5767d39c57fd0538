"""The lab report: one document on A4, tagged, with cover, contents, numbered captions and bookmarks.

Everything the document needs is handed to WeasyPrint by name through a closed door: it can reach
neither files nor the network, and the same report gives the same bytes in any folder.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from markupsafe import Markup

from reportgen import resources
from reportgen.errors import ReportgenError
from reportgen.render import Output, charts, diagram, fonts, formulas, outline
from reportgen.render.environment import make_environment
from reportgen.render.html import template_error
from reportgen.render.language import Speaker
from reportgen.render.print_pictures import PrintPicture, colour_bar, prepare
from reportgen.report.blocks import Block, Chart, Diagram, Figure, Gallery, Note, Picture, Table
from reportgen.report.document import Formula, Report, Section
from reportgen.text import _

BASE = "https://report.invalid/"
MOST_ROWS = 120
TEXT_PT = 14
MOST_FIGURES = 12
"""A section with more figures shows so many of them on paper, evenly over depth; the site shows all."""
MOST_FURTHER = 3
"""A section about a further image with more figures and tables is shortened on paper."""
_EMS = re.compile(r'"([\d.]+)em"')
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml", ".css": "text/css", ".ttf": "font/ttf"}


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write `report.<language>.pdf`."""
    data, complaints = document(report, Speaker(output.language), templates)
    for complaint in complaints:
        logging.getLogger(__name__).warning("PDF: %s", complaint)
    (output.folder / f"report.{output.language}.pdf").write_bytes(data)


def document(report: Report, speaker: Speaker, templates: Sequence[Path] = ()) -> tuple[bytes, list[str]]:
    """The PDF and what WeasyPrint had to complain about (nothing, if all is well)."""
    weasyprint = fonts.import_weasyprint()
    shelf = _Shelf()
    text = page(report, speaker, shelf, templates)
    with _listening() as complaints:
        made = weasyprint.HTML(string=text, base_url=BASE, url_fetcher=_fetcher(shelf))
        data: bytes = made.write_pdf(pdf_variant="pdf/ua-1")
    return data, complaints


def page(report: Report, speaker: Speaker, shelf: _Shelf, templates: Sequence[Path] = ()) -> str:
    """The document before it is set: one page of HTML, its pictures put on the shelf."""
    report = dataclasses.replace(report, sections=told_once(map(for_paper, shortened(report.sections))))
    environment = make_environment(report, speaker, templates)
    numbers = _Numbers(report)
    environment.filters |= {
        "figure_number": numbers.of,
        "chapter_number": numbers.chapter,
        "section_number": numbers.section,
        "formula_number": numbers.formula,
        "explained": numbers.explains,
        "printed": lambda picture: shelf.picture(picture),
        "drawn": lambda block: shelf.drawing(block, speaker),
        "scale_bar": shelf.scale,
        "rows_shown": lambda table: table.rows[:MOST_ROWS],
        "density": lambda table: next(name for most, name in _DENSITIES if len(table.columns) <= most),
        "lab": lambda one: {key: value for key, value in one.lab if value},
        "created": lambda _one: _created(),
    }
    _put_styles(shelf, templates)
    try:
        return environment.get_template("lab/report.html.j2").render(
            report=report, section=None, language=speaker.language
        )
    except TemplateError as problem:
        raise template_error(problem) from problem


def for_paper(section: Section) -> Section:
    """The section with a choice of its figures, where it has more than one would leaf through."""
    figures = [place for place, block in enumerate(section.blocks) if isinstance(block, Figure)]
    if len(figures) <= MOST_FIGURES:
        return section
    kept = {figures[round(step * (len(figures) - 1) / (MOST_FIGURES - 1))] for step in range(MOST_FIGURES)}
    blocks: list[Block] = []
    for place, block in enumerate(section.blocks):
        if place == figures[0]:
            blocks.append(Note(
                _("{shown} of {count} figures are printed, evenly over depth; the site has all of them.",
                  shown=len(kept), count=len(figures)), "info",
            ))
        if place in kept or not isinstance(block, Figure):
            blocks.append(block)
    return dataclasses.replace(section, blocks=tuple(blocks))


def shortened(sections: Sequence[Section]) -> list[Section]:
    """The sections; those of an artifact for further images with their first figure, facts and notes alone."""
    seen: set[tuple[str, str, str]] = set()
    return [_shortened(section) if _is_further(section, seen) else section for section in sections]


def _is_further(section: Section, seen: set[tuple[str, str, str]]) -> bool:
    key = (section.network, section.chapter, section.artifact)
    further = key in seen and bool(section.sample)
    seen.add(key)
    return further


def _shortened(section: Section) -> Section:
    shown = [block for block in section.blocks if isinstance(block, _SHOWN)]
    if len(shown) <= MOST_FURTHER:
        return section
    blocks = [block for block in section.blocks if block is shown[0] or not isinstance(block, _SHOWN)]
    blocks.insert(blocks.index(shown[0]) + 1, Note(
        _("Printed is the first figure for this image; the site has all {count} figures and tables.",
          count=len(shown)), "info",
    ))
    return dataclasses.replace(section, blocks=tuple(blocks))


_SHOWN = (Figure, Gallery, Chart, Diagram, Table)


def told_once(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections without the tables that an earlier one has, word for word: paper is read from the beginning."""
    told: set[Table] = set()
    kept: list[Section] = []
    for section in sections:
        blocks = tuple(block for block in section.blocks if not (isinstance(block, Table) and block in told))
        told.update(block for block in blocks if isinstance(block, Table))
        kept.append(dataclasses.replace(section, blocks=blocks))
    return tuple(kept)


_DENSITIES = ((4, "easy"), (6, "medium"), (8, "tight"), (99, "tightest"))


@dataclass
class _Shelf:
    """What the document may ask for, by name."""

    files: dict[str, bytes] = field(default_factory=dict)

    def picture(self, picture: Picture) -> PrintPicture:
        """A picture, made fit for paper and put on the shelf."""
        ready = prepare(picture)
        self.files[f"pictures/{ready.name}"] = ready.data
        return ready

    def drawing(self, block: Chart | Diagram | Formula, speaker: Speaker) -> dict[str, str]:
        """A chart, diagram or formula as the address of an SVG, with its size in the drawing's own units."""
        if isinstance(block, Chart):
            markup = charts.svg(block, speaker)
        elif isinstance(block, Diagram):
            markup = diagram.svg(block, speaker)
        else:
            in_points = _EMS.sub(lambda found: f'"{float(found[1]) * TEXT_PT:.1f}pt"', formulas.svg(block.tex))
            markup = Markup(in_points)  # noqa: S704 - it was markup before
        name = f"drawings/{len(self.files)}.svg"
        self.files[name] = str(markup).encode()
        return {"url": name}

    def scale(self, colours: str) -> str:
        """The address of a bar of colours."""
        name = f"scales/{colours}.png"
        self.files[name] = colour_bar(colours)
        return name


class _Numbers:
    """The numbers of chapters, sections, figures, tables and formulas: by chapter, as 2.1."""

    def __init__(self, report: Report) -> None:
        self._blocks: dict[int, str] = {}
        self._sections: dict[str, str] = {}
        self._chapters: dict[str, int] = {}
        self._formulas: dict[tuple[str, int], str] = {}
        self._explaining: dict[str, str] = {}
        for number, chapter in enumerate(outline.chapters(report), start=1):
            self._chapters[chapter.name] = number
            self._count(chapter.entries, number)

    def _count(self, entries: Sequence[outline.Entry], number: int) -> None:
        figures = tables = formulas_seen = 0
        sections = [section for entry in entries for section in entry.sections]
        for place, section in enumerate(sections, start=1):
            self._sections[section.name] = f"{number}.{place}"
            self._explaining.setdefault(section.artifact, section.name)
            for order in range(len(section.formulas) if self.explains(section) else 0):
                formulas_seen += 1
                self._formulas[section.name, order] = f"{number}.{formulas_seen}"
            for block in section.blocks:
                if isinstance(block, Table):
                    tables += 1
                    self._blocks[id(block)] = f"{number}.{tables}"
                elif isinstance(block, Figure | Gallery | Chart | Diagram):
                    figures += 1
                    self._blocks[id(block)] = f"{number}.{figures}"

    def of(self, block: Block) -> str:
        """The number of a figure or table."""
        return self._blocks[id(block)]

    def explains(self, section: Section) -> bool:
        """True for the first section of its artifact: only there the reader is told what it is about."""
        return self._explaining[section.artifact] == section.name

    def chapter(self, name: str) -> int:
        """The number of a chapter."""
        return self._chapters[name]

    def section(self, section: Section) -> str:
        """The number of a section."""
        return self._sections[section.name]

    def formula(self, section: Section, order: int) -> str:
        """The number of a formula."""
        return self._formulas[section.name, order]


def _put_styles(shelf: _Shelf, templates: Sequence[Path]) -> None:
    """The style sheet (a user's own comes first) and the faces it names."""
    rules = "".join(
        f'@font-face {{ font-family: "{face.family}"; src: url("{BASE}fonts/{face.file}");'
        f" font-weight: {face.weight}; font-style: {face.style}; }}\n"
        for face in fonts.FACES
    )
    for face in fonts.FACES:
        shelf.files[f"fonts/{face.file}"] = face.path.read_bytes()
    for folder in (*templates, resources.folder("templates")):
        sheet = folder / "static" / "lab.css"
        if sheet.is_file():
            shelf.files["lab.css"] = (rules + sheet.read_text(encoding="utf-8")).encode()
            return


def _fetcher(shelf: _Shelf) -> Any:
    """A door that opens to the shelf only."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Door(URLFetcher):  # type: ignore[misc]
        """Hands out what is on the shelf; knows no file and no network."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            """The file of that name."""
            name = url.removeprefix(BASE).partition("#")[0].partition("?")[0]
            if not url.startswith(BASE) or name not in shelf.files:
                raise ValueError(f"refused: {url}")
            return URLFetcherResponse(url, shelf.files[name], {"Content-Type": TYPES[Path(name).suffix]})

    return Door()


class _listening:  # noqa: N801 - it is used as a statement
    """Collects what WeasyPrint logs as warnings and errors."""

    def __enter__(self) -> list[str]:
        self.complaints: list[str] = []
        self.logger = logging.getLogger("weasyprint")
        self.handler = logging.Handler(logging.WARNING)
        self.handler.emit = lambda record: self.complaints.append(record.getMessage())  # type: ignore[method-assign]
        self.kept = (self.logger.propagate, self.logger.handlers)
        self.logger.propagate, self.logger.handlers = False, [self.handler]
        return self.complaints

    def __exit__(self, *_error: object) -> None:
        self.logger.propagate, self.logger.handlers = self.kept


def _created() -> Markup | str:
    """The date for the document's properties, only where the build names one."""
    moment = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not moment:
        return ""
    try:
        return datetime.fromtimestamp(int(moment), UTC).isoformat()
    except (ValueError, OverflowError, OSError) as problem:
        raise ReportgenError(
            f"SOURCE_DATE_EPOCH is {moment!r}, which is not a number of seconds.", slug="source-date"
        ) from problem
