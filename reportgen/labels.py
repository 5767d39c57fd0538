"""The names of the classes, from the files in which people keep them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reportgen.errors import InputError
from reportgen.files import read_plain

LARGEST_BYTES = 16 << 20


def read_labels(path: Path) -> tuple[str, ...]:
    """Class names by number.

    A JSON list, a JSON object from number to name (or to a list that ends in the name, as in
    ImageNet's index) or from name to number, or a text file with a name a line.
    """
    try:
        data = read_plain(path, LARGEST_BYTES)
        text = data.decode("utf-8-sig")
    except FileNotFoundError as problem:
        raise _unreadable(path, "there is no such file") from problem
    except OSError as problem:
        raise _unreadable(path, problem.strerror or "the system refuses") from problem
    except UnicodeDecodeError as problem:
        raise _unreadable(path, "it is not a text file in UTF-8") from problem
    if len(data) > LARGEST_BYTES:
        raise _unreadable(path, "the file is too large for a list of names")
    if path.suffix.lower() != ".json" and text.lstrip()[:1] not in ("[", "{"):
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    try:
        return _from_json(json.loads(text))
    except (ValueError, TypeError, IndexError, RecursionError) as problem:
        raise _unreadable(
            path, "it is neither a list of names nor an object from numbers to names"
        ) from problem


def _from_json(data: Any) -> tuple[str, ...]:
    if isinstance(data, list):
        return tuple(_name(item) for item in data)
    if all(isinstance(value, int) for value in data.values()):
        data = {number: name for name, number in data.items()}
    names = {int(number): _name(value) for number, value in data.items()}
    if min(names) < 0 or max(names) > 1_000_000:
        raise ValueError("class numbers out of range")
    return tuple(names.get(number, f"#{number}") for number in range(max(names) + 1))


def _name(value: Any) -> str:
    value = value[-1] if isinstance(value, list) else value
    if not isinstance(value, str):
        raise TypeError("a class name must be text")
    return " ".join(value.replace("_", " ").split())


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        f"{path}: the class names cannot be read: {why}.", slug="labels-unreadable",
        hint="Give a JSON list of names or a text file with a name a line.",
    )
