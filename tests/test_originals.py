"""What is hashed is what is opened: a file that is replaced meanwhile leaves nothing under the old digest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reportgen import build
from reportgen.config import Config, validate
from reportgen.errors import InputError
from reportgen.report.document import Section
from reportgen.run import Look
from reportgen.store import Store
from reportgen.watching import OPENING, Watcher
from reportgen.worker import look_apart
from tests.fakes import FakeProbe, half_image
from tests.probe import models


def wishes(folder: Path) -> Config:
    """A build from a file of every kind."""
    halves = (half_image() * 255).astype("uint8")
    for name in ("half.png", "mask.png", "start.png"):
        Image.fromarray(halves).save(folder / name)
    models.write_keras(folder / "tiny.keras", models.new_sequential(models.new_layer("Flatten", {"name": "flat"})))
    (folder / "weights.h5").write_bytes(b"weights")
    (folder / "architecture.json").write_text("{}")
    (folder / "labels.txt").write_text("cat\ndog\nowl\n")
    (folder / "own.py").write_text("class Mine: ...\n")
    return validate({
        "model": {"file": str(folder / "tiny.keras"), "weights": str(folder / "weights.h5"),
                  "architecture": str(folder / "architecture.json"), "custom": [f"{folder / 'own.py'}:Mine"]},
        "image": [{"file": str(folder / "half.png"), "mask": str(folder / "mask.png")}],
        "labels": str(folder / "labels.txt"), "optimization": {"start": str(folder / "start.png")},
        "select": ("overview",), "outputs": ("json",), "folder": str(folder / "site"),
    }, "test")


def replace(path: Path) -> None:
    """Other contents of the same length, as far as the times tell of the same moment."""
    path.write_bytes(path.read_bytes()[:-1] + b"?")


FILES = ("tiny.keras", "weights.h5", "architecture.json", "own.py", "labels.txt", "half.png", "mask.png", "start.png")


@pytest.mark.parametrize("name", FILES)
def test_a_file_replaced_while_it_is_opened_is_refused_and_nothing_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    config, store = wishes(tmp_path), Store(tmp_path / "cache")

    def open_late(_source: object) -> FakeProbe:
        if Path(name).suffix != ".png":  # a training writes its network while TensorFlow is loaded
            replace(tmp_path / name)
        return FakeProbe()

    def open_study(*args: Any, **keywords: Any) -> Any:
        study = real(*args, **keywords)
        if Path(name).suffix == ".png":
            Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(tmp_path / name)
        return study

    real = build.open_study
    monkeypatch.setattr(build, "open_probe", open_late)
    monkeypatch.setattr(build, "open_study", open_study)
    with pytest.raises(InputError) as told:
        build.build_site(config, store, jobs=1, isolated=False)
    assert told.value.slug == "file-changed"
    assert name in told.value.message
    assert not list((tmp_path / "cache" / "sections").iterdir())
    assert not (tmp_path / "site").exists()


def test_an_image_that_is_read_later_is_looked_at_again_after_each_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "open_probe", lambda _source: FakeProbe())
    config, store = wishes(tmp_path), Store(tmp_path / "cache")

    class Changing(Watcher):
        def finish(self, name: str) -> None:
            if name != OPENING.name:
                replace(tmp_path / "start.png")

    with pytest.raises(InputError, match=r"start\.png"):
        build.build_site(config, store, jobs=1, isolated=False, watcher=Changing())
    assert len(list((tmp_path / "cache" / "sections").iterdir())) == 1


def test_the_report_tells_the_digests_by_which_it_was_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "open_probe", lambda _source: FakeProbe())
    config, store = wishes(tmp_path), Store(tmp_path / "cache")
    planned = build.sources_of(config, store)
    sections = build.make_sections(config, build.plan_of(config, store), store, isolated=False)
    for name in FILES:
        replace(tmp_path / name)
    (tmp_path / "tiny.keras").write_bytes(b"longer than it was before" * 1000)
    assert build.gather(config, store, sections).provenance.sources == planned
    assert build.sources_of(config, Store(None)) != planned


def looked_at_apart(config: Config, store: Store, change: Callable[[], None]) -> list[Section]:
    """The sections that the process of its own makes when files change after the plan was made."""
    plans = build.plan_of(config, store)
    change()
    made: list[Section] = []

    def receive(_plan: Look, section: Section) -> None:
        made.append(section)

    look_apart(config, plans, store, receive, lambda _share, _what: None, lambda _words: None)
    return made


def test_names_that_change_before_the_other_process_reads_them_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"labels\.txt.*changed"):
        looked_at_apart(wishes(tmp_path), Store(None), lambda: replace(tmp_path / "labels.txt"))


@pytest.mark.tf
@pytest.mark.parametrize("changes", [True, False])
def test_a_network_that_changes_before_the_other_process_opens_it_is_noticed(tmp_path: Path, changes: bool) -> None:
    first, second = models.tiny_functional(), models.tiny_functional()
    first.save(tmp_path / "tiny.keras")
    second.set_weights([weight + 1 for weight in first.get_weights()])
    config = validate({
        "model": {"file": str(tmp_path / "tiny.keras")}, "select": ("summary",), "folder": str(tmp_path / "site"),
    }, "test")
    if not changes:
        assert len(looked_at_apart(config, Store(None), lambda: None)) == 1
        return
    with pytest.raises(InputError, match=r"tiny\.keras.*changed"):
        looked_at_apart(config, Store(None), lambda: second.save(tmp_path / "tiny.keras"))
