"""What installed packages bring. Entry points are known by their names; what they name is imported when it is needed.

`importlib.metadata` itself is imported when somebody asks, so that the command line starts as fast as without.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

RENDERERS = "reportgen.renderers"
ARTIFACTS = "reportgen.artifacts"
KINDS = {RENDERERS: "renderer", ARTIFACTS: "artifact"}
"""The groups of entry points, and what is found in each."""


@functools.cache
def offered(group: str) -> Mapping[str, Sequence[EntryPoint]]:
    """The entry points of a group by their names; more than one where packages quarrel over a name."""
    import importlib.metadata

    found: dict[str, list[EntryPoint]] = {}
    try:
        entries = sorted(importlib.metadata.entry_points(group=group), key=lambda entry: (entry.name, entry.value))
    except Exception as problem:
        raise UsageError(
            f"What installed packages offer cannot be read ({type(problem).__name__}: {problem}).",
            slug="plugin-broken", hint="`python -m pip check` may tell which package is damaged; install it again.",
        ) from problem
    for entry in entries:
        found.setdefault(entry.name, []).append(entry)
    return found


def load(group: str, name: str) -> Any:
    """What a package brings under a name."""
    entry, *further = offered(group)[name]
    if further:
        raise broken(group, name, f"{package_of(further[0]) or further[0].value} brings one of the same name")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what it says is no answer of ours
            return entry.load()
    except (Exception, SystemExit) as problem:
        raise broken(group, name, f"{type(problem).__name__}: {problem}") from problem


def broken(group: str, name: str, why: str) -> UsageError:
    """What to tell of something that a package brings and that cannot be used."""
    entry = offered(group)[name][0]
    package = package_of(entry)
    return UsageError(
        f"The {KINDS[group]} '{name}' of {f'the package {package}' if package else 'an installed package'}"
        f" ({entry.value}) cannot be used: {why}.",
        slug="plugin-broken", hint="Update or uninstall the package that brings it.",
    )


def package_of(entry: EntryPoint) -> str:
    """The name and the version of the package that brings something."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else ""


def place_of(entry: EntryPoint) -> tuple[Path, bool]:
    """The file of the outermost module on the way to what an entry point names, and whether it is a package's.

    Nothing is imported but folders of modules that have no file of their own. A part of Python itself has no place.
    """
    import importlib.util

    parts = entry.value.partition(":")[0].strip().split(".")
    for length in range(1, len(parts) + 1):
        try:
            spec = importlib.util.find_spec(".".join(parts[:length]))
        except (ImportError, ValueError):
            break
        if spec and spec.origin and Path(spec.origin).is_file():
            return Path(spec.origin), spec.submodule_search_locations is not None
    return Path(), False


def words_of(language: str) -> list[Path]:
    """The translations that packages bring with what they bring, `locale/<language>.po` in the package's folder."""
    entries = [entry for group in KINDS for found in offered(group).values() for entry in found]
    places = dict.fromkeys(place_of(entry) for entry in entries)
    files = [place.parent / "locale" / f"{language}.po" for place, is_package in places if is_package]
    return [path for path in files if path.is_file()]
