"""The template environment: where templates are looked for and what they may use.

A template sees `report`, `section` and `language`, and the filters below; `templates/README.md` is
the whole list. Templates may come from the user, so they run in a sandbox, and a name that does not
exist is an error, not an empty string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reportgen import __version__, resources
from reportgen.languages import manners
from reportgen.manuscript import Named, pictures_in
from reportgen.render import layers, names, outline, pictures, verdicts
from reportgen.render.citations import short
from reportgen.render.folders import FolderLoader
from reportgen.render.language import Speaker
from reportgen.render.layers import LAYERS, MISSING, LayerPage
from reportgen.render.letters import printable
from reportgen.render.prose import Prose
from reportgen.render.typography import typeset
from reportgen.report.blocks import Attachment, Block, Cell, Chart, Diagram, Picture
from reportgen.report.codec import asset_name
from reportgen.report.document import Formula, Report, Section
from reportgen.report.lab import SLOTS
from reportgen.report.references import KNOWN

Filter = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: the relative addresses from it.

    `root` leads to the output folder and `pages` to the pages of the same language; `assets` and
    `static` to the pictures and to the style sheets. `files` are the finished documents that stand
    in the output folder, and `languages` those that the site has. `site_url` is where the folder is published, if that
    is known.
    """

    root: str = "../"
    pages: str = ""
    assets: str = "../assets/"
    static: str = "../static/"
    languages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    site_url: str = ""


