"""A report as JSON and back again; `load(save(report)) == report`.

One walk over dataclass fields writes every type, and `reader` reads it by the annotations: a new block kind or a
new field needs no line here. Pictures and attached files go beside the JSON as `assets/<digest>.<suffix>`.
"""

from __future__ import annotations

import dataclasses
import errno
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reportgen.errors import InputError
from reportgen.files import read_within
from reportgen.report.beside import Beside
from reportgen.report.blocks import KINDS, Attachment, Download, Figure, Gallery, Picture
from reportgen.report.document import FORMAT, Report, Section
from reportgen.report.limits import LARGEST_ASSET, LARGEST_ASSETS, LARGEST_REPORT, MOST_CONTAINERS, MOST_VALUES
from reportgen.report.reader import reader_of
from reportgen.text import Message

ReadAsset = Callable[[str], bytes]
LINES_TO = 4
"""From here on a value stands on one line: the report, its sections, a section, its blocks, a block."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def asset_name(asset: Picture | Attachment) -> str:
    """The file name of a picture or an attached file inside `assets/`."""
    return f"{asset.digest[:32]}.{asset.suffix}"


def dumps(value: Report | Section) -> str:
    """The JSON text of a report or a section, the same bytes for equal values."""
    document = encode(value)
    document = {"format": FORMAT, **document} if isinstance(value, Report) else document
    return _written(document) + "\n"


def _written(value: Any, depth: int = 0) -> str:
    """JSON with a line for each block: half the bytes of a line for each number, and still one to be read."""
    if depth == LINES_TO or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    indent = "\n" + " " * (depth + 1)
    if isinstance(value, dict):
        inside = (f"{json.dumps(key, ensure_ascii=False)}: {_written(one, depth + 1)}" for key, one in value.items())
        return f"{{{indent}{f',{indent}'.join(inside)}\n{' ' * depth}}}"
    return f"[{indent}{f',{indent}'.join(_written(one, depth + 1) for one in value)}\n{' ' * depth}]"


def loads(text: str, into: type, read_asset: ReadAsset) -> Any:
    """The report or section that `dumps` wrote; what is anything else is told in one sentence."""
    try:
        return _read(text, into, read_asset)
    except (ValueError, RecursionError) as problem:
        raise InputError(
            f"This is not a report of reportgen, or it was damaged ({problem}).", slug="report-unreadable",
            hint="Build the report again, or ask for it whoever sent it.",
        ) from problem


def _read(text: str, into: type, read_asset: ReadAsset) -> Any:
    if text.count("[") + text.count("{") > MOST_CONTAINERS or text.count(",") > MOST_VALUES:
        raise ValueError("it holds more than a report can")
    document = json.loads(text, parse_constant=_no_number)
    if _SURROGATE.search(text):
        json.dumps(document, ensure_ascii=False).encode()  # half a letter, told in an escape, is a ValueError here
    if into is Report and (not isinstance(document, dict) or document.pop("format", None) != FORMAT):
        raise InputError(
            "report.json was written in another format version of reportgen.",
            slug="report-format",
            hint="Build the report again with this version.",
        )
    return reader_of(into)(document, Beside(read_asset))


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def save(report: Report, folder: Path) -> None:
    """Write `report.json` and the pictures it names."""
    assets = folder / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    own = (one.picture for one in report.lab.illustrations)
    for asset in itertools.chain(own, *map(assets_of, report.sections)):
        path = assets / asset_name(asset)
        if not path.exists():
            path.write_bytes(asset.data)
    (folder / "report.json").write_bytes(dumps(report).encode("utf-8", "replace"))


def load(path: Path) -> Report:
    """Read a report from its JSON file or from the folder that holds `report.json`.

    It may come from anyone: nothing is read but plain files, nothing outside the folder, and only so much of them.
    """
    text, folder = _text_of(path)
    left = LARGEST_ASSETS

    def read_asset(name: str) -> bytes:
        nonlocal left
        try:
            if (folder / "assets").is_symlink():
                raise OSError(errno.ELOOP, "it is in another folder")
            data = read_within(folder / "assets" / name, min(left, LARGEST_ASSET))
        except OSError as problem:
            missing = isinstance(problem, FileNotFoundError)
            raise InputError(
                f"{path}: the file assets/{name} {'is missing' if missing else f'is refused: {problem.strerror}'}.",
                slug="report-unreadable",
                hint="Keep report.json together with its assets folder.",
            ) from problem
        left -= len(data)
        return data

    try:
        report: Report = loads(text, Report, read_asset)
    except InputError as problem:
        if problem.slug == "report-unreadable" and str(path) not in problem.message:
            problem.message = f"{path}: {problem.message[:1].lower()}{problem.message[1:]}"
        raise
    return report


def _text_of(path: Path) -> tuple[str, Path]:
    """The text of a report, and the folder it lies in."""
    try:
        inside = path.is_dir()
        file = path / "report.json" if inside else path
        return read_within(file, LARGEST_REPORT, follow=not inside).decode(), file.parent
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no text"
        raise InputError(
            f"{path}: no report can be read there ({reason}).",
            slug="report-unreadable",
            hint="Name a report.json or the folder that holds it.",
        ) from problem


def assets_of(section: Section) -> Iterator[Picture | Attachment]:
    """Every picture and attached file of a section, with repeats."""
    for block in section.blocks:
        if isinstance(block, Figure):
            yield block.picture
        elif isinstance(block, Gallery):
            yield from block.pictures
        elif isinstance(block, Download):
            yield block.file


def encode(value: Any) -> Any:
    """A value of the report as plain JSON data."""
    if isinstance(value, Picture):
        fields = {"asset": asset_name(value), "width": value.width, "height": value.height, "kind": value.kind}
        return fields | ({"grid": encode(value.grid)} if value.grid else {})
    if isinstance(value, Attachment):
        return {"asset": asset_name(value), "suffix": value.suffix}
    if isinstance(value, Message):
        fields = {"say": value.id}
        if value.plural:
            fields["plural"] = value.plural
        if value.context:
            fields["context"] = value.context
        if value.values:
            fields["with"] = {name: encode(item) for name, item in value.values}
        return fields
    if dataclasses.is_dataclass(value):
        kind = {"block": getattr(value, "kind")} if isinstance(value, KINDS) else {}  # noqa: B009 - mypy cannot see it
        return kind | {
            field.name: encode(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.default is dataclasses.MISSING or getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": repr(value)}
    return value
