"""The code that installed packages bring, by its contents: what it makes is made anew when it changes."""

from __future__ import annotations

import ast
import contextlib
import re
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path

from reportgen import plugins
from reportgen.store import digest, digest_of_files, version_of


@cache
def digest_of_plugin(group: str, name: str) -> str:
    """The digest of what a package brings under a name: its files, its version and those of what it stands on."""
    (entry,) = plugins.offered(group)[name]
    base, files = files_of(entry)
    needed = entry.dist.requires or () if entry.dist else ()
    libraries = [re.split(r"[^\w.-]", line.strip(), maxsplit=1)[0] for line in needed]
    versions = [(library, version_of(library)) for library in libraries]
    return digest(name, entry.value, plugins.package_of(entry), versions, digest_of_files(files, base))


def files_of(entry: EntryPoint) -> tuple[Path, list[Path]]:
    """The files of the package or module that an entry point names and of those beside it that belong to it.

    These are known by the list of the installation and, in a folder of their own, by being imported: where somebody
    works on a package, the list names none of its modules.
    """
    place, is_package = plugins.place_of(entry)
    if not place.name:
        return place, []
    home = place.parent.parent if is_package else place.parent
    listed = [Path(str(file.locate())) for file in (entry.dist.files or () if entry.dist else ())]
    found = {path for path in listed if path.suffix == ".py" and path.is_relative_to(home) and path.is_file()}
    shared = len([*home.glob("*.dist-info"), *home.glob("*.egg-info")]) > 1
    left, seen = [place.parent if is_package else place], set[Path]()
    while left:
        part = left.pop()
        if part not in seen:
            seen.add(part)
            files = _of_package(part) if part.is_dir() else [part]
            found.update(files)
            left += [] if shared else _beside(files, home)
    return home, sorted(found)


def _of_package(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".pyc", ".pyo")]


def _beside(files: list[Path], home: Path) -> list[Path]:
    """The modules and packages in a folder that files import."""
    names: set[str] = set()
    for path in (path for path in files if path.suffix == ".py"):
        with contextlib.suppress(SyntaxError, ValueError):  # told when it is imported
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Import):
                    names.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names.add((node.module or "").partition(".")[0])
    modules = [home / f"{name}.py" for name in names if (home / f"{name}.py").is_file()]
    return modules + [home / name for name in names if name and (home / name / "__init__.py").is_file()]
