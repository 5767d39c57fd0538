"""Processes that render: they work ahead, and finish what is asked."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from reportgen.errors import ReportgenError
from reportgen.render.crew import Crew


def note(name: str, folder: Path) -> None:
    (folder / f"{name}.{os.getpid()}").write_text("")


def die(_name: str) -> None:
    os._exit(9)


def test_every_task_is_done_and_given_back_once(tmp_path: Path) -> None:
    with Crew(2) as crew:
        crew.warm(note, "warm", tmp_path)
        assert sorted(crew.finish(note, ["a", "b", "c"], tmp_path)) == ["a", "b", "c"]
    assert {path.stem for path in tmp_path.iterdir()} >= {"a", "b", "c"}


def test_what_fails_ahead_is_no_fault_yet(tmp_path: Path) -> None:
    with Crew(1) as crew:
        crew.ahead(note, "nowhere", tmp_path / "missing")
        assert list(crew.finish(note, ["a"], tmp_path)) == ["a"]


def test_a_dead_process_is_told_in_a_sentence() -> None:
    with Crew(1) as crew, pytest.raises(ReportgenError, match="rendering process died"):
        list(crew.finish(die, ["a"]))


def test_one_that_died_ahead_is_told_of_at_the_end_and_no_sooner(tmp_path: Path) -> None:
    with Crew(1) as crew:
        crew.ahead(die, "a")
        while not crew._broken:  # type: ignore[attr-defined]
            time.sleep(0.01)
        crew.ahead(note, "b", tmp_path)
        with pytest.raises(ReportgenError, match="rendering process died"):
            list(crew.finish(note, ["c"], tmp_path))


def wait_for_ever(folder: Path) -> None:
    note("waiting", folder)
    threading.Event().wait()


def test_the_end_waits_for_nothing_that_is_not_asked_for(tmp_path: Path) -> None:
    with Crew(2) as crew:
        crew.ahead(wait_for_ever, tmp_path)
        assert list(crew.finish(note, ["a"], tmp_path)) == ["a"]
