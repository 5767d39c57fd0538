"""The user's own classes and functions, from the Python files that the user named."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from reportgen.errors import InputError
from reportgen.files import NotPlainError, check_plain


def named(wanted: tuple[str, ...]) -> dict[str, Any]:
    """Each "module.py:Name" by its name; the files are imported, because the user asked for it."""
    check(wanted)
    found: dict[str, Any] = {}
    for entry in wanted:
        file, name = parts(entry)
        made = getattr(_module(entry, file), name, None)
        if not callable(made):
            raise _unusable(entry, f"{file} has no class or function '{name}'")
        found[name] = made
    return found


def check(wanted: tuple[str, ...]) -> None:
    """Stop at what is no "module.py:Name", or names no file; nothing is imported."""
    for entry in wanted:
        file, name = parts(entry)
        if not file.name or not name.isidentifier():
            raise _unusable(entry, "it must look like module.py:Name")
        try:
            check_plain(file)
        except NotPlainError as problem:
            raise _unusable(entry, f"{file} cannot be read: {problem.strerror}") from problem
        except (OSError, ValueError) as problem:
            raise _unusable(entry, f"there is no file {file}") from problem


def parts(entry: str) -> tuple[Path, str]:
    """The file and the name of a "module.py:Name"."""
    file, _colon, name = entry.rpartition(":")
    return Path(file), name


def first_line(problem: BaseException) -> str:
    """What an exception says, shortened to one plain line without its full stop."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    line = lines[0] if lines else type(problem).__name__
    return (line if len(line) <= 200 else line[:199] + "…").rstrip(".:")


class _Source(SourceFileLoader):
    """Reads the file itself each time: bytecode that is kept beside it may be that of an earlier text."""

    def path_stats(self, path: str) -> Any:
        """None: what is kept is found by these, and nothing is to be found or kept."""
        raise OSError


def _module(entry: str, path: Path) -> ModuleType:
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"reportgen_custom_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if spec is None or spec.loader is None:
        raise _unusable(entry, f"{path} is not a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        del sys.modules[name]
        raise _unusable(entry, f"{path} fails when imported: {first_line(problem)}") from problem
    return module


def _unusable(entry: str, why: str) -> InputError:
    return InputError(
        f"--custom {entry}: {why}.", slug="custom-unreadable",
        hint="Name the Python file and the class or function in it, for example layers.py:MyLayer.",
    )
