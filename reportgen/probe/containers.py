"""Archives, measured before anything in them is read: a file may declare far more than it holds (a bomb).

Nothing here knows about Keras.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

FREE_BYTES = 64 << 20
"""What a file may always unpack to, however small it is."""

LARGEST_RATIO = 100
"""How many times larger than on disk anything above `FREE_BYTES` may become; deflate reaches 1030."""

LARGEST_TEXT = 8 << 20
"""Bytes of a configuration; that of a network with a thousand layers has about one million."""

_DIRECTORY_LIMIT = 1 << 20


class SuspiciousError(ValueError):
    """The file declares something that no honest file does; the text says what."""


def open_archive(path: Path) -> zipfile.ZipFile:
    """A zip file whose directory is small and whose members are no bombs and stay in their folder."""
    size = path.stat().st_size
    if _directory_bytes(path) > _DIRECTORY_LIMIT:
        raise SuspiciousError("its list of contents is far too long")
    archive = zipfile.ZipFile(path)
    try:
        check_members(archive, size)
    except BaseException:
        archive.close()
        raise
    return archive


def check_members(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse members that leave the folder, stand twice, are encrypted, or unpack to far more than is there."""
    names = archive.namelist()
    if len(names) != len(set(names)):
        raise SuspiciousError("it holds two members of the same name")
    total = 0
    for member in archive.infolist():
        parts = member.filename.replace("\\", "/").split("/")
        if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise SuspiciousError("a member's name leaves the archive's folder")
        if member.flag_bits & 1:
            raise SuspiciousError("it is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SuspiciousError("it is packed with a method that Keras does not use")
        if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
            raise SuspiciousError(f"'{member.filename[:80]}' states two different sizes")
        total += member.file_size
    check_ratio(total, size)


def read_text(archive: zipfile.ZipFile, name: str) -> bytes:
    """A small member's bytes: what it declares and what it really unpacks to are both limited."""
    if archive.getinfo(name).file_size > LARGEST_TEXT:
        raise SuspiciousError(f"'{name}' declares {archive.getinfo(name).file_size / 1e6:.0f} MB of text")
    with archive.open(name) as member:
        data = member.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise SuspiciousError(f"'{name}' is larger than {LARGEST_TEXT / 1e6:.0f} MB")
    return data


def open_member(archive: zipfile.ZipFile, path: Path, name: str, unpacked: IO[bytes]) -> IO[bytes] | io.RawIOBase:
    """A large member as a file that can be read at any place.

    One that is only stored, as Keras does, is read where it lies; a compressed one is unpacked into
    `unpacked`, never more than it declares.
    """
    member = archive.getinfo(name)
    if member.compress_type == zipfile.ZIP_STORED:
        return _Window(path, _data_offset(path, member), member.file_size)
    left = member.file_size
    with archive.open(member) as packed:
        while piece := packed.read(min(1 << 20, left + 1)):
            left -= len(piece)
            if left < 0:
                raise SuspiciousError(f"'{name}' unpacks to more than it declares")
            unpacked.write(piece)
    unpacked.seek(0)
    return unpacked


def intact(archive: zipfile.ZipFile, path: Path, name: str) -> bool:
    """Whether a stored member's bytes give the checksum that the archive states."""
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED:
        return True  # was checked while it was unpacked
    total, left = 0, member.file_size
    with path.open("rb", buffering=0) as file:
        file.seek(_data_offset(path, member))
        piece = memoryview(bytearray(1 << 20))
        while left and (count := file.readinto(piece[: min(left, len(piece))])):
            total = zlib.crc32(piece[:count], total)
            left -= count
    return total == member.CRC


def check_ratio(declared: int, stored: int) -> None:
    """Refuse what would become far larger than it is."""
    if declared > FREE_BYTES and declared > LARGEST_RATIO * stored:
        raise SuspiciousError(f"{stored / 1e6:.3g} MB would unpack to {declared / 1e6:.0f} MB")


def _directory_bytes(path: Path) -> int:
    """How long the archive's central directory says it is, from the record at the end of the file."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 128))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise zipfile.BadZipFile
    length = int(struct.unpack_from("<L", tail, at + 12)[0])
    large = tail.rfind(b"PK\x06\x06", 0, at)
    if large >= 0 and len(tail) - large >= 56:
        length = max(length if length != 0xFFFFFFFF else 0, int(struct.unpack_from("<Q", tail, large + 40)[0]))
    return length


def _data_offset(path: Path, member: zipfile.ZipInfo) -> int:
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile
    name, extra = struct.unpack_from("<HH", header, 26)
    return member.header_offset + 30 + int(name) + int(extra)


class _Window(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self._start, self._size, self._at = start, size, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place in the part."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the part."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from here, as far as the part goes."""
        room = memoryview(buffer).cast("B")[: max(0, self._size - self._at)]
        self._file.seek(self._start + self._at)
        done = 0
        while done < len(room) and (count := self._file.readinto(room[done:])):
            done += count
        self._at += done
        return done

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
