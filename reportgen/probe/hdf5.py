"""HDF5 files, measured before anything in them is read.

A file may declare far more than it holds, point a thousand times at one thing, or point at other files; all of it is
found here from headers alone. Nothing knows about Keras.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO

import h5py

from reportgen.probe.containers import LARGEST_TEXT, SuspiciousError, check_ratio

MOST_OBJECTS = 100_000
"""Groups and arrays of an HDF5 file."""

_HEAP = b"GCOL\x01\0\0\0"


@dataclass(frozen=True, slots=True)
class Contents:
    """What an HDF5 file declares: the number of arrays and their bytes when read."""

    arrays: int
    declared: int


def measure(file: h5py.File, raw: IO[bytes] | io.RawIOBase, size: int) -> Contents:
    """Every object of an HDF5 file checked by its header: no links outside, no strange types, no bombs.

    `raw` are the file's own bytes, `size` is what they take on the disk.
    """
    seen: set[tuple[int, int]] = set()
    groups: list[h5py.Group] = [file]
    arrays = declared = 0
    attributes = _Attributes(raw, size)
    attributes.check(file)
    while groups:
        group = groups.pop()
        for name in group:
            _check_link(group, name)
            item = group[name]
            info = h5py.h5o.get_info(item.id)
            if (info.fileno, info.addr) in seen:
                continue
            seen.add((info.fileno, info.addr))
            if len(seen) > MOST_OBJECTS:
                raise SuspiciousError("it holds more groups and arrays than any network")
            attributes.check(item)
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset):
                arrays += 1
                declared += _declared_bytes(item)
                check_ratio(declared, size)
    return Contents(arrays, declared)


def read_attribute(owner: h5py.Group | h5py.File, name: str) -> str | None:
    """A text attribute, or None where there is none; its size is checked before it is read."""
    if name not in owner.attrs:
        return None
    header = h5py.h5a.open(owner.id, name.encode())
    if header.get_storage_size() > LARGEST_TEXT or header.get_space().get_simple_extent_npoints() != 1:
        raise SuspiciousError(f"its attribute '{name}' is too large")
    value = owner.attrs[name]
    text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
    if len(text) > LARGEST_TEXT:
        raise SuspiciousError(f"its attribute '{name}' is larger than {LARGEST_TEXT / 1e6:.0f} MB")
    return text


def holds_weights(file: h5py.File) -> bool:
    """Whether arrays lie as Keras, of any age, puts a network's weights."""

    def visit(name: str, item: object) -> bool | None:
        found = isinstance(item, h5py.Group) and (name.rpartition("/")[2] == "vars" or "weight_names" in item.attrs)
        return found or None  # None goes on

    return "layer_names" in file.attrs or "model_weights" in file or bool(file.visititems(visit))


class _Attributes:
    """Attributes measured by their headers: each, and all together, as they will be when read.

    Texts of any length are kept in heaps and pointed at, a thousand times where somebody likes; how long each is does
    not stand in the header, so each is taken for the longest in the file.
    """

    def __init__(self, raw: IO[bytes] | io.RawIOBase, size: int) -> None:
        self._raw, self._size = raw, size
        self._longest = self._declared = 0

    def check(self, owner: h5py.Group | h5py.Dataset) -> None:
        """Refuse an object whose attributes would take far more than the file holds."""
        if not isinstance(owner, h5py.Group | h5py.Dataset):
            return
        for number in range(h5py.h5a.get_num_attrs(owner.id)):
            header = h5py.h5a.open(owner.id, index=number)
            count = header.get_space().get_simple_extent_npoints()
            kind = header.get_type()
            pointed = kind.detect_class(h5py.h5t.VLEN) or (
                isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str()
            )
            if pointed and count > 1:
                self._longest = self._longest or _longest_text(self._raw)
            self._declared += count * (self._longest if pointed and count > 1 else kind.get_size())
            check_ratio(self._declared, self._size)


def _longest_text(raw: IO[bytes] | io.RawIOBase) -> int:
    """The bytes of the longest text in the heaps of an HDF5 file, which are found by the mark before each.

    After the mark and the heap's own length stand its texts, each with its number and length in 16 bytes before it;
    number 0 is free room, its length that of these bytes too.
    """
    longest = 1
    for start in _places(raw, _HEAP):
        end, at = start + _number(raw, start + 8), start + 16
        while at + 16 <= end:
            number, length = _number(raw, at, 2), _number(raw, at + 8)
            longest = max(longest, length if number else 1)
            at += 16 + (length + 7) // 8 * 8 if number else max(length, 16)
    return longest


def _places(raw: IO[bytes] | io.RawIOBase, mark: bytes) -> list[int]:
    found, begin, kept = [], 0, b""
    raw.seek(0)
    while piece := raw.read(1 << 20):
        kept += piece
        at = kept.find(mark)
        while at >= 0:
            found.append(begin + at)
            at = kept.find(mark, at + 1)
        begin, kept = begin + max(0, len(kept) - len(mark) + 1), kept[max(0, len(kept) - len(mark) + 1) :]
    return found


def _number(raw: IO[bytes] | io.RawIOBase, at: int, length: int = 8) -> int:
    raw.seek(at)
    return int.from_bytes(raw.read(length) or b"", "little")


def _check_link(group: h5py.Group, name: str) -> None:
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise SuspiciousError(f"'{name[:80]}' in it is a link to another file")
    if not isinstance(link, h5py.HardLink):
        raise SuspiciousError(f"'{name[:80]}' in it is a link, not an array")


def _declared_bytes(array: h5py.Dataset) -> int:
    name = array.name.rpartition("/")[2][:80]
    if array.external:
        raise SuspiciousError(f"the array '{name}' lies in another file")
    if array.is_virtual:
        raise SuspiciousError(f"the array '{name}' is put together from other files")
    if array.dtype.kind not in "fiubVcS" or (array.dtype.kind == "V" and array.dtype.names):
        raise SuspiciousError(f"the array '{name}' holds something else than numbers")
    return int(array.size or 0) * int(array.dtype.itemsize)
