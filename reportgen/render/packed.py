"""PNGs that go into the document as they are packed already.

WeasyPrint unpacks every PNG to RGB and packs it anew, which for maps in a palette takes three times the bytes and
most of the time. A PDF can hold what is inside a PNG unchanged: the rows as differences, and the palette.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LAST_FILTER = 4
SPACES = {0: "/DeviceGray", 2: "/DeviceRGB"}
"""Kinds of colour of a PNG, beside a palette (3), that a PDF knows."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The inside of a PNG without half-transparent colours: `rows` are packed, `table` is its palette if it has one."""

    width: int
    height: int
    depth: int
    colours: int
    rows: bytes
    table: bytes = b""


def packed(png: bytes) -> Packed | None:
    """The inside of a PNG that a PDF can hold; nothing for one that is damaged or must be drawn anew."""
    chunks: dict[bytes, bytes] = {}
    for name, data in _chunks(png) if png.startswith(SIGNATURE) else ():
        chunks[name] = chunks.get(name, b"") + data
    if len(chunks.get(b"IHDR", b"")) != 13 or b"IDAT" not in chunks:
        return None
    width, height, depth, colours, _method, _filter, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if interlaced or depth > 8 or (colours != 3 and (colours not in SPACES or b"tRNS" in chunks)):
        return None
    line = 1 + -(-width * depth * (3 if colours == 2 else 1) // 8)
    table = _on_white(chunks.get(b"PLTE", b""), chunks.get(b"tRNS", b"")) if colours == 3 else b""
    if not _is_whole(chunks[b"IDAT"], height, line) or (colours == 3 and not 3 <= len(table) <= 768):
        return None
    return Packed(width, height, depth, colours, chunks[b"IDAT"], table)


def _is_whole(rows: bytes, height: int, line: int) -> bool:
    """True where so many rows of so many bytes can be unpacked, each told in a way that there is."""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(rows, height * line + 1)
    except zlib.error:
        return False
    return len(data) == height * line and unpacking.eof and max(data[::line], default=5) <= LAST_FILTER


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place + 8 <= len(png):
        length, name = struct.unpack(">I4s", png[place : place + 8])
        yield name, png[place + 8 : place + 8 + length]
        place += length + 12


def _on_white(table: bytes, opacity: bytes) -> bytes:
    """A palette with its transparent colours laid on white."""
    return bytes(
        round(255 - (255 - level) * opacity[place // 3] / 255) if place // 3 < len(opacity) else level
        for place, level in enumerate(table)
    )


def images(files: Mapping[str, Packed], base: str) -> dict[str, Any]:
    """The same as WeasyPrint keeps images that it has met before, by their addresses."""
    import pydyf
    from weasyprint.images import RasterImage

    class AsItIs(RasterImage):  # type: ignore[misc]
        """An image whose bytes are written as they are."""

        def __init__(self, name: str, inside: Packed) -> None:
            self.id = hashlib.sha256(name.encode()).hexdigest()[:32]
            self.width, self.height = inside.width, inside.height
            self.ratio = inside.width / inside.height
            self.inside = inside
            self._dpi = None

        def get_x_object(self, interpolate: bool, _dpi_ratio: float) -> Any:
            """The image as an object of the PDF."""
            inside = self.inside
            last = len(inside.table) // 3 - 1
            space = SPACES.get(inside.colours) or pydyf.Array(
                ("/Indexed", "/DeviceRGB", last, f"<{inside.table.hex()}>")
            )
            how = {"Columns": inside.width, "BitsPerComponent": inside.depth, "Colors": 3 if inside.colours == 2 else 1}
            return pydyf.Stream([inside.rows], pydyf.Dictionary({
                "Type": "/XObject", "Subtype": "/Image", "Width": inside.width, "Height": inside.height,
                "ColorSpace": space, "BitsPerComponent": inside.depth,
                "Interpolate": "true" if interpolate else "false", "Filter": "/FlateDecode",
                "DecodeParms": pydyf.Dictionary({"Predictor": 15, **how}),
            }))

    return {base + name: AsItIs(name, inside) for name, inside in files.items()}
