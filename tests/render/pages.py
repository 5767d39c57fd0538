"""Reading the site's pages in tests: a small tree of elements, strict about nesting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from reportgen.render import Output, html
from reportgen.report.document import Report
from tests.render.sample_report import speaker

VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}
ENDED_BY = {"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr"), "li": ("li",)}
"""Elements that end where another one begins, as HTML allows."""
BOTH = ("uk", "en")


@dataclass
class Element:
    """A tag with its attributes and what is inside."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def all(self, *tags: str) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                if not tags or child.tag in tags:
                    yield child
                yield from child.all(*tags)

    def of_class(self, name: str) -> list[Element]:
        return [element for element in self.all() if name in element.get("class").split()]

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts()).split(" ")).replace("\n", " ").strip(" ")

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in <{tag}>"
        while self.open[-1].tag in ENDED_BY.get(tag, ()):
            self.open.pop()
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while tag in ("table", "thead", "tbody", "ul", "ol") and self.open[-1].tag in ("td", "th", "tr", "li"):
            self.open.pop()
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def tree(text: str) -> Element:
    """The page as a tree; a tag closed in the wrong place is an error."""
    parser = _Tree()
    parser.feed(text)
    parser.close()
    assert parser.open == [parser.root], "a tag was not closed"
    return parser.root


def pages(report: Report, language: str = "en", templates: tuple[Path, ...] = ()) -> dict[str, str]:
    """The pages of one language as text, by path."""
    output = Output(Path(), language, "html", BOTH, ("html", "markdown"))
    made = html.pages(report, output, speaker(language), templates)
    return {path: text for path, text in made if path.endswith(".html")}
