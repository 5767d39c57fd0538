"""The speaker: says messages and numbers in the reader's language.

Numbers follow the language wherever they stand, inside sentences too: "63.4%" in English is
"63,4 %" in Ukrainian, with a no-break space; a minus is "−" in both.
"""

from __future__ import annotations

import functools
import gettext
import logging
import math
import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po
from markupsafe import Markup, escape

from reportgen import plugins
from reportgen.errors import InputError
from reportgen.languages import catalogue_file, manners
from reportgen.render.typography import spaced
from reportgen.report.blocks import Cell
from reportgen.text import Message, Text

NBSP = "\u00a0"
MINUS = "\u2212"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_NUMERIC = re.compile(r"^[+]?,?(\.\d+)?[dfge%]?$")
log = logging.getLogger(__name__)


class _Fields(string.Formatter):
    """Fills the fields of a pattern, which are plain names: a report may come from anywhere."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        if field_name not in kwargs:
            raise ValueError(f"no value for the field {{{field_name}}}")
        return kwargs[field_name], field_name

    def fill(self, pattern: str, values: Sequence[tuple[str, Any]]) -> str:
        """The pattern with its values; a pattern that does not fit them is told, not traced back."""
        try:
            return self.vformat(pattern, (), dict(values))
        except (ValueError, TypeError, IndexError, RecursionError) as problem:
            raise InputError(
                f"The report's sentence {pattern[:100]!r} cannot be said ({str(problem)[:100]}).",
                slug="sentence-broken", hint="Build the report again, or ask for it whoever sent it.",
            ) from problem


class Speaker(_Fields):
    """Says anything of a report in one language. A sentence without translation is said in English."""

    def __init__(self, language: str, catalogue: Catalog | None = None) -> None:
        super().__init__()
        self.language = language
        self.manners = manners(language)
        self.missing: set[str] = set()
        self._catalogue = catalogue if catalogue is not None else read_catalogue(language)
        expression = self._catalogue.plural_expr if self._catalogue else "n != 1"
        self._plural = gettext.c2py(expression)

    def with_words(self, files: Sequence[Path]) -> Speaker:
        """A speaker that also knows the translations in these files; the first one that has a sentence says it."""
        known = [_read_words(path, self.language) for path in files if path.is_file()]
        return Speaker(self.language, _together(self.language, [*known, self._catalogue])) if known else self

    def say(self, text: Text) -> str:
        """A message in this language as plain text; a `str` is data and stays as it is."""
        if isinstance(text, str):
            return text
        return self.fill(self._pattern(text).replace("`", ""), text.values)

    def markup(self, text: Text) -> Markup:
        """The same as HTML: everything escaped, words in backticks as `<code>`."""
        if isinstance(text, str):
            return escape(text)
        pattern = re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(self._pattern(text))))
        return Markup(_Escaping(self).fill(pattern, text.values))  # noqa: S704 - escaped above

    def number(self, value: Cell, form: str = "") -> str:
        """A cell: a number by its format, words as they are said, nothing as a dash."""
        if value is None:
            return "–"
        if isinstance(value, bool):
            return self.manners.yes if value else self.manners.no
        if isinstance(value, str | Message):
            return self.say(value)
        return self._numeral(value, form)

    def gettext(self, message: str) -> str:
        """A word of a template, with its `%(name)s` fields unfilled; so are the next three."""
        return self._pattern(Message(message))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The form of a template's words for a number."""
        return self._pattern(Message(singular, plural, (("count", number),)))

    def pgettext(self, context: str, message: str) -> str:
        """A word of a template that means different things in different places."""
        return self._pattern(Message(message, context=context))

    def npgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        """Both at once."""
        return self._pattern(Message(singular, plural, (("count", number),), context))

    def list(self, items: Sequence[Text]) -> str:
        """Items with commas between them."""
        return ", ".join(self.say(item) for item in items)

    def format_field(self, value: Any, format_spec: str) -> str:
        """A field of a pattern, in the manners of the language."""
        if isinstance(value, Message):
            return self.say(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and _NUMERIC.match(format_spec):
            return self._numeral(value, format_spec)
        return self.number(value) if isinstance(value, bool) else format(value, format_spec)

    def _numeral(self, value: int | float, form: str) -> str:
        if not math.isfinite(value):
            return "–" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
        form = form or (",d" if isinstance(value, int) else ".4g")
        percent = form.endswith("%")
        if percent:
            value, form = value * 100, form[:-1] + "f"
        if form.endswith("d"):
            value = round(value)
        elif form.endswith("g") and value == 0:
            value, form = 0, "d"
        written = format(value, form.replace(",", ""))
        return self._localize(written) + (self.manners.percent if percent else "")

    def _localize(self, written: str) -> str:
        mantissa, _, exponent = written.partition("e")
        sign = mantissa[:1] if mantissa[:1] in "+-" else ""
        whole, point, fraction = mantissa.removeprefix(sign).partition(".")
        if len(whole) >= self.manners.group_from:
            whole = f"{int(whole):,}".replace(",", self.manners.group)
        if not (whole + fraction).strip("0" + self.manners.group) and sign == "-":
            sign = ""
        number = sign.replace("-", MINUS) + whole + (self.manners.decimal if point else "") + fraction
        if exponent:
            number += f"{self.manners.times}10{str(int(exponent)).translate(_SUPERSCRIPT)}"
        return number

    def _pattern(self, message: Message) -> str:
        count = dict(message.values).get("count", 2)
        if self.language != "en":
            found = self._translation(message, count)
            if found:
                return spaced(found, self.language)
            if message.id and message.id not in self.missing:
                self.missing.add(message.id)
                log.warning("no %s translation: %s", self.language, message.id)
        return spaced(message.plural if message.plural and count != 1 else message.id, "en")

    def _translation(self, message: Message, count: Any) -> str:
        key = (message.id, message.plural) if message.plural else message.id
        entry = self._catalogue.get(key, message.context or None) if self._catalogue else None
        if entry is None or not entry.string or entry.fuzzy:
            return ""
        if isinstance(entry.string, str):
            return entry.string
        counted = isinstance(count, int | float) and math.isfinite(count)
        return str(dict(enumerate(entry.string)).get(self._plural(int(count) if counted else 2), ""))


class _Escaping(_Fields):
    """Formats like its speaker, and escapes what it puts in."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Message):
            return str(self._speaker.markup(value))
        return str(escape(self._speaker.format_field(value, format_spec)))


def _read_words(path: Path, language: str) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=language, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as problem:
        raise InputError(
            f"{path}: these translations cannot be read ({problem}).", slug="template-broken",
            hint="It must be a .po file in UTF-8, as `make messages` writes them.",
        ) from problem


def _together(language: str, catalogues: Sequence[Catalog | None]) -> Catalog:
    """One catalogue; the first one that has a sentence says it."""
    words = Catalog(locale=language)
    for catalogue in catalogues:
        for message in catalogue or ():
            if message.id and words.get(message.id, message.context) is None:
                words.add(message.id, message.string, flags=message.flags, context=message.context)
    return words


@functools.cache
def read_catalogue(language: str) -> Catalog | None:
    """The translations of a language, those of installed packages behind ours; English needs none."""
    path = catalogue_file(language)
    if language == "en" or not path.exists():
        return None
    with path.open("rb") as file:
        own = read_po(file, locale=language)
    brought = []
    for one in plugins.words_of(language):
        try:
            brought.append(_read_words(one, language))
        except InputError as problem:
            log.warning("%s", problem.message)
    return _together(language, [own, *brought]) if brought else own
