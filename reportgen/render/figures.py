"""The report as a folder of pictures under the classic names of the lab, each standing alone.

These are the only pictures with words in them: a title, labels, channel numbers, colour bars. They
are drawn in the report's first language.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from reportgen.render import Output, charts, diagram, raster
from reportgen.render.drawing import COLOURS, wrap
from reportgen.render.kept import made_once
from reportgen.render.language import Speaker
from reportgen.report import codec
from reportgen.report.blocks import Block, Chart, Diagram, Download, Figure, Gallery, Picture, Scale
from reportgen.report.colours import TABLES
from reportgen.report.document import Report, Section
from reportgen.report.names import slug
from reportgen.text import Text, _

SHEET = 1480
"""The width of a figure in pixels."""
MARGIN = 24
ROOM = SHEET - 2 * MARGIN
TITLE, LABEL, NOTE, NUMBER = 26, 20, 17, 14
TALLEST = 1500
"""A single picture is not made taller than this."""
INK, MUTED = COLOURS["ink"], COLOURS["muted"]
EXTENTS = {
    "block": _("one scale for all"),
    "picture": _("each picture over its own range"),
    "tile": _("each tile over its own range"),
}


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write every figure of the report into `results/`."""
    folder = output.folder / "results"
    folder.mkdir(parents=True, exist_ok=True)
    for name, blocks in grouped(report):
        (folder / f"{name}.png").write_bytes(sheet(blocks, output.language))
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Download):
                network = f"{section.network}_" if section.network else ""
                name = slug(f"{report.prefix}{network}{block.name}")
                (folder / f"{name}.{block.file.suffix}").write_bytes(block.file.data)


def grouped(report: Report) -> Iterator[tuple[str, list[Block]]]:
    """File names and what goes into each: blocks named `stem:part` share the file `stem`."""
    taken: set[str] = set()
    for section in report.sections:
        several = bool(section.sample) and section.name.endswith(f"-{section.sample}")
        for stem, blocks in files_of(section).items():
            network = f"{section.network}_" if section.network else ""
            name = slug(f"{report.prefix}{network}{stem}" + (f"_{section.sample}" if several else ""))
            plain, number = name, 2
            while name.casefold() in taken:
                name, number = f"{plain}_{number}", number + 1
            taken.add(name.casefold())
            yield name, blocks


def files_of(section: Section) -> dict[str, list[Block]]:
    """What goes into each file of a section."""
    files: dict[str, list[Block]] = {}
    for block in section.blocks:
        if isinstance(block, Figure | Gallery | Chart | Diagram):
            files.setdefault(block.name.partition(":")[0], []).append(block)
    return files


def sheet(blocks: Sequence[Block], language: str) -> bytes:
    """The file of these blocks, drawn once."""

    def make() -> bytes:
        speaker = Speaker(language)
        return _png(_stack([draw(block, speaker) for block in blocks]))

    return made_once(["figure", language, [codec.encode(block) for block in blocks]], make)


def draw(block: Block, speaker: Speaker) -> Image.Image:
    """One block as a picture with its words."""
    if isinstance(block, Chart):
        return _titled(raster.paint(charts.layout(block, speaker), ROOM / 740), speaker.say(block.caption))
    if isinstance(block, Diagram):
        return _titled(raster.paint(diagram.layout(block, speaker), ROOM / 740), speaker.say(block.caption))
    if isinstance(block, Figure):
        body = _stack([_enlarged(block.picture, ROOM), *_scale(block.scale, speaker)])
        return _titled(body, speaker.say(block.caption))
    assert isinstance(block, Gallery)
    body = _stack([_gallery(block, speaker), *_scale(block.scale, speaker)])
    return _titled(body, speaker.say(block.caption))


def _gallery(block: Gallery, speaker: Speaker) -> Image.Image:
    """Pictures in rows, each under its label."""
    count = len(block.pictures)
    mosaics = any(picture.grid and len(picture.grid.numbers) > 1 for picture in block.pictures)
    usual = 3 if mosaics else 2 if block.layout == "compare" and count < 4 else 4
    columns = max(1, min(count, block.columns or usual))
    width = (ROOM - MARGIN * (columns - 1)) // columns
    cells = []
    for place, picture in enumerate(block.pictures):
        label = block.labels[place] if place < len(block.labels) else ""
        note = block.notes[place] if place < len(block.notes) else ""
        cells.append(_labelled(_enlarged(picture, width), label, note, width, speaker))
    rows = [cells[start : start + columns] for start in range(0, count, columns)]
    return _stack([_side_by_side(row, width) for row in rows]) if rows else Image.new("RGB", (ROOM, 1), "white")


