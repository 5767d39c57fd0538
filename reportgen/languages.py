"""The languages a report can be in. Each is a folder of `locale/`: how it is written, and its translations."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "locale"
DEFAULT = ("uk", "en")
"""What a report is in unless asked otherwise, the one it opens with first."""
CODES = tuple(dict.fromkeys((*DEFAULT, *sorted(path.parent.name for path in FOLDER.glob("*/manners.toml")))))
"""Every language there is."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a language is written.

    `name` is its own name for itself; `profile` is how a lab report in it is set unless the author says otherwise.
    Numbers: `group_from` is the count of digits from which they are grouped, `times` stands before a power of ten.
    `letters` number appendices; `quotes` are the outer and the inner pair. A line is not broken after
    `before_words` and `before_numbers`, nor after a word of one of the letters `short_words`, nor before `units`.
    """

    name: str
    profile: str
    decimal: str
    group: str
    group_from: int
    percent: str
    times: str
    yes: str
    no: str
    letters: str
    quotes: tuple[str, str, str, str]
    before_words: tuple[str, ...] = ()
    before_numbers: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    short_words: str = ""


    @property
    def list_separator(self) -> str:
        """What parts the cells of a table in a file, as spreadsheets of the language expect: never the decimal sign."""
        return ";" if self.decimal == "," else ","


@functools.cache
def manners(code: str) -> Manners:
    """How one of the languages is written."""
    values = tomllib.loads((FOLDER / code / "manners.toml").read_text(encoding="utf-8"))
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Manners(**fields)


def catalogue_file(code: str) -> Path:
    """The translations of a language; English, in which the program thinks, has none."""
    return FOLDER / code / "LC_MESSAGES" / "reportgen.po"
