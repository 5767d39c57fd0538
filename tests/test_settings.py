"""The configuration that is kept with a report, and the commit that it is of."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reportgen import resources
from reportgen.commit import FROM_CI, commit_of
from reportgen.config import read_config, validate
from reportgen.settings import as_toml, settings_text

words = some.text(some.characters(exclude_categories=["Cs"]))
plain = words | some.booleans() | some.integers(-(2**63), 2**63 - 1) | some.floats(allow_nan=False)
values = some.recursive(plain, lambda inner: some.lists(inner) | some.dictionaries(words, inner), max_leaves=12)


@given(some.dictionaries(words, values))
def test_what_is_written_as_toml_is_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(as_toml(table)) == table


def test_the_settings_make_the_same_configuration_again() -> None:
    told = read_config(resources.folder("configs") / "demo.toml", {})
    again = validate(tomllib.loads(settings_text(told)), "test")
    assert again.model_dump(exclude={"origin"}) == told.model_dump(exclude={"origin"})


def test_settings_name_files_without_their_folders(tmp_path: Path) -> None:
    (tmp_path / "net.keras").touch()
    (tmp_path / "cat.png").touch()
    (tmp_path / "goal.md").write_text("To see.")
    config = validate({
        "model": {"file": str(tmp_path / "net.keras")}, "image": [{"file": str(tmp_path / "cat.png"), "label": "tabby"}],
        "folder": str(tmp_path / "site"), "lab": {"text": {"goal": str(tmp_path / "goal.md"), "task": "a/b\nc"}},
    }, "test")
    assert tomllib.loads(settings_text(config)) == {
        "model": {"file": "net.keras"}, "image": [{"file": "cat.png", "label": "tabby"}],
        "lab": {"text": {"goal": "goal.md", "task": "a/b\nc"}},
    }


def test_settings_keep_words_as_they_are_and_forget_folders_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "and").mkdir()
    (tmp_path / "and" / "or").touch()
    goal = "Дослідити, як згорткова мережа бачить зображення, і перевірити це числами: " * 4 + "{prediction/probability}."
    told = {
        "title": "and/or", "model": {"custom": ["/tmp/somewhere/my.py:Layer"], "weights": "/tmp/w.h5", "file": "vgg16"},
        "optimization": {"start": "/tmp/begin.png"}, "templates": ["/tmp/looks"],
        "more": [{"model": {"file": "/tmp/other.keras"}, "image": [{"file": "/tmp/dog.png"}]}],
        "lab": {"group": "/", "topic": ".", "profile": {"uk": "/tmp/ours.toml", "en": "ieee"} , "text": {"goal": goal, "task": {"en": "/tmp/task.md"}},
                "source": [{"key": "a", "kind": "book", "title": "A", "language": "en"}, {"key": "b", "kind": "book", "title": "B"}]},
    }
    (tmp_path / "ours.toml").write_text('base = "kpi"\n')
    told["lab"]["profile"]["uk"] = str(tmp_path / "ours.toml")  # type: ignore[index]
    kept = tomllib.loads(settings_text(validate(told, "test")))
    assert kept["title"] == "and/or"
    assert kept["model"] == {"custom": ["my.py:Layer"], "weights": "w.h5", "file": "vgg16"}
    assert (kept["optimization"]["start"], kept["templates"]) == ("begin.png", ["looks"])
    assert kept["more"] == [{"model": {"file": "other.keras"}, "image": [{"file": "dog.png"}]}]
    lab = kept["lab"]
    assert (lab["group"], lab["topic"], lab["profile"]) == ("/", ".", {"uk": "ours.toml", "en": "ieee"})
    assert lab["text"] == {"goal": goal, "task": {"en": "task.md"}}
    assert [source["language"] for source in lab["source"]] == ["en", "uk"]
    assert as_toml({"a": [1, None, 2], "b": None}) == "a = [1, 2]\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FROM_CI:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    git(home, "init", "-q", "-b", "main")
    git(home, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "first")
    return home


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_commit_is_the_one_that_git_names(repository: Path) -> None:
    (repository / "deep" / "er").mkdir(parents=True)
    known = git(repository, "rev-parse", "HEAD")
    assert commit_of(repository / "deep" / "er") == known
    git(repository, "pack-refs", "--all")
    assert commit_of(repository) == known
    git(repository, "worktree", "add", "-q", "-b", "other", "../beside")
    assert commit_of(repository.parent / "beside") == known
    git(repository, "checkout", "-q", "--detach")
    assert commit_of(repository) == known


def test_a_ci_run_knows_its_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_COMMIT_SHA", "a" * 40)
    assert commit_of(repository) == "a" * 40
    monkeypatch.setenv("CI_COMMIT_SHA", "<script>")
    assert commit_of(repository) == git(repository, "rev-parse", "HEAD")


def test_without_a_repository_or_with_a_broken_one_there_is_no_commit(repository: Path) -> None:
    assert commit_of(repository.parent) == ""
    (repository / ".git" / "HEAD").write_text("ref: HEAD\n")
    assert commit_of(repository) == ""
    (repository / ".git" / "HEAD").write_bytes(b"\xff\xfe")
    assert commit_of(repository) == ""
    for hostile in ("ref: refs/a\0b", "ref: /dev/zero", "ref: refs/../../../../etc/hostname", "ref: refs/heads/main\n" * 9999):
        (repository / ".git" / "HEAD").write_text(hostile)
        assert commit_of(repository) == ""
    (repository / ".git" / "HEAD").unlink()
    os.mkfifo(repository / ".git" / "HEAD")
    assert commit_of(repository) == ""
    (repository / "sub").mkdir()
    (repository / "sub" / ".git").write_text("gitdir: a\0b")
    assert commit_of(repository / "sub") == ""
