"""What a careful typesetter does to plain words: dashes, quotes, apostrophes, spaces that do not break."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TypeAlias

from reportgen.languages import manners

NBSP = "\u00a0"
_LETTER = r"[^\W\d_]"
_Rule: TypeAlias = tuple[re.Pattern[str], str]
_ALWAYS: tuple[_Rule, ...] = (
    (re.compile(r"(?<=\S)\s+(?=[–—]\s)"), NBSP),
    (re.compile(r"№\s*(?=\d)"), f"№{NBSP}"),
)


@functools.cache
def _rules(language: str) -> tuple[_Rule, ...]:
    """Which spaces of a language do not break, and what they become."""
    own = manners(language)
    rules = list(_ALWAYS)
    for words, after in ((own.before_words, r"[\d\w(«]"), (own.before_numbers, r"\d")):
        if words:
            rules.append((re.compile(rf"\b({_any(words)})\s+(?={after})"), rf"\1{NBSP}"))
    if own.units:
        rules.append((re.compile(rf"(?<=\d)\s+(?=(?:{_any(own.units)})(?!\w))"), NBSP))
    if own.short_words:
        rules.append((
            re.compile(rf"(?<!{_LETTER})(?<!{_LETTER}[’'])([{own.short_words}])\s+(?=[\w«„(])"), rf"\1{NBSP}"
        ))
    return tuple(rules)


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in words)


_TYPED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\s)---?(?=\s)|(?<=\s)-(?=\s)"), "–"),
    (re.compile(r"\.\.\."), "…"),
    (re.compile(r"(?<![\w.,)\]–-])-(?=\d)"), "\u2212"),
    (re.compile(rf"(?<={_LETTER})['`´](?={_LETTER})"), "’"),
    (re.compile(r"(?<=\d)\s?[x\u0445]\s?(?=\d)"), f"{NBSP}×{NBSP}"),
)


@functools.lru_cache(maxsize=4096)
def spaced(text: str, language: str) -> str:
    """The text with spaces that keep together what belongs together."""
    for pattern, instead in _rules(language):
        text = pattern.sub(instead, text)
    return text


def typeset(text: str, language: str) -> str:
    """Words as someone typed them, as they should be printed: also dashes, quotes, minus signs."""
    for pattern, instead in _TYPED:
        text = pattern.sub(instead, text)
    return spaced(_quoted(text, language), language)


def _quoted(text: str, language: str) -> str:
    """Straight quotes made into the language's own; a quote within a quote gets the inner ones."""
    opening, closing, inner_opening, inner_closing = manners(language).quotes
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
