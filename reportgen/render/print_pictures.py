"""Pictures made fit for paper: few enough tiles to be read, few enough pixels to be printed.

WeasyPrint packs every PNG anew as RGB, so a picture larger than the paper can show costs time and
bytes for nothing. Photographs and reduced maps go in as JPEG, maps as they are as PNG with hard pixels.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from reportgen.report.blocks import Picture
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

    `tiny` ones (a single kernel, a patch of colour) are not to be blown up.
    """

    name: str
    data: bytes
    width: int
    height: int
    shown: int
    tiles: int
    smooth: bool

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
    image: Image.Image = Image.open(io.BytesIO(picture.data))
    tiles = len(picture.grid.numbers) if picture.grid else 0
    shown = tiles
    if picture.grid and tiles > MOST_TILES:
        image, shown = _first_tiles(image, picture)
    image = _flat(image)
    factor = finest / image.width
    if factor < 1:
        image = image.resize((finest, max(1, round(image.height * factor))), Image.Resampling.BOX)
    smooth = picture.kind == "photo" or factor < 1
    stem = asset_name(picture).rpartition(".")[0]
    buffer = io.BytesIO()
    if smooth:
        image.save(buffer, "JPEG", quality=QUALITY[quality], subsampling=0)
        return PrintPicture(f"{stem}.jpg", buffer.getvalue(), image.width, image.height, shown, tiles, True)
    image.save(buffer, "PNG", compress_level=1)
    return PrintPicture(f"{stem}.png", buffer.getvalue(), image.width, image.height, shown, tiles, smooth)


def _first_tiles(image: Image.Image, picture: Picture) -> tuple[Image.Image, int]:
    """The first tiles of a mosaic, laid anew in eight columns."""
    grid = picture.grid
    assert grid is not None
    pixels = np.asarray(_flat(image))
    step_x, step_y = grid.tile_width + grid.gap, grid.tile_height + grid.gap
    columns = min(8, grid.columns)
    rows = MOST_TILES // columns
    sheet = np.full((rows * step_y - grid.gap, columns * step_x - grid.gap, 3), 255, np.uint8)
    for place in range(rows * columns):
        top, left = place // grid.columns * step_y, place % grid.columns * step_x
        new_top, new_left = place // columns * step_y, place % columns * step_x
        tile = pixels[top : top + grid.tile_height, left : left + grid.tile_width]
        sheet[new_top : new_top + grid.tile_height, new_left : new_left + grid.tile_width] = tile
    return Image.fromarray(sheet), rows * columns


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency, on white."""
    if "transparency" in image.info or image.mode in ("RGBA", "LA"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L" if image.mode == "L" else "RGB")
