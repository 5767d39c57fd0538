"""How a finished folder takes the place of an older one: in one step where it can be, else file by file."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
from pathlib import Path

from reportgen.errors import ReportgenError
from reportgen.manifest import NAME, paths_of

READY = "ready"
"""In the folder where one is built: what is finished and on its way, file by file, into the target."""
_AT_FDCWD = -100
_EXCHANGE = 2


def swap(building: Path, target: Path, workshop: Path) -> None:
    """Put the finished folder into the target's place, with all that is not ours in it."""
    if not target.exists():
        building.rename(target)
        return
    if workshop.parent != target and not _we_stand_in(target) and _takes_along(target, building):
        shutil.copymode(target, building)
        if _exchange(building, target):
            return
    building.rename(workshop / READY)
    finish(workshop, target)


def _we_stand_in(folder: Path) -> bool:
    """True where the shell that started us would find itself in a folder that has been removed."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return False
    return folder in (here, *here.parents)


def _takes_along(target: Path, building: Path) -> bool:
    """Put what others have put into the target into the folder that takes its place; false where that cannot be."""
    try:
        _take_along(target, building)
    except OSError:
        return False
    return True


def _take_along(target: Path, building: Path) -> None:
    def refuse(problem: OSError) -> None:
        raise problem

    ours = paths_of(target)
    for folder, folders, files in os.walk(target, onerror=refuse):
        place = building / Path(folder).relative_to(target)
        for name in [*files, *(name for name in folders if Path(folder, name).is_symlink())]:
            path = Path(folder, name)
            if path.relative_to(target).as_posix() not in ours and not os.path.lexists(place / name):
                place.mkdir(parents=True, exist_ok=True)
                _link(path, place / name)
        if not files and not folders:
            place.mkdir(parents=True, exist_ok=True)


def _link(path: Path, copy: Path) -> None:
    """The same file in a second place, or a copy where the file system has no such links."""
    try:
        os.link(path, copy, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, copy, follow_symlinks=False)


def finish(workshop: Path, target: Path) -> None:
    """Put the files of a finished folder, if there is one, into the target one by one, the manifest last.

    Where this is stopped, it goes on when it is called again.
    """
    ready = workshop / READY
    if not ready.is_dir():
        return
    try:
        _merge(ready, target)
    except OSError as problem:
        raise ReportgenError(
            f"{target}: not every file of the new report could be put into its place ({problem.strerror}).",
            slug="swap-failed", hint="Mend that and build again: it goes on where it was stopped.",
        ) from problem
    shutil.rmtree(ready, ignore_errors=True)


def _merge(ready: Path, target: Path) -> None:
    gone = paths_of(target) - paths_of(ready)
    files = [path for path in ready.rglob("*") if path.is_symlink() or not path.is_dir()]
    for path in sorted(files, key=lambda path: path == ready / NAME):
        if path == ready / NAME:
            for name in gone:
                _remove(target, name)
        place = target / path.relative_to(ready)
        _make_folders(target, place.parent)
        path.replace(place)


def _make_folders(top: Path, folder: Path) -> None:
    """The folder below the top, with nothing in its way that leads elsewhere."""
    for part in (*reversed([one for one in folder.parents if top in one.parents]), folder):
        if part != top and (part.is_symlink() or not part.is_dir()):
            part.unlink(missing_ok=True)
            part.mkdir()


def _remove(top: Path, name: str) -> None:
    """Take a file away, and the folders that are empty without it, if it is below the top and no link leads out."""
    path = top / name
    if path.parent.resolve() != path.parent or top not in path.parents:
        return
    with contextlib.suppress(OSError):
        path.unlink()
        for folder in path.parents:
            if folder == top:
                break
            folder.rmdir()


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, where the system can (Linux, macOS)."""
    try:
        system = ctypes.CDLL(None, use_errno=True)
        names = os.fsencode(one), os.fsencode(other)
        if hasattr(system, "renamex_np"):
            return bool(system.renamex_np(*names, _EXCHANGE) == 0)
        return bool(system.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0)
    except (OSError, AttributeError):
        return False


def is_mount(folder: Path) -> bool:
    """True also for a folder of the same disk that is mounted a second time, as a volume of a container may be."""
    if folder.is_mount():
        return True
    try:
        table = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return False
    escaped = re.sub(rb"[\s\\]", lambda found: b"\\%03o" % found[0][0], os.fsencode(folder))
    return any(line.split()[4] == escaped for line in table.splitlines())
