"""From arrays to pictures: colour, mosaics, overlays. No picture holds a word.

A picture is kept at native resolution: a 28 × 28 map is 28 × 28 pixels, and a renderer enlarges it.
Maps become palette PNGs whose palette is the colour map itself, which is lossless and small.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from reportgen.report.blocks import Grid, Picture, Scale
from reportgen.report.colours import TABLES
from reportgen.text import Message

Array = np.ndarray
GAP = 1
STEPS = 255
"""Colours of a map; the 256th place of the palette is transparent, for the gaps of a mosaic."""
BLANK = 255
COMPRESSION = 6
CLIP = 99.8
"""The percentile at which a shared scale ends, so that one spike does not darken every map."""


@functools.cache
def palette(colours: str) -> Array:
    """A colour map as `STEPS` × 3 bytes."""
    table = np.frombuffer(bytes.fromhex(TABLES[colours]), np.uint8).reshape(256, 3)
    return table[np.rint(np.linspace(0, 255, STEPS)).astype(int)]


def shared_scale(maps: Array, label: Message | None = None) -> Scale:
    """One scale for all maps: viridis from 0 (or the least value) to the clipped maximum.

    Values of both signs get the diverging map, centred at zero.
    """
    finite = maps[np.isfinite(maps)]
    if finite.size == 0:
        return Scale("viridis", 0.0, 1.0, label=label)
    low, high = float(finite.min()), float(finite.max())
    if low < 0 < high:
        bound = float(np.percentile(np.abs(finite), CLIP)) or max(-low, high)
        return Scale("diverging", -bound, bound, label=label, clipped=max(-low, high) > bound)
    if high <= 0:
        bound = float(np.percentile(finite, 100 - CLIP)) if low < 0 else 0.0
        return Scale("viridis", bound, 0.0, label=label, clipped=low < bound)
    bound = float(np.percentile(finite, CLIP)) or high
    return Scale("viridis", 0.0, bound, label=label, clipped=high > bound)


def symmetric_scale(values: Array, label: Message | None = None) -> Scale:
    """The diverging scale for weights: white is zero, the ends are the largest absolute value."""
    bound = float(np.abs(values).max()) if values.size else 0.0
    return Scale("diverging", -(bound or 1.0), bound or 1.0, label=label)


def levels(values: Array, scale: Scale) -> Array:
    """Values as palette positions 0…254; a value that is no number becomes the lowest."""
    span = scale.high - scale.low
    unit = (values - scale.low) / span if span > 0 else np.zeros(values.shape)
    unit = np.nan_to_num(unit, nan=0.0, posinf=1.0, neginf=0.0)
    return np.rint(np.clip(unit, 0, 1) * (STEPS - 1)).astype(np.uint8)


def stretch(values: Array, axes: tuple[int, ...] | None = None) -> Array:
    """Values to 0…1 over the given axes; what is constant becomes 0, never a division by zero."""
    low = values.min(axis=axes, keepdims=axes is not None)
    span = values.max(axis=axes, keepdims=axes is not None) - low
    return np.divide(values - low, span, out=np.zeros(values.shape, np.float32), where=span > 0)


def picture_of_map(values: Array, scale: Scale) -> Picture:
    """One map (height × width) through the scale's colours."""
    return _indexed(levels(values, scale), scale.colours)


def photo(pixels: Array) -> Picture:
    """An image in 0…1, RGB or gray, as it is."""
    array = np.rint(np.clip(np.nan_to_num(pixels), 0, 1) * 255).astype(np.uint8)
    array = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    return _png(Image.fromarray(array), "photo", None)


def overlay(pixels: Array, heat: Array, scale: Scale, opacity: float = 0.5) -> Picture:
    """A heat map laid over an image, enlarged to it with bilinear interpolation."""
    height, width = pixels.shape[:2]
    large = resize(np.asarray(heat, np.float32), (height, width))
    colours = palette(scale.colours)[levels(large, scale)] / 255.0
    background = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
    return photo(background * (1 - opacity) + colours * opacity)


def mosaic(maps: Array, scale: Scale, *, numbers: Sequence[int] | None = None, columns: int = 0) -> Picture:
    """Every channel of (height, width, channels) as one picture of tiles, at native resolution.

    With `scale.extent == "tile"` each channel is stretched over its own range.
    """
    if scale.extent == "tile":
        maps = stretch(maps, (0, 1)) * (scale.high - scale.low) + scale.low
    tiles = np.moveaxis(levels(maps, scale), -1, 0)
    canvas, grid = _lay(tiles, numbers, columns, BLANK)
    return _indexed(canvas, scale.colours, grid)


def colour_mosaic(images: Array, *, numbers: Sequence[int] | None = None, columns: int = 0) -> Picture:
    """Images (count, height, width, 3) in 0…1 as one picture of tiles."""
    tiles = np.rint(np.clip(np.nan_to_num(images), 0, 1) * 255).astype(np.uint8)
    canvas, grid = _lay(tiles, numbers, columns, 255)
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
    """How many columns make a mosaic of `count` tiles a little wider than it is high."""
    return max(1, min(count, math.ceil(math.sqrt(count * 1.25 * tile_height / max(tile_width, 1)))))


def _lay(
    tiles: Array, numbers: Sequence[int] | None, columns: int, background: int
) -> tuple[Array, Grid]:
    count, height, width = tiles.shape[:3]
    columns = columns or grid_columns(count, width, height)
    rows = math.ceil(count / columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *tiles.shape[3:])
    canvas = np.full(shape, background, np.uint8)
    for position, tile in enumerate(tiles):
        top, left = position // columns * (height + GAP), position % columns * (width + GAP)
        canvas[top : top + height, left : left + width] = tile
    names = tuple(numbers) if numbers is not None else tuple(range(count))
    return canvas, Grid(columns, width, height, GAP, names)


def _indexed(array: Array, colours: str, grid: Grid | None = None) -> Picture:
    image = Image.fromarray(array)
    image.putpalette(palette(colours).tobytes() + b"\xff\xff\xff")
    if grid is not None:
        image.info["transparency"] = BLANK
    return _png(image, "map", grid)


def _png(image: Image.Image, kind: str, grid: Grid | None) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=COMPRESSION, **image.info)
    return Picture(buffer.getvalue(), image.width, image.height, kind, grid)  # type: ignore[arg-type]
