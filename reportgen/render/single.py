"""The whole report as one HTML file: to be mailed, or shown where a folder cannot be."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from reportgen import resources
from reportgen.errors import UsageError
from reportgen.render import Output
from reportgen.render.environment import Addresses, Place, environment_at, write_text
from reportgen.render.folders import static_text
from reportgen.render.language import Speaker
from reportgen.render.names import identifier
from reportgen.render.opening import opened
from reportgen.render.template_errors import template_errors
from reportgen.report.blocks import Attachment, Block, Picture
from reportgen.report.document import Report, Section

log = logging.getLogger(__name__)
LARGE = 25_000_000
"""A larger file opens slowly; it is told."""
LARGEST = 50_000_000
"""A larger file is refused: browsers choke on it."""
SHEETS = ("theme.css", "content.css", "site.css", "custom.css")
QUALITY = 85


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write `report.<language>.html`."""
    text = page(report, Speaker(output.language), templates)
    size = len(text.encode("utf-8", "replace"))
    if size > LARGEST and not output.wishes.force:
        raise UsageError(
            f"report.{output.language}.html would have {size / 1e6:.0f} MB, more than a browser opens well.",
            slug="single-file-large",
            hint="Choose fewer sections or layers, take the folder instead, or say --force.",
        )
    if size > LARGE:
        log.warning("report.%s.html has %.0f MB and will open slowly.", output.language, size / 1e6)
    write_text(output.folder / f"report.{output.language}.html", text)


def page(report: Report, speaker: Speaker, templates: Sequence[Path] = ()) -> str:
    """The file's text: styles, script and pictures are within it, and nothing else is asked for."""
    addresses = _Within(report, speaker.language, Place())
    environment = environment_at(addresses, report, speaker, templates)
    style = _lines("\n".join(_static(name, templates) for name in SHEETS))
    script = _lines(_static("site.js", templates))
    environment.filters |= {
        "inline": lambda name: Markup(style if name == "style" else script),  # noqa: S704 - our own files
        "hash": lambda name: _digest(style if name == "style" else script),
        "icon_url": lambda name: _icon(name, templates),
        "section_id": lambda section: addresses.ids[section.name],
        "thumbnail": lambda _section: None,
    }
    with template_errors():
        text = environment.get_template("site/single.html.j2").render(
            report=report, section=None, language=speaker.language
        )
    return _lines(text) + "\n"


@dataclass
class _Within(Addresses):
    """Addresses inside one file: places of sections, pictures as data."""

    ids: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.layer_pages = ()
        self._layers = {}
        self.ids = {name: identifier(f"part-{page}") for name, page in self.names.items()}

    def picture(self, picture: Picture | Attachment) -> str:
        """The bytes themselves."""
        kind, data = _packed(picture) if isinstance(picture, Picture) else ("application/octet-stream", picture.data)
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"

    def link(self, picture: Picture) -> str:
        """Nowhere: the picture is here already, and once is enough."""
        return "#"

    def page(self, section: Section | None, language: str = "") -> str:
        """The place of a section."""
        return f"#{self.ids[section.name]}" if section else "#top"

    def anchor(self, block: Block, section: Section) -> str:
        """The block's place; sections may use the same names."""
        return f"{self.ids[section.name]}--{super().anchor(block, section)}"

    def csv(self, block: Block, section: Section) -> str:
        """There are no other files."""
        return ""


def _lines(text: str) -> str:
    """Without empty lines and spaces at their ends; the digests are of what is written in the end."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


@functools.lru_cache(maxsize=1024)
def _packed(picture: Picture) -> tuple[str, bytes]:
    """A picture as WebP: maps without loss, photographs with little; whichever is smaller, that or as it was."""
    buffer = io.BytesIO()
    image = opened(picture)
    if picture.kind == "photo":
        image.convert("RGBA" if "A" in image.mode else "RGB").save(buffer, "WEBP", quality=QUALITY, method=2)
    else:
        image.save(buffer, "WEBP", lossless=True, exact=True, quality=20, method=1)
    kind = "image/jpeg" if picture.suffix == "jpg" else "image/png"
    return ("image/webp", buffer.getvalue()) if buffer.tell() < len(picture.data) else (kind, picture.data)


def _static(name: str, templates: Sequence[Path]) -> str:
    text = static_text(name, (*templates, resources.folder("templates")))
    return text.replace("</", "<\\/") if name.endswith(".js") else text


def _icon(name: str, templates: Sequence[Path]) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(_static(name, templates).encode()).decode()}"


def _digest(text: str) -> str:
    """What the page's policy lets in."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
