"""A configuration as a file to keep with the report: what differs from the defaults, with names but no folders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from reportgen.config import Config

NOT_KEPT = {"folder", "origin", "commit"}
"""What says where and when a report was made, not what is in it."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def settings_text(config: Config) -> str:
    """The TOML that makes the same report again, beside the files that it names."""
    return as_toml(_without_folders(config.model_dump(mode="json", exclude_defaults=True, exclude=NOT_KEPT)))


def _without_folders(value: Any) -> Any:
    """The same with every file by its name alone: folders are of the machine, and none of a reader's business."""
    if isinstance(value, Mapping):
        return {key: _without_folders(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_folders(one) for one in value]
    if isinstance(value, str) and "\n" not in value and PurePath(value).name != value and Path(value).exists():
        return PurePath(value).name
    return value


def as_toml(table: Mapping[str, Any]) -> str:
    """Plain data as TOML; what is None is left out."""
    return "\n".join(_lines(table, ())).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """The plain values of a table, then the tables within it under their headings."""
    told = {key: value for key, value in table.items() if value is not None}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in told.items() if not _is_table(value)]
    for key, value in told.items():
        place = (*path, key)
        title = ".".join(map(_key, place))
        if isinstance(value, Mapping):
            inside = _lines(value, place)
            only_tables = inside[:1] == [""]
            lines += inside if only_tables else ["", f"[{title}]", *inside]
        elif _is_table(value):
            for one in value:
                lines += ["", f"[[{title}]]", *_lines(one, place)]
    return lines


def _is_table(value: Any) -> bool:
    """True for a table and for a list of tables."""
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
    )


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items() if one is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, float):
        return repr(value)
    # JSON's escapes are TOML's; only DEL is allowed in the one and not in the other.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)
