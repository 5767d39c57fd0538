"""`reportgen check`: what is wrong with a finished report, and with `--submission` what it lacks to be handed in.

Every rule has a name, a reason (the clause of the standard where there is one) and says what to do.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reportgen import output
from reportgen.languages import CODES
from reportgen.manifest import read_manifest
from reportgen.render.language import Speaker
from reportgen.render.letters import printable
from reportgen.render.pdf import Page, page_of
from reportgen.render.prose import CITATION, citations
from reportgen.report import codec
from reportgen.report.blocks import Figure, Gallery
from reportgen.report.document import Report
from reportgen.report.lab import SLOTS, Style
from reportgen.report.references import KNOWN

DSTU = "DSTU 3008:2015"
SHORTEST_ALT = 20
FIELDS = ("ministry", "university", "department", "discipline", "topic", "number", "city", "year")
"""What a cover page must have besides a student and a teacher."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, by which rule, and what to do. `where` is a language, a section or a file."""

    rule: str
    text: str
    hint: str
    clause: str = ""
    where: str = ""

    def as_line(self) -> str:
        """The problem for a person."""
        clause = f" [{self.clause}]" if self.clause else ""
        where = f"{self.where}: " if self.where else ""
        return printable(f"{self.rule}: {where}{self.text}{clause}\n    {self.hint}")

    def as_json(self) -> dict[str, str]:
        """The problem for a program."""
        return asdict(self)


def check(path: Path, *, submission: bool = False, language: str = "uk") -> list[Problem]:
    """Every problem of a report's folder or its report.json; for a submission in one language also what is missing."""
    report = codec.load(path)
    found: list[Problem] = []
    if path.is_dir():
        found += _files(path)
    found += [problem for rule in (_sections, _pictures, _sources) for problem in rule(report)]
    for code in [one for one in CODES if one == language or one in _tongues(report)]:
        speaker = Speaker(code)
        with _silent():
            page = page_of(report, speaker)
        found += [*_marks(page, code), *_references(page, code), *_untranslated(speaker)]
    if submission:
        if path.is_dir() and not (path / f"report.{language}.pdf").is_file():
            found.append(Problem("pdf-missing", f"the folder has no report.{language}.pdf.",
                                 "Build it with --format pdf."))
        found += [problem for rule in (_cover, _author, _style) for problem in rule(report, language)]
    return found


def _files(folder: Path) -> Iterator[Problem]:
    manifest = read_manifest(folder)
    if manifest is None:
        yield Problem("manifest", "the folder has no manifest of reportgen's.", "Build the report again.")
        return
    changed = output.changed_files(folder)
    if changed:
        names = ", ".join(changed[:5]) + (", …" if len(changed) > 5 else "")
        yield Problem(
            "files", f"{len(changed)} files are missing or not as they were built: {names}.",
            "Render the report again: reportgen render FOLDER.",
        )


def _sections(report: Report) -> Iterator[Problem]:
    for section in report.sections:
        for note in section.notes:
            if note.level == "failed":
                yield Problem(
                    "section-failed", str(note.text), "Run the build with -v to see why.", where=section.name
                )


def _pictures(report: Report) -> Iterator[Problem]:
    """Every picture must say to one who cannot see it what it shows."""
    speaker = Speaker("en")
    for section in report.sections:
        told: dict[str, str] = {}
        for block in section.blocks:
            if not isinstance(block, Figure | Gallery):
                continue
            alt = speaker.say(block.alt)
            if len(alt) < SHORTEST_ALT:
                yield Problem("alt-short", f"the picture {block.name} is described in {len(alt)} letters: “{alt}”.",
                              "Tell what it shows, with a number.", "WCAG 2.2, 1.1.1", section.name)
            if alt in told and told[alt] != block.name:
                yield Problem("alt-repeated", f"{block.name} is described in the words of {told[alt]}.",
                              "Tell what is different in it.", "WCAG 2.2, 1.1.1", section.name)
            told[alt] = block.name


def _tongues(report: Report) -> set[str]:
    """The languages that the author has written in."""
    return {code for _slot, words in report.lab.texts for code, _text in words}


def _sources(report: Report) -> Iterator[Problem]:
    """What the author's texts cite must exist, and what is listed must be cited."""
    own = {source.key for source in report.lab.sources}
    cited: set[str] = set()
    for _slot, words in report.lab.texts:
        for _code, text in words:
            cited.update(citations(text))
    for question in report.lab.questions:
        cited.update(citations(question.answer))
    for key in sorted(cited - own - set(KNOWN)):
        yield Problem("source-unknown", f"[@{key}] names no source.", f'Add [[lab.source]] with key = "{key}".')
    for key in sorted(own - cited):
        yield Problem("source-uncited", f"the source {key} is not cited anywhere.",
                      f"Cite it as [@{key}], or leave it out.")


def _marks(page: Page, language: str) -> Iterator[Problem]:
    """What the author's texts put in must be there."""
    for mark in sorted(mark for mark in page.unknown if not CITATION.fullmatch(mark)):
        if mark.startswith("!["):
            yield Problem("text-mark", f"{mark}: a picture is printed once, in a paragraph of its own.",
                          "Set empty lines around it; name it elsewhere as {figure:FILE}.", where=language)
        elif mark.startswith("{figure:"):
            yield Problem("text-mark", f"{mark}: none of your texts shows this picture.",
                          "Show it as ![caption](FILE) in a paragraph of its own.", where=language)
        else:
            yield Problem("text-mark", f"{mark}: there is no such number in the report.",
                          "`report.json` lists the facts of each section.", where=language)


