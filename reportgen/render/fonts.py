"""The faces of the PDF: from matplotlib's data, so that no system font is needed or used.

STIXGeneral is a Times face with complete Ukrainian; DejaVu has what it lacks. WeasyPrint ends the
process where it finds no font at all, so it is imported only through here, with a font
configuration of our own in place.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from reportgen.errors import ReportgenError
from reportgen.render.drawing import fonts_folder
from reportgen.scratch import ours

log = logging.getLogger(__name__)
SERIF = "Report Serif"
MONO = "Report Mono"
PANGO = tuple(
    (f"lib{name}.so.0", f"lib{name}.dylib", f"lib{name}-0.dll", f"lib{name}-0", name)
    for name in ("pango-1.0", "pangoft2-1.0")
)
"""What the system's libraries are called on Linux, macOS and Windows; one name of each is enough."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font file and what it is in the style sheet."""

    family: str
    file: str
    weight: str = "normal"
    style: str = "normal"
    folder: Path | None = None

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return (self.folder or fonts_folder()) / self.file


FACES = (
    Face(SERIF, "STIXGeneral.ttf"),
    Face(SERIF, "STIXGeneralBol.ttf", "bold"),
    Face(SERIF, "STIXGeneralItalic.ttf", "normal", "italic"),
    Face(SERIF, "STIXGeneralBolIta.ttf", "bold", "italic"),
    Face(MONO, "DejaVuSansMono.ttf"),
    Face(MONO, "DejaVuSansMono-Bold.ttf", "bold"),
)


def faces(font: str = "") -> tuple[Face, ...]:
    """The faces of the document; `font` names a family of the system's to set the text in, empty for our own."""
    own = _system_faces(font) if font else ()
    return (*own, *FACES[4:]) if own else FACES


def _system_faces(font: str) -> tuple[Face, ...]:
    settle_matplotlib()
    from matplotlib import font_manager

    found = []
    for weight, style in (("normal", "normal"), ("bold", "normal"), ("normal", "italic"), ("bold", "italic")):
        wanted = font_manager.FontProperties(family=font, weight=weight, style=style)  # type: ignore[arg-type]
        try:
            path = Path(font_manager.findfont(wanted, fallback_to_default=False))
        except ValueError:
            log.warning("The font %s is not on this system; the report is set in STIXGeneral.", font)
            return ()
        found.append(Face(SERIF, path.name, weight, style, path.parent))
    return tuple(found)


@functools.cache
def import_weasyprint() -> ModuleType:
    """WeasyPrint, with fonts that are always there."""
    os.environ["FONTCONFIG_FILE"] = str(_configuration())
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a page of advice where Pango is missing
            import weasyprint
    except OSError as problem:
        raise _without_pango() from problem
    module: ModuleType = weasyprint
    return module


def refuse_without_pango() -> None:
    """Raise before anything is computed where a PDF could not be written; far cheaper than to import WeasyPrint."""
    for names in PANGO:
        if not any(map(_loads, names)):
            raise _without_pango()


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _without_pango() -> ReportgenError:
    return ReportgenError(
        "The PDF cannot be written: the system's text library Pango is missing.", slug="pango-missing",
        hint="Run: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 ; or leave the PDF out:"
        " --format html --format figures.",
    )


def _private_folder() -> Path:
    """Where fontconfig and matplotlib keep what they know of fonts, found again by the next run."""
    folder = ours() / "fonts"
    folder.mkdir(exist_ok=True)
    return folder


def settle_matplotlib() -> None:
    """To be called before matplotlib is imported: it would look into the user's home, for settings too.

    Where there is none to be written it complains, and looks for fonts anew every time; on a slow machine it tells
    that it is looking for them.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if not os.environ.get("MPLCONFIGDIR"):
        os.environ["MPLCONFIGDIR"] = str(_private_folder() / "matplotlib")


def _configuration() -> Path:
    """A fontconfig file that knows one folder; its cache is kept beside it for the next run."""
    folder = _private_folder()
    path = folder / "fonts.conf"
    text = (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"<dir>{fonts_folder()}</dir>\n<cachedir>{folder / 'cache'}</cachedir>\n</fontconfig>\n"
    )
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    return path
