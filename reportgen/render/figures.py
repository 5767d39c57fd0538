"""The report as a folder of pictures under the classic names of the lab, each standing alone.

These are the only pictures with words in them: a title, labels, channel numbers, colour bars. They
are drawn in the report's first language.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from reportgen.render import Output, charts, diagram, raster
from reportgen.render.drawing import COLOURS
from reportgen.render.kept import made_once
from reportgen.render.language import Speaker
from reportgen.render.opening import on_white, opened
from reportgen.render.sheets import MARGIN, png, side_by_side, stack, text, write
from reportgen.report import codec
from reportgen.report.blocks import Block, Chart, Diagram, Download, Figure, Gallery, Picture, Scale
from reportgen.report.colours import TABLES
from reportgen.report.document import Report, Section
from reportgen.report.names import slug
from reportgen.text import Text, _

SHEET = 1480
"""The width of a figure in pixels."""
ROOM = SHEET - 2 * MARGIN
TITLE, LABEL, NOTE, NUMBER = 26, 20, 17, 14
WIDEST = 1700
"""Rows of pictures may be so wide rather than be reduced."""
NARROWEST = 900 - 2 * MARGIN
"""Words have at least so much room."""
TALLEST, TALLEST_FILE = 1500, 25_000
"""A single picture is not made taller than this, nor a file of several."""
ALONE, AMONG = 640, 224
"""Small pictures are enlarged until they are so wide, one that stands alone and one of several."""
TILE = 64
"""A tile of a mosaic is enlarged to about so many pixels, so that its number has room."""
STEPS = 127
"""Colours of a scale: a bar has those of the maps."""
_HARD = [255 * (level > 127) for level in range(256)]
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
        return png(stack(_fitting(blocks, speaker)))

    return made_once(["figure", language, [codec.encode(block) for block in blocks]], make)


def _fitting(blocks: Sequence[Block], speaker: Speaker) -> list[Image.Image]:
    """The blocks of a file drawn, as many as it can hold and still be opened."""
    sheets: list[Image.Image] = []
    for block in blocks:
        if sum(sheet.height for sheet in sheets) > TALLEST_FILE:
            more = _("{count} further picture is on the site alone.", "{count} further pictures are on the site alone.",
                     count=len(blocks) - len(sheets))
            return [*sheets, text(speaker.say(more), NOTE, ROOM, MUTED)]
        sheets.append(draw(block, speaker))
    return sheets


def draw(block: Block, speaker: Speaker) -> Image.Image:
    """One block as a picture with its words."""
    if isinstance(block, Chart):
        return _titled(raster.paint(charts.layout(block, speaker), ROOM / 740), speaker.say(block.caption))
    if isinstance(block, Diagram):
        return _titled(raster.paint(diagram.layout(block, speaker), ROOM / 740), speaker.say(block.caption))
    if isinstance(block, Figure):
        body = _enlarged(block.picture, ROOM, ALONE)
    else:
        assert isinstance(block, Gallery)
        body = _gallery(block, speaker)
    room = max(body.width, NARROWEST)
    return _titled(stack([body, *_scale(block.scale, speaker, room)]), speaker.say(block.caption))


def _gallery(block: Gallery, speaker: Speaker) -> Image.Image:
    """Pictures in rows, each under its label."""
    count = len(block.pictures)
    own = max((picture.width for picture in block.pictures), default=0)
    mosaics = any(picture.grid and len(picture.grid.numbers) > 1 for picture in block.pictures)
    pair = block.layout == "compare" and count < 4 and count * (max(own, AMONG) + MARGIN) > SHEET
    usual = 3 if mosaics else 2 if pair else 4
    columns = _columns(block, max(1, min(count, block.columns or usual)))
    width = max(_width(columns), min(own, WIDEST // columns - MARGIN))
    # A small map is not drawn larger than a large one.
    room = min(width, own) if own >= AMONG and not mosaics else width
    images = [_enlarged(picture, room, AMONG) for picture in block.pictures]
    width = max([min(width, AMONG), *(image.width for image in images)])
    cells = []
    for place, image in enumerate(images):
        label = block.labels[place] if place < len(block.labels) else ""
        note = block.notes[place] if place < len(block.notes) else ""
        cells.append(_labelled(image, label, note, width, speaker))
    rows = [cells[start : start + columns] for start in range(0, count, columns)]
    return stack([side_by_side(row, width) for row in rows]) if rows else Image.new("RGB", (ROOM, 1), "white")


def _width(columns: int) -> int:
    return max(1, (ROOM - MARGIN * (columns - 1)) // columns)


def _columns(block: Gallery, wanted: int) -> int:
    """So many columns as are wanted, and more where the sheet would become too tall to be opened."""
    for columns in range(wanted, len(block.pictures) + 1):
        width = _width(columns)
        heights = [min(TALLEST, one.height * width // one.width) + 4 * LABEL for one in block.pictures]
        if sum(max(heights[start : start + columns]) for start in range(0, len(heights), columns)) <= TALLEST_FILE:
            return columns
    return wanted


def _labelled(image: Image.Image, label: Text, note: Text, width: int, speaker: Speaker) -> Image.Image:
    parts = [image]
    if label:
        parts.insert(0, text(speaker.say(label), LABEL, width, INK, bold=True))
    if note:
        parts.append(text(speaker.say(note), NOTE, width, MUTED))
    return stack(parts, 6)


def _enlarged(picture: Picture, room: int, least: int) -> Image.Image:
    """The picture at its own size, a small one enlarged by a whole factor with hard pixels, a large one reduced."""
    image = opened(picture)
    image = on_white(image) if image.mode == "P" and "transparency" in image.info else image.convert("RGB")
    most = min(room / image.width, TALLEST / image.height)
    if most < 1:
        size = max(1, round(image.width * most)), max(1, round(image.height * most))
        return _numbered(image.resize(size, Image.Resampling.BOX), picture, most)
    factor = min(math.floor(most), _wanted(picture, least))
    if factor > 1:
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    return _numbered(image, picture, factor)


def _wanted(picture: Picture, least: int) -> int:
    """How many times larger a picture must be to be seen well."""
    tiles = picture.grid if picture.grid and len(picture.grid.numbers) > 1 else None
    return max(math.ceil(least / picture.width), math.ceil(TILE / tiles.tile_width) if tiles else 1)


def _numbered(image: Image.Image, picture: Picture, factor: float) -> Image.Image:
    """Channel numbers in the corners of the tiles, where these are large enough."""
    grid = picture.grid
    if grid is None or len(grid.numbers) < 2 or grid.tile_width * factor < 34:
        return image
    face = raster.font(NUMBER, True)
    for colour, stroke in (("black", 2), ("white", 0)):
        mask = Image.new("L", image.size, 0)
        brush = ImageDraw.Draw(mask)
        for place, number in enumerate(grid.numbers):
            x = place % grid.columns * (grid.tile_width + grid.gap) * factor + 3
            y = place // grid.columns * (grid.tile_height + grid.gap) * factor + 2
            brush.text((x, y), str(number), 255, face, stroke_width=stroke, stroke_fill=255)
        image.paste(colour, mask=mask.point(_HARD))  # letters mixed with a map would be colours of their own
    return image


def _scale(scale: Scale | None, speaker: Speaker, room: int) -> list[Image.Image]:
    """The colour bar with its numbers and what it holds for."""
    if scale is None:
        return []
    width = room // 2
    table = np.frombuffer(bytes.fromhex(TABLES[scale.colours]), np.uint8).reshape(256, 3)
    steps = np.rint(np.rint(np.linspace(0, STEPS - 1, width)) * 255 / (STEPS - 1)).astype(int)
    sheet = Image.new("RGB", (width, 46), "white")
    sheet.paste(Image.fromarray(np.tile(table[steps], (18, 1, 1))), (0, 0))
    face = raster.font(NOTE)
    write(sheet, (0, 23), speaker.number(float(scale.low), ".3g"), INK, face)
    if scale.low == -scale.high:
        write(sheet, (width / 2, 23), "0", INK, face, "ma")
    write(sheet, (width, 23), speaker.number(float(scale.high), ".3g"), INK, face, "ra")
    words = [speaker.say(scale.label)] if scale.label else []
    words.append(speaker.say(EXTENTS[scale.extent]))
    if scale.clipped:
        words.append(speaker.say(_("values beyond the ends have the colour of the end")))
    return [stack([sheet, text("; ".join(words), NOTE, room, MUTED)], 2)]


def _titled(body: Image.Image, title: str) -> Image.Image:
    return stack([text(title, TITLE, max(body.width, NARROWEST), INK, bold=True), body])
