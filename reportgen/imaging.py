"""From arrays to pictures: colour, mosaics, overlays. No picture holds a word.

A picture is kept at native resolution: a 28 × 28 map is 28 × 28 pixels, and a renderer enlarges it.
Maps become palette PNGs whose palette is the colour map itself, which is lossless and small.
"""

from __future__ import annotations

import functools
import io
import math
import struct
import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image

from reportgen.report.blocks import Grid, Picture, Scale
from reportgen.report.colours import TABLES

Array = np.ndarray
GAP = 1
STEPS = 127
"""Colours of a map, each hardly to be told from the next; twice as many take a quarter more bytes to show the same."""
BLANK = STEPS
"""The next place of the palette is transparent, for the gaps of a mosaic."""
COMPRESSION = 6
RUNS = 3
"""zlib's run-length strategy. On mosaics of real networks it is three to six times faster than the usual one at level
6, and its files are about as small."""
FINE = 160
"""From this side on four pixels of a photograph may share their hue: in a smaller one that would be seen."""
BLOCK = 1 << 18
"""How many values are turned into colours at once: few enough to stay in a processor's cache."""


@functools.cache
def palette(colours: str) -> Array:
    """A colour map as `STEPS` × 3 bytes."""
    table = np.frombuffer(bytes.fromhex(TABLES[colours]), np.uint8).reshape(256, 3)
    colours_used: Array = table[np.rint(np.linspace(0, 255, STEPS)).astype(int)]
    return colours_used


def levels(values: Array, scale: Scale) -> Array:
    """Values as palette positions from 0; a value that is no number becomes the lowest."""
    return _levels(values, scale.low, scale.high)


