"""What is kept is found again; what is broken is as if it were not there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from reportgen import imaging, scales
from reportgen.errors import ReportgenError
from reportgen.report.blocks import Fact, Figure
from reportgen.report.document import Section
from reportgen.store import Store, digest
from reportgen.text import _


@pytest.fixture
def section() -> Section:
    maps = np.arange(12, dtype=np.float32).reshape(3, 4)
    picture = imaging.picture_of_map(maps, scales.shared(maps))
    words = _("words")
    return Section("s", "s", "overview", words, words, words, (Figure("f", picture, words, words), Fact("n", words, 0.5)))


def test_a_section_comes_back_equal(tmp_path: Path, section: Section) -> None:
    Store(tmp_path).put("key", section)
    assert Store(tmp_path).get("key") == section
    assert Store(tmp_path).get("other") is None


@pytest.mark.parametrize("damage", ["cut", "garbage", "picture gone", "picture changed"])
def test_a_damaged_entry_is_a_miss(tmp_path: Path, section: Section, damage: str) -> None:
    store = Store(tmp_path)
    store.put("key", section)
    entry, picture = tmp_path / "sections" / "key.json", next((tmp_path / "assets").iterdir())
    if damage == "cut":
        entry.write_text(entry.read_text()[:40])
    elif damage == "garbage":
        entry.write_bytes(b"\xff\xfe\x00")
    elif damage == "picture gone":
        picture.unlink()
    else:
        picture.write_bytes(b"another picture")
    assert store.get("key") is None


def test_a_files_digest_follows_its_content(tmp_path: Path) -> None:
    store, file = Store(tmp_path / "store"), tmp_path / "model.keras"
    file.write_bytes(b"one")
    first = store.digest_of(file)
    assert store.digest_of(file) == first
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert store.digest_of(file) != first


def test_the_oldest_entries_go_first(tmp_path: Path, section: Section) -> None:
    store = Store(tmp_path)
    for number in range(4):
        store.put(f"key{number}", section)
        os.utime(tmp_path / "sections" / f"key{number}.json", (number, number))
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    store.prune(size - 1)
    assert not (tmp_path / "sections" / "key0.json").exists()
    assert (tmp_path / "sections" / "key3.json").exists()


def test_digests_tell_values_apart() -> None:
    assert digest("a", ["b"]) != digest("a", "b")
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportgenError, match="the cache cannot be written"):
        Store(tmp_path / "file" / "cache")
