"""The lab report: one document on A4, tagged, with cover, contents, numbered captions and bookmarks.

Everything the document needs is handed to WeasyPrint by name through a closed door: it can reach
neither files nor the network, and the same report gives the same bytes in any folder.
"""

from __future__ import annotations

import logging
import os
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reportgen.errors import ReportgenError
from reportgen.manuscript import Named
from reportgen.render import PLAIN, Output, Wishes, charts, diagram, fonts, formulas
from reportgen.render.cells import density, wholeness
from reportgen.render.choice import is_broad, pages_of
from reportgen.render.citations import written
from reportgen.render.downloads import numbers
from reportgen.render.environment import Place, make_environment
from reportgen.render.language import Speaker
from reportgen.render.letters import for_paper, printable
from reportgen.render.packed import Packed, images
from reportgen.render.paper import Paper
from reportgen.render.pointers import formula_pointer, linked, pointer, source_pointer, steps
from reportgen.render.print_pictures import PrintPicture, colour_bar, prepare
from reportgen.render.prose import Prose
from reportgen.render.template_errors import template_errors
from reportgen.report import codec
from reportgen.report.blocks import Chart, Diagram, Figure, Gallery, Picture
from reportgen.report.document import SETTINGS, Formula, Report
from reportgen.report.lab import COVER
from reportgen.text import Message, _

BASE = "https://report.invalid/"
LONGEST_IN_LIST = 68
_EMS = re.compile(r'"([\d.]+)em"')
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml", ".css": "text/css", ".ttf": "font/ttf"}


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write `report.<language>.pdf`."""
    data, complaints = document(report, Speaker(output.language), templates, output.wishes)
    for complaint in complaints:
        logging.getLogger(__name__).warning("PDF: %s", complaint)
    (output.folder / f"report.{output.language}.pdf").write_bytes(data)


def document(
    report: Report, speaker: Speaker, templates: Sequence[Path] = (), wishes: Wishes = PLAIN
) -> tuple[bytes, list[str]]:
    """The PDF and what WeasyPrint had to complain about (nothing, if all is well)."""
    weasyprint = fonts.import_weasyprint()
    shelf = _Shelf(wishes.pdf_quality)
    page = page_of(report, speaker, shelf, templates, wishes.site_url)
    variant = None if wishes.pdf_variant == "none" else wishes.pdf_variant
    with _listening() as complaints:
        made = weasyprint.HTML(string=page.text, base_url=BASE, url_fetcher=_fetcher(shelf))
        files = _attachments(report, page.paper, speaker) if wishes.pdf_attachments else []
        data: bytes = made.write_pdf(pdf_variant=variant, attachments=files, cache=images(shelf.packed, BASE))
    return data, complaints


def _attachments(report: Report, paper: Paper, speaker: Speaker) -> list[Any]:
    """The report as data, its configuration, and every printed table under the number that it has on paper."""
    from weasyprint import Attachment

    files = [("report.json", _("The report as data"), codec.dumps(report))]
    if report.provenance.settings:
        files.append((SETTINGS, _("The configuration"), report.provenance.settings))
    for table in paper.tables:
        number = paper.of(table)
        files.append((f"table-{number}.csv", _("Table {number}", number=number), "\ufeff" + numbers(table, speaker)))
    moment = _moment() or datetime(1980, 1, 1, tzinfo=UTC)
    return [
        Attachment(
            string=text.encode("utf-8", "replace"), name=name, description=speaker.say(words), created=moment,
            modified=moment, relationship="Data",
        )
        for name, words, text in files
    ]


def page(report: Report, speaker: Speaker, shelf: _Shelf, templates: Sequence[Path] = ()) -> str:
    """The document before it is set: one page of HTML, its pictures and styles put on the shelf."""
    return page_of(report, speaker, shelf, templates).text


@dataclass(frozen=True, slots=True)
class Page:
    """The document as HTML, and the marks in the author's texts that could not be resolved."""

    text: str
    unknown: frozenset[str]
    paper: Paper


def page_of(
    report: Report, speaker: Speaker, shelf: _Shelf | None = None, templates: Sequence[Path] = (), site_url: str = "",
) -> Page:
    """The same with what was noticed on the way; `site_url` is where the site is published, if that is known."""
    shelf = shelf or _Shelf()
    paper = Paper(report, speaker.language)

    def cite(key: str) -> Markup | None:
        order = paper.order_of(key)
        return Markup('<a class="near" href="#source-{0}">{0}</a>').format(order) if order else None

    shown: set[str] = set()

    def show(named: Named) -> Markup | None:
        found = paper.illustration(named.file)
        if found is None or named.file in shown:
            return None
        shown.add(named.file)
        blocks: Any = environment.get_template("lab/blocks.html.j2").make_module(context)
        return Markup(blocks.figure(found))  # noqa: S704 - a template escapes

    def refer(file: str) -> Markup | None:
        found = paper.illustration(file)
        number = paper.of(found) if found else ""
        return Markup('<a class="near" href="#figure-{0}">{0}</a>').format(number) if number else None

    prose = Prose(report, speaker, cite, show, refer)
    environment = make_environment(paper.printed, speaker, templates, Place(site_url=site_url))
    environment.filters |= _filters(paper, speaker, shelf, prose)
    context = {"report": report, "section": None, "language": speaker.language}
    with template_errors():
        _put_styles(shelf, environment, paper)
        text = for_paper(printable(environment.get_template("lab/report.html.j2").render(context)))
    return Page(text, frozenset(prose.unknown), paper)


