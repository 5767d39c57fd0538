"""Which commit a report is of. Files are read and git is not run, for a repository may say what it runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

FROM_CI = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")
"""How GitHub, GitLab and Jenkins name the commit of a run."""
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DEEPEST = 10


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
        if not reference.startswith("ref: "):
            break
        name = reference.removeprefix("ref: ")
        reference = _read(git / name) or _read(common / name) or _packed(common / "packed-refs", name)
    return reference if _HASH.fullmatch(reference) else ""


def _packed(path: Path, name: str) -> str:
    return next((line.split()[0] for line in _read(path).splitlines() if line.endswith(f" {name}")), "")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
