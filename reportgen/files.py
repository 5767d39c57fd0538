"""Only plain files are read: a pipe keeps its reader waiting for ever, and a device has no end."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)


class NotPlainError(OSError):
    """What lies at a path is not a file that can be read from its beginning to its end."""


def exists(path: Path) -> bool:
    """Whether there is anything at a path; a name that no file can have is the name of none."""
    try:
        return path.exists()
    except OSError:
        return False


def check_plain(path: Path) -> None:
    """Stop at anything but a plain file (or a link to one), before it is opened."""
    try:
        mode = path.stat().st_mode
    except ValueError as problem:
        raise NotPlainError(errno.EINVAL, "no file can have this name", str(path)) from problem
    if not stat.S_ISREG(mode):
        what = next((words for is_such, words in _KINDS if is_such(mode)), "something else")
        raise NotPlainError(errno.EINVAL, f"it is {what}, not a file", str(path))


def read_plain(path: Path, largest: int) -> bytes:
    """The bytes of a plain file, one more than `largest` where it has more."""
    check_plain(path)
    with path.open("rb") as file:
        return file.read(largest + 1)