def _levels(values: Array, low: float | Array, high: float | Array) -> Array:
    """The same, where the ends may differ by channel (the last axis)."""
    span = np.subtract(high, low, dtype=np.float32)
    factor = np.divide(STEPS - 1, span, out=np.zeros_like(span), where=span > 0)
    unit = np.subtract(values, np.float32(low), dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        unit *= factor
    np.fmax(unit, 0, out=unit)
    np.fmin(unit, STEPS - 1, out=unit)
    positions: Array = np.rint(unit, out=unit).astype(np.uint8)
    return positions


def stretch(values: Array, axes: tuple[int, ...] | None = None) -> Array:
    """Values to 0…1 over the given axes; what is constant becomes 0, never a division by zero."""
    low = values.min(axis=axes, keepdims=axes is not None)
    span = values.max(axis=axes, keepdims=axes is not None) - low
    stretched: Array = np.divide(values - low, span, out=np.zeros(values.shape, np.float32), where=span > 0)
    return stretched


def picture_of_map(values: Array, scale: Scale) -> Picture:
    """One map (height × width) through the scale's colours."""
    return _indexed(levels(values, scale), scale.colours)


def picture_of_classes(numbers: Array, colours: Array) -> Picture:
    """A map of small whole numbers (height × width), each in its own colour (count × 3 bytes)."""
    image = Image.fromarray(numbers.astype(np.uint8))
    image.putpalette(np.ascontiguousarray(colours[:256], np.uint8).tobytes())
    return _png(image, "map", None)


def photo(pixels: Array, *, lossy: bool = False) -> Picture:
    """An image in 0…1, RGB or gray, as it is: a PNG, or a JPEG of good quality where small loss is no harm."""
    array = np.rint(np.clip(np.nan_to_num(pixels), 0, 1) * 255).astype(np.uint8)
    array = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    image = Image.fromarray(array)
    if not lossy:
        return _png(image, "photo", None)
    buffer = io.BytesIO()
    shared = "4:2:0" if min(image.size) >= FINE else "4:4:4"
    image.save(buffer, "JPEG", quality=85, subsampling=shared, optimize=True)
    return Picture(buffer.getvalue(), image.width, image.height, "photo")


def gray(pixels: Array) -> Array:
    """An image as height × width × 3 without its colours (luminance after ITU-R BT.601)."""
    plane = pixels @ np.array([0.299, 0.587, 0.114], np.float32) if pixels.shape[-1] == 3 else pixels[..., 0]
    return np.repeat(plane[..., None], 3, axis=-1).astype(np.float32)


def outline(inside: Array) -> Array:
    """The places of a region (truth values) with a neighbour, above, below or beside, that is not in it."""
    wide = np.pad(inside, 1, mode="edge")
    rows, columns = inside.shape
    kept: Array = inside.copy()
    for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
        kept &= wide[y : y + rows, x : x + columns]
    edge: Array = inside & ~kept
    return edge


def overlay(pixels: Array, heat: Array, scale: Scale, opacity: float = 0.5) -> Picture:
    """A heat map laid over an image, enlarged to it with bilinear interpolation.

    The image is shown without its colours, so that every colour seen is the map's. A diverging map is the more
    opaque the further it is from zero, so that the image is seen where the map says nothing.
    """
    height, width = pixels.shape[:2]
    large = resize(np.asarray(heat, np.float32), (height, width))
    colours = (palette(scale.colours).astype(np.float32) / 255)[levels(large, scale)]
    cover: Array | float = opacity
    if scale.colours == "diverging":
        bound = max(abs(scale.low), abs(scale.high)) or 1.0
        cover = (np.minimum(np.abs(large) / bound, 1) * 0.9)[..., None]
    return photo(gray(pixels) * (1 - cover) + colours * cover, lossy=True)


def mosaic(
    maps: Array, scale: Scale, *, numbers: Sequence[int] | None = None, columns: int = 0, shrink: int = 1
) -> Picture:
    """Every channel of (height, width, channels) as one picture of tiles, at native resolution.

    With `scale.extent == "tile"` each channel is stretched over its own range. With `shrink` every
    pixel is the mean of shrink × shrink places. The work is done in blocks of rows, so that no
    second array of the maps' size is ever made.
    """
    height, width, count = maps.shape
    low, high = _tile_ends(maps) if scale.extent == "tile" else (scale.low, scale.high)
    tile_height, tile_width = -(-height // shrink), -(-width // shrink)
    canvas, grid = _canvas(count, (tile_height, tile_width), numbers, columns, BLANK)
    places = _places(grid)
    rows = max(1, BLOCK // max(1, width * count * shrink)) * shrink
    for top in range(0, height, rows):
        block = maps[top : top + rows]
        block = _block_means(block, shrink) if shrink > 1 else block
        tiles = np.moveaxis(_levels(block, low, high), -1, 0)
        first = top // shrink
        for (y, x), tile in zip(places, tiles, strict=True):
            canvas[y + first : y + first + tile.shape[0], x : x + tile_width] = tile
    return _indexed(canvas, scale.colours, grid)


def shrunk(plane: Array, longest: int) -> Array:
    """A map (height × width) no longer than this, every value the mean of a square of the large one's."""
    side = -(-max(plane.shape) // longest)
    return _block_means(plane[..., None], side)[..., 0] if side > 1 else plane


def _tile_ends(maps: Array) -> tuple[Array, Array]:
    """The least and the largest value of every channel."""
    low, high = maps.min(axis=(0, 1)).astype(np.float32), maps.max(axis=(0, 1)).astype(np.float32)
    return np.where(np.isfinite(low), low, 0), np.where(np.isfinite(high), high, 0)


def _block_means(maps: Array, side: int) -> Array:
    """The mean of every side × side places; the last row and column may hold fewer."""
    ends = [np.arange(0, length, side) for length in maps.shape[:2]]
    sums = np.add.reduceat(np.add.reduceat(maps, ends[0], axis=0, dtype=np.float32), ends[1], axis=1)
    heights, widths = (np.diff(end, append=length) for end, length in zip(ends, maps.shape[:2], strict=True))
    means: Array = sums / (heights[:, None] * widths)[..., None].astype(np.float32)
    return means


def colour_mosaic(images: Array, *, numbers: Sequence[int] | None = None, columns: int = 0) -> Picture:
    """Images (count, height, width, 3) in 0…1 as one picture of tiles."""
    tiles = np.rint(np.clip(np.nan_to_num(images), 0, 1) * 255).astype(np.uint8)
    canvas, grid = _canvas(len(tiles), tiles.shape[1:3], numbers, columns, 255, tiles.shape[3:])
    for (y, x), tile in zip(_places(grid), tiles, strict=True):
        canvas[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return _png(Image.fromarray(canvas), "map", grid)


def resize(values: Array, size: tuple[int, int], method: str = "bilinear") -> Array:
    """Height × width (× channels) at another size, by Pillow's filter of that name."""
    if values.shape[:2] == tuple(size):
        return values
    resample = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR,
                "bicubic": Image.Resampling.BICUBIC, "area": Image.Resampling.BOX}[method]
    height, width = size
    planes = values[..., None] if values.ndim == 2 else values
    out = [
        np.asarray(Image.fromarray(np.ascontiguousarray(planes[..., channel])).resize((width, height), resample))
        for channel in range(planes.shape[-1])
    ]
    return out[0] if values.ndim == 2 else np.stack(out, axis=-1)


def grid_columns(count: int, tile_width: int, tile_height: int) -> int:
    """How many columns make a mosaic of `count` tiles about as wide as high, full to the last row if one can."""
    ideal = math.sqrt(count * 1.2 * tile_height / max(tile_width, 1))
    near = [columns for columns in range(1, count + 1) if 0.7 * ideal <= columns <= 1.5 * ideal]
    near = near or [max(1, round(ideal))]
    full = [columns for columns in near if count % columns == 0]
    return min(count, min(full or near, key=lambda columns: abs(columns - ideal)))


def _canvas(
    count: int, tile: tuple[int, ...], numbers: Sequence[int] | None, columns: int, background: int,
    depth: tuple[int, ...] = (),
) -> tuple[Array, Grid]:
    """An empty canvas for so many tiles (height, width), and where they will lie."""
    height, width = tile
    columns = columns or grid_columns(count, width, height)
    rows = math.ceil(count / columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *depth)
    names = tuple(numbers) if numbers is not None else tuple(range(count))
    return np.full(shape, background, np.uint8), Grid(columns, width, height, GAP, names)


def _places(grid: Grid) -> list[tuple[int, int]]:
    """The upper left corner (y, x) of every tile."""
    step_y, step_x = grid.tile_height + grid.gap, grid.tile_width + grid.gap
    return [(k // grid.columns * step_y, k % grid.columns * step_x) for k in range(len(grid.numbers))]


def _indexed(array: Array, colours: str, grid: Grid | None = None) -> Picture:
    """Palette positions as a picture; the last one is transparent in a mosaic."""
    image = Image.fromarray(array)
    table = palette(colours).tobytes() + b"\xff\xff\xff"
    return Picture(_as_differences(image, table, grid is not None), image.width, image.height, "map", grid)


def _as_differences(image: Image.Image, table: bytes, with_blank: bool) -> bytes:
    """The image as a palette PNG whose rows are told as differences.

    Neighbouring positions of a colour map are neighbouring numbers, so differences pack a fifth smaller (VGG16: 6.5
    against 8.4 MB). Pillow takes differences only of what it holds to be gray; the palette is set in afterwards.
    """
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=COMPRESSION, compress_type=RUNS)
    data = buffer.getvalue()
    header = bytearray(data[16:29])  # what IHDR, the first chunk, holds: 8 bytes of signature, 8 of length and name
    header[9] = 3  # the kind of colour: 0 is gray, 3 a palette
    chunks = _chunk(b"IHDR", bytes(header)) + _chunk(b"PLTE", table)
    if with_blank:
        chunks += _chunk(b"tRNS", b"\xff" * BLANK + b"\x00")
    return data[:8] + chunks + data[33:]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(image: Image.Image, kind: Literal["map", "photo"], grid: Grid | None) -> Picture:
    """The image as a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=COMPRESSION, **({"compress_type": RUNS} if kind == "map" else {}))
    return Picture(buffer.getvalue(), image.width, image.height, kind, grid)
