"""The author's own Markdown as HTML: headings, lists, tables, code, citations and numbers of the report.

`[@key]` cites a source and `{section/fact}` stands for a number. No HTML of the author's is let through and no
picture is fetched: a text may come with a report from anywhere.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from reportgen.render.language import Speaker
from reportgen.render.typography import typeset
from reportgen.report.blocks import Fact
from reportgen.report.document import Report

CITATION = re.compile(r"\[@([\w:.+-]+(?:[;,]\s*@[\w:.+-]+)*)\]")
NUMBER = re.compile(r"\{([\w.-]+/[\w:.-]+)\}")
TOP_HEADING = 3


@dataclass
class Prose:
    """Turns an author's texts into HTML; remembers what could not be found in `unknown`."""

    report: Report
    speaker: Speaker
    cite: Callable[[str], Markup | None] = lambda _key: None
    unknown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._facts = facts_of(self.report)

    def html(self, text: str) -> Markup:
        """The text as HTML."""
        from markdown_it import MarkdownIt

        reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
        rules: Any = reader.renderer.rules  # type: ignore[attr-defined]
        rules |= {"text": self._text, "image": self._image}
        rules |= dict.fromkeys(("heading_open", "heading_close"), functools.partial(_heading, reader.renderer))
        return Markup(reader.render(text))  # noqa: S704 - HTML in the text is off, words are escaped below

    def line(self, text: str) -> Markup:
        """A text of one paragraph, without the paragraph."""
        return Markup(re.sub(r"^<p>|</p>\s*$", "", str(self.html(text)).strip()))  # noqa: S704 - as above

    def _text(self, tokens: Any, index: int, *_more: Any) -> str:
        content = tokens[index].content
        found, last = [], 0
        for match in re.finditer(f"{CITATION.pattern}|{NUMBER.pattern}", content):
            found += [escape(typeset(content[last : match.start()], self.speaker.language)), self._put(match)]
            last = match.end()
        found.append(escape(typeset(content[last:], self.speaker.language)))
        return "".join(str(part) for part in found)

    def _put(self, match: re.Match[str]) -> Markup:
        if match[2]:
            fact = self._facts.get(match[2])
            if fact is None:
                self.unknown.add(match[0])
                return escape(match[0])
            unit = f"\u00a0{self.speaker.say(fact.unit)}" if fact.unit else ""
            return escape(self.speaker.number(fact.value, fact.format) + unit)
        keys = [key.strip().removeprefix("@") for key in re.split("[;,]", match[1])]
        told = [self.cite(key) for key in keys]
        if None in told:
            self.unknown.add(match[0])
            return escape(match[0])
        return Markup("[") + Markup(", ").join(one for one in told if one is not None) + "]"

    def _image(self, tokens: Any, index: int, *_more: Any) -> str:
        self.unknown.add(f"![{tokens[index].content}]")
        return str(Markup("<i>{}</i>").format(tokens[index].content))


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


def _heading(renderer: Any, tokens: Any, index: int, options: Any, _environment: Any) -> str:
    """An author's headings stand below those of the document."""
    token = tokens[index]
    token.tag = f"h{min(6, int(token.tag[1]) + TOP_HEADING)}"
    text: str = renderer.renderToken(tokens, index, options, {})
    return text
