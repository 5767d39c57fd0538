"""Which commit a report is of. Files are read and git is not run, for a repository may say what it runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

FROM_CI = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")
"""How GitHub, GitLab and Jenkins name the commit of a run."""
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFERENCE = re.compile(r"ref: (refs/(?!.*\.\.)[^\x00\s]+)")
_DEEPEST = 10
LARGEST_FILE, LARGEST_LIST = 4096, 32 << 20


def commit_of(folder: Path) -> str:
    """The commit of the CI run, else the one checked out where the folder lies; nothing where there is none."""
    told = next((value for name in FROM_CI if _HASH.fullmatch(value := os.environ.get(name, ""))), "")
    if told:
        return told
    for home in (folder, *folder.parents):
        if (home / ".git").exists():
            return _checked_out(home / ".git")
    return ""


def _checked_out(git: Path) -> str:
    """What HEAD stands at; a worktree's `.git` is a file that names its folder, which names the common one."""
    if git.is_file():
        git = git.parent / _read(git).removeprefix("gitdir: ")
    common = git / (_read(git / "commondir") or ".")
    reference = _read(git / "HEAD")
    for _step in range(_DEEPEST):
        found = _REFERENCE.fullmatch(reference)
        if not found:
            break
        name = found[1]
        reference = _read(git / name) or _read(common / name) or _packed(common / "packed-refs", name)
    return reference if _HASH.fullmatch(reference) else ""


def _packed(path: Path, name: str) -> str:
    lines = _read(path, LARGEST_LIST).splitlines()
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), "")


def _read(path: Path, most: int = LARGEST_FILE) -> str:
    """A small text file; nothing where there is none, nor of what is no plain file: it might never end."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(most).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""
