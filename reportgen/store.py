"""Sections kept on disk by what went into them, so that nothing is computed twice.

A key is the digest of everything that can change a section: the code that makes it, the model's
and the images' bytes, and the artifact with its parameters. It is coarse and never wrong. There
is no invalidation: what is not asked for any more grows old and is pruned.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import io
import json
import os
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import locks
from reportgen.errors import ReportgenError
from reportgen.originals import Originals
from reportgen.report import codec
from reportgen.report.document import FORMAT, Section
from reportgen.shelf import Drawer, Shelf

LARGEST = 4 << 30
"""Bytes the store may hold before the oldest entries are removed."""
KINDS = ("sections", "assets", "digests", "arrays", "drawn")
"""What is kept, each in a folder of its own. Assets are named by their contents; all else is sealed with a checksum."""
_PACKAGE = Path(__file__).parent
_COMPUTING = ("artifacts", "attention", "measures", "optimization", "probe", "report")
_COMPUTING_FILES = (
    "imaging.py", "scales.py", "photos.py", "study.py", "text.py", "labels.py", "run.py", "probabilities.py",
    "effort.py", "declared.py",
)
_LIBRARIES = ("tensorflow", "keras", "numpy", "pillow")


def default_folder() -> Path | None:
    """Where the store is kept unless the user says otherwise; None for a user who has no home."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "reportgen"
    except RuntimeError:
        return None


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
    """A folder of sections and pictures, or nothing where there is no folder.

    An entry that cannot be read, or is not what was written, is one that is not there; it is made and kept anew. What
    cannot be kept is no reason to stop either: `problem` says why.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.problem = ""
        self.originals = Originals(self._digest_kept, self._keep_digest)
        self._files = Files(folder) if folder else None
        if self._files:
            self._files.prepare()

    @property
    def keeps(self) -> bool:
        """True where everything that was put in so far is in the folder."""
        return self._files is not None and not self.problem

    def get(self, key: str) -> Section | None:
        """The section kept under a key."""
        try:
            section: Section = codec.loads(self._sealed("sections", f"{key}.json").decode(), Section, self._read_asset)
        except (OSError, UnicodeDecodeError, ReportgenError):
            return None
        return section

    def holds(self, key: str) -> bool:
        """Whether something, good or damaged, is kept under a key; nothing is read."""
        return self.folder is not None and (self.folder / "sections" / f"{key}.json").is_file()

    def put(self, key: str, section: Section) -> None:
        """Keep a section with its pictures and files."""
        for asset in codec.assets_of(section):
            self._keep("assets", codec.asset_name(asset), asset.data)
        self._seal("sections", f"{key}.json", codec.dumps(section).encode())

    def _digest_kept(self, note: str) -> str:
        try:
            return self._sealed("digests", note).decode("ascii")
        except OSError:
            return ""

    def _keep_digest(self, note: str, told: str) -> None:
        self._seal("digests", note, told.encode())

    def shelf(self, common: str) -> Shelf:
        """A shelf for arrays that depend on the network's own digest and on what they are asked by."""
        return KeptArrays(self, common)

    def arrays(self, key: str) -> dict[str, np.ndarray] | None:
        """The arrays kept under a key."""
        try:
            with np.load(io.BytesIO(self._sealed("arrays", f"{key}.npz")), allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except OSError:
            return None

    def put_arrays(self, key: str, arrays: dict[str, np.ndarray]) -> None:
        """Keep arrays."""
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        self._seal("arrays", f"{key}.npz", buffer.getvalue())

    def drawer(self, common: str) -> Drawer:
        """A drawer for bytes that depend on the digest of the code that makes them."""
        return KeptBytes(self, common)

    def drawn(self, key: str) -> bytes | None:
        """The bytes kept under a key."""
        try:
            return self._sealed("drawn", key)
        except OSError:
            return None

    def put_drawn(self, key: str, data: bytes) -> None:
        """Keep bytes."""
        self._seal("drawn", key, data)

    def prune(self, largest: int = LARGEST) -> None:
        """Remove the entries that were not used for the longest time, down to a size."""
        if self._files:
            self._files.prune(largest)

    def _read_asset(self, name: str) -> bytes:
        data = self._read("assets", name)
        if not hashlib.sha256(data).hexdigest().startswith(Path(name).stem):
            raise OSError("the picture is not what its name says")
        return data

    def _sealed(self, kind: str, name: str) -> bytes:
        """The bytes of an entry that is not named by its contents."""
        seal, _end, data = self._read(kind, name).partition(b"\n")
        if seal != _seal(name, data):
            raise OSError("the entry is not what was written")
        return data

    def _seal(self, kind: str, name: str, data: bytes) -> None:
        self._keep(kind, name, _seal(name, data) + b"\n" + data)

    def _read(self, kind: str, name: str) -> bytes:
        if self._files is None:
            raise FileNotFoundError(name)
        return self._files.read(kind, name)

    def _keep(self, kind: str, name: str, data: bytes) -> None:
        try:
            if self._files:
                self._files.write(kind, name, data)
        except OSError as problem:
            self.problem = problem.strerror or str(problem)


def _seal(name: str, data: bytes) -> bytes:
    """A checksum of an entry that holds for no other contents and under no other name."""
    return hashlib.sha256(name.encode() + b"\0" + data).hexdigest().encode()


class KeptArrays(Shelf):
    """The arrays of a store that depend on something in common."""

    def __init__(self, store: Store, common: str) -> None:
        self._store, self._common = store, common

    def get(self, key: tuple[object, ...]) -> dict[str, np.ndarray] | None:
        """See `Shelf`."""
        return self._store.arrays(digest(self._common, key))

    def put(self, key: tuple[object, ...], arrays: dict[str, np.ndarray]) -> None:
        """See `Shelf`."""
        self._store.put_arrays(digest(self._common, key), arrays)


class KeptBytes(Drawer):
    """The bytes of a store that depend on something in common."""

    def __init__(self, store: Store, common: str) -> None:
        self._store, self._common = store, common

    def get(self, key: str) -> bytes | None:
        """See `Drawer`."""
        return self._store.drawn(digest(self._common, key))

    def put(self, key: str, data: bytes) -> None:
        """See `Drawer`."""
        self._store.put_drawn(digest(self._common, key), data)


class Files:
    """The files of a store by kind and name: each is there whole or not at all, and those of long ago make room."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished = folder / "unfinished"
        self._lock = folder / "lock"

    def prepare(self) -> None:
        """Make the folders, and remove what writers that were killed left unfinished."""
        try:
            for kind in (*KINDS, self._unfinished.name):
                (self._folder / kind).mkdir(parents=True, exist_ok=True)
            if any(self._unfinished.iterdir()):
                with locks.held(self._lock, wait=False) as alone:
                    for path in self._unfinished.iterdir() if alone else ():
                        path.unlink()
        except OSError as problem:
            if self._folder.is_dir():
                return  # what it holds can be used all the same
            raise ReportgenError(
                f"{self._folder}: the cache cannot be written there ({problem.strerror}).", slug="cache",
                hint="Name another folder with --cache, or use --no-cache.",
            ) from problem

    def read(self, kind: str, name: str) -> bytes:
        """The bytes of a file, which counts as used now."""
        path = self._folder / kind / Path(name).name
        data = path.read_bytes()
        with contextlib.suppress(OSError):
            os.utime(path)
        return data

    def write(self, kind: str, name: str, data: bytes) -> None:
        """Write a file so that it is there whole or not at all."""
        with contextlib.suppress(OSError):
            if self.read(kind, name) == data:
                return
        with locks.held(self._lock, shared=True):
            handle, unfinished = tempfile.mkstemp(dir=self._unfinished)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(unfinished).replace(self._folder / kind / Path(name).name)
            except BaseException:
                Path(unfinished).unlink(missing_ok=True)
                raise

    def prune(self, largest: int) -> None:
        """Remove the files that were not used for the longest time, down to a size in all."""
        entries = []
        for path in self._folder.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file() and path != self._lock:
                    entries.append((path.stat().st_mtime, path.stat().st_size, path))
        held = sum(size for _time, size, _path in entries)
        for _time, size, path in sorted(entries):
            if held <= largest:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                held -= size
