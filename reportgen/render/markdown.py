"""The summary in Markdown: facts, findings, tables and notes, for a pull request or a build's page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from reportgen.render import Output
from reportgen.render.environment import Place, make_environment, write_text
from reportgen.render.language import Speaker
from reportgen.render.template_errors import template_errors
from reportgen.report.blocks import Cell, Column
from reportgen.report.document import Report
from reportgen.text import Message, Text, _

LARGEST = 900_000
"""Bytes. A hosting's page for a build drops a summary of more than 1 MiB altogether."""
ROWS = 40
"""A longer table is cut, and says so."""
_SPECIAL = re.compile(r"([\\`*_\[\]|~$#@])")
_BULLET = re.compile(r"^(?=[-+=](\s|$|[-+=]))")
_NUMBERED = re.compile(r"^(\d+)(?=[.)](\s|$))")
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")
"""White space, but not the no-break spaces that numbers need."""


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write `summary.<language>.md`."""
    text = summary(report, output, Speaker(output.language), templates)
    write_text(output.folder / f"summary.{output.language}.md", text)


def summary(report: Report, output: Output, speaker: Speaker, templates: Sequence[Path] = ()) -> str:
    """The whole summary; sections for which there is no room are named at the end."""
    place = Place("", f"{output.language}/", "assets/", "static/", output.languages)
    environment = make_environment(report, speaker, templates, place)
    environment.filters |= {
        "say": lambda text: escaped(speaker.say(text)),
        "markup": lambda text: marked(speaker, text),
        "number": lambda value, form="": escaped(speaker.number(value, form)),
        "code": lambda value, form="": code(speaker.number(value, form)),
        "cell": lambda value, column: cell(speaker, value, column),
        "data": escaped,
        "most_rows": lambda rows: rows[:ROWS],
    }
    if "html" not in output.formats:
        environment.filters["page_url"] = lambda _section: ""
    with template_errors():
        opening = environment.get_template("markdown/report.md.j2")
        body = environment.get_template("markdown/section.md.j2")
        parts = [opening.render(report=report, section=None, language=output.language)]
        room = LARGEST - len(parts[0].encode()) - 200
        left_out = 0
        for section in report.sections:
            part = body.render(report=report, section=section, language=output.language)
            size = len(part.encode("utf-8", "replace"))
            if size > room:
                left_out += 1
                continue
            room -= size
            parts.append(part)
    if left_out:
        parts.append(marked(speaker, _(
            "{count} section did not fit here; `report.json` has it.",
            "{count} sections did not fit here; `report.json` has them.", count=left_out,
        )))
    text = "\n".join(line.rstrip() for part in parts for line in (*part.strip().split("\n"), ""))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def escaped(text: str) -> str:
    """A text in which nothing is mark-up, on one line."""
    line = _SPACE.sub(" ", text).strip(" ")
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _SPECIAL.sub(r"\\\1", line)
    return _BULLET.sub(r"\\", _NUMBERED.sub(r"\1\\", line))


def cell(speaker: Speaker, value: Cell, column: Column) -> str:
    """A cell of a table, in which even code may hold no bare vertical line."""
    if column.code and value is not None:
        return code(speaker.number(value, column.format)).replace("|", "\\|")
    return marked(speaker, value) if isinstance(value, Message) else escaped(speaker.number(value, column.format))


def code(text: str) -> str:
    """A text as code, whatever backticks it has itself."""
    line = _SPACE.sub(" ", text).strip(" ")
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    edge = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{edge}{line}{edge}{fence}" if line else ""


def marked(speaker: Speaker, text: Text) -> str:
    """A sentence with its code as code and everything else escaped."""
    markup = str(speaker.markup(text))
    parts = re.split(r"<code>(.*?)</code>", markup, flags=re.DOTALL)
    plain = [str(Markup(part).unescape()) for part in parts]  # noqa: S704 - it is taken apart, not shown
    said = [
        code(part) if place % 2 else _kept(part) for place, part in enumerate(plain)
    ]
    return "".join(said).strip()


def _kept(part: str) -> str:
    before = " " if part[:1].isspace() else ""
    after = " " if part[-1:].isspace() and part.strip() else ""
    return f"{before}{escaped(part)}{after}"
