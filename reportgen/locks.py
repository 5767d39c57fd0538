"""Locks that end with the process that holds them, however it ends.

A number of a process in a file says nothing: in a container every program is number 1.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def take(path: Path, *, shared: bool = False, wait: bool = True) -> int | None:
    """Take the lock of a file, made where it is not there: a descriptor whose closing gives it back.

    None where somebody else holds it and `wait` is false. A file system that knows no locks lets everybody in.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:
            return handle
        if _is_still(path, handle):
            return handle
        os.close(handle)  # the one who held it took the file away


@contextlib.contextmanager
def held(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file; false where somebody else holds it and `wait` is false."""
    handle = take(path, shared=shared, wait=wait)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
