"""A package as an installation leaves it: modules, and beside them what it announces."""

from __future__ import annotations

from pathlib import Path

from reportgen import plugins

ARTIFACT = '''"""An artifact of somebody else's."""

from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.artifacts.base import ImageArtifact
from reportgen.report.blocks import Block, Fact
from reportgen.study import Sample, Study
from reportgen.text import _


@dataclass(frozen=True)
class Brightness(ImageArtifact):
    """How bright the image is, above `least`."""

    name = "brightness"
    chapter = "filters"
    title = _("How bright the image is")
    about = _("The mean of all the numbers that the network is given, which should be near that of its training.")
    reading = _("Zero is black and one is white.")

    least: float = 0.0
    layers: tuple[str, ...] = ()

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The mean."""
        yield Fact("brightness", _("Mean"), float(sample.pixels.mean()), ".3f")
'''
RENDERER = '''"""A format of somebody else's."""

def render(report, output, templates=()):
    facts = [f"{section.name} {block.name} {block.value}" for section in report.sections for block in section.blocks
             if type(block).__name__ == "Fact"]
    (output.folder / f"facts.{output.language}.text").write_text("\\n".join(facts), encoding="utf-8")
'''


WORDS = """msgid "How bright the image is"
msgstr "Яскравість зображення"

msgid "Mean"
msgstr "Чуже середнє"
"""


def install(folder: Path) -> Path:
    """Write an artifact, in a package of modules, and a format, in one of its own, into a folder that is to be on the path."""
    looks = folder / "own_looks"
    (looks / "locale").mkdir(parents=True)
    (looks / "__init__.py").touch()
    (looks / "bright.py").write_text(ARTIFACT, encoding="utf-8")
    (looks / "locale" / "uk.po").write_text(WORDS, encoding="utf-8")
    (folder / "own_format.py").write_text(RENDERER, encoding="utf-8")
    announce(folder, "1.2")
    return folder


def announce(folder: Path, version: str) -> None:
    """What the installer leaves beside the modules."""
    listing = folder / "own_looks.dist-info"
    listing.mkdir(exist_ok=True)
    (listing / "METADATA").write_text(f"Metadata-Version: 2.1\nName: own-looks\nVersion: {version}\n")
    (listing / "entry_points.txt").write_text(
        f"[{plugins.ARTIFACTS}]\nbrightness = own_looks.bright:Brightness\n[{plugins.RENDERERS}]\ntext = own_format:render\n"
    )
