"""A configuration as a file to keep with the report: what differs from the defaults, with names but no folders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from reportgen.authoring import names_file
from reportgen.config import LAB, Config, StudyTable
from reportgen.study import STARTS

NOT_KEPT = {"folder", "origin", "commit"}
"""What says where and when a report was made, not what is in it."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def settings_text(config: Config) -> str:
    """The TOML that makes the same report again, beside the files that it names."""
    told = config.model_dump(exclude_defaults=True, exclude=NOT_KEPT)
    for table, study in ((told, config), *zip(told.get("more", ()), config.more, strict=True)):
        _forget_folders(table, study)
    lab = told.get("lab", {})
    for source, whole in zip(lab.get("source", ()), config.lab.source, strict=True):
        source["language"] = whole.language  # what is left out here is not what is left out there
    lab |= {key: _file_named(lab[key]) for key in ("profile", "text") if key in lab}
    return as_toml(told)


def _forget_folders(table: dict[str, Any], study: StudyTable) -> None:
    """Files by their names alone: folders are of the machine. What is a path by its type loses its own in `_plain`."""
    model = table.get("model", {})
    if "file" in model and study.source().is_file:
        model["file"] = PurePath(model["file"]).name
    if "weights" in model and model["weights"] not in ("imagenet", "none"):
        model["weights"] = PurePath(model["weights"]).name
    if "custom" in model:
        model["custom"] = [PurePath(one).name for one in model["custom"]]
    wishes = table.get("optimization", {})
    if "start" in wishes and wishes["start"] not in STARTS:
        wishes["start"] = PurePath(wishes["start"]).name


def _file_named(told: Any) -> Any:
    """Files of text and of profiles by their names, by slot and by language; any other text as it is."""
    if isinstance(told, Mapping):
        return {key: _file_named(one) for key, one in told.items()}
    return PurePath(told).name if names_file(told, ".md", ".toml") else told


def as_toml(table: Mapping[str, Any]) -> str:
    """Plain data as TOML; what is None is left out."""
    return "\n".join(_lines(table, ())).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """The plain values of a table, then the tables within it under their headings."""
    told = {key: _plain(value) for key, value in table.items() if value is not None}
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


def _plain(value: Any) -> Any:
    """Tuples as lists without nothings, paths by their names."""
    if isinstance(value, PurePath):
        return value.as_posix() if str(value).startswith(LAB) else value.name
    return [_plain(one) for one in value if one is not None] if isinstance(value, list | tuple) else value


def _is_table(value: Any) -> bool:
    """True for a table and for a list of tables."""
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
    )


def _value(value: Any) -> str:
    value = _plain(value)
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
