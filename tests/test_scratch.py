"""Temporary files do not outlive a run, or not for long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.scratch import ours, scratch

RUN = (
    "import tempfile, time; from reportgen.scratch import scratch\n"
    "with scratch():\n    tempfile.mkdtemp(); print(tempfile.gettempdir(), flush=True); time.sleep(600)"
)


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    tempfile.tempdir = None


def test_a_run_leaves_nothing(tmp_path: Path) -> None:
    with scratch():
        left = Path(tempfile.mkdtemp())
        assert left.parent.parent == ours()
        assert ours().parent == tmp_path
        script = "import tempfile; from reportgen.scratch import ours; print(tempfile.gettempdir(), ours())"
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        assert said.split() == [str(left.parent), str(ours())]
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path)
    assert not list(ours().iterdir())


def test_what_a_killed_run_left_the_next_one_removes_and_what_lives_it_leaves() -> None:
    runs = [subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True) for _number in range(2)]
    folders = [Path(run.stdout.readline().strip()) for run in runs if run.stdout]
    dead, alive = runs
    dead.kill()
    dead.communicate()
    assert all(folder.is_dir() for folder in folders)
    with scratch():
        assert [folder.is_dir() for folder in folders] == [False, True]
    alive.kill()
    alive.communicate()


def test_without_a_place_for_temporary_files_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with scratch():
        assert tempfile.gettempdir() == str(tmp_path / "none")


def test_somebody_elses_folder_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / f"reportgen-{os.getuid()}").symlink_to("/")
    assert ours() != tmp_path / f"reportgen-{os.getuid()}"
    assert ours().parent == tmp_path
