"""A configuration as a file to keep with the report: what differs from the defaults, with names but no folders."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from reportgen import resources
from reportgen.authoring import names_file
from reportgen.config import LAB, Config, StudyTable, read_config
from reportgen.report.document import SETTINGS
from reportgen.study import STARTS

DEMO = "demo.toml"
"""The configuration of the embedded demo."""
NOT_KEPT = {"folder", "origin", "commit"}
"""What says where and when a report was made, not what is in it."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_Name = Callable[[PurePath], str]


def settings_text(config: Config) -> str:
    """The TOML that makes the same report again, beside the files that it names."""
    return as_toml(_told(config, kept_names(config).__getitem__))


def command_of(config: Config, commit: str) -> str:
    """The command that makes the same report again, where the kept configuration lies beside the files it names."""
    demo = read_config(resources.folder("configs") / DEMO, {})
    command = "reportgen demo" if settings_text(config) == settings_text(demo) else f"reportgen build {SETTINGS}"
    return f"{command} --commit {commit}" if commit else command


def kept_names(config: Config) -> dict[PurePath, str]:
    """What each file of a configuration is called beside the report: its name, with folders only to tell two apart."""
    files: dict[PurePath, None] = {}

    def seen(path: PurePath) -> str:
        files[path] = None
        return ""

    _told(config, seen)
    return short_names(files)


def short_names(paths: Iterable[PurePath]) -> dict[PurePath, str]:
    """For each path as much of its end as tells it from all others."""
    names: dict[PurePath, str] = {}
    left, length = list(paths), 1
    while left:
        ends = {path: path.parts[-length:] for path in left}
        counts = Counter(ends.values())
        clear = [path for path in left if counts[ends[path]] == 1 or len(path.parts) <= length]
        names |= {path: PurePath(*(part.strip("/\\:") or "_" for part in ends[path])).as_posix() for path in clear}
        left, length = [path for path in left if path not in names], length + 1
    return names


def _told(config: Config, name: _Name) -> dict[str, Any]:
    """What differs from the defaults, every file by the name it is given."""
    told = config.model_dump(exclude_defaults=True, exclude=NOT_KEPT)
    for table, study in ((told, config), *zip(told.get("more", ()), config.more, strict=True)):
        _name_files(table, study, name)
    lab = told.get("lab", {})
    for source, whole in zip(lab.get("source", ()), config.lab.source, strict=True):
        source["language"] = whole.language  # what is left out here is not what is left out there
    lab |= {key: _file_named(lab[key], name) for key in ("profile", "text") if key in lab}
    return {key: _paths_named(value, name) for key, value in told.items()}


def _name_files(table: dict[str, Any], study: StudyTable, name: _Name) -> None:
    """Files that are strings by their type; what is a path by its type is named in `_paths_named`."""
    model = table.get("model", {})
    if "file" in model and study.source().is_file:
        model["file"] = name(PurePath(model["file"]))
    if "weights" in model and model["weights"] not in ("imagenet", "none"):
        model["weights"] = name(PurePath(model["weights"]))
    if "custom" in model:
        parts = [one.rpartition(":") for one in model["custom"]]
        model["custom"] = [f"{name(PurePath(file))}:{wanted}" for file, _colon, wanted in parts]
    wishes = table.get("optimization", {})
    if "start" in wishes and wishes["start"] not in STARTS:
        wishes["start"] = name(PurePath(wishes["start"]))


def _file_named(told: Any, name: _Name) -> Any:
    """Files of text and of profiles by their names, by slot and by language; any other text as it is."""
    if isinstance(told, Mapping):
        return {key: _file_named(one, name) for key, one in told.items()}
    return name(PurePath(told)) if names_file(told, ".md", ".toml") else told


def _paths_named(value: Any, name: _Name) -> Any:
    """The same value with names in place of paths."""
    if isinstance(value, PurePath):
        return value.as_posix() if str(value).startswith(LAB) else name(value)
    if isinstance(value, Mapping):
        return {key: _paths_named(one, name) for key, one in value.items()}
    return [_paths_named(one, name) for one in value] if isinstance(value, list | tuple) else value


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
    """Tuples as lists without nothings."""
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
