"""What a picture's file says of itself, read without a decoder: PNG and JPEG, and nothing else.

A decoder of many formats is a door for many things (an EPS starts another program), and one of any format takes
memory by the size that the file declares. So a picture is asked for its size before it is opened anywhere.
"""

from __future__ import annotations

import struct

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MOST_SCANS = 100
"""A progressive JPEG has some ten scans; each takes the time of a whole picture and, empty, a few bytes."""
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Markers of frames that decoders read: baseline, extended, progressive."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits of a sample by a PNG's kind of colour."""


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as the header tells them; ValueError for what is neither a PNG nor a JPEG to be opened."""
    if data.startswith(PNG):
        return _png(data)
    if data.startswith(JPEG):
        return _jpeg(data)
    raise ValueError("is neither a PNG nor a JPEG")


def _png(data: bytes) -> tuple[int, int]:
    if len(data) < 33 or data[8:16] != b"\x00\x00\x00\rIHDR":
        raise ValueError("is a PNG without a header")
    width, height, depth, colours = struct.unpack(">IIBB", data[16:26])
    if depth not in _DEPTHS.get(colours, ()):
        raise ValueError("is a PNG of a kind that there is not")
    return width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    if data.count(b"\xff\xda") > MOST_SCANS:
        raise ValueError("is a JPEG of too many scans")
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == 0xFF or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES and place + 9 <= len(data):
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    raise ValueError("is a JPEG without a header")
