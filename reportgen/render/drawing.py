"""A drawing as data: shapes and words with roles, before it becomes an SVG or pixels.

Charts and diagrams are laid out once, in these shapes, and written by two small backends:
`vector` (SVG for pages and the PDF) and `raster` (PNG for figures that stand alone). A role is a
name such as "ink" or "series-2"; it is the colour here and the class name in the SVG, where a
site's style sheet may give it another colour.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias

WIDTH = 740.0
"""The width of every drawing. On paper, 16.5 cm wide, a letter of size 11 is then 7 points high."""
SMALL = 11.0
TEXT = 12.0
FONT_FAMILY = "DejaVu Sans, Verdana, sans-serif"

COLOURS: dict[str, str] = {
    "paper": "#ffffff",
    "ink": "#1b1f24",
    "muted": "#57606a",
    "grid": "#d4d9df",
    "marked": "#c2410c",
    "series-0": "#1f5fa8",
    "series-1": "#b8560b",
    "series-2": "#177a56",
    "series-3": "#8b4a9c",
    "series-4": "#7d6608",
    "series-5": "#b0305c",
    "series-6": "#2b7f92",
    "series-7": "#5b5b5b",
    "family-input": "#57606a",
    "family-convolution": "#1f5fa8",
    "family-dense": "#8b4a9c",
    "family-activation": "#a87b00",
    "family-pooling": "#b3362d",
    "family-upsampling": "#177a56",
    "family-normalization": "#7a7f3a",
    "family-merge": "#2b7f92",
    "family-reshape": "#7b6a5d",
    "family-recurrent": "#a03a86",
    "family-attention": "#5a4fcf",
    "family-other": "#6b6f76",
}
SERIES = 8

Point: TypeAlias = "tuple[float, float]"
Anchor: TypeAlias = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle. `opacity` is that of its inside (0 = none); `outline` is its line's thickness."""

    x: float
    y: float
    width: float
    height: float
    role: str
    opacity: float = 1.0
    outline: float = 0.0
    radius: float = 0.0
    dashes: tuple[float, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """A broken line through points; with `fill` above 0, the closed area inside them."""

    points: tuple[Point, ...]
    role: str
    thickness: float = 1.0
    fill: float = 0.0
    dashes: tuple[float, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text; (x, y) is on its base line. `angle` turns it, in degrees, clockwise."""

    x: float
    y: float
    text: str
    size: float = TEXT
    anchor: Anchor = "start"
    role: str = "ink"
    bold: bool = False
    angle: float = 0.0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes that belong together: one name for them and, it may be, one link."""

    shapes: tuple[Shape, ...]
    title: str = ""
    href: str = ""
    role: str = ""


Shape: TypeAlias = "Box | Trail | Words | Group"


@dataclass(slots=True)
class Drawing:
    """A sheet with shapes on it, and what it shows in words."""

    width: float
    height: float
    title: str
    description: str = ""
    kind: str = "drawing"
    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Put shapes on top of those already there."""
        self.shapes.extend(shapes)


@functools.cache
def fonts_folder() -> Path:
    """Where matplotlib keeps its fonts; they are used without importing it."""
    found = find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("matplotlib is not installed")
    return Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


@functools.lru_cache(maxsize=1 << 15)
def text_width(text: str, size: float = TEXT, bold: bool = False) -> float:
    """How wide a line of text is."""
    return float(_ruler(bold).getlength(text)) * size / 100.0


@functools.cache
def _ruler(bold: bool):  # type: ignore[no-untyped-def] # noqa: ANN202
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(fonts_folder() / name), 100, layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(maxsize=1 << 14)
def shorten(text: str, room: float, size: float = TEXT, bold: bool = False) -> str:
    """The text, or as much of its both ends as fits, with "…" between: names differ at their ends."""
    if text_width(text, size, bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        keep = (low + high + 1) // 2
        if text_width(_ends(text, keep), size, bold) <= room:
            low = keep
        else:
            high = keep - 1
    return _ends(text, low)


def _ends(text: str, keep: int) -> str:
    tail = keep // 2
    return text[: keep - tail].rstrip() + "…" + (text[len(text) - tail :].lstrip() if tail else "")


def wrap(text: str, room: float, size: float = TEXT, bold: bool = False, lines: int = 0) -> list[str]:
    """The text in lines no wider than `room`; with a limit of `lines` the last one is shortened."""
    done: list[str] = []
    current = ""
    for word in text.split(" "):
        trial = f"{current} {word}" if current else word
        if current and text_width(trial, size, bold) > room:
            done.append(current)
            current = word
        else:
            current = trial
    done.append(current)
    if lines and len(done) > lines:
        done = [*done[: lines - 1], " ".join(done[lines - 1 :])]
        done[-1] = _head(done[-1], room, size, bold)
    return [shorten(line, room, size, bold) for line in done if line] or [""]


def _head(text: str, room: float, size: float, bold: bool) -> str:
    while text and text_width(text + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def place_legend(
    entries: Sequence[tuple[str, str]], left: float, right: float, mark: float = 22.0, size: float = SMALL
) -> tuple[list[tuple[float, float, str, str]], float]:
    """Rows of legend entries between two sides: (x, row's offset, role, shortened words) and the height."""
    placed: list[tuple[float, float, str, str]] = []
    x, y = left, 0.0
    for role, words in entries:
        words = shorten(words, right - left - mark - 6, size)
        wide = mark + 6 + text_width(words, size) + 18
        if x > left and x + wide - 18 > right:
            x, y = left, y + size + 7
        placed.append((x, y, role, words))
        x += wide
    return placed, (y + size + 7 if entries else 0.0)
