"""Processes end with the one that started them, and at once when it is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reportgen.processes import Pool, undisturbed

PATIENCE = 20
"""Seconds after which a process that should have ended is taken for one that never will."""
SCRIPT = """
import os, signal, sys, time
from reportgen.processes import Pool

def busy(number):
    print(os.getpid(), flush=True)
    total = 0
    while True:
        total += number

def stop(*_):
    raise KeyboardInterrupt

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        with Pool(2) as pool:
            for future in [pool.submit(busy, 1), pool.submit(busy, 2)]:
                future.result()
    except KeyboardInterrupt:
        sys.exit(130)
"""


def alive(process: int) -> bool:
    """False also for a dead process that nobody has asked about yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_end(processes: list[int]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not any(map(alive, processes)):
            return True
        time.sleep(0.01)
    return False


@contextmanager
def busy_pool(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A program with two busy children, in a process group of its own."""
    script = tmp_path / "busy.py"
    script.write_text(SCRIPT)
    program = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert program.stdout is not None
    children = [int(program.stdout.readline()), int(program.stdout.readline())]
    try:
        yield program, children
    finally:
        for process in (program.pid, *children):
            if alive(process):
                os.kill(process, signal.SIGKILL)
        program.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("everybody", [False, True])
def test_told_to_stop_the_parent_ends_its_children(tmp_path: Path, number: int, everybody: bool) -> None:
    with busy_pool(tmp_path) as (program, children):
        (os.killpg if everybody else os.kill)(program.pid, number)
        _out, said = program.communicate(timeout=PATIENCE)
        assert program.returncode == 130
        assert not any(map(alive, children))
        assert said == ""


def test_killed_the_parent_takes_its_children_along(tmp_path: Path) -> None:
    with busy_pool(tmp_path) as (program, children):
        program.kill()
        program.wait()
        assert all_end(children)


def test_a_pool_gives_what_its_processes_made() -> None:
    with Pool(2) as pool:
        assert [future.result() for future in [pool.submit(pow, 2, number) for number in range(4)]] == [1, 2, 4, 8]


def test_what_would_stop_waits_until_the_block_has_ended() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), undisturbed():
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
