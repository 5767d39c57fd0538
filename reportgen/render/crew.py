"""Processes that render: warm before they are needed, and fed as work comes."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from reportgen.errors import ReportgenError
from reportgen.processes import Pool

Task = TypeVar("Task")
POLITE = 5
"""How much they step back for the network, which everything waits for."""
YOUNGEST = 100_000
"""Objects before Python looks for cycles: a document is a million of them, and none is let go before its end."""


class Crew(Pool):
    """So many processes for a build, or for one rendering."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._size = size
        self._begun: list[Future[Any]] = []

    def __exit__(self, *_error: object) -> None:
        """Nothing that they might still do is wanted, and clearing up would take them a second."""
        self.kill()
        self.shutdown(wait=True, cancel_futures=True)

    def warm(self, work: Callable[..., None], *what: Any) -> None:
        """Start the processes, and let each get ready."""
        for _each in range(self._size):
            self.ahead(work, *what)

    def ahead(self, work: Callable[..., None], *what: Any) -> None:
        """Something that would have to be done later: where it fails, it fails then, and is told then."""
        with contextlib.suppress(BrokenProcessPool):
            self._begun.append(self.submit(work, *what))

    def finish(self, work: Callable[..., None], tasks: Iterable[Task], *what: Any) -> Iterator[Task]:
        """Do each task, and give it back when it is done; what was to be done ahead and was not begun is dropped."""
        for one in self._begun:
            one.cancel()
        try:
            waiting = {self.submit(work, task, *what): task for task in tasks}
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    future.result()
                    yield waiting.pop(future)
        except BrokenProcessPool as problem:
            raise ReportgenError(
                "A rendering process died; nothing was written.", slug="renderer-died",
                hint="Most often memory ran out: try --jobs 1 or fewer formats.",
            ) from problem


def settle_in() -> None:
    """What a process of a crew does first."""
    gc.set_threshold(YOUNGEST, 20, 100)
    if hasattr(os, "nice"):
        os.nice(POLITE)
