"""The process with the network may not take all the memory there is."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen import memory
from reportgen.worker import _death


def test_a_container_with_less_than_the_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = memory.available()
    assert machine > 1 << 28
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    for told, size in (("max", machine), ("garbage", machine), (str(1 << 28), 1 << 28), (str(1 << 62), machine)):
        (tmp_path / "memory.max").write_text(told + "\n")
        assert memory.available() <= size
        assert (memory.available() == 1 << 28) == (size == 1 << 28)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count like this")
def test_what_asks_for_more_is_refused_by_the_process_itself() -> None:
    script = (
        "from reportgen import memory; memory.limit(1 << 29)\n"
        "bytearray(1 << 27)\n"
        "try: bytearray(1 << 30)\n"
        "except MemoryError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count like this")
def test_a_process_that_took_much_before_it_broke_ran_short_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run([sys.executable, "-c", "bytearray(1 << 28)"], check=True)
    for most, short in ((1 << 40, False), (1 << 26, True), (0, False)):
        monkeypatch.setattr(memory, "available", lambda most=most: most)
        assert memory.ran_short() == short
        words = _death(-signal.SIGSEGV, "").slug
        assert words == ("out-of-memory" if short else "native-crash")
    assert _death(-signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'").slug == "out-of-memory"
