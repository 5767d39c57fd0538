"""Text to be said later, in the reader's language.

A sentence in the code is a `Message`: the English pattern and the values to put into it. Nothing
is translated while a report is built; `reportgen.render.language.Speaker` says the message when a
reader's language is known. The one mark-up a pattern may hold is a pair of backticks around words
that are code, such as a layer's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Message:
    """An English pattern (`str.format` syntax), its plural form, and the values for its fields.

    With a plural, the value named `count` chooses the form.
    """

    id: str
    plural: str = ""
    values: tuple[tuple[str, Value], ...] = ()
    context: str = ""

    def __str__(self) -> str:
        """The English sentence: for logs and error messages, never for a reader of a report."""
        values = {name: str(value) if isinstance(value, Message) else value for name, value in self.values}
        pattern = self.plural if self.plural and values.get("count") != 1 else self.id
        return pattern.format(**values)


Value: TypeAlias = str | int | float | bool | Message
Text: TypeAlias = str | Message
"""What a label may be: a `str` is data (a layer's name, a class) and is never translated."""


def _(singular: str, plural: str = "", /, *, context: str = "", **values: Value) -> Message:
    """Make a message; the name is the one that translation tools look for."""
    return Message(singular, plural, tuple(sorted(values.items())), context)


def listed(items: Sequence[Text], *, apart: bool = False) -> Text:
    """Several names with commas between them; with semicolons where the names hold commas themselves."""

    def joined(first: Text, rest: Text) -> Text:
        return _("{first}; {rest}", first=first, rest=rest) if apart else _("{first}, {rest}", first=first, rest=rest)

    return reduce(joined, items) if items else ""
