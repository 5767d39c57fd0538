"""What goes wrong in a template, a user's above all: which one, in which line, in one sentence."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError

from reportgen import resources
from reportgen.errors import ReportgenError


@contextlib.contextmanager
def template_errors() -> Iterator[None]:
    """Turn what goes wrong in a template into one sentence that names it and the line."""
    try:
        yield
    except ReportgenError:
        raise
    except Exception as problem:
        name, line = _place_of(problem)
        if not name and not isinstance(problem, TemplateError):
            raise
        what = problem.message if isinstance(problem, TemplateError) else f"{type(problem).__name__}: {problem}"
        raise ReportgenError(
            f"{name or 'a template'}{f', line {line}' if line else ''}: {what or type(problem).__name__}.",
            slug="template-broken", hint="templates/README.md lists what a template can use.",
        ) from problem


def _place_of(problem: Exception) -> tuple[str, int]:
    """The template and the line: where it cannot be read, else the last line of a template that ran.

    What is no error of a template is looked for in the user's own ones alone.
    """
    if isinstance(problem, TemplateSyntaxError):
        return problem.name or "", problem.lineno
    own = resources.folder("templates")
    for frame in reversed(traceback.extract_tb(problem.__traceback__)):
        path = Path(frame.filename)
        if path.suffix == ".j2" and (isinstance(problem, TemplateError) or not path.is_relative_to(own)):
            home = path.relative_to(own) if path.is_relative_to(own) else Path(*path.parts[-2:])
            return home.as_posix(), frame.lineno or 0
    return "", 0
