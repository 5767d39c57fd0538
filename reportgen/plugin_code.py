"""The code that installed packages bring, by its contents: what it makes is made anew when it changes."""

from __future__ import annotations

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
    """The files of the package whose code an entry point names, and their common folder.

    A module of its own is one file, with the modules beside it that the list of the installation names.
    """
    place, is_package = plugins.place_of(entry)
    if is_package:
        found = [path for path in place.parent.rglob("*") if path.is_file() and path.suffix not in (".pyc", ".pyo")]
    else:
        files = entry.dist.files or () if entry.dist else ()
        listed = {Path(str(file.locate())) for file in files if file.suffix == ".py"} | {place}
        found = [path for path in listed if path.parent == place.parent and path.is_file()]
    return place.parent, found