def _references(page: Page, language: str) -> Iterator[Problem]:
    """Every figure and table of the lab report must be named in the text before it appears."""
    body = page.text[page.text.find('<section class="part') :]
    named: set[str] = set()
    for found in _ANCHORS.finditer(body):
        if found["first"]:
            named |= set(_range(found["first"], found["last"] or found["first"]))
        elif found["place"] not in named:
            kind, _dash, number = found["place"].partition("-")
            yield Problem(
                "unreferenced", f"{kind} {number} is not named in the text before it appears.",
                "Name a picture of yours by {figure:FILE} before it; a template of yours must print `section|pointer`"
                " before the blocks.", where=language,
            )


_LINK = r'<a class="(?:near|far)" href="#(?P<{}>(?:figure|table)-[^"]+)">[^<]*</a>'
_ANCHORS = re.compile(
    f"{_LINK.format('first')}(?:–{_LINK.format('last')})?|" + r' id="(?P<place>(?:figure|table)-[^"]+)"'
)


def _range(first: str, last: str) -> Iterator[str]:
    """The anchors from one to another: figure-5.1, figure-5.2, …"""
    stem, dot, start = first.rpartition(".") if "." in first else (*first.rpartition("-")[:2], first.rpartition("-")[2])
    end = last.rpartition("." if "." in last else "-")[2]
    yield from (f"{stem}{dot}{number}" for number in range(int(start), int(end) + 1))


def _untranslated(speaker: Speaker) -> Iterator[Problem]:
    """Nothing may be left in English on a page of another language."""
    for sentence in sorted(speaker.missing):
        yield Problem("untranslated", f"“{sentence}”", "The sentence has no translation; an older report may be the "
                      "reason: build it again.", where=speaker.language)


def _cover(report: Report, language: str) -> Iterator[Problem]:
    lab = report.lab
    lacks = [
        (f"cover-{field}", f"the cover page has no {field}.", f'Fill in {field} = "…" under [lab].')
        for field in FIELDS if not lab.field(field, language)
    ]
    if not lab.students:
        lacks.append(("cover-student", "the cover page names no student.",
                      'Fill in student = "…", group and gender under [lab], or [[lab.students]].'))
    lacks += [
        ("cover-group", f"{student.name} has no group.", 'Fill in group = "…".')
        for student in lab.students if not student.group
    ]
    if len(lab.students) == 1 and not lab.students[0].gender:
        lacks.append(("cover-gender", f"{lab.students[0].name} has no gender, so the cover speaks of a man.",
                      'Fill in gender = "f" or "m".'))
    if not lab.teachers:
        lacks.append(("cover-teacher", "the cover page names no teacher.",
                      'Fill in teacher = "…" and position under [lab].'))
    for rule, text, hint in lacks:
        yield Problem(rule, text, hint, "the department's instruction", language)


def _author(report: Report, language: str) -> Iterator[Problem]:
    if not report.lab.text("goal", language):
        yield Problem("goal", "the aim of the work is not told.", 'Write it: goal = "…" under [lab.text].',
                      where=language)
    if report.lab.own_conclusions and not report.lab.text("conclusions", language):
        yield Problem("conclusions", "the author's own conclusions are missing.",
                      'Write them: conclusions = "conclusions.md" under [lab.text].', where=language)
    for slot in SLOTS:
        text = report.lab.text(slot, language)
        if re.search(r"\b(TODO|FIXME|XXX)\b|…{2,}|\.{4,}|_{4,}", text):
            yield Problem("unfinished", f"the text of {slot} has a place that waits to be filled in.", "Fill it in.",
                          where=language)


def _style(report: Report, language: str) -> Iterator[Problem]:
    """What a department's profile may change and the standard still bounds."""
    style = report.lab.style(language)
    if style.references != "dstu-8302":
        return
    rules: tuple[tuple[str, Callable[[Style], bool], str, str], ...] = (
        ("font-size", lambda one: one.size >= 12, "the text is smaller than 12 points", "7.1.5"),
        ("line-spacing", lambda one: one.spacing >= 1.5, "the lines are closer than 1.5", "7.1.5"),
        ("margins", lambda one: min(one.top, one.bottom) >= 20 and one.left >= 25 and one.right >= 10,
         "a margin is narrower than 20 mm above and below, 25 mm left, 10 mm right", "7.1.11"),
        ("headings", lambda one: {"conclusions", "sources"} <= {*one.unnumbered} | ({*SLOTS} - {*one.order}),
         "conclusions and the list of sources must not be numbered", "7.1.18"),
    )
    for rule, holds, text, clause in rules:
        if not holds(style):
            yield Problem(rule, f"{text}.", "Change it under [lab.style].", f"{DSTU}, {clause}", language)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Missing words are told as problems here, not as warnings."""
    logger = logging.getLogger("reportgen.render.language")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def verdict(problems: list[Problem]) -> dict[str, Any]:
    """The outcome for a program."""
    return {"passed": not problems, "problems": [problem.as_json() for problem in problems]}
