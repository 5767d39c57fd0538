"""What names and texts from anywhere may not do to a page: letters that are none, words without an end.

A control character ends strings and colours terminals, a sign that turns the direction of writing shows a number
backwards. On paper a long word costs the square of its length where the width of a column is sought.
"""

from __future__ import annotations

import html
import re

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
LONGEST_WORD, LONGEST_IN_CELL = 120, 30
"""Letters of a word on paper, and of one in a cell that holds more than a name."""
LONGEST_NAME = 200
"""A cell with more letters than this holds more than a name: its words are not broken."""
_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")
_CELL = re.compile(r"<(t[dh])\b([^>]*)>(.*?)</\1>", re.DOTALL)


def printable(text: str) -> str:
    """The text with a sign in place of every letter that cannot be shown."""
    return _UNPRINTABLE.sub("\ufffd", text)


def for_paper(markup: str) -> str:
    """A page whose words are short enough to be set, and whose cells hold no long text that may be broken anywhere."""
    return _CELL.sub(_cell, _shortened(markup, LONGEST_WORD))


def ends(text: str, keep: int) -> str:
    """So many letters of a text's both ends, "…" between them included: names differ at their ends."""
    tail = (keep - 1) // 2
    return text if len(text) <= keep else f"{text[: keep - 1 - tail]}…{text[len(text) - tail :]}"


def _shortened(markup: str, longest: int) -> str:
    words = re.compile(rf"\S{{{longest + 1},}}")

    def word(found: re.Match[str]) -> str:
        return html.escape(ends(html.unescape(found[0]), longest))

    return _TEXT.sub(lambda found: words.sub(word, found[0]), markup)


def _cell(found: re.Match[str]) -> str:
    tag, attributes, inside = found.groups()
    if sum(map(len, _TEXT.findall(f">{inside}<"))) <= LONGEST_NAME:
        return found[0]
    classes, count = re.subn(r'class="', 'class="words ', attributes, count=1)
    opening = classes if count else f'{attributes} class="words"'
    return f"<{tag}{opening}>{_shortened(f'>{inside}<', LONGEST_IN_CELL)[1:-1]}</{tag}>"
