"""Sections kept on disk by what went into them, so that nothing is computed twice.

A key is the digest of everything that can change a section: the code that makes it, the model's
and the images' bytes, and the artifact with its parameters. It is coarse and never wrong. There
is no invalidation: what is not asked for any more grows old and is pruned.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import ReportgenError
from reportgen.report import codec
from reportgen.report.document import FORMAT, Section
from reportgen.shelf import Shelf

LARGEST = 4 << 30
"""Bytes the store may hold before the oldest entries are removed."""
_PACKAGE = Path(__file__).parent
_COMPUTING = ("artifacts", "attention", "optimization", "probe", "report")
_COMPUTING_FILES = (
    "imaging.py", "scales.py", "photos.py", "study.py", "text.py", "labels.py", "run.py", "probabilities.py",
)
_LIBRARIES = ("tensorflow", "keras", "numpy", "pillow")


def default_folder() -> Path:
    """Where the store is kept unless the user says otherwise."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "reportgen"


def digest(*parts: Any) -> str:
    """The SHA-256 of plain data, told as JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def digest_of_files(paths: Iterable[Path], base: Path) -> str:
    """One digest for the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(base).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@cache
def digest_of_code() -> str:
    """The digest of the code that can change a section, and of the libraries it stands on."""
    paths = [path for folder in _COMPUTING for path in (_PACKAGE / folder).rglob("*.py")]
    paths += [_PACKAGE / name for name in _COMPUTING_FILES]
    return digest(FORMAT, digest_of_files(paths, _PACKAGE), [(name, version_of(name)) for name in _LIBRARIES])


@cache
def version_of(library: str) -> str:
    """The installed version, asked without importing the library."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


class Store:
    """A folder of sections and pictures. An entry that cannot be read is one that is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sections = folder / "sections"
        self._assets = folder / "assets"
        self._digests = folder / "digests"
        self._arrays = folder / "arrays"
        try:
            for part in (self._sections, self._assets, self._digests, self._arrays):
                part.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise ReportgenError(
                f"{folder}: the cache cannot be written there ({problem.strerror}).", slug="cache",
                hint="Name another folder with --cache, or use --no-cache.",
            ) from problem

    def get(self, key: str) -> Section | None:
        """The section kept under a key."""
        path = self._sections / f"{key}.json"
        try:
            section = self.parse(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ReportgenError):
            return None
        os.utime(path)
        return section

    def put(self, key: str, section: Section) -> None:
        """Keep a section with its pictures and files."""
        self.put_assets(section)
        _write(self._sections / f"{key}.json", codec.dumps(section).encode())

    def put_assets(self, section: Section) -> None:
        """Keep the pictures and files alone; they are named by their content, so this is never wrong."""
        for asset in codec.assets_of(section):
            path = self._assets / codec.asset_name(asset)
            if not path.exists():
                _write(path, asset.data)

    def parse(self, text: str) -> Section:
        """A section from its JSON, with the pictures that are kept here."""
        section: Section = codec.loads(text, Section, self._read_asset)
        return section

    def digest_of(self, path: Path) -> str:
        """The SHA-256 of a file's bytes, remembered while its size and times stay the same."""
        stat = path.stat()
        times = (stat.st_mtime_ns, stat.st_ctime_ns)
        note = self._digests / digest(str(path.resolve()), stat.st_size, times, stat.st_ino)
        try:
            known = note.read_text(encoding="ascii")
            if len(known) == 64:
                return known
        except (OSError, UnicodeDecodeError):
            pass
        with path.open("rb") as file:
            known = hashlib.file_digest(file, "sha256").hexdigest()
        _write(note, known.encode())
        return known

    def shelf(self, common: str) -> KeptArrays:
        """A shelf for arrays that depend on the network's own digest and on what they are asked by."""
        return KeptArrays(self._arrays, common)

    def prune(self, largest: int = LARGEST) -> None:
        """Remove the entries that were not used for the longest time, down to a size."""
        entries = []
        for path in self.folder.rglob("*"):
            try:
                if path.is_file():
                    entries.append((path.stat().st_mtime, path.stat().st_size, path))
            except OSError:
                continue
        held = sum(size for _time, size, _path in entries)
        for _time, size, path in sorted(entries):
            if held <= largest:
                break
            path.unlink(missing_ok=True)
            held -= size

    def _read_asset(self, name: str) -> bytes:
        path = self._assets / Path(name).name
        data = path.read_bytes()
        if not hashlib.sha256(data).hexdigest().startswith(path.stem):
            raise OSError("the picture is not what its name says")
        os.utime(path)
        return data


class KeptArrays(Shelf):
    """Arrays as files, each named by the digest of its key. A file that cannot be read is one that is not there."""

    def __init__(self, folder: Path, common: str) -> None:
        self._folder, self._common = folder, common

    def get(self, key: tuple[object, ...]) -> dict[str, np.ndarray] | None:
        """See `Shelf`."""
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            os.utime(path)
        except (OSError, ValueError, zipfile.BadZipFile):
            return None
        return arrays

    def put(self, key: tuple[object, ...], arrays: dict[str, np.ndarray]) -> None:
        """See `Shelf`."""
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        _write(self._path(key), buffer.getvalue())

    def _path(self, key: tuple[object, ...]) -> Path:
        return self._folder / f"{digest(self._common, key)}.npz"


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
