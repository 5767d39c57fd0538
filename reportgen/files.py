"""Only plain files are read: a pipe keeps its reader waiting for ever, and a device has no end.

Of a folder that may come from a stranger no link is followed either, and no more is read than was foreseen.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)
_CAREFULLY = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NOT_LINKS = getattr(os, "O_NOFOLLOW", 0)


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
    _check_mode(mode, path)


def _check_mode(mode: int, path: Path | None = None) -> None:
    if not stat.S_ISREG(mode):
        what = next((words for is_such, words in _KINDS if is_such(mode)), "something else")
        raise NotPlainError(errno.EINVAL, f"it is {what}, not a file", str(path) if path else None)


def read_plain(path: Path, largest: int) -> bytes:
    """The bytes of a plain file, one more than `largest` where it has more."""
    check_plain(path)
    with path.open("rb") as file:
        return file.read(largest + 1)


def read_within(path: Path, most: int, *, follow: bool = False) -> bytes:
    """The bytes of a plain file of at most `most` bytes; OSError for anything else.

    Links are not followed unless the user has named the path, and pipes and devices are not waited for.
    """
    try:
        _check(path.stat(follow_symlinks=follow), most)
        with os.fdopen(os.open(path, _CAREFULLY if follow else _CAREFULLY | _NOT_LINKS), "rb") as file:
            _check(os.fstat(file.fileno()), most)
            data = file.read(most + 1)
    except ValueError as problem:  # a name with a zero byte
        raise OSError(errno.EINVAL, "no file can have such a name") from problem
    if len(data) > most:
        raise _too_large(most)
    return data


def is_plain(path: Path) -> bool:
    """True for a file that is neither a link nor anything else than a file."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def leads_out(path: Path, folder: Path) -> bool:
    """True where a path below a folder leads out of it, by links or by its name; what no file can be leads nowhere."""
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except ValueError:  # a name with a zero byte
        return False
    except (OSError, RuntimeError):  # links in a circle
        return True


def _check(status: os.stat_result, most: int) -> None:
    _check_mode(status.st_mode)
    if status.st_size > most:
        raise _too_large(most)


def _too_large(most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most >> 20} MB")
