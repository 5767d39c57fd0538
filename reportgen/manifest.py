"""The list of everything in an output folder: path, digest, size, role."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from reportgen import __version__
from reportgen.files import read_within

NAME = "manifest.json"
LARGEST = 64 << 20
"""Bytes of a manifest or a page that are read; a folder may come from anyone."""
GENERATOR = "reportgen"
"""By this word the tool knows a folder as its own."""
_ROLES: tuple[tuple[str, str], ...] = (
    (r"report\.json", "report"),
    (r"assets/.*", "picture"),
    (r"static/.*", "theme"),
    (r"results/.*", "figure"),
    (r"(.*/)?[^/]*\.html", "page"),
    (r".*\.pdf", "document"),
    (r".*\.md", "summary"),
    (r".*/search\.js", "search"),
    (r"sitemap\.xml|robots\.txt|\.nojekyll", "server"),
    (r".*\.(csv|zip|bib|toml)", "download"),
)


def role(path: str) -> str:
    """What a file of the output folder is for."""
    return next((role for pattern, role in _ROLES if re.fullmatch(pattern, path)), "other")


def write_manifest(folder: Path, inputs: str = "", brought: Sequence[str] = ()) -> None:
    """Write `manifest.json`, last of all: where it stands, the folder is complete.

    `inputs` is the digest of all that went in; by it a later build knows that nothing has changed. `brought` are
    formats that do not come with the tool: nobody knows them by their files.
    """
    files = []
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted(paths.keys() - {NAME}):
        data = paths[name].read_bytes()
        files.append({
            "path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "role": role(name),
        })
    lines = ",\n".join(json.dumps(file, ensure_ascii=False) for file in files)
    made = {"generator": GENERATOR, "version": __version__, "inputs": inputs}
    head = json.dumps(made | ({"formats": [*brought]} if brought else {}))[:-1]
    text = f'{head}, "files": [\n{lines}\n]}}\n'
    (folder / NAME).write_bytes(text.encode("utf-8", "replace"))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder that reportgen made, None for any other."""
    try:
        manifest = json.loads(read_within(folder / NAME, LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    ours = isinstance(manifest, dict) and manifest.get("generator") == GENERATOR
    return manifest if ours and isinstance(manifest.get("files"), list) else None


def listed(folder: Path) -> Iterator[tuple[str, str]]:
    """The path and the digest of every file that the manifest names. A path that leads out of the folder is none."""
    for entry in (read_manifest(folder) or {}).get("files", []):
        known = entry if isinstance(entry, dict) else {}
        path = PurePosixPath(str(known.get("path", "?")))
        yield "?" if path.is_absolute() or ".." in path.parts else str(path), str(known.get("sha256", ""))


def paths_of(folder: Path) -> set[str]:
    """What of a folder is ours."""
    return {path for path, _digest in listed(folder)} | {NAME}
