"""PNGs that a document holds as they are: the same pixels, fewer bytes, nothing believed untried."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pypdf
import pytest
from PIL import Image

from reportgen import imaging, scales
from reportgen.render import pdf
from reportgen.render.language import Speaker
from reportgen.render.packed import packed
from reportgen.render.print_pictures import MOST_TILES, prepare
from reportgen.report.blocks import Figure, Grid, Picture
from reportgen.report.document import Report, Section
from reportgen.text import _

WORDS = _("What the network makes of it.")


def maps(count: int, side: int = 12) -> np.ndarray:
    return np.random.default_rng(count).random((side, side, count), dtype=np.float32)


def seen(picture: Picture) -> np.ndarray:
    """What a reader sees: the picture on white."""
    image = Image.open(io.BytesIO(picture.data)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


def printed(picture: Picture) -> np.ndarray:
    """The same as it stands in a document."""
    figure = Figure("f", picture, WORDS, WORDS)
    report = Report("t", (Section("s", "s", "overview", WORDS, WORDS, WORDS, (figure,)),))
    data, complaints = pdf.document(report, Speaker("en"))
    assert not complaints
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    (found,) = {image.name: image for page in pages for image in page.images}.values()
    assert found.image is not None
    return np.asarray(found.image.convert("RGB"))


def gray() -> Picture:
    return dataclasses.replace(imaging.photo(maps(1)[..., 0]), kind="map")


def classes() -> Picture:
    return imaging.picture_of_classes(np.arange(12).reshape(3, 4) % 3, np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]]))


@pytest.mark.parametrize(
    "picture",
    [
        imaging.mosaic(maps(5), scales.shared(maps(5)), columns=3),
        imaging.mosaic(maps(9, 100), scales.shared(maps(9, 100))),
        imaging.picture_of_map(maps(1)[..., 0], scales.sequential()),
        imaging.colour_mosaic(np.moveaxis(maps(12).reshape(12, 12, 3, 4), -1, 0)),
        gray(), classes(),
    ],
    ids=["mosaic", "large", "map", "colour", "gray", "few colours"],
)
def test_a_picture_stands_in_the_document_pixel_by_pixel(picture: Picture) -> None:
    assert np.array_equal(printed(picture), seen(picture))


def test_the_first_tiles_keep_their_palette() -> None:
    values = maps(MOST_TILES * 2)
    picture = imaging.mosaic(values, scales.shared(values))
    ready = prepare(picture)
    assert ready.inside is not None
    assert ready.inside.colours == 3
    expected = imaging.mosaic(values[..., :MOST_TILES], scales.shared(values), columns=8)
    assert np.array_equal(printed(picture), seen(expected))


def test_a_palette_takes_a_third_of_its_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    values = maps(16, 112)
    picture = imaging.mosaic(values, scales.shared(values))
    figure = Figure("f", picture, WORDS, WORDS)
    report = Report("t", (Section("s", "s", "overview", WORDS, WORDS, WORDS, (figure,)),))
    as_it_is = len(pdf.document(report, Speaker("en"))[0])
    prepare.cache_clear()
    monkeypatch.setattr("reportgen.render.print_pictures.packed", lambda _png: None)
    assert as_it_is < 0.6 * len(pdf.document(report, Speaker("en"))[0])
    prepare.cache_clear()


@pytest.mark.parametrize("transparency", [None, b"\x00\x80\xff"])
def test_a_strange_palette_is_flattened_where_tiles_are_cut_out(transparency: bytes | None) -> None:
    image = Image.fromarray(np.zeros((10, 1209), np.uint8) + np.uint8(2))
    image.putpalette(bytes(range(9)))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **({"transparency": transparency} if transparency else {}))
    grid = Grid(110, 10, 10, 1, tuple(range(110)))
    shown = printed(Picture(buffer.getvalue(), image.width, image.height, "map", grid))
    assert shown[0, 0].tolist() == [6, 7, 8]
    assert shown[10].tolist() == [[255, 255, 255]] * shown.shape[1], "the gap between rows of tiles"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "I;16"])
def test_what_a_document_cannot_hold_is_drawn_anew(mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (4, 4)).save(buffer, "PNG")
    assert packed(buffer.getvalue()) is None
    assert packed(b"\xff\xd8 no PNG") is None


def test_a_damaged_picture_is_not_believed() -> None:
    picture = imaging.mosaic(maps(5), scales.shared(maps(5)))
    assert packed(picture.data) is not None
    for cut in range(0, len(picture.data) - 16, 7):  # after the rows come a checksum and the word that it ends
        assert packed(picture.data[:cut]) is None
    where = picture.data.index(b"IDAT") + 20
    assert packed(picture.data[:where] + b"\xff\xff\xff" + picture.data[where + 3 :]) is None
