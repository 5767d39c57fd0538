"""Pictures made fit for paper: few enough tiles to be read, few enough pixels to be printed.

A picture larger than the paper can show costs time and bytes for nothing. Photographs and reduced maps go in as JPEG,
maps as they are with hard pixels.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from reportgen.render.opening import on_white, opened
from reportgen.render.packed import Packed, packed
from reportgen.report.blocks import Grid, Picture
from reportgen.report.codec import asset_name
from reportgen.report.colours import TABLES

MOST_TILES = 64
FINEST = {"draft": 640, "normal": 1200, "print": 2000}
"""Pixels across: at 16 cm about 100, 200 and 300 to the inch."""
QUALITY = {"draft": 75, "normal": 88, "print": 93}
"""Of JPEG."""


@dataclass(frozen=True, slots=True)
class PrintPicture:
    """A file for the PDF. `shown` of `tiles` tiles are in it; `smooth` pictures may be blurred when enlarged.

    `tiny` ones (a single kernel, a patch of colour) are not to be blown up. `inside` is what the document holds of a
    picture that need not be packed anew.
    """

    name: str
    data: bytes
    width: int
    height: int
    shown: int
    tiles: int
    smooth: bool
    inside: Packed | None = None

    @property
    def tiny(self) -> bool:
        """True for a few pixels."""
        return max(self.width, self.height) <= 12


@functools.cache
def colour_bar(colours: str) -> bytes:
    """A bar of a colour map from low to high."""
    table = np.frombuffer(bytes.fromhex(TABLES[colours]), np.uint8).reshape(1, 256, 3)
    buffer = io.BytesIO()
    Image.fromarray(np.repeat(table, 8, axis=0)).save(buffer, "PNG")
    return buffer.getvalue()


@functools.lru_cache(maxsize=256)
def prepare(picture: Picture, quality: str = "normal") -> PrintPicture:
    """The picture as it goes to paper."""
    finest = FINEST[quality]
    image = opened(picture)
    tiles = len(picture.grid.numbers) if picture.grid else 0
    shown = tiles
    if picture.grid and tiles > MOST_TILES:
        image, shown = _first_tiles(image, picture.grid)
    factor = finest / image.width
    smooth = picture.kind == "photo" or factor < 1
    stem = asset_name(picture).rpartition(".")[0]
    if not smooth:
        data = picture.data if shown == tiles else _png(image)
        inside = packed(data)
        data = data if inside else _png(_flat(image))
        return PrintPicture(f"{stem}.png", data, image.width, image.height, shown, tiles, False, inside)
    image = _flat(image)
    if factor < 1:
        image = image.resize((finest, max(1, round(image.height * factor))), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY[quality], subsampling=0)
    return PrintPicture(f"{stem}.jpg", buffer.getvalue(), image.width, image.height, shown, tiles, True)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _first_tiles(image: Image.Image, grid: Grid) -> tuple[Image.Image, int]:
    """The first tiles of a mosaic, laid anew in eight columns."""
    blank = image.info.get("transparency")
    in_palette = image.mode == "P" and isinstance(blank, int)
    image = image if in_palette else _flat(image)
    pixels = np.asarray(image)
    step_x, step_y = grid.tile_width + grid.gap, grid.tile_height + grid.gap
    columns = min(8, grid.columns)
    rows = MOST_TILES // columns
    shape = (rows * step_y - grid.gap, columns * step_x - grid.gap, *pixels.shape[2:])
    sheet = np.full(shape, blank if in_palette else 255, np.uint8)
    for place in range(rows * columns):
        top, left = place // grid.columns * step_y, place % grid.columns * step_x
        new_top, new_left = place // columns * step_y, place % columns * step_x
        tile = pixels[top : top + grid.tile_height, left : left + grid.tile_width]
        sheet[new_top : new_top + grid.tile_height, new_left : new_left + grid.tile_width] = tile
    made = Image.fromarray(sheet)
    if in_palette:
        made.putpalette(image.getpalette() or [])
        made.info = dict(image.info)
    return made, rows * columns


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency, on white."""
    if "transparency" in image.info or image.mode in ("RGBA", "LA"):
        return on_white(image)
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
