"""Where the files that are not code lie: templates, configurations."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `name`: inside the installed package as `_<name>`, in a checkout beside the package.

    The packaged one is looked for first, because beside an installed package lie strangers' folders.
    """
    packaged = _PACKAGE / f"_{name}"
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
