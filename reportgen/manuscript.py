"""An author's Markdown: the dialect that is read, and the pictures that a text names."""

from __future__ import annotations

import functools
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@dataclass(frozen=True, slots=True)
class Named:
    """A picture as a text names it: `![caption](file "what it shows to one who cannot see it")`.

    The caption is Markdown.
    """

    file: str
    caption: str
    alt: str


@functools.cache
def reader() -> MarkdownIt:
    """CommonMark with tables and footnotes, and none of HTML's doors."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin

    made = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").use(footnote_plugin)
    made.core.ruler.push("alone", _set_alone)
    return made


@functools.lru_cache(maxsize=256)
def pictures_in(text: str) -> tuple[Named, ...]:
    """The pictures that stand in paragraphs of their own, in order."""
    children = (child for token in reader().parse(text, {}) for child in token.children or ())
    return tuple(named_by(child) for child in children if is_alone(child))


def is_alone(token: Any) -> bool:
    """True for a picture that is a paragraph of its own."""
    return token.type == "image" and bool(token.meta.get("alone"))


def named_by(token: Any) -> Named:
    """What a picture's token says."""
    plain = "".join(child.content for child in token.children or ())
    alt = str(token.attrs.get("title", "")) or plain
    return Named(urllib.parse.unquote(str(token.attrs["src"])), token.content, alt)


def _set_alone(state: Any) -> None:
    """A paragraph that is a picture becomes the picture."""
    for place, token in enumerate(footnotes(state.tokens)[0]):
        pictures = token.children if token.type == "inline" and token.children else []
        if len(pictures) == 1 and pictures[0].type == "image" and state.tokens[place - 1].type == "paragraph_open":
            pictures[0].meta["alone"] = True
            for around in (state.tokens[place - 1], state.tokens[place + 1]):
                around.hidden = True


def footnotes(tokens: list[Any]) -> tuple[list[Any], dict[int, list[Any]]]:
    """The tokens of a text without its footnotes, and the inline tokens of each footnote by its number."""
    end = next((place for place, token in enumerate(tokens) if token.type == "footnote_block_open"), len(tokens))
    return tokens[:end], dict(_notes(tokens[end:]))


def _notes(tokens: list[Any]) -> Iterator[tuple[int, list[Any]]]:
    inside: list[Any] = []
    for token in tokens:
        if token.type == "footnote_open":
            inside = []
            yield token.meta["id"], inside
        elif token.type in ("inline", "fence", "code_block"):
            inside.append(token)
