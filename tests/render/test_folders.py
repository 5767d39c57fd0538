"""Folders of templates may come from anyone: a link in one does not bring other files into a report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen.errors import UsageError
from reportgen.render import render
from tests.render.sample_report import sample_report


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("my secret", encoding="utf-8")
    folder = tmp_path / "templates"
    for inner in ("static", "site", "shared"):
        (folder / inner).mkdir(parents=True)
    return folder


def rendered(templates: Path, target: Path, *formats: str) -> None:
    render(sample_report(), target, languages=("en",), formats=formats or ("html",), templates=(templates,))


@pytest.mark.parametrize("name", ["site/footer.html.j2", "static/custom.css", "static/more.css"])
def test_a_link_out_of_the_folder_is_told(templates: Path, tmp_path: Path, name: str) -> None:
    (templates / name).symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match="leads out"):
        rendered(templates, tmp_path / "site")
    assert not any("my secret" in path.read_text(errors="replace") for path in (tmp_path / "site").rglob("*.*"))


def test_a_folder_that_is_a_link_is_told_too(templates: Path, tmp_path: Path) -> None:
    (templates / "static").rmdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "custom.css").write_text("my secret")
    (templates / "static").symlink_to(tmp_path / "private")
    with pytest.raises(UsageError, match="leads out"):
        rendered(templates, tmp_path / "site")
    with pytest.raises(UsageError, match="leads out"):
        rendered(templates, tmp_path / "single", "single")


def test_a_link_within_the_folder_and_a_folder_behind_a_link_are_fine(templates: Path, tmp_path: Path) -> None:
    (templates / "shared" / "footer").write_text("<footer>ours</footer>", encoding="utf-8")
    (templates / "site" / "footer.html.j2").symlink_to(templates / "shared" / "footer")
    (templates / "shared" / "style.css").write_text("p {}", encoding="utf-8")
    (templates / "static" / "custom.css").symlink_to("../shared/style.css")
    os.mkfifo(templates / "static" / "pipe")
    (tmp_path / "link").symlink_to(templates)
    rendered(tmp_path / "link", tmp_path / "site")
    assert "<footer>ours</footer>" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "site" / "static" / "custom.css").read_text() == "p {}"
    assert not (tmp_path / "site" / "static" / "pipe").exists()
