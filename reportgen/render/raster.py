"""A drawing as pixels, for figures that stand alone: drawn twice as large and halved, which smooths the edges."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

from reportgen.render.drawing import COLOURS, Box, Drawing, Group, Shape, Trail, Words, fonts_folder

SCALE = 2.0
"""Pixels of the finished picture for a unit of the drawing."""
_SMOOTH = 2
MOST_PIXELS = 20_000_000
"""A drawing of a thousand bars is painted with fewer: smoothed less, and smaller if need be."""
TALLEST = 16_000
"""Pixels of the finished picture."""


@functools.lru_cache(maxsize=64)
def font(size: float, bold: bool = False) -> ImageFont.FreeTypeFont:
    """A face with complete Cyrillic, from matplotlib's data."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(fonts_folder() / name), size, layout_engine=ImageFont.Layout.BASIC)


def paint(drawing: Drawing, scale: float = SCALE) -> Image.Image:
    """The drawing on white."""
    factor = min(scale * _SMOOTH, math.sqrt(MOST_PIXELS / (drawing.width * drawing.height)))
    scale = min(scale, factor, TALLEST / drawing.height)
    image = Image.new("RGB", (math.ceil(drawing.width * factor), math.ceil(drawing.height * factor)), "white")
    brush = _Brush(image, factor)
    brush.all(drawing.shapes)
    return image.resize((math.ceil(drawing.width * scale), math.ceil(drawing.height * scale)), Image.Resampling.BOX)


class _Brush:
    """Draws shapes on an image; one unit of the drawing is `factor` pixels."""

    def __init__(self, image: Image.Image, factor: float) -> None:
        self.image, self.factor = image, factor
        self.draw = ImageDraw.Draw(image, "RGBA")

    def all(self, shapes: Iterable[Shape]) -> None:
        for shape in shapes:
            if isinstance(shape, Box):
                self.box(shape)
            elif isinstance(shape, Trail):
                self.trail(shape)
            elif isinstance(shape, Words):
                self.words(shape)
            elif isinstance(shape, Group):
                self.all(shape.shapes)

    def box(self, box: Box) -> None:
        k = self.factor
        corners = (box.x * k, box.y * k, max((box.x + box.width) * k, box.x * k + 1), max((box.y + box.height) * k,
        box.y * k + 1))
        fill = _colour(box.role, box.opacity) if box.opacity else None
        outline = _colour(box.role) if box.outline else None
        self.draw.rounded_rectangle(corners, box.radius * k, fill, outline, max(1,
        round(box.outline * k)) if outline else 0)

    def trail(self, trail: Trail) -> None:
        k = self.factor
        points = [(x * k, y * k) for x, y in trail.points]
        if len(points) < 2:
            return  # nothing to draw a line between
        if trail.fill:
            self.draw.polygon(points, _colour(trail.role, trail.fill))
        width = max(1, round(trail.thickness * k))
        for part in _dashed(points, [dash * k for dash in trail.dashes]) if trail.dashes else [points]:
            self.draw.line(part, _colour(trail.role), width, joint="curve")

    def words(self, words: Words) -> None:
        k = self.factor
        face = font(words.size * k, words.bold)
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[words.anchor]
        if not words.angle:
            self.draw.text((words.x * k, words.y * k), words.text, _colour(words.role), face, anchor)
            return
        left, top, right, bottom = face.getbbox(words.text, anchor="ls")
        side = math.ceil(max(abs(left), abs(right)) + bottom - top) + 4
        sheet = Image.new("L", (2 * side, 2 * side), 0)
        ImageDraw.Draw(sheet).text((side, side), words.text, 255, face, anchor)
        sheet = sheet.rotate(-words.angle, Image.Resampling.BILINEAR)
        left, top, right, bottom = sheet.getbbox() or (0, 0, 1, 1)
        x, y = round(words.x * k - side) + left, round(words.y * k - side) + top
        letters = sheet.crop((left, top, right, bottom))
        self.image.paste(COLOURS[words.role], (x, y, x + letters.width, y + letters.height), letters)


def _colour(role: str, opacity: float = 1.0) -> tuple[int, int, int, int]:
    red, green, blue = bytes.fromhex(COLOURS[role].removeprefix("#"))
    return red, green, blue, round(255 * opacity)


def _dashed(points: list[tuple[float, float]], dashes: list[float]) -> list[list[tuple[float, float]]]:
    """A broken line cut into its dashes."""
    parts = []
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        length = math.hypot(x1 - x0, y1 - y0)
        at, number = 0.0, 0
        while at < length and length:
            end = min(at + dashes[number % len(dashes)], length)
            if number % 2 == 0:
                parts.append([(x0 + (x1 - x0) * at / length, y0 + (y1 - y0) * at / length),
                              (x0 + (x1 - x0) * end / length, y0 + (y1 - y0) * end / length)])
            at, number = end, number + 1
    return parts