def _labelled(image: Image.Image, label: Text, note: Text, width: int, speaker: Speaker) -> Image.Image:
    parts = [image]
    if label:
        parts.insert(0, _text(speaker.say(label), LABEL, width, INK, bold=True))
    if note:
        parts.append(_text(speaker.say(note), NOTE, width, MUTED))
    return _stack(parts, 6)


def _enlarged(picture: Picture, room: int) -> Image.Image:
    """The picture as large as fits: maps with hard pixels, photographs smoothly, tiles with their numbers."""
    image: Image.Image = Image.open(io.BytesIO(picture.data))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert("RGB")
    factor = min(room / image.width, TALLEST / image.height)
    if picture.kind == "map" and factor > 1:
        factor = max(1.0, math.floor(factor)) if factor >= 2 else 1.0
        factor = min(factor, 96.0)
    method = Image.Resampling.BICUBIC if picture.kind == "photo" else Image.Resampling.NEAREST
    method = Image.Resampling.BOX if factor < 1 else method
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    image = image.resize(size, method) if size != image.size else image
    return _numbered(image, picture, factor)


def _numbered(image: Image.Image, picture: Picture, factor: float) -> Image.Image:
    """Channel numbers in the corners of the tiles, where these are large enough."""
    grid = picture.grid
    if grid is None or len(grid.numbers) < 2 or grid.tile_width * factor < 34:
        return image
    brush = ImageDraw.Draw(image)
    face = raster.font(NUMBER, True)
    for place, number in enumerate(grid.numbers):
        x = place % grid.columns * (grid.tile_width + grid.gap) * factor + 3
        y = place // grid.columns * (grid.tile_height + grid.gap) * factor + 2
        brush.text((x, y), str(number), "white", face, stroke_width=2, stroke_fill="black")
    return image


def _scale(scale: Scale | None, speaker: Speaker) -> list[Image.Image]:
    """The colour bar with its numbers and what it holds for."""
    if scale is None:
        return []
    width = ROOM // 2
    table = np.frombuffer(bytes.fromhex(TABLES[scale.colours]), np.uint8).reshape(1, 256, 3)
    bar = Image.fromarray(np.ascontiguousarray(table)).resize((width, 18), Image.Resampling.BILINEAR)
    sheet = Image.new("RGB", (width, 46), "white")
    sheet.paste(bar, (0, 0))
    brush = ImageDraw.Draw(sheet)
    face = raster.font(NOTE)
    brush.text((0, 23), speaker.number(float(scale.low), ".3g"), INK, face)
    if scale.low == -scale.high:
        brush.text((width / 2, 23), "0", INK, face, anchor="ma")
    brush.text((width, 23), speaker.number(float(scale.high), ".3g"), INK, face, anchor="ra")
    words = [speaker.say(scale.label)] if scale.label else []
    words.append(speaker.say(EXTENTS[scale.extent]))
    if scale.clipped:
        words.append(speaker.say(_("values beyond the ends have the colour of the end")))
    return [_stack([sheet, _text("; ".join(words), NOTE, ROOM, MUTED)], 2)]


def _titled(body: Image.Image, title: str) -> Image.Image:
    return _stack([_text(title, TITLE, ROOM, INK, bold=True), body])


def _text(words: str, size: int, room: int, colour: str, bold: bool = False) -> Image.Image:
    """Words in as many lines as they need."""
    lines = wrap(words, room, size, bold)
    height = round(size * 1.35)
    sheet = Image.new("RGB", (room, height * len(lines)), "white")
    brush = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        brush.text((0, number * height + size), line, colour, raster.font(size, bold), anchor="ls")
    return sheet


def _stack(parts: Sequence[Image.Image], gap: int = 16) -> Image.Image:
    """Pictures below each other, on white."""
    width = max(part.width for part in parts)
    height = sum(part.height for part in parts) + gap * (len(parts) - 1)
    sheet = Image.new("RGB", (width, height), "white")
    y = 0
    for part in parts:
        sheet.paste(part, (0, y))
        y += part.height + gap
    return sheet


def _side_by_side(parts: Sequence[Image.Image], width: int) -> Image.Image:
    sheet = Image.new("RGB", (ROOM, max(part.height for part in parts)), "white")
    for number, part in enumerate(parts):
        sheet.paste(part, (number * (width + MARGIN), 0))
    return sheet


def _png(image: Image.Image) -> bytes:
    sheet = Image.new("RGB", (image.width + 2 * MARGIN, image.height + 2 * MARGIN), "white")
    sheet.paste(image, (MARGIN, MARGIN))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_level=4)  # 6 takes twice as long for 3 % less
    return buffer.getvalue()
