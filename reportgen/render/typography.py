"""What a careful typesetter does to plain words: dashes, quotes, apostrophes, spaces that do not break."""

from __future__ import annotations

import functools
import re

NBSP = "\u00a0"
LETTERS = {"uk": "АБВГДЕЖИКЛМНПРСТУФХЦШЩЮЯ", "en": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
"""Letters of appendices; DSTU 3008 leaves out nine of the Ukrainian ones that could be misread."""
_LETTER = r"[^\W\d_]"
_ALWAYS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\S)\s+(?=[–—]\s)"), NBSP),
    (re.compile(r"№\s*(?=\d)"), f"№{NBSP}"),
)
_UKRAINIAN: tuple[tuple[re.Pattern[str], str], ...] = (
    *_ALWAYS,
    (re.compile(r"\b((?:рис|табл|див|с|ст|ім|м|ч|п)\.)\s+(?=[\d\w(«])"), rf"\1{NBSP}"),
    (re.compile(r"(?<=\d)\s+(?=(?:%|px|пікс|мм|см|мкс|мс|с|хв|год|КіБ|МБ|ГБ|кБ|шт|грн|°C|біт)\b|%)"), NBSP),
    (re.compile(rf"(?<!{_LETTER})(?<!{_LETTER}[’'])([авуозійєАВУОЗІЙЄ])\s+(?=[\w«„(])"), rf"\1{NBSP}"),
)
_ENGLISH: tuple[tuple[re.Pattern[str], str], ...] = (
    *_ALWAYS,
    (re.compile(r"\b((?:Fig|Table|No|p|pp|vol|cf)\.)\s+(?=\d)"), rf"\1{NBSP}"),
)
SPACES = {"uk": _UKRAINIAN, "en": _ENGLISH}
_TYPED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\s)---?(?=\s)|(?<=\s)-(?=\s)"), "–"),
    (re.compile(r"\.\.\."), "…"),
    (re.compile(r"(?<![\w.,)\]–-])-(?=\d)"), "\u2212"),
    (re.compile(rf"(?<={_LETTER})['`´](?={_LETTER})"), "’"),
    (re.compile(r"(?<=\d)\s?[xх]\s?(?=\d)"), f"{NBSP}×{NBSP}"),
)
_QUOTES = {"uk": ("«", "»", "„", "“"), "en": ("“", "”", "‘", "’")}


@functools.lru_cache(maxsize=4096)
def spaced(text: str, language: str) -> str:
    """The text with spaces that keep together what belongs together."""
    for pattern, instead in SPACES[language]:
        text = pattern.sub(instead, text)
    return text


def typeset(text: str, language: str) -> str:
    """Words as someone typed them, as they should be printed: also dashes, quotes, minus signs."""
    for pattern, instead in _TYPED:
        text = pattern.sub(instead, text)
    return spaced(_quoted(text, language), language)


def _quoted(text: str, language: str) -> str:
    """Straight quotes made into the language's own; a quote within a quote gets the inner ones."""
    opening, closing, inner_opening, inner_closing = _QUOTES[language]
    depth, made = 0, []
    for place, letter in enumerate(text):
        if letter != '"':
            depth += {opening: 1, closing: -1}.get(letter, 0)
            made.append(letter)
            continue
        before = text[place - 1] if place else " "
        if before.isspace() or before in "([{«„“‘–—/\"" and depth == 0 or not made:
            made.append(opening if depth == 0 else inner_opening)
            depth += 1
        else:
            depth = max(0, depth - 1)
            made.append(closing if depth == 0 else inner_closing)
    return "".join(made)
