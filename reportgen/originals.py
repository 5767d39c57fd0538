"""The files that a build is made from, as it first saw them.

A file may be replaced at any moment, by a training that goes on for instance. A build speaks of one state of each: its
digest is taken once, and what was opened later counts only where the file is still the same afterwards.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from reportgen.errors import InputError
from reportgen.files import check_plain

SETTLED_NS = 2_000_000_000
"""How old a change must be for the next one to show in a file's times; coarse file systems count in two seconds."""


class Seen(NamedTuple):
    """A file's contents, by their digest and length."""

    sha256: str
    size: int


class Originals:
    """What each file held when it was first asked for.

    `kept` finds a digest that `keep` was given earlier, perhaps by another build, or nothing.
    """

    def __init__(self, kept: Callable[[str], str], keep: Callable[[str, str], None]) -> None:
        self._kept, self._keep = kept, keep
        self._digests: dict[str, str] = {}
        self._seen: dict[str, Seen] = {}

    def of(self, path: Path) -> Seen:
        """What the file held at first."""
        name = str(path.absolute())
        if name not in self._seen:
            self._seen[name] = self.now(path)
        return self._seen[name]

    def now(self, path: Path) -> Seen:
        """What the file holds now; its digest is remembered while its size and times stay the same.

        The times tell of a change only when some have passed since: a file written just now is read each time.
        """
        check_plain(path)
        stat = path.stat()
        times = (stat.st_mtime_ns, stat.st_ctime_ns)
        if time.time_ns() - max(times) < SETTLED_NS:
            return Seen(_sha256(path), stat.st_size)
        told = json.dumps([str(path.resolve()), stat.st_size, times, stat.st_ino])
        note = hashlib.sha256(told.encode()).hexdigest()
        if note not in self._digests:
            self._digests[note] = self._kept(note) or _sha256(path)
            self._keep(note, self._digests[note])
        return Seen(self._digests[note], stat.st_size)

    def told(self) -> dict[str, Seen]:
        """Everything seen so far, for another process to go by."""
        return dict(self._seen)

    def learn(self, told: Mapping[str, Iterable[object]]) -> None:
        """Go by what another process has seen."""
        self._seen |= {name: Seen(str(digest), int(str(size))) for name, (digest, size) in told.items()}

    def confirm(self, paths: Iterable[Path]) -> None:
        """Stop where a file no longer holds what it held at first: nobody can tell which of the two was read."""
        for path in paths:
            try:
                same = self.now(path) == self.of(path)
            except OSError:
                same = False
            if not same:
                raise InputError(
                    f"{path}: the file was changed while it was being opened; nothing was made of it.",
                    slug="file-changed", hint="Build again when it is whole; where a training goes on, from a copy.",
                )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
