"""What a person sees while a report is made: a bar that lives on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from reportgen.foresight import Foresight
from reportgen.watching import NOBODY, Step, Watcher

MOST_LINES = 10
"""So many lines at most, where nobody looks at a terminal."""
PAUSE = 5.0
"""Seconds between two such lines at least."""


def duration(seconds: float) -> str:
    """A time that nobody takes for exact: "5 s", "40 s", "3 min", "1 h 20 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds) if seconds < 10 else 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def left(foresight: Foresight) -> str:
    """How long it will take yet, in words; nothing while nobody knows."""
    seconds = foresight.left
    return "" if seconds is None else f"about {duration(seconds)} left"


class Telling(Foresight):
    """Foresees, and says at once what one should know. A bar asks it several times a second."""

    def __init__(self, tell: Callable[[str], None], jobs: int = 2, **more: Callable[[], float]) -> None:
        super().__init__(jobs=jobs, **more)
        self._tell = tell

    def notice(self, words: str) -> None:
        """See `Watcher`."""
        self._tell(words)


class Lines(Telling):
    """Tells in few lines how far it is."""

    def __init__(self, tell: Callable[[str], None], jobs: int = 2, **more: Callable[[], float]) -> None:
        super().__init__(tell, jobs, **more)
        self._last, self._tenths = 0.0, 0

    def begin(self, looks: Sequence[Step], files: Sequence[Step], kept: int) -> None:
        """See `Watcher`."""
        super().begin(looks, files, kept)
        self._tenths = self._tenth()

    def finish(self, name: str) -> None:
        """See `Watcher`."""
        super().finish(name)
        tenth = self._tenth()
        if tenth <= self._tenths or self.elapsed - self._last < PAUSE or self.done == self.total:
            return
        self._tenths, self._last = tenth, self.elapsed
        words = [f"{self.done} of {self.total}", left(self), self.doing]
        self._tell(", ".join(word for word in words if word))

    def _tenth(self) -> int:
        return self.done * MOST_LINES // max(self.total, 1)


class _Told(ProgressColumn):
    """A column whose words are asked for anew each time it is drawn."""

    max_refresh = None

    def __init__(self, tell: Callable[[], str], column: Column | None = None) -> None:
        self._words = tell
        super().__init__(table_column=column or Column(no_wrap=True))

    def render(self, task: Task) -> Text:
        """The words of now."""
        return Text(self._words(), no_wrap=True, overflow="ellipsis")


@contextlib.contextmanager
def watching(jobs: int, tell: Callable[[str], None]) -> Iterator[Watcher]:
    """Whoever suits the place: a bar, lines, or nobody. `tell` says a line to the person."""
    level = logging.getLogger().level
    console = Console(stderr=True)
    if level > logging.WARNING:
        yield NOBODY
    elif level < logging.WARNING:
        yield Telling(tell, jobs)  # every step is logged
    elif not console.is_terminal or console.is_dumb_terminal:
        yield Lines(tell, jobs)
    else:
        seen = Telling(tell, jobs)
        with _living(console, seen):
            yield seen


class _Bar(ProgressColumn):
    """How far it is, asked for anew each time it is drawn."""

    max_refresh = None

    def __init__(self, seen: Foresight) -> None:
        self._seen = seen
        super().__init__()

    def render(self, task: Task) -> ProgressBar:
        """The bar of now."""
        return ProgressBar(1.0, self._seen.share, width=20)


@contextlib.contextmanager
def _living(console: Console, seen: Foresight) -> Iterator[Progress]:
    columns = (
        SpinnerColumn("line"),
        _Told(lambda: f"{seen.done} of {seen.total}"),
        _Bar(seen),
        _Told(lambda: f"{int(seen.elapsed) // 60}:{int(seen.elapsed) % 60:02}"),
        _Told(lambda: left(seen)),
        _Told(lambda: seen.doing, Column(no_wrap=True, overflow="ellipsis", ratio=1)),
    )
    with Progress(*columns, console=console, transient=True, expand=True, refresh_per_second=5) as progress:
        progress.add_task("", total=None)
        with _logging_above():
            yield progress


@contextlib.contextmanager
def _logging_above() -> Iterator[None]:
    """What is logged meanwhile stands above the bar, not in it."""
    shown = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    before = [handler.setStream(sys.stderr) for handler in shown]
    try:
        yield
    finally:
        for handler, stream in zip(shown, before, strict=True):
            if stream is not None:
                handler.setStream(stream)


@contextlib.contextmanager
def training(title: str) -> Iterator[Callable[[float, str], None]]:
    """A bar for something that tells its share and its words itself."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=1.0)

        def advance(share: float, text: str) -> None:
            progress.update(task, completed=share, description=text or title)

        yield advance
