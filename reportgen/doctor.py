"""Whether what the program stands on is there and good enough."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from reportgen import memory, plugins
from reportgen.errors import ReportgenError
from reportgen.store import default_folder, version_of

LEAST_MEMORY = 3 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    text: str


def examine() -> list[Finding]:
    """Look at everything; nothing heavy is imported but WeasyPrint and what packages bring."""
    return [*_libraries(), *_packages(), *_pdf(), *_machine()]


def _libraries() -> Iterator[Finding]:
    yield Finding(sys.version_info >= (3, 11), f"Python {platform.python_version()}")
    for name in ("tensorflow", "keras", "numpy", "matplotlib", "weasyprint", "jinja2", "babel", "pillow"):
        version = version_of(name)
        yield Finding(bool(version), f"{name} {version or 'is not installed'}")


def _packages() -> Iterator[Finding]:
    """What installed packages bring; this imports them."""
    from reportgen.catalogue import find
    from reportgen.render import renderer_of

    for group, get in ((plugins.ARTIFACTS, find), (plugins.RENDERERS, renderer_of)):
        for name, (entry, *_further) in plugins.offered(group).items():
            try:
                get(name)
            except ReportgenError as problem:
                yield Finding(False, f"{problem.message} {problem.hint}")
            else:
                yield Finding(True, f"{plugins.KINDS[group]} {name} of {plugins.package_of(entry)}")


def _pdf() -> Iterator[Finding]:
    from reportgen.render import fonts

    for face in fonts.FACES:
        yield Finding(face.path.is_file(), f"font {face.path.name}")
    try:
        fonts.import_weasyprint()
    except ReportgenError as problem:
        yield Finding(False, f"{problem.message} {problem.hint}")
    else:
        yield Finding(True, "Pango is there: PDF can be written")


def _machine() -> Iterator[Finding]:
    if size := memory.available():
        yield Finding(size >= LEAST_MEMORY, f"memory {size / 2**30:.1f} GiB")
    yield _disk()
    yield Finding(find_spec("tensorflow") is not None, "TensorFlow can be found")


def _disk() -> Finding:
    folder = default_folder()
    if folder is None:
        return Finding(False, "no home folder for the cache: name one with --cache")
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return Finding(False, f"{folder} cannot be written, so there is no cache: name a folder with --cache")
    free = shutil.disk_usage(folder).free
    return Finding(free > 1 << 30, f"free disk for the cache: {free / 2**30:.1f} GiB")
