"""Whatever a network, Keras or TensorFlow says when a pass fails, said in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from reportgen.errors import InputError, ReportgenError

T = TypeVar("T")


def attempt(run: Callable[[], T], shape: tuple[int, ...] = ()) -> T:
    """Do it; a failure of any kind becomes one sentence. `shape` is the image's, where there is one."""
    try:
        return run()
    except ReportgenError:
        raise
    except Exception as problem:
        where = " on an image of {} × {} pixels".format(*shape) if shape else ""
        raise cannot_run(where, problem) from problem


_FRAMES = re.compile(r"Exception encountered|Graph execution|Detected at|File \"|Stack trace|<stack|\[\[|$")


def cannot_run(where: str, problem: Exception) -> InputError:
    """The one line of the problem that tells something: Keras says it first, TensorFlow last."""
    text = re.sub(r"\x1b\[\d*m", "", str(problem))
    lines = [line for line in map(str.strip, text.splitlines()) if not _FRAMES.match(line)]
    reason = lines[-1 if "Graph execution" in text else 0] if lines else type(problem).__name__
    if "OOM" in reason or isinstance(problem, MemoryError):
        return InputError(
            f"There is not enough memory to run the network{where}.", slug="out-of-memory",
            hint="Give a smaller size.",
        )
    return InputError(
        f"The network cannot be run{where}: {reason}", slug="network-failed",
        hint="Check the image's size and what the network's other inputs get.",
    )