@dataclass
class Addresses:
    """The addresses of one page: relative, so that the site works in any folder."""

    report: Report
    language: str
    place: Place
    names: Mapping[str, str] = field(init=False)
    pages: Mapping[str, str] = field(init=False)
    layer_pages: tuple[LayerPage, ...] = field(init=False)
    _marks: dict[int, tuple[Section, dict[int, str], dict[int, int]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.layer_pages = layers.layer_pages(self.report)
        self._layers = layers.by_layer(self.layer_pages)
        self.names = names.page_names(self.report)
        self.pages = {
            **self.names,
            LAYERS.name: "layers/index",
            MISSING.name: "index",
            **{one.section.name: f"layers/{one.page}" for one in self.layer_pages},
        }

    def picture(self, picture: Picture | Attachment) -> str:
        """The file of a picture, or an attached one."""
        return self.place.assets + asset_name(picture)

    def link(self, picture: Picture) -> str:
        """Where a click on a picture leads."""
        return self.picture(picture)

    def page(self, section: Section | None, language: str = "") -> str:
        """The page of a section or a layer, or the index for none; in another language on demand."""
        name = names.quoted(self.pages[section.name]) if section else "index"
        if language and language != self.language:
            return f"{self.place.root}{language}/{name}.html"
        return f"{self.place.pages}{name}.html"

    def whole(self, section: Section | None, language: str = "") -> str:
        """The whole address of a page, for those who come from elsewhere; nothing where the site's is not known."""
        if not self.place.site_url or (section and section.name not in self.pages):
            return ""
        name = names.quoted(self.pages[section.name]) if section else "index"
        return f"{self.place.site_url}{language or self.language}/{name}.html"

    def static(self, name: str) -> str:
        """A style sheet, a script, an icon."""
        return self.place.static + name

    def file(self, name: str) -> str:
        """A finished document of the output folder, or nothing where it was not made."""
        return self.place.root + name if name in self.place.files else ""

    def anchor(self, block: Block, section: Section) -> str:
        """The block's anchor on its page."""
        return self._marked(section)[1].get(names.place_of(block, section), "")

    def ordinal(self, block: Block, section: Section) -> int:
        """The number of a figure or a table on its page."""
        return self._marked(section)[2][names.place_of(block, section)]

    def cover(self, report: Report) -> str:
        """The whole address of a picture to know the report by."""
        shown = next((picture for section in report.sections if (picture := outline.thumbnail(section))), None)
        return f"{self.place.site_url}assets/{asset_name(shown)}" if shown and self.place.site_url else ""

    def csv(self, block: Block, section: Section) -> str:
        """The file of a table's numbers, or nothing where it is not one of the report's sections."""
        if section.name not in self.names:
            return ""
        return self.place.pages + names.csv_path(block, section, names.quoted(self.names[section.name]))

    def layer(self, name: Cell, network: str) -> str:
        """The page of a layer, or nothing where it has none."""
        page = self._layers.get((network, name)) if isinstance(name, str) else None
        return self.page(page.section) if page else ""

    def network_of(self, drawn: Diagram) -> str:
        """The network that a diagram shows."""
        return next((home.network for home, one in outline.diagrams(self.report) if one is drawn), "")

    def _marked(self, section: Section) -> tuple[Section, dict[int, str], dict[int, int]]:
        if id(section) not in self._marks:
            self._marks[id(section)] = (section, names.anchors(section), names.ordinals(section))
        return self._marks[id(section)]


def make_environment(
    report: Report, speaker: Speaker, templates: Sequence[Path] = (), place: Place | None = None
) -> ImmutableSandboxedEnvironment:
    """An environment for the templates of one language at one place; the user's folders come first."""
    return environment_at(Addresses(report, speaker.language, place or Place()), report, speaker, templates)


def environment_at(
    addresses: Addresses, report: Report, speaker: Speaker, templates: Sequence[Path] = ()
) -> ImmutableSandboxedEnvironment:
    """The same with addresses of another kind."""
    environment = ImmutableSandboxedEnvironment(
        loader=FolderLoader([*templates, resources.folder("templates")]),
        autoescape=_is_markup,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.clear()
    words = speaker.with_words([folder / "locale" / f"{speaker.language}.po" for folder in templates])
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.gettext, words.ngettext, newstyle=True, pgettext=words.pgettext, npgettext=words.npgettext
    )
    environment.filters |= _filters(report, speaker, addresses)
    return environment


def write_text(path: Path, text: str) -> None:
    """Write a text file, the same bytes on every system; no control character gets into one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(printable(text).encode())


def _filters(report: Report, speaker: Speaker, addresses: Addresses) -> dict[str, Filter]:
    sources = {**KNOWN, **{source.key: source for source in report.lab.sources}}

    def show(named: Named) -> Markup | None:
        found = report.lab.picture(named.file)
        if found is None:
            return None
        return pictures.illustration(named, prose.line(named.caption), found, addresses.picture(found))

    def refer(file: str) -> Markup | None:
        texts = (report.lab.text(slot, speaker.language) for slot in SLOTS)
        named = next((one for text in texts for one in pictures_in(text) if one.file == file), None)
        opening, closing, *_inner = speaker.manners.quotes
        return Markup("{}{}{}").format(opening, prose.line(named.caption), closing) if named else None

    prose = Prose(report, speaker, lambda key: short(sources[key]) if key in sources else None, show, refer)
    return {
        "say": speaker.say,
        "markup": speaker.markup,
        "number": speaker.number,
        "svg": lambda drawn: _svg(drawn, speaker, addresses),
        "picture_url": addresses.picture,
        "link_url": addresses.link,
        "page_url": addresses.page,
        "whole_url": addresses.whole,
        "cover_url": addresses.cover,
        "static_url": addresses.static,
        "file_url": addresses.file,
        "anchor": addresses.anchor,
        "ordinal": addresses.ordinal,
        "decimal": lambda _report: speaker.manners.decimal,
        "languages": lambda own: [(code, manners(code).name) for code in addresses.place.languages or (own,)],
        "version": lambda name: f"{name} {__version__}",
        "tile_numbers": pictures.tile_numbers,
        "numbering": pictures.numbering,
        "span": pictures.span,
        "thumbnail": outline.thumbnail,
        "runs": outline.runs,
        "chapters": outline.chapters,
        "chapter_title": lambda one: speaker.say(outline.chapter_title(one)),
        "chapter_key": outline.chapter_key,
        "role_title": lambda role: speaker.say(outline.role_title(role)),
        "neighbours": outline.neighbours,
        "alignments": outline.alignments,
        "data_rows": outline.data_rows,
        "first_sentence": outline.first_sentence,
        "diagrams": outline.diagrams,
        "main_findings": outline.main_findings,
        "networks": outline.networks,
        "network_name": lambda network: speaker.say(outline.network_name(network, report)),
        "author": prose.html,
        "author_line": prose.line,
        "typeset": lambda words: typeset(words, speaker.language),
        "csv_url": addresses.csv,
        "verdicts": verdicts.verdicts,
        "sparkline": verdicts.sparkline,
        "layers": lambda _report: addresses.layer_pages,
        "layers_home": lambda _report: LAYERS,
        "layer": lambda section: next(one for one in addresses.layer_pages if one.section.name == section.name),
        "layer_url": lambda name, section: addresses.layer(name, section.network),
        "layer_neighbours": lambda page: layers.neighbours(page, addresses.layer_pages),
        "layer_window": lambda page: layers.window(page, addresses.layer_pages),
        "input_picture": lambda section: layers.image_of(section.sample, layers.own_sections(section, report)),
        "caveats": outline.caveats,
        "found": outline.findings,
        "beside": lambda network: outline.beside(report, network),
        "identity": names.identifier,
        "overviews": outline.overviews,
    }


def _svg(
    drawn: Chart | Diagram | Formula, speaker: Speaker, addresses: Addresses
) -> Markup:
    if isinstance(drawn, Chart):
        from reportgen.render import charts

        return charts.svg(drawn, speaker)
    if isinstance(drawn, Diagram):
        from reportgen.render import diagram

        network = addresses.network_of(drawn)
        linked = {node.name: page for node in drawn.nodes if (page := addresses.layer(node.name, network))}
        return diagram.svg(drawn, speaker, linked.get if linked else None)
    from reportgen.render import formulas

    return formulas.svg(drawn.tex)


def _is_markup(name: str | None) -> bool:
    return name is None or not name.endswith((".md.j2", ".md", ".txt.j2"))
