"""What a figure is put together from: words and pictures on white, in few colours."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reportgen.render import raster
from reportgen.render.drawing import wrap

MARGIN = 24
"""Pixels around a sheet, and between pictures of a row."""
EDGES = 9
"""Steps between a letter and the paper: few, so that a sheet of maps needs no more colours than a palette has."""
STRIP = 128
"""Rows that are worked on at once, for the memory's sake."""
_FEW = [round(round(level * EDGES / 255) * 255 / EDGES) for level in range(256)]


def text(words: str, size: int, room: int, colour: str, bold: bool = False) -> Image.Image:
    """Words in as many lines as they need."""
    lines = wrap(words, room, size, bold)
    height = round(size * 1.35)
    sheet = Image.new("RGB", (room, height * len(lines)), "white")
    for number, line in enumerate(lines):
        write(sheet, (0, number * height + size), line, colour, raster.font(size, bold), "ls")
    return sheet


def write(
    sheet: Image.Image, place: tuple[float, float], words: str, colour: str, face: ImageFont.FreeTypeFont,
    anchor: str = "la",
) -> None:
    """Words on white, their edges in few steps."""
    mask = Image.new("L", sheet.size, 0)
    ImageDraw.Draw(mask).text(place, words, 255, face, anchor)
    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    edges = mask.crop((left, top, right, bottom)).point(_FEW)
    sheet.paste(Image.new("RGB", edges.size, colour), (left, top), edges)


def stack(parts: Sequence[Image.Image], gap: int = 16) -> Image.Image:
    """Pictures below each other, on white."""
    width = max(part.width for part in parts)
    height = sum(part.height for part in parts) + gap * (len(parts) - 1)
    sheet = Image.new("RGB", (width, height), "white")
    y = 0
    for part in parts:
        sheet.paste(part, (0, y))
        y += part.height + gap
    return sheet


def side_by_side(parts: Sequence[Image.Image], width: int) -> Image.Image:
    """Pictures in a row, each with so much room."""
    size = len(parts) * (width + MARGIN) - MARGIN, max(part.height for part in parts)
    sheet = Image.new("RGB", size, "white")
    for number, part in enumerate(parts):
        sheet.paste(part, (number * (width + MARGIN), 0))
    return sheet


def png(image: Image.Image) -> bytes:
    """The file of a sheet, with a margin around it."""
    sheet = Image.new("RGB", (image.width + 2 * MARGIN, image.height + 2 * MARGIN), "white")
    sheet.paste(image, (MARGIN, MARGIN))
    sheet = in_palette(sheet)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_level=4)  # 6 takes twice as long for 3 % less
    return buffer.getvalue()


def in_palette(sheet: Image.Image) -> Image.Image:
    """The same pixels by the numbers of their colours, where there are few enough."""
    found = sheet.getcolors(256)
    if found is None:
        return sheet
    colours = sorted(colour for _count, colour in found if isinstance(colour, tuple))
    numbers = np.zeros(1 << 24, np.uint8)
    numbers[[red << 16 | green << 8 | blue for red, green, blue in colours]] = np.arange(len(colours))
    pixels = np.asarray(sheet)
    rows = np.empty(pixels.shape[:2], np.uint8)
    for top in range(0, len(rows), STRIP):
        red, green, blue = np.moveaxis(pixels[top : top + STRIP].astype(np.uint32), -1, 0)
        rows[top : top + STRIP] = numbers[red << 16 | green << 8 | blue]
    made = Image.fromarray(rows)
    made.putpalette([level for colour in colours for level in colour])
    return made
