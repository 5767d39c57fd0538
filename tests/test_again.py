"""What a report says of how it is made again holds: the same bytes come out, in another folder."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from reportgen import resources
from reportgen.config import read_config, validate
from reportgen.labs import demo_files
from reportgen.report.codec import load
from reportgen.settings import command_of, kept_names
from tests.test_cli import reportgen, told

OWN = """
title = "Two networks"
select = ["summary", "input"]
language = ["uk"]
outputs = ["html", "json", "markdown"]
labels = "deep/names.txt"

[model]
file = "deep/one.keras"

[[image]]
file = "a/shot.png"
label = "coarse"

[[image]]
file = "b/shot.png"

[lab]
student = "Іваненко Олена"

[lab.text]
goal = "words/goal.md"

[[more]]
[more.model]
file = "one/one.keras"
"""


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of a user's with files of the same name in several places."""
    files = demo_files()
    places = {"deep/one.keras": files.model, "one/one.keras": files.model.with_name("cifar10-cnn.keras"),
              "a/shot.png": files.images[0], "b/shot.png": files.images[1]}
    for place, source in places.items():
        path = tmp_path / "own" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)
    (tmp_path / "own" / "words" / "seen").mkdir(parents=True)
    (tmp_path / "own" / "words" / "goal.md").write_text("To see.\n\n![A picture](seen/see.png)\n")
    shutil.copy(files.images[0], tmp_path / "own" / "words" / "seen" / "see.png")
    (tmp_path / "own" / "deep" / "names.txt").write_text("fine\ncoarse\n")
    (tmp_path / "own" / "mine.toml").write_text(OWN)
    return tmp_path / "own"


@pytest.mark.tf
def test_the_command_of_a_report_makes_the_same_bytes_again(own: Path, tmp_path: Path) -> None:
    options = ["--classes", "4", "--prefix", "my_", "--format", "figures", "--format", "json", "--format", "html",
               "--commit", "0123456789abcdef0123456789abcdef01234567"]
    told(reportgen("build", "mine.toml", *options, "-o", tmp_path / "first" / "site", "--cache", "c1", folder=own), 0)
    report = load(tmp_path / "first" / "site")
    second = tmp_path / "second"
    second.mkdir()
    by_digest = {hashlib.sha256(data).hexdigest(): data for data in files_of(own).values()}
    for source in report.provenance.sources:
        path = second / source.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(by_digest[source.sha256])
    shutil.copy(tmp_path / "first" / "site" / "reportgen.toml", second)
    program, *words = shlex.split(report.provenance.command)
    assert program == "reportgen"
    told(reportgen(*words, "--cache", "c2", folder=second), 0)
    assert files_of(second / "site") == files_of(tmp_path / "first" / "site")


def test_files_of_one_name_are_told_apart_by_as_little_as_it_takes(own: Path) -> None:
    names = kept_names(read_config(own / "mine.toml", {}))
    assert {path.relative_to(own).as_posix(): name for path, name in names.items()} == {
        "deep/one.keras": "deep/one.keras", "one/one.keras": "one/one.keras", "a/shot.png": "a/shot.png",
        "b/shot.png": "b/shot.png", "deep/names.txt": "names.txt", "words/goal.md": "goal.md",
    }


def test_the_demo_is_told_by_its_name_and_nothing_else_is(tmp_path: Path) -> None:
    demo = resources.folder("configs") / "demo.toml"
    assert command_of(read_config(demo, {}), "") == "reportgen demo"
    assert command_of(read_config(demo, {"language": ["en"]}), "") == "reportgen build reportgen.toml"
    (tmp_path / "demo.toml").write_text('[model]\nfile = "lab:texture-unet"\n')
    assert command_of(read_config(tmp_path / "demo.toml", {}), "") == "reportgen build reportgen.toml"
    assert command_of(validate({}, "test"), "abc") == "reportgen build reportgen.toml --commit abc"


def test_the_command_is_a_command(tmp_path: Path) -> None:
    assert subprocess.run(["sh", "-n", "-c", command_of(validate({}, "test"), "")], check=False).returncode == 0
