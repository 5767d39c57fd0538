"""One command measured as its user would feel it: wall and processor time and the memory of all its processes."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measure:
    """Seconds from start to end, seconds of processor time of all processes; the largest process and the largest sum of
    all at one time, in MB."""

    seconds: float
    processor: float
    largest_mb: float
    together_mb: float


def measure(command: Sequence[str], allowed: tuple[int, ...] = (0,)) -> Measure:
    """Run a command to its end."""
    start, before = time.perf_counter(), _spent()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = _Peak(process.pid)
    peak.start()
    _out, noise = process.communicate()
    seconds = time.perf_counter() - start
    peak.finished.set()
    peak.join()
    if process.returncode not in allowed:
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{noise.decode()[-2000:]}")
    return Measure(seconds, _spent() - before, peak.largest / 1e6, peak.together / 1e6)


def _spent() -> float:
    """Processor time of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Peak(threading.Thread):
    """Looks at the memory of a process and all below it, twenty times a second."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.largest, self.together = root, 0, 0
        self.finished = threading.Event()

    def run(self) -> None:
        while not self.finished.wait(0.05):
            sizes = [_resident(process) for process in _tree(self.root)]
            self.largest = max(self.largest, *sizes, 0)
            self.together = max(self.together, sum(sizes))


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process, [])
    return found


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
