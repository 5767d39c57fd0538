"""The site: an index, a page for each section and each layer, in each language, readable without a server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment

from reportgen.render import Output, downloads
from reportgen.render.environment import Place, make_environment, write_text
from reportgen.render.language import Speaker
from reportgen.render.layers import LAYERS, MISSING, LayerPage, layer_pages
from reportgen.render.letters import printable
from reportgen.render.names import page_names, quoted
from reportgen.render.search import entries
from reportgen.render.template_errors import template_errors
from reportgen.report.document import Report, Section
from reportgen.report.names import slug

NEEDLESS = re.compile("</(?:t[dhr]|li)>")
"""Ends of cells, rows and items, which HTML lets one leave out: a quarter of a page with many channels."""


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write the pages of one language; the first language's index stands at the top of the folder too."""
    speaker = Speaker(output.language)
    for path, text in pages(report, output, speaker, templates):
        write_text(output.folder / path, text)
    downloads.write(report, output, speaker)


def pages(
    report: Report, output: Output, speaker: Speaker, templates: Sequence[Path] = ()
) -> Iterator[tuple[str, str]]:
    """Every page as its path in the output folder and its text."""
    language = output.language
    files, site_url = documents(report, output), output.wishes.site_url
    beside = Place(languages=output.languages, files=files, site_url=site_url)
    environment = make_environment(report, speaker, templates, beside)
    yield f"{language}/index.html", _page(environment, report, None, language)
    names = page_names(report)
    for section in report.sections:
        yield f"{language}/{names[section.name]}.html", _page(environment, report, section, language)
    layers = layer_pages(report)
    if layers:
        deep = Place("../../", "../", "../../assets/", "../../static/", output.languages, files, site_url)
        environment = make_environment(report, speaker, templates, deep)
        yield f"{language}/layers/index.html", _page(environment, report, LAYERS, language)
        for layer in layers:
            yield f"{language}/layers/{layer.page}.html", _page(environment, report, layer.section, language)
    yield f"{language}/search.js", search_index(report, speaker, layers)
    if output.is_first:
        top = Place("", f"{language}/", "assets/", "static/", output.languages, files, site_url)
        environment = make_environment(report, speaker, templates, top)
        yield "index.html", _page(environment, report, None, language)
    if output.is_first and site_url:
        place = Place(
            site_url, f"{site_url}{language}/", f"{site_url}assets/", f"{site_url}static/", output.languages, files
        )
        yield "404.html", _page(make_environment(report, speaker, templates, place), report, MISSING, language)
        yield from _for_servers(report, output, layers)


def _for_servers(report: Report, output: Output, layers: Sequence[LayerPage]) -> Iterator[tuple[str, str]]:
    """What search engines and GitHub Pages look for; it needs the whole address of the site."""
    site_url = output.wishes.site_url
    names = ["index", *page_names(report).values(), *(["layers/index"] if layers else [])]
    paths = [*names, *(f"layers/{layer.page}" for layer in layers)]
    lines = "".join(
        f"<url><loc>{site_url}{language}/{quoted(path)}.html</loc></url>\n"
        for language in output.languages or (output.language,) for path in paths
    )
    yield "sitemap.xml", (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'
    )
    yield "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {site_url}sitemap.xml\n"
    yield ".nojekyll", ""


def documents(report: Report, output: Output) -> tuple[str, ...]:
    """The documents that will stand beside the site, to be offered on every page."""
    made = {
        "pdf": f"report.{output.language}.pdf",
        "markdown": f"summary.{output.language}.md",
        "single": f"report.{output.language}.html",
    }
    finished = (name for format, name in made.items() if format in output.formats)
    return (*finished, "report.json", *downloads.names(report))


def search_index(report: Report, speaker: Speaker, layers: Sequence[LayerPage]) -> str:
    """What the search looks through, as a script: a page opened from a folder may load nothing else."""
    found = [[printable(part) for part in entry] for entry in entries(report, speaker, layers)]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f"var reportgenIndex = {text};\n"


def _page(
    environment: ImmutableSandboxedEnvironment, report: Report, section: Section | None, language: str
) -> str:
    names = ["site/index.html.j2"]
    if section and section.artifact.startswith("*"):
        names = [f"site/{section.artifact[1:]}.html.j2"]
    elif section:
        names = [f"site/sections/{slug(section.artifact)}.html.j2", "site/section.html.j2"]
    with template_errors():
        text = environment.select_template(names).render(report=report, section=section, language=language)
    lines = (line.rstrip() for line in text.splitlines() if line.strip())
    return NEEDLESS.sub("", "\n".join(lines)) + "\n"
