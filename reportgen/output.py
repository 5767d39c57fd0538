"""The output folder: built beside its place and swapped in whole, or not at all.

A build that dies at any moment leaves the previous folder as it was. A folder that reportgen did
not make, and that holds something, is never touched. Files that others put into a folder of ours
(a CNAME, a .gitignore) move along into the new one.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reportgen.errors import UsageError
from reportgen.manifest import GENERATOR
from reportgen.manifest import NAME as MANIFEST

_HIDDEN = {".gitignore", ".gitkeep", ".nojekyll"}
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """An empty folder that takes the target's place when the block ends without an error."""
    target = target.absolute()
    refuse_foreign(target)
    _sweep(target)
    building = target.parent / f".{target.name}.building-{os.getpid()}"
    try:
        building.mkdir(parents=True)
    except OSError as problem:
        raise UsageError(
            f"{target.parent}: the report cannot be written there ({problem.strerror}).", slug="folder-unwritable",
            hint="Name another folder with -o.",
        ) from problem
    try:
        yield building
        _keep_foreign_files(target, building)
        _swap(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def refuse_foreign(target: Path) -> None:
    """Raise unless the target is absent, empty, or made by reportgen."""
    if target.exists() and not target.is_dir():
        raise UsageError(
            f"{target}: this is a file, not a folder.", slug="folder-not-ours", hint="Name a folder with -o."
        )
    if not target.is_dir() or read_manifest(target) is not None:
        return
    if any(path.name not in _HIDDEN for path in target.iterdir()):
        raise UsageError(
            f"{target}: the folder is not empty and was not made by reportgen, so it is left alone.",
            slug="folder-not-ours", hint="Name another folder with -o, or empty this one.",
        )


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder that reportgen made, None for any other."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    ours = isinstance(manifest, dict) and manifest.get("generator") == GENERATOR
    return manifest if ours and isinstance(manifest.get("files"), list) else None


_MADE: tuple[tuple[str, str], ...] = (
    ("html", r"([\w-]+)/index\.html"), ("pdf", r"report\.([\w-]+)\.pdf"), ("figures", r"results/()[^/]+"),
    ("markdown", r"summary\.([\w-]+)\.md"), ("single", r"report\.([\w-]+)\.html"),
)
"""By which file of a folder a format is known, and its language."""


def made_of(folder: Path) -> dict[str, tuple[str, ...]]:
    """What a finished report was made as, in wishes to make the same again: formats, languages, the first one first."""
    found = [
        (name, match[1]) for path, _digest in _listed(folder) for name, pattern in _MADE
        if (match := re.fullmatch(pattern, path))
    ]
    languages = sorted({language for _name, language in found if language})
    with contextlib.suppress(OSError):
        opening = re.search(rb'<html lang="([\w-]+)"', (folder / "index.html").read_bytes()[:512])
        languages.sort(key=lambda language: opening is None or language.encode() != opening[1])
    formats = [name for name, _pattern in _MADE if name in {known for known, _language in found}]
    return {"outputs": (*formats, "json"), **({"language": tuple(languages)} if languages else {})}


def is_intact(folder: Path, inputs: str) -> bool:
    """True where the folder was made from these inputs and no file of it has changed since."""
    manifest = read_manifest(folder)
    return manifest is not None and manifest.get("inputs") == inputs and not changed_files(folder)


def changed_files(folder: Path) -> list[str]:
    """The files that the manifest names and that are missing or have other contents."""
    return [path for path, digest in _listed(folder) if not _has(folder / path, digest)]


def _listed(folder: Path) -> Iterator[tuple[str, str]]:
    for entry in (read_manifest(folder) or {}).get("files", []):
        known = entry if isinstance(entry, dict) else {}
        yield str(known.get("path", "?")), str(known.get("sha256", ""))


def _has(path: Path, digest: str) -> bool:
    try:
        return _sha256(path) == digest
    except OSError:
        return False


def _keep_foreign_files(target: Path, building: Path) -> None:
    """Copy what is in the target but not in its manifest."""
    manifest = read_manifest(target) or {"files": []}
    ours = {entry.get("path") for entry in manifest["files"]} | {MANIFEST}
    for path in target.rglob("*") if target.is_dir() else ():
        relative = path.relative_to(target)
        copy = building / relative
        if path.is_file() and not path.is_symlink() and relative.as_posix() not in ours and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def _swap(building: Path, target: Path) -> None:
    if not target.exists():
        building.rename(target)
    elif not _exchange(building, target):
        aside = target.parent / f".{target.name}.building-{os.getpid()}-old"
        target.rename(aside)
        building.rename(target)
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, where the system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _sweep(target: Path) -> None:
    """Remove what builds that died left beside the target; bring back a target moved aside."""
    for path in target.parent.glob(f".{target.name}.building-*"):
        process, _dash, old = path.name.rpartition(".building-")[2].partition("-")
        if not process.isdigit() or _alive(int(process)):
            continue
        if old and not target.exists():
            path.rename(target)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_writable(folder: Path) -> None:
    """Raise early, before anything is computed, where the report could not be written."""
    refuse_foreign(folder.absolute())
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not os.access(parent, os.W_OK):
        raise UsageError(
            f"{parent}: the report cannot be written there.", slug="folder-unwritable",
            hint="Name another folder with -o.",
        )
