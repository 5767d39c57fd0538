"""What is kept is found again; what is broken is as if it were not there."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reportgen import imaging, originals, scales
from reportgen.errors import InputError, ReportgenError
from reportgen.report.blocks import Fact, Figure
from reportgen.report.document import Section
from reportgen.store import KINDS, Store, digest
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


def damaged(data: bytes, other: bytes) -> Iterator[tuple[str, bytes]]:
    """What can happen to a file: its end is missing, it is empty, one of its bits is another, it is another file."""
    yield from (("empty", b""), ("garbage", b"\xff\xfe\x00"), ("longer", data + b"\0"), ("swapped", other))
    yield from ((f"cut at {at}", data[:at]) for at in {1, len(data) // 2, len(data) - 1})
    chosen = random.Random(5)
    for place in {0, len(data) - 1, *(chosen.randrange(len(data)) for _try in range(40))}:
        yield f"bit of byte {place}", data[:place] + bytes([data[place] ^ 1 << chosen.randrange(8)]) + data[place + 1 :]


@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_any_kind_is_a_miss_and_heals(
    tmp_path: Path, section: Section, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "SETTLED_NS", 0)
    model, key, other = tmp_path / "model.keras", ("unit", 3), dataclasses.replace(section, name="other")
    model.write_bytes(b"weights")
    arrays = {"image": np.arange(5.0)}

    def found() -> list[object]:
        store = Store(tmp_path / "cache")
        kept = store.shelf("network").get(key)
        arrays = kept and {name: array.tolist() for name, array in kept.items()}
        return [store.get("key"), arrays, store.originals.now(model).sha256, store.drawer("code").get("figure")]

    def fill() -> None:
        store = Store(tmp_path / "cache")
        store.put("key", section)
        store.put("other", other)
        store.shelf("network").put(key, arrays)
        store.shelf("network").put(("unit", 4), {"image": np.zeros(5)})
        store.originals.now(model)
        store.originals.now(Path(__file__))
        store.drawer("code").put("figure", b"drawn")
        store.drawer("code").put("other", b"drawn too")
        assert not store.problem

    fill()
    whole = found()
    assert whole == [section, {"image": [0, 1, 2, 3, 4]}, hashlib.sha256(b"weights").hexdigest(), b"drawn"]
    files = sorted((tmp_path / "cache" / kind).iterdir())
    assert files
    for path in files:
        good = path.read_bytes()
        others = [one.read_bytes() for one in files if one != path]
        for what, bad in damaged(good, others[0] if others else b"another"):
            path.write_bytes(bad)
            now = found()
            assert all(one in (None, right) for one, right in zip(now, whole, strict=True)), (path, what)
            assert sum(one is None for one in now) <= 1
            fill()
            assert found() == whole, (path, what)
            assert path.read_bytes() == good, (path, what)
        path.unlink()
        fill()


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    Store(tmp_path)
    script = (
        "import sys, time; from pathlib import Path; from reportgen import store\n"
        "import os; real = os.fdopen\n"
        "def stuck(*a):\n    file = real(*a); file.write(b'half'); file.flush(); print('ready', flush=True); time.sleep(60)\n"
        "store.os.fdopen = stuck; store.Store(Path(sys.argv[1])).put_arrays('key', {})"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    Store(tmp_path)
    assert len(list((tmp_path / "unfinished").iterdir())) == 1, "the writer lives"
    process.kill()
    process.wait()
    process.stdout.close()
    Store(tmp_path)
    assert not list((tmp_path / "unfinished").iterdir())


def test_a_cache_that_is_full_or_read_only_stops_nothing(
    tmp_path: Path, section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).put("old", section)
    (tmp_path / "model").write_bytes(b"weights")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("mkdir", "utime", "open"):
        monkeypatch.setattr(os, name, refuse)
    store = Store(tmp_path)
    assert store.get("old") == section
    assert store.keeps
    assert store.originals.now(tmp_path / "model").sha256 == hashlib.sha256(b"weights").hexdigest()
    store.put("new", section)
    assert store.problem == "Read-only file system"
    assert not store.keeps
    assert store.get("new") is None
    store.prune(0)


def test_without_a_folder_nothing_is_kept_and_nothing_hashed_twice(
    tmp_path: Path, section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, model = Store(None), tmp_path / "model"
    model.write_bytes(b"weights")
    store.put("key", section)
    store.shelf("network").put(("unit",), {})
    assert store.get("key") is None
    assert store.shelf("network").get(("unit",)) is None
    monkeypatch.setattr(originals, "SETTLED_NS", 0)
    first = store.originals.now(model).sha256
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert store.originals.now(model).sha256 == first
    store.prune(0)
    assert not store.keeps
    assert not store.problem


def test_a_files_digest_follows_its_content(tmp_path: Path) -> None:
    store, file = Store(tmp_path / "store"), tmp_path / "model.keras"
    file.write_bytes(b"one")
    first = store.originals.now(file).sha256
    assert store.originals.now(file).sha256 == first
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert store.originals.now(file).sha256 != first


def test_a_file_written_just_now_is_read_each_time(tmp_path: Path) -> None:
    store, file = Store(tmp_path / "store"), tmp_path / "model.keras"
    file.write_bytes(b"one")
    assert store.originals.now(file).sha256 == hashlib.sha256(b"one").hexdigest()
    assert not list((tmp_path / "store" / "digests").iterdir())


def test_a_build_goes_by_what_a_file_held_first_and_notices_what_came_after(tmp_path: Path) -> None:
    store, file = Store(None), tmp_path / "model.keras"
    file.write_bytes(b"one")
    first = store.originals.of(file)
    worker = Store(None)
    worker.originals.learn(json.loads(json.dumps(store.originals.told())))
    worker.originals.confirm([file])
    for change in (lambda: file.write_bytes(b"two"), lambda: file.write_bytes(b"longer"), file.unlink):
        change()
        assert store.originals.of(file) == worker.originals.of(file) == first
        with pytest.raises(InputError) as told:
            worker.originals.confirm([file])
        assert told.value.slug == "file-changed"
        assert str(file) in told.value.message


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


def test_bytes_come_back_and_a_damaged_file_is_one_that_is_not_there(tmp_path: Path) -> None:
    drawer = Store(tmp_path).drawer("code")
    drawer.put("key", b"a figure")
    assert Store(tmp_path).drawer("code").get("key") == b"a figure"
    assert Store(tmp_path).drawer("other code").get("key") is None
    assert drawer.get("other") is None
    file = next((tmp_path / "drawn").iterdir())
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[:20], b"x" + whole[1:], whole[:-1] + b"x"):
        file.write_bytes(damaged)
        assert drawer.get("key") is None
    drawer.put("key", b"a figure")
    assert drawer.get("key") == b"a figure"
