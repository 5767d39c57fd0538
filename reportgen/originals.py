"""The files that a build is made from, as it first saw them.

A file may be replaced at any moment, by a training that goes on for instance. A build speaks of one state of each: its
digest is taken once, and what was opened later counts only where the file is still the same afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from reportgen.errors import InputError


class Seen(NamedTuple):
    """A file's contents, by their digest and length."""

    sha256: str
    size: int


class Originals:
    """What each file held when it was first asked for; `look` tells what it holds now."""

    def __init__(self, look: Callable[[Path], Seen]) -> None:
        self._look = look
        self._seen: dict[str, Seen] = {}

    def of(self, path: Path) -> Seen:
        """What the file held at first."""
        name = str(path.absolute())
        if name not in self._seen:
            self._seen[name] = self._look(path)
        return self._seen[name]

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
                same = self._look(path) == self.of(path)
            except OSError:
                same = False
            if not same:
                raise InputError(
                    f"{path}: the file was changed while it was being opened; nothing was made of it.",
                    slug="file-changed", hint="Build again when it is whole; where a training goes on, from a copy.",
                )
