"""The author's own Markdown as HTML: headings, lists, tables, code, citations and numbers of the report.

`[@key]` cites a source, `{section/fact}` stands for a number and `{figure:file}` for the number of a picture of the
author's. No HTML of the author's is let through and no picture is fetched: a text may come with a report from anywhere.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from reportgen.manuscript import Named, footnotes, is_alone, named_by, reader
from reportgen.render.language import Speaker
from reportgen.render.typography import typeset
from reportgen.report.blocks import Fact
from reportgen.report.document import Report

CITATION = re.compile(r"\[@([\w:.+-]+(?:[;,]\s*@[\w:.+-]+)*)\]")
NUMBER = re.compile(r"\{([\w.-]+/[\w:.-]+)\}")
FIGURE = re.compile(r"\{figure:([^{}\n]+)\}")
_MARK = re.compile(f"{CITATION.pattern}|{NUMBER.pattern}|{FIGURE.pattern}")
TOP_HEADING = 3
LONGEST_NOTES = 1_000_000
"""Letters of all footnotes together: notes that call each other could go on for ever."""
_PRIVATE, _ROOM = 0xF0000, 0x20000
_STRANGE = re.compile("[\U000f0000-\U0010ffff]")
"""Letters that mean nothing to anyone else, and stand for what is put in."""


@dataclass
class Prose:
    """Turns an author's texts into HTML; remembers what could not be found in `unknown`.

    How a source is cited, a picture shown and its number told is the renderer's business.
    """

    report: Report
    speaker: Speaker
    cite: Callable[[str], Markup | None] = lambda _key: None
    show: Callable[[Named], Markup | None] = lambda _named: None
    refer: Callable[[str], Markup | None] = lambda _file: None
    unknown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._facts = facts_of(self.report)

    def html(self, text: str) -> Markup:
        """The text as HTML."""
        language = reader()
        renderer: Any = type(language.renderer)()
        renderer.rules |= {"text": self._text, "image": self._image, "footnote_ref": _footnote}
        renderer.rules |= dict.fromkeys(("heading_open", "heading_close"), functools.partial(_heading, renderer))
        tokens, notes = footnotes(language.parse(text, {}))
        told = {"notes": notes, "within": (), "render": renderer.render, "room": [LONGEST_NOTES]}
        return Markup(renderer.render(tokens, language.options, told))  # noqa: S704 - HTML is off, words are escaped

    def line(self, text: str) -> Markup:
        """A text of one paragraph, without the paragraph."""
        return Markup(re.sub(r"^<p>|</p>\s*$", "", str(self.html(text)).strip()))  # noqa: S704 - as above

    def _text(self, tokens: Any, index: int, *_more: Any) -> str:
        """Words typeset as one, so that a number that is put in is bound to its neighbours like any other."""
        told: list[tuple[Markup, int]] = []

        def keep(match: re.Match[str]) -> str:
            if len(told) == _ROOM:
                return match[0]
            zeros = "" if match[1] else "0"  # a number's neighbours are to take it for one
            told.append((self._put(match), len(zeros)))
            return f"{zeros}{chr(_PRIVATE + len(told) - 1)}{zeros}"

        content = _MARK.sub(keep, _STRANGE.sub("", tokens[index].content))
        words = str(escape(typeset(content, self.speaker.language)))
        pieces, last = [], 0
        for found in _STRANGE.finditer(words):
            value, zeros = told[ord(found[0]) - _PRIVATE]
            pieces += [words[last : found.start() - zeros], str(value)]
            last = found.end() + zeros
        return "".join([*pieces, words[last:]])

    def _put(self, match: re.Match[str]) -> Markup:
        if match[2]:
            fact = self._facts.get(match[2])
            if fact is None:
                self.unknown.add(match[0])
                return escape(match[0])
            unit = f"\u00a0{self.speaker.say(fact.unit)}" if fact.unit else ""
            return escape(self.speaker.number(fact.value, fact.format) + unit)
        if match[3]:
            number = self.refer(match[3])
            if number is None:
                self.unknown.add(match[0])
            return escape(match[0]) if number is None else number
        keys = [key.strip().removeprefix("@") for key in re.split("[;,]", match[1])]
        told = [self.cite(key) for key in keys]
        if None in told:
            self.unknown.add(match[0])
            return escape(match[0])
        return Markup("[") + Markup(", ").join(one for one in told if one is not None) + "]"

    def _image(self, tokens: Any, index: int, *_more: Any) -> str:
        named = named_by(tokens[index])
        shown = self.show(named) if is_alone(tokens[index]) else None
        if shown is None:
            self.unknown.add(f"![{named.caption}]")
            return str(Markup("<i>{}</i>").format(named.caption))
        return str(shown)


def citations(text: str) -> tuple[str, ...]:
    """The keys of the sources that a text cites, in order."""
    return tuple(
        key.strip().removeprefix("@") for found in CITATION.finditer(text) for key in re.split("[;,]", found[1])
    )


def facts_of(report: Report) -> Mapping[str, Fact]:
    """Every fact of the report as `section/fact`."""
    return {
        f"{section.name}/{block.name}": block
        for section in report.sections for block in section.blocks if isinstance(block, Fact)
    }


def _footnote(tokens: Any, index: int, options: Any, told: Any) -> str:
    """A footnote where it is called, as paper wants it; in brackets within another, and never within itself."""
    key, within = tokens[index].meta["id"], told["within"]
    pieces = told["notes"].get(key, ())
    told["room"][0] -= 1 + sum(len(one.content) for one in pieces)
    if key in within or told["room"][0] < 0:
        return ""
    inner = {**told, "within": (*within, key)}
    note = " ".join(told["render"]([_inline(one)], options, inner) for one in pieces)
    return f" ({note})" if within else f'<span class="footnote">{note}</span>'


def _inline(token: Any) -> Any:
    """A piece of a footnote, code within a line where it was a block."""
    if token.type != "inline":
        token.type, token.tag, token.content = "code_inline", "code", token.content.strip()
    return token


def _heading(renderer: Any, tokens: Any, index: int, options: Any, _environment: Any) -> str:
    """An author's headings stand below those of the document."""
    token = tokens[index]
    token.tag = f"h{min(6, int(token.tag[1]) + TOP_HEADING)}"
    text: str = renderer.renderToken(tokens, index, options, {})
    return text
