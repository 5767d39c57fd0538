"""From a report to files. Nothing here, nor anything it imports, loads TensorFlow.

A renderer is a function `(report, output, templates) -> None` that writes one format in one language
into `output.folder`. Renderers share nothing, so they may run side by side in several processes.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import logging
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast

from reportgen import formats as known_formats
from reportgen import plugins, resources
from reportgen.errors import NO_ROOM, ReportgenError, UsageError
from reportgen.languages import CODES
from reportgen.manifest import write_manifest
from reportgen.render.crew import Crew, settle_in
from reportgen.render.kept import NOTHING, drawing_from
from reportgen.report import codec
from reportgen.report.document import Report, Section
from reportgen.shelf import Drawer
from reportgen.watching import NOBODY, Step, Watcher

log = logging.getLogger(__name__)
ONCE = frozenset({"figures", "json"})
"""Formats that are made once for all languages (in the first one)."""
EFFORT: tuple[str, ...] = ("pdf", "figures", "html", "single", "markdown", "json")
"""The heavy ones first, so that no worker is left with a long task at the end."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user may want of the files. `force` writes what is larger than is good; `site_url` is where the folder
    will be published; `pdf_quality` and `pdf_variant` say how fine its pictures are and which standard it declares,
    `pdf_attachments` whether the numbers are in it as files.
    """

    force: bool = False
    site_url: str = ""
    pdf_quality: Literal["draft", "normal", "print"] = "normal"
    pdf_variant: Literal["pdf/ua-1", "pdf/a-3a", "none"] = "pdf/ua-1"
    pdf_attachments: bool = True


PLAIN = Wishes()
"""Nothing out of the ordinary."""


@dataclass(frozen=True, slots=True)
class Output:
    """What one call of a renderer is to make: a format in a language, into the output folder.

    `languages` and `formats` are all that the folder is to have, so that pages can point to them.
    """

    folder: Path
    language: str
    format: str
    languages: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    wishes: Wishes = PLAIN

    @property
    def is_first(self) -> bool:
        """True for the language that the folder opens with."""
        return not self.languages or self.languages[0] == self.language


class Renderer(Protocol):
    """The shape of a renderer."""

    def __call__(self, report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
        """Write the files of one format in one language."""
        ...


def renderer_of(name: str) -> Renderer:
    """The renderer of a format. Its module is imported when it is used: a site needs no PDF library."""
    if name in known_formats.BUILT_IN:
        return cast(Renderer, importlib.import_module(f"reportgen.render.{name}").render)
    return _brought(name)


@functools.cache
def _brought(name: str) -> Renderer:
    """A renderer of an installed package; whatever goes wrong in it is told as a fault of that package."""
    renderer = plugins.load(plugins.RENDERERS, name)
    try:
        inspect.signature(renderer).bind(None, None, ())
    except Exception as problem:
        raise plugins.broken(plugins.RENDERERS, name, str(problem)) from problem

    def render_format(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
        try:
            renderer(report, output, templates)
        except ReportgenError:
            raise
        except Exception as problem:
            if isinstance(problem, OSError) and problem.errno in NO_ROOM:
                raise
            log.info("renderer %s failed:\n%s", name, traceback.format_exc())
            raise plugins.broken(plugins.RENDERERS, name, f"{type(problem).__name__}: {problem}") from problem

    return render_format


def check_formats(names: Iterable[str]) -> None:
    """Stop where a format of an installed package cannot be written, before anything is computed for it."""
    for name in known_formats.brought(tuple(names)):
        _brought(name)


def render(
    report: Report,
    folder: Path,
    *,
    languages: Sequence[str],
    formats: Sequence[str],
    templates: Sequence[Path] = (),
    jobs: int = 1,
    inputs: str = "",
    wishes: Wishes = PLAIN,
    watcher: Watcher = NOBODY,
    crew: Crew | None = None,
    drawer: Drawer = NOTHING,
) -> None:
    """Write everything into `folder`, which must be empty: pages, documents, the report, the manifest.

    `inputs` goes into the manifest. A `crew` that is at hand does the work, else `jobs` processes; what is in the
    `drawer` is not drawn again.
    """
    languages, formats = _known(languages, CODES, "language"), _known(formats, known_formats.known(), "format")
    check_formats(formats)
    tasks = [dataclasses.replace(task, wishes=wishes) for task in _tasks(folder, languages, formats)]
    templates = tuple(path.resolve() for path in templates)
    codec.save(report, folder)
    if "html" in formats:
        from reportgen.render.folders import copy_static

        copy_static(folder / "static", (*templates, resources.folder("templates")))
    for output in _run(report, tasks, templates, jobs, crew, drawer):
        watcher.finish(f"{output.format} {output.language}")
    write_manifest(folder, inputs, known_formats.brought(formats))


TITLES = {
    "html": "Pages", "pdf": "PDF", "figures": "Figures", "markdown": "Summary", "single": "Report in one file",
}


def steps_of(languages: Sequence[str], formats: Sequence[str]) -> tuple[Step, ...]:
    """What will be written, as a person calls it."""
    tasks = _tasks(Path(), tuple(languages), tuple(formats))
    return tuple(
        Step(f"{one.format} {one.language}", f"{TITLES.get(one.format, one.format)} ({one.language})", one.format)
        for one in tasks
    )


def _known(wanted: Sequence[str], known: Iterable[str], what: str) -> tuple[str, ...]:
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"There is no {what} {name!r}.", slug=f"unknown-{what}", hint=f"Known: {', '.join(known)}."
            )
    if not wanted:
        raise UsageError(f"No {what} was asked for.", slug=f"unknown-{what}", hint=f"Known: {', '.join(known)}.")
    return tuple(dict.fromkeys(wanted))


def _tasks(folder: Path, languages: tuple[str, ...], formats: tuple[str, ...]) -> list[Output]:
    return [
        Output(folder, language, name, languages, formats)
        for name in sorted(formats, key=lambda name: EFFORT.index(name) if name in EFFORT else -1)
        for language in (languages[:1] if name in ONCE else languages)
        if name != "json"
    ]


def _run(
    report: Report, tasks: Sequence[Output], templates: Sequence[Path], jobs: int, crew: Crew | None, drawer: Drawer,
) -> Iterator[Output]:
    if crew:
        yield from crew.finish(_work, tasks, tuple(templates), drawer)
    elif jobs < 2 or len(tasks) < 2:
        for output in tasks:
            with drawing_from(drawer):
                renderer_of(output.format)(report, output, templates)
            yield output
    else:
        with Crew(min(jobs, len(tasks))) as made:
            yield from made.finish(_work, tasks, tuple(templates), drawer)


def _work(output: Output, templates: tuple[Path, ...], drawer: Drawer) -> None:
    """One task in a worker, which reads the report from the folder rather than from its parent."""
    with drawing_from(drawer):
        renderer_of(output.format)(_read(output.folder), output, templates)


def get_ready(formats: Sequence[str]) -> None:
    """What a process does that will render in these formats: import what that needs."""
    settle_in()
    for name in set(formats) & {"html", "single", "pdf", "figures", "markdown"}:
        importlib.import_module(f"reportgen.render.{name}")
    if "pdf" in formats:
        from reportgen.render.fonts import import_weasyprint

        import_weasyprint()


def draw_ahead(section: Section, language: str, formats: Sequence[str], drawer: Drawer) -> None:
    """Put into the drawer what renderers will want of a section; they make the rest."""
    from reportgen.render import figures, formulas

    with drawing_from(drawer):
        if set(formats) & {"html", "single", "pdf"}:
            for formula in section.formulas:
                formulas.svg(formula.tex)
        if "figures" in formats:
            for blocks in figures.files_of(section).values():
                figures.sheet(blocks, language)


@functools.lru_cache(maxsize=1)
def _read(folder: Path) -> Report:
    return codec.load(folder)
