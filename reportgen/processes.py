"""Processes that end when they should: with the one that started them, or when it stops them.

A child listens at a pipe whose other end only its parent holds: when the parent dies, however it dies, the pipe ends
and so does the child. What the terminal sends to everybody (Ctrl-C) is for the parent alone, which then ends its
children.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import connection, get_context, resource_tracker
from types import FrameType, TracebackType
from typing import Any, ParamSpec, TypeVar

Told = ParamSpec("Told")
Made = TypeVar("Made")
_STOPPING = (signal.SIGINT, signal.SIGTERM)


class Pool(ProcessPoolExecutor):
    """Fresh processes, never forked ones: a fork of a process that runs TensorFlow can hang.

    Leaving the block because of an error ends the processes at once, whatever they are doing.
    """

    def __init__(self, size: int) -> None:
        resource_tracker.ensure_running()  # its start would undo `_unheard`
        super().__init__(size, mp_context=get_context("spawn"), initializer=_follow_parent)

    def submit(self, fn: Callable[Told, Made], /, *args: Told.args, **kwargs: Told.kwargs) -> Future[Made]:
        """As in `ProcessPoolExecutor`; the processes that it starts do not hear what stops the parent."""
        with _unheard():
            return super().submit(fn, *args, **kwargs)

    def kill(self) -> None:
        """End the processes now."""
        for process in list((self._processes or {}).values()):
            process.kill()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the processes, or end them after an error."""
        if kind is not None:
            self.kill()
        self.shutdown(wait=True, cancel_futures=True)


def end_with(handle: int) -> None:
    """Let this process be killed as soon as the pipe with this handle ends; nothing else may come from it."""
    threading.Thread(target=_watch, args=(handle,), daemon=True).start()


def _watch(handle: int) -> None:
    connection.wait([handle])
    os.kill(os.getpid(), signal.SIGKILL)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        end_with(parent.sentinel)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Processes started in the block have the stopping signals blocked for good."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """What would stop this process waits until the block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers: dict[int, Any] = {
        number: signal.signal(number, lambda number, frame: came.append((number, frame))) for number in _STOPPING
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, _frame in came:
            signal.raise_signal(number)
