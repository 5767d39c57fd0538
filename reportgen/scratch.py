"""Where temporary files lie: in one folder for a run, which does not outlive it by more than the next run.

Libraries make temporary folders of their own and remove them when their process ends well. One that is killed leaves
them, so each run has a folder with a lock, and removes those that nobody holds any more.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from reportgen import locks

_BASE = "REPORTGEN_TMPDIR"
"""In the environment of the processes that a run starts: the system's own folder, as theirs is the run's."""
_LOCK = "lock"
_STALE = 60
"""Seconds after which a run's folder without a lock is that of one killed just before it had one."""


def ours() -> Path:
    """The user's own folder for what is found again by the next run, and for the folders of runs."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(os.environ.get(_BASE) or tempfile.gettempdir()) / f"reportgen-{owner}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if folder.is_symlink() or not folder.is_dir() or (hasattr(os, "getuid") and folder.stat().st_uid != owner):
        folder = Path(tempfile.mkdtemp(prefix="reportgen-"))
    return folder


@contextlib.contextmanager
def scratch() -> Iterator[None]:
    """Temporary files of this process, and of those it starts, lie in a folder of their own, removed at the end.

    Where no such folder can be made they lie where they always do.
    """
    try:
        _sweep()
        folder = ours() / f"run-{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        lock = locks.take(folder / _LOCK)
    except OSError:
        yield
        return
    before = {name: os.environ.get(name) for name in (_BASE, "TMPDIR")}, tempfile.tempdir
    os.environ |= {_BASE: os.environ.get(_BASE) or tempfile.gettempdir(), "TMPDIR": str(folder)}
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        names, tempfile.tempdir = before
        for name, value in names.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _sweep() -> None:
    for folder in ours().glob("run-*"):
        with contextlib.suppress(OSError):
            if not (folder / _LOCK).exists():
                if time.time() - folder.stat().st_mtime > _STALE:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            with locks.held(folder / _LOCK, wait=False) as dead:
                if dead:
                    shutil.rmtree(folder, ignore_errors=True)
