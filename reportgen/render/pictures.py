"""How a picture is shown: how wide, and with which numbers on its tiles."""

from __future__ import annotations

from markupsafe import Markup

from reportgen.manuscript import Named
from reportgen.render.outline import pictures_of
from reportgen.report.blocks import Picture
from reportgen.report.document import Section

WIDTHS = {"narrow": 340, "text": 680, "wide": 960}
"""About how wide a picture of each span is on a wide screen, in CSS pixels."""
LEGIBLE = 30
"""A tile narrower than this on the screen has no room for its number."""
MOST_TILES = 4000
"""Beyond so many tiles on a page only the rows are numbered, or the page would be heavy."""


def span(picture: Picture) -> str:
    """How wide to show a picture: "narrow", "text" (the width of a line) or "wide"."""
    if picture.grid is None:
        wanted = picture.width if picture.kind == "photo" and picture.width > WIDTHS["text"] else 0
        wanted = wanted if picture.width < 2 * picture.height else WIDTHS["text"]
    else:
        wanted = picture.grid.columns * max(picture.grid.tile_width, 80)
    if picture.height > 1.6 * picture.width:
        wanted = min(wanted, WIDTHS["text"])
    return next((name for name, width in WIDTHS.items() if wanted <= width), "wide")


def numbering(picture: Picture) -> tuple[int, int] | None:
    """The first and the last number of a mosaic's tiles where they simply count up, else None."""
    numbers = picture.grid.numbers if picture.grid else ()
    if not numbers or numbers != tuple(range(numbers[0], numbers[0] + len(numbers))):
        return None
    return numbers[0], numbers[-1]


def tile_numbers(picture: Picture, section: Section) -> Markup:
    """The numbers of a mosaic's tiles as an SVG to lie over it; of the rows alone where tiles are small."""
    grid = picture.grid
    if grid is None or len(grid.numbers) < 2:
        return Markup()
    unit = picture.width / WIDTHS[span(picture)]
    shown = grid.tile_width / unit
    each = shown >= LEGIBLE and _tiles(section) <= MOST_TILES
    size = max(9.0, min(12.0, shown * 0.18)) * unit if each else 11 * unit
    step_x, step_y = grid.tile_width + grid.gap, grid.tile_height + grid.gap
    if not each and step_y < size:
        return Markup()
    labels = []
    for place, number in enumerate(grid.numbers):
        column, row = place % grid.columns, place // grid.columns
        if each:
            left, base = column * step_x + size / 4, row * step_y + size
        elif column == 0:
            left, base = -size / 2, row * step_y + grid.tile_height / 2 + size / 3
        else:
            continue
        at = f'x="{left:.0f}" y="{base:.0f}"' if unit > 0.5 else f'x="{_n(left)}" y="{_n(base)}"'
        labels.append(f"<text {at}>{number}</text>")
    kind = "tiles" if each else "rows"
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="tile-numbers by-{kind}" viewBox="0 0 {picture.width} {picture.height}" '
        f'font-size="{_n(size)}" aria-hidden="true">{"".join(labels)}</svg>'
    )


def illustration(named: Named, caption: Markup, picture: Picture, address: str) -> Markup:
    """A picture of the author's with its caption, on the site."""
    return Markup(
        '<figure class="figure own {}"><a class="zoom" href="{}"><span class="frame">'
        '<img class="photo" src="{}" alt="{}" width="{}" height="{}" loading="lazy" decoding="async"></span></a>'
        '<figcaption><p class="caption">{}</p></figcaption></figure>\n'
    ).format(span(picture), address, address, named.alt, picture.width, picture.height, caption)


def _tiles(section: Section) -> int:
    return sum(
        len(picture.grid.numbers)
        for block in section.blocks
        for picture in pictures_of(block)
        if picture.grid
    )


def _n(value: float) -> str:
    return f"{value:.4g}"
