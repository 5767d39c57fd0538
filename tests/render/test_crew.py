"""Processes that render: they work ahead, and finish what is asked."""

from __future__ import annotations

import os
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
