"""Class names come out of every file in which people keep them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reportgen.errors import InputError
from reportgen.labels import read_labels


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps(["cat", "dog"])),
        ("object.json", json.dumps({"1": "dog", "0": "cat"})),
        ("imagenet.json", json.dumps({"0": ["n02123045", "cat"], "1": ["n02084071", "dog"]})),
        ("reversed.json", json.dumps({"dog": 1, "cat": 0})),
        ("lines.txt", "cat\n\ndog\n"),
        ("marked.txt", "\ufeffcat\ndog"),
    ],
)
def test_names_by_number(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_labels(tmp_path / name) == ("cat", "dog")


def test_gaps_are_filled_with_numbers(tmp_path: Path) -> None:
    (tmp_path / "gap.json").write_text(json.dumps({"2": "owl"}))
    assert read_labels(tmp_path / "gap.json") == ("#0", "#1", "owl")


@pytest.mark.parametrize("text", ["{", '{"a": "b"}', "[1, 2]", '{"0": []}', '{"-1": "x"}', "[" * 100_000])
def test_a_broken_file_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(InputError, match=r"bad\.json: the class names cannot be read"):
        read_labels(tmp_path / "bad.json")


def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", tmp_path, Path("/dev/zero")):
        with pytest.raises(InputError, match="not a file"):
            read_labels(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_labels(tmp_path / "none.txt")
