"""Reading what a stranger may have put into a folder: plain files alone, and no more of them than was foreseen."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_CAREFULLY = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NOT_LINKS = getattr(os, "O_NOFOLLOW", 0)


def read_plain(path: Path, most: int, *, follow: bool = False) -> bytes:
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
    """True where a path below a folder leads out of it, by links or by its name."""
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return True


def _check(status: os.stat_result, most: int) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "it is a link")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file")
    if status.st_size > most:
        raise _too_large(most)


def _too_large(most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most >> 20} MB")
