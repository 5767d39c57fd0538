"""A configuration may come from anyone: what it takes into a report lies below its own folder, unless it is trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from reportgen.cli import main
from reportgen.config import read_config
from reportgen.errors import InputError
from tests.report_values import pixels

ELSEWHERE = {
    "an image": 'image = "../private.png"',
    "a mask": '[[image]]\nfile = "own.png"\nmask = "../private.png"',
    "an image of a further network": '[[more]]\nmodel = "vgg16"\nimage = "../private.png"',
    "labels": 'labels = "../notes.txt"',
    "a start": '[optimization]\nstart = "../private.png"',
    "templates": 'templates = ["../themes"]',
    "a listing": '[lab]\nlisting = ["own.txt", "../notes.txt"]',
    "a listing by its whole path": '[lab]\nlisting = ["/etc/hostname"]',
    "a listing behind a link": '[lab]\nlisting = ["link.txt"]',
    "a text": '[lab.text]\ngoal = "../notes.md"',
    "a text in one language": '[lab.text]\ngoal = { uk = "../notes.md" }',
    "a picture of a text": '[lab.text]\ngoal = "![a](../private.png)"',
    "a picture of a text's file": '[lab.text]\ngoal = "own.md"',
    "a picture of an answer": '[[lab.question]]\nquestion = "Why?"\nanswer = "![a](../private.png)"',
    "a text, whatever the file says of its folder": '[lab]\nwithin = "/"\nbase = "/"\n[lab.text]\ngoal = "../notes.md"',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "private.png").write_bytes(pixels(9, 9))
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "notes.md").write_text("notes")
    (tmp_path / "themes").mkdir()
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / "own.png").write_bytes(pixels(9, 9))
    (folder / "own.txt").write_text("print()")
    (folder / "own.md").write_text("![a](../private.png)")
    (folder / "link.txt").symlink_to(tmp_path / "notes.txt")
    return folder


def written(folder: Path, text: str) -> Path:
    path = folder / "lab.toml"
    path.write_text(f'model = "vgg16"\n{text}\n')
    return path


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_lies_elsewhere_is_refused_unless_the_configuration_is_trusted(folder: Path, name: str) -> None:
    path = written(folder, ELSEWHERE[name])
    with pytest.raises(InputError, match="not below its own folder") as told:
        read_config(path, {}).lab.files()
    assert "--trust-config" in told.value.hint
    read_config(path, {}, trusted=True).lab.lab()


def test_what_lies_below_is_taken(folder: Path) -> None:
    text = 'image = "own.png"\n[lab]\nlisting = ["own.txt"]\n[lab.text]\ngoal = "![a](own.png)"'
    lab = read_config(written(folder, text), {}).lab.lab()
    assert (lab.listings[0].text, lab.illustrations[0].name) == ("print()", "own.png")


def test_what_the_user_names_may_be_anywhere(folder: Path) -> None:
    image = folder.parent / "private.png"
    config = read_config(written(folder, 'image = "own.png"'), {"image": [{"file": image}]})
    assert config.image[0].file == image


def test_build_ends_with_3_and_writes_nothing(folder: Path) -> None:
    path = written(folder, ELSEWHERE["a listing"])
    arguments = ["build", str(path), "-o", str(folder / "site"), "--no-cache"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 3, done.output
    assert "not below its own folder" in done.stderr
    assert not (folder / "site").exists()
