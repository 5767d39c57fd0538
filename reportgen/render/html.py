"""The site: an index page and a page for each section, in each language, readable without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reportgen.errors import ReportgenError
from reportgen.render import Output
from reportgen.render.environment import Place, make_environment, write_text
from reportgen.render.language import Speaker
from reportgen.render.names import page_names
from reportgen.report.document import Report, Section
from reportgen.report.names import slug


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write the pages of one language; the first language's index stands at the top of the folder too."""
    for path, text in pages(report, output, Speaker(output.language), templates):
        write_text(output.folder / path, text)


def pages(
    report: Report, output: Output, speaker: Speaker, templates: Sequence[Path] = ()
) -> Iterator[tuple[str, str]]:
    """Every page as its path in the output folder and its text."""
    language = output.language
    place = Place(languages=output.languages, files=documents(output))
    environment = make_environment(report, speaker, templates, place)
    yield f"{language}/index.html", _page(environment, report, None, language)
    names = page_names(report)
    for section in report.sections:
        yield f"{language}/{names[section.name]}.html", _page(environment, report, section, language)
    if output.is_first:
        top = Place("", f"{language}/", "assets/", "static/", output.languages, place.files)
        environment = make_environment(report, speaker, templates, top)
        yield "index.html", _page(environment, report, None, language)


def documents(output: Output) -> tuple[str, ...]:
    """The documents that will stand beside the site, to be offered on every page."""
    made = {
        "pdf": f"report.{output.language}.pdf",
        "markdown": f"summary.{output.language}.md",
    }
    return (*(name for format, name in made.items() if format in output.formats), "report.json")


def _page(
    environment: ImmutableSandboxedEnvironment, report: Report, section: Section | None, language: str
) -> str:
    names = ["site/index.html.j2"]
    if section:
        names = [f"site/sections/{slug(section.artifact)}.html.j2", "site/section.html.j2"]
    try:
        template = environment.select_template(names)
        text = template.render(report=report, section=section, language=language)
    except TemplateError as problem:
        raise template_error(problem) from problem
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def template_error(problem: TemplateError) -> ReportgenError:
    """What is wrong in a template, and where."""
    where = getattr(problem, "name", None) or "a template"
    line = getattr(problem, "lineno", None)
    return ReportgenError(
        f"{where}{f', line {line}' if line else ''}: {problem.message or type(problem).__name__}.",
        slug="template-broken",
        hint="templates/README.md lists what a template can use.",
    )
