"""The output folder is replaced whole or left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen import output
from reportgen.errors import UsageError
from reportgen.manifest import write_manifest
from reportgen.output import is_intact, refuse_foreign, replaced
from reportgen.render import render
from tests.render.sample_report import sample_report


def make(target: Path, text: str, inputs: str = "1") -> None:
    with replaced(target) as folder:
        (folder / "index.html").write_text(text)
        write_manifest(folder, inputs)


def test_the_second_build_takes_the_place_of_the_first(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    make(tmp_path / "site", "new")
    assert (tmp_path / "site" / "index.html").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_error_leaves_the_old_folder_and_no_litter(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    with pytest.raises(RuntimeError), replaced(tmp_path / "site") as folder:
        (folder / "index.html").write_text("half")
        raise RuntimeError
    assert (tmp_path / "site" / "index.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_that_is_not_ours_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(UsageError, match="was not made by reportgen"):
        make(tmp_path / "thesis", "new")
    (tmp_path / "thesis" / "manifest.json").write_text(json.dumps({"name": "an app"}))
    with pytest.raises(UsageError):
        make(tmp_path / "thesis", "new")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_an_empty_folder_with_a_gitignore_may_be_filled_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / ".gitignore").write_text("*\n")
    make(tmp_path / "site", "new")
    assert (tmp_path / "site" / ".gitignore").read_text() == "*\n"


def test_files_of_others_move_along(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    (tmp_path / "site" / "CNAME").write_text("example.org")
    make(tmp_path / "site", "new")
    assert (tmp_path / "site" / "CNAME").read_text() == "example.org"


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(UsageError, match="a file, not a folder"):
        refuse_foreign(tmp_path / "site")


def test_intact_means_same_inputs_and_no_changed_byte(tmp_path: Path) -> None:
    make(tmp_path / "site", "page", inputs="42")
    assert is_intact(tmp_path / "site", "42")
    assert not is_intact(tmp_path / "site", "43")
    (tmp_path / "site" / "index.html").write_text("pagE")
    assert not is_intact(tmp_path / "site", "42")


def test_kill_9_leaves_the_old_folder_whole_and_the_next_build_sweeps(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    script = (
        "import sys, time; from pathlib import Path; from reportgen.output import replaced\n"
        "with replaced(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'index.html').write_text('half'); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "site")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (tmp_path / "site" / "index.html").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    make(tmp_path / "site", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("languages", "formats"),
    [(("uk", "en"), ("html", "figures", "markdown")), (("en", "uk"), ("html",)), (("uk",), ("markdown", "single")), (("en",), ("json",))],
)
def test_a_folder_tells_what_it_was_made_as(tmp_path: Path, languages: tuple[str, ...], formats: tuple[str, ...]) -> None:
    render(sample_report(), tmp_path / "site", languages=languages, formats=formats)
    told = output.made_of(tmp_path / "site")
    assert set(told["outputs"]) == {*formats, "json"}
    assert set(told.get("language", languages)) == set(languages)
    if "html" in formats:
        assert told["language"] == languages, "the one that it opens with is the first"
    assert output.made_of(tmp_path) == {"outputs": ("json",)}
