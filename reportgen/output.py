"""The output folder: built beside its place and swapped in whole, or not at all.

A build that dies at any moment leaves the previous folder as it was. A folder that reportgen did
not make, and that holds something, is never touched. Files that others put into a folder of ours
(a CNAME, a .gitignore) move along into the new one, links and empty folders too. One build writes
at a time; a second one waits.

A folder that cannot change places (a mount point, the one that somebody stands in) stays, and the
files in it change places one by one. A build that dies meanwhile is brought to its end by the next.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from reportgen import locks
from reportgen.errors import NO_ROOM, Interrupted, ReportgenError, UsageError
from reportgen.files import is_plain, read_within
from reportgen.manifest import LARGEST, listed, read_manifest
from reportgen.processes import undisturbed
from reportgen.swapping import READY, finish, is_mount, swap

log = logging.getLogger(__name__)
WORKSHOP = ".building"
"""The ending of the folder beside the target in which it is built, or its name where it must be inside the target."""
_LOCK = "lock"
_HIDDEN = {".gitignore", ".gitkeep", ".nojekyll", "lost+found", WORKSHOP}


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """An empty folder that takes the target's place when the block ends without an error."""
    target = _real(target)
    refuse_foreign(target)
    try:
        with _workshop(target, wait=True) as workshop:
            assert workshop is not None
            refuse_foreign(target)
            building = workshop / f"new-{secrets.token_hex(4)}"  # a renderer of the dead must not meet it
            building.mkdir()
            yield building
            try:
                with undisturbed():
                    swap(building, target, workshop)
            except KeyboardInterrupt as stop:
                raise Interrupted("the new report had just been finished.") from stop
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise ReportgenError(
                f"{target}: the report cannot be written there ({problem.strerror}); the previous one is untouched.",
                slug="disk-full", hint="Make room on the disk, or name a folder on another one with -o.",
            ) from problem
        raise


def prepare(target: Path) -> None:
    """Bring to an end what builds that died left, and raise early where the report could not be written."""
    target = _real(target)
    refuse_foreign(target)
    workshop = _workshop_of(target)
    parent = workshop.parent
    while not parent.exists():
        parent = parent.parent
    for folder in (parent, target) if target.is_dir() else (parent,):
        if not os.access(folder, os.W_OK | os.X_OK):
            read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
            raise _unwritable(folder, os.strerror(errno.EROFS if read_only else errno.EACCES))
    if workshop.is_dir():
        with _workshop(target, wait=False):
            pass


def _real(target: Path) -> Path:
    """The folder itself, where the target is a link to it."""
    return Path(os.path.realpath(target))


@contextlib.contextmanager
def _workshop(target: Path, *, wait: bool) -> Iterator[Path | None]:
    """The folder in which the target is built, for one build at a time; None where there is another and we do not wait.

    What builds that died left in it is brought to an end and removed.
    """
    place = _workshop_of(target)
    lock = _enter(place, wait=False)
    if lock is None and wait:
        log.warning("Another build is writing into %s; waiting for it to end.", target)
        lock = _enter(place, wait=True)
    if lock is None:
        yield None
        return
    try:
        finish(place, target)
        _empty(place)
        yield place
    finally:
        with undisturbed():
            _empty(place)
            with contextlib.suppress(OSError):
                (place / _LOCK).unlink()
                place.rmdir()
            os.close(lock)


def _workshop_of(target: Path) -> Path:
    if target.is_dir() and (is_mount(target) or not os.access(target.parent, os.W_OK | os.X_OK)):
        return target / WORKSHOP
    return target.parent / f".{target.name}{WORKSHOP}"


def _enter(place: Path, *, wait: bool) -> int | None:
    while True:
        try:
            place.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # the one who was in it has just taken it away
                return locks.take(place / _LOCK, wait=wait)
        except OSError as problem:
            raise _unwritable(place.parent, problem.strerror) from problem


def _empty(place: Path) -> None:
    for path in place.iterdir():
        if path.name not in (_LOCK, READY):
            shutil.rmtree(path, ignore_errors=True)


def _unwritable(folder: Path, why: str | None) -> UsageError:
    return UsageError(
        f"{folder}: the report cannot be written there ({why}).", slug="folder-unwritable",
        hint="Name another folder with -o.",
    )


def refuse_foreign(target: Path) -> None:
    """Raise unless the target is absent, empty, or made by reportgen."""
    target = _real(target)
    if target.exists() and not target.is_dir():
        raise UsageError(
            f"{target}: this is a file, not a folder.", slug="folder-not-ours", hint="Name a folder with -o."
        )
    if not target.is_dir() or read_manifest(target) or read_manifest(_workshop_of(target) / READY):
        return
    try:
        foreign = any(path.name not in _HIDDEN for path in target.iterdir())
    except OSError as problem:
        raise _unwritable(target, problem.strerror) from problem
    if foreign:
        raise UsageError(
            f"{target}: the folder is not empty and was not made by reportgen, so it is left alone.",
            slug="folder-not-ours", hint="Name another folder with -o, or empty this one.",
        )


_MADE: tuple[tuple[str, str], ...] = (
    ("html", r"([\w-]+)/index\.html"), ("pdf", r"report\.([\w-]+)\.pdf"), ("figures", r"results/()[^/]+"),
    ("markdown", r"summary\.([\w-]+)\.md"), ("single", r"report\.([\w-]+)\.html"),
)
"""By which file of a folder a format is known, and its language."""


MOST_BROUGHT, LONGEST_NAME = 50, 100
"""A manifest may come from anyone: so many formats of packages are believed, and names so long."""


def made_of(folder: Path) -> dict[str, tuple[str, ...]]:
    """What a finished report was made as, in wishes to make the same again: formats, languages, the first one first."""
    found = [
        (name, match[1]) for path, _digest in listed(folder) for name, pattern in _MADE
        if (match := re.fullmatch(pattern, path))
    ]
    languages = sorted({language for _name, language in found if language})
    with contextlib.suppress(OSError):
        opening = re.search(rb'<html lang="([\w-]+)"', read_within(folder / "index.html", LARGEST)[:512])
        languages.sort(key=lambda language: opening is None or language.encode() != opening[1])
    formats = [name for name, _pattern in _MADE if name in {known for known, _language in found}]
    further = (read_manifest(folder) or {}).get("formats")
    brought = [str(name)[:LONGEST_NAME] for name in further[:MOST_BROUGHT]] if isinstance(further, list) else []
    return {"outputs": (*formats, "json", *brought), **({"language": tuple(languages)} if languages else {})}


def is_intact(folder: Path, inputs: str) -> bool:
    """True where the folder was made from these inputs and no file of it has changed since."""
    manifest = read_manifest(folder)
    return manifest is not None and manifest.get("inputs") == inputs and not changed_files(folder)


def changed_files(folder: Path) -> list[str]:
    """The files that the manifest names and that are missing or have other contents."""
    return [path for path, digest in listed(folder) if not _has(folder / path, digest)]


def _has(path: Path, digest: str) -> bool:
    try:
        return is_plain(path) and _sha256(path) == digest
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
