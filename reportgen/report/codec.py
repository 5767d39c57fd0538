"""A report as JSON and back again; `load(save(report)) == report`.

One walk over dataclass fields serves every type, driven by the type hints: a new block kind or a
new field needs no line here. Pictures and attached files go beside the JSON as `assets/<digest>.<suffix>`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import math
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from reportgen.errors import InputError
from reportgen.report.blocks import KINDS, Attachment, Download, Figure, Gallery, Picture
from reportgen.report.document import FORMAT, Report, Section
from reportgen.text import Message

ReadAsset = Callable[[str], bytes]
LINES_TO = 4
"""From here on a value stands on one line: the report, its sections, a section, its blocks, a block."""
_KIND = {kind.kind: kind for kind in KINDS}  # type: ignore[attr-defined]


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
    """The report or section that `dumps` wrote."""
    try:
        document = json.loads(text)
        if into is Report and document.pop("format", None) != FORMAT:
            raise InputError(
                "report.json was written in another format version of reportgen.",
                slug="report-format",
                hint="Build the report again with this version.",
            )
        return _decode(into, document, read_asset)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise InputError(
            f"report.json is not a report of reportgen ({problem}).", slug="report-unreadable"
        ) from problem


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
    """Read a report from its JSON file or from the folder that holds `report.json`."""
    path = path / "report.json" if path.is_dir() else path
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(
            f"{path}: no report can be read there.",
            slug="report-unreadable",
            hint="Name a report.json or the folder that holds it.",
        ) from problem

    def read_asset(name: str) -> bytes:
        if Path(name).name != name:
            raise InputError(f"{path}: it names a picture outside its assets folder.", slug="report-unreadable")
        try:
            return (path.parent / "assets" / name).read_bytes()
        except OSError as problem:
            raise InputError(
                f"{path}: the picture assets/{name} is missing.",
                slug="report-unreadable",
                hint="Keep report.json together with its assets folder.",
            ) from problem

    report: Report = loads(text, Report, read_asset)
    return report


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


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(hint: Any, data: Any, read_asset: ReadAsset) -> Any:
    if hint in (Picture, Attachment):
        return _asset(hint, data, read_asset)
    if isinstance(data, Mapping) and "say" in data:
        values = tuple(sorted((k, _decode(Any, v, read_asset)) for k, v in data.get("with", {}).items()))
        return Message(data["say"], data.get("plural", ""), values, data.get("context", ""))
    if isinstance(data, Mapping) and "block" in data:
        return _fields(_KIND[data["block"]], data, read_asset)
    if isinstance(data, Mapping) and "number" in data:
        return float(data["number"])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_decode(arguments[0], item, read_asset) for item in data)
        return tuple(_decode(part, item, read_asset) for part, item in zip(arguments, data, strict=True))
    if origin in (Union, types.UnionType):
        structured = [part for part in arguments if dataclasses.is_dataclass(part) and part is not Message]
        if isinstance(data, Mapping) and len(structured) == 1:
            return _decode(structured[0], data, read_asset)
        return data
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _fields(hint, data, read_asset)
    if origin is Literal and data not in arguments:
        raise ValueError(f"{data!r} is not one of {arguments}")
    return data


def _asset(hint: Any, data: Any, read_asset: ReadAsset) -> Picture | Attachment:
    if hint is Attachment:
        return Attachment(read_asset(data["asset"]), data["suffix"])
    grid = _decode(hint_of(Picture, "grid"), data.get("grid"), read_asset)
    return Picture(read_asset(data["asset"]), data["width"], data["height"], data["kind"], grid)


def hint_of(kind: type, field: str) -> Any:
    """The type of a dataclass's field."""
    return _hints(kind)[field]


def _fields(kind: type, data: Mapping[str, Any], read_asset: ReadAsset) -> Any:
    return kind(**{
        name: _decode(hint_of(kind, name), value, read_asset) for name, value in data.items() if name != "block"
    })