def _filters(paper: Paper, speaker: Speaker, shelf: _Shelf, prose: Prose) -> dict[str, Callable[..., Any]]:
    """What the templates of the lab report may use besides."""

    def sentence(told: Message | None) -> Markup:
        return linked(speaker.markup(told)) if told else Markup()

    def caption(block: Figure | Gallery | Chart | Diagram) -> Markup:
        """A picture of the author's has Markdown under it."""
        own = block.caption
        return prose.line(own) if isinstance(own, str) else speaker.markup(own)

    return {
        "paper": lambda _report: paper,
        "style": lambda _report: paper.style,
        "figure_number": paper.of,
        "section_number": paper.section,
        "formula_number": paper.formula,
        "explained": paper.explains,
        "is_large": paper.is_large,
        "caption": caption,
        "pointer": lambda section: sentence(pointer(section, paper)),
        "formula_pointer": lambda section: sentence(formula_pointer(section, paper)),
        "source_pointer": lambda section: sentence(source_pointer(section, paper)),
        "steps": steps,
        "author": prose.html,
        "author_line": prose.line,
        "source": lambda reference: written(reference, paper.style.references),
        "cited": lambda key: prose.cite(key) or "",
        "heading": lambda title: _heading(speaker.markup(title), paper.style.capitals),
        "pages": pages_of,
        "is_broad": is_broad,
        "wholeness": wholeness,
        "shortened": lambda text: textwrap.shorten(text, LONGEST_IN_LIST, placeholder="…").replace(":…", "…"),
        "printed": shelf.picture,
        "drawn": lambda block: shelf.drawing(block, speaker, paper.style.size),
        "scale_bar": shelf.scale,
        "density": density,
        "lab": lambda one: {name: text for name in COVER if (text := one.lab.field(name, speaker.language))},
        "created": lambda _one: _created(),
    }


def _heading(title: Markup, capitals: bool) -> Markup:
    """A structural heading, in capitals where the style asks for them; code keeps its letters."""
    if not capitals:
        return title
    pieces = re.split(r"(<code>.*?</code>|&\w+;)", str(title))
    return Markup("".join(piece if place % 2 else piece.upper() for place, piece in enumerate(pieces)))  # noqa: S704


@dataclass
class _Shelf:
    """What the document may ask for, by name."""

    quality: str = "normal"
    files: dict[str, bytes] = field(default_factory=dict)
    packed: dict[str, Packed] = field(default_factory=dict)

    def picture(self, picture: Picture) -> PrintPicture:
        """A picture, made fit for paper and put on the shelf."""
        ready = prepare(picture, self.quality)
        self.files[f"pictures/{ready.name}"] = ready.data
        if ready.inside:
            self.packed[f"pictures/{ready.name}"] = ready.inside
        return ready

    def drawing(self, block: Chart | Diagram | Formula, speaker: Speaker, size: float) -> dict[str, str]:
        """A chart, diagram or formula as the address of an SVG, with its size in the drawing's own units."""
        if isinstance(block, Chart):
            markup = charts.svg(block, speaker)
        elif isinstance(block, Diagram):
            markup = diagram.svg(block, speaker)
        else:
            in_points = _EMS.sub(lambda found: f'"{float(found[1]) * size:.1f}pt"', formulas.svg(block.tex))
            markup = Markup(in_points)  # noqa: S704 - it was markup before
        name = f"drawings/{len(self.files)}.svg"
        self.files[name] = printable(str(markup)).encode()
        return {"url": name}

    def scale(self, colours: str) -> str:
        """The address of a bar of colours."""
        name = f"scales/{colours}.png"
        self.files[name] = colour_bar(colours)
        return name


def _put_styles(shelf: _Shelf, environment: ImmutableSandboxedEnvironment, paper: Paper) -> None:
    """The style sheet, written from the style of the report, and the faces it names."""
    faces = fonts.faces(paper.style.font)
    rules = "".join(
        f'@font-face {{ font-family: "{face.family}"; src: url("{BASE}fonts/{face.file}");'
        f" font-weight: {face.weight}; font-style: {face.style}; }}\n"
        for face in faces
    )
    for face in faces:
        shelf.files[f"fonts/{face.file}"] = face.path.read_bytes()
    for name in ("page.css", "lab.css"):
        text = environment.get_template(f"lab/{name}.j2").render(
            report=paper.report, section=None, language=paper.language
        )
        shelf.files[name] = (rules * (name == "page.css") + text).encode()


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


def _created() -> str:
    """The date for the document's properties, only where the build names one."""
    moment = _moment()
    return moment.isoformat() if moment else ""


def _moment() -> datetime | None:
    moment = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not moment:
        return None
    try:
        return datetime.fromtimestamp(int(moment), UTC)
    except (ValueError, OverflowError, OSError) as problem:
        raise ReportgenError(
            f"SOURCE_DATE_EPOCH is {moment!r}, which is not a number of seconds.", slug="source-date"
        ) from problem
