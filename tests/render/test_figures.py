"""Figures stand alone under their classic names."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from reportgen import imaging, scales
from reportgen.render import Output, draw_ahead, figures, raster, sheets
from reportgen.render.kept import drawing_from
from reportgen.render.language import Speaker
from reportgen.report.blocks import Attachment, Chart, Download, Figure, Gallery, Picture, Series
from reportgen.report.document import Report, Section
from reportgen.shelf import Drawer
from reportgen.text import _
from tests.render.sample_report import sample_report

WORDS = _("words")


def section(name: str, *blocks, sample: str = "") -> Section:  # type: ignore[no-untyped-def]
    return Section(name, name.partition("-")[0], "overview", WORDS, WORDS, WORDS, blocks, sample=sample)


def figure(name: str) -> Figure:
    maps = np.arange(48, dtype=np.float32).reshape(4, 4, 3)
    scale = scales.shared(maps)
    return Figure(name, imaging.mosaic(maps, scale), WORDS, WORDS, scale)


def names(report: Report) -> list[str]:
    return [name for name, _blocks in figures.grouped(report)]


def test_parts_of_one_figure_share_a_file() -> None:
    chart = Chart("stats:norms", "lines", ("a",), (Series(WORDS, (1.0,)),), WORDS)
    report = Report(WORDS, (section("s", figure("stats:one"), chart, figure("other")),), prefix="vgg16_")
    assert [(name, len(blocks)) for name, blocks in figures.grouped(report)] == [("vgg16_stats", 2), ("vgg16_other", 1)]


def test_several_images_have_files_of_their_own() -> None:
    sections = tuple(section(f"maps-{image}", figure("maps"), sample=image) for image in ("cat", "dog"))
    assert names(Report(WORDS, sections)) == ["maps_cat", "maps_dog"]


def test_names_never_meet_even_where_case_is_not_told_apart() -> None:
    found = names(Report(WORDS, (section("s", figure("filters_Conv"), figure("filters_conv")),)))
    assert len({name.casefold() for name in found}) == 2


@pytest.mark.parametrize("language", ["uk", "en"])
def test_every_figure_of_a_report_is_written_the_same_each_time(tmp_path: Path, language: str) -> None:
    for folder in ("one", "two"):
        figures.render(sample_report(), Output(tmp_path / folder, language, "figures"))
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / folder / "results").iterdir()} for folder in ("one", "two"))
    assert one == two
    assert set(one) == {f"{name}.png" for name in names(sample_report())}
    for name in one:
        with Image.open(tmp_path / "one" / "results" / name) as image:
            assert image.width >= 900
            assert image.mode in ("RGB", "P", "L")


def test_the_words_are_drawn_and_every_letter_is_there() -> None:
    def drawn(letter: str) -> bytes:
        image = Image.new("L", (40, 40))
        ImageDraw.Draw(image).text((4, 4), letter, 255, raster.font(24))
        return image.tobytes()

    missing = drawn("\U0010fffd")
    for letter in "ҐґЄєІіЇї’«»№–−×·⁻⁴≤≥∞°":
        assert drawn(letter) != missing, letter


def colours(image: Image.Image) -> set[object]:
    return {colour for _count, colour in image.convert("RGB").getcolors(1 << 24) or []}


def photo(size: int) -> Picture:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)).save(buffer, "PNG")
    return Picture(buffer.getvalue(), size, size, "photo")


@pytest.mark.parametrize(("size", "wide"), [(8, 224), (32, 224), (100, 300), (240, 240), (300, 300), (900, 350)])
def test_a_picture_is_as_large_as_its_pixels_deserve(size: int, wide: int) -> None:
    own = photo(size)
    made = figures._enlarged(own, 350, figures.AMONG)
    assert made.size == (wide, wide)
    if wide >= size:
        assert colours(made) == colours(Image.open(io.BytesIO(own.data))), "enlarged with hard pixels"


def test_small_pictures_make_a_small_sheet() -> None:
    gallery = Gallery("g", tuple(photo(32) for _each in range(4)), (), WORDS, WORDS)
    large = dataclasses.replace(gallery, pictures=tuple(photo(500) for _each in range(4)))
    small, wide = (figures.draw(block, Speaker("en")) for block in (gallery, large))
    assert small.width == 4 * 224 + 3 * sheets.MARGIN
    assert wide.width == figures.WIDEST // 4 * 4 - sheets.MARGIN, "large ones are reduced to fit"


def test_a_sheet_of_maps_has_the_maps_own_colours_and_a_palette() -> None:
    made = figure("f")
    assert made.scale is not None
    usual = {tuple(int(level) for level in colour) for colour in imaging.palette(made.scale.colours)}
    large = colours(figures._enlarged(made.picture, 700, figures.ALONE))
    assert large <= usual | {(0, 0, 0), (255, 255, 255)}, "numbers on tiles have hard edges"
    with Image.open(io.BytesIO(figures.sheet([made], "en"))) as sheet:
        assert sheet.mode == "P"
        words = colours(sheet) - usual
        assert all(max(colour) - min(colour) <= 24 for colour in words), "only letters besides"  # type: ignore[type-var]
        assert len(words) <= 3 * sheets.EDGES


@pytest.mark.parametrize("count", [2, 200, 256, 257])
def test_a_palette_loses_nothing(count: int) -> None:
    levels = np.random.default_rng(count).permutation(1 << 24)[:count]
    pixels = np.stack([levels >> 16, levels >> 8 & 255, levels & 255], -1).astype(np.uint8)
    sheet = Image.fromarray(np.resize(pixels, (40, 50, 3)))
    made = sheets.in_palette(sheet)
    assert made.mode == ("P" if count <= 256 else "RGB")
    assert made.convert("RGB").tobytes() == sheet.tobytes()


def test_downloads_and_figures_of_a_further_network_bear_its_name(tmp_path: Path) -> None:
    numbers = Download("maps", Attachment(b"numbers", "npz"), WORDS)
    first = section("cam", figure("cam"), numbers)
    second = dataclasses.replace(section("other-cam", figure("cam"), numbers), artifact="cam", network="other")
    figures.render(Report(WORDS, (first, second), prefix="lab4_"), Output(tmp_path, "en", "figures"))
    assert {path.name for path in (tmp_path / "results").iterdir()} == {
        "lab4_cam.png", "lab4_maps.npz", "lab4_other_cam.png", "lab4_other_maps.npz",
    }
    assert (tmp_path / "results" / "lab4_maps.npz").read_bytes() == b"numbers"


class Counting(Drawer):
    """A drawer in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, data: bytes) -> None:
        self.kept[key] = data


def test_a_figure_that_was_drawn_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Report(WORDS, (section("s", figure("f")),))
    drawer = Counting()
    with drawing_from(drawer):
        figures.render(one, Output(tmp_path / "first", "en", "figures"))
        monkeypatch.setattr(figures, "draw", lambda *_: pytest.fail("drawn again"))
        figures.render(dataclasses.replace(one, prefix="lab1_"), Output(tmp_path / "again", "en", "figures"))
    assert (tmp_path / "first/results/f.png").read_bytes() == (tmp_path / "again/results/lab1_f.png").read_bytes()


def test_a_figure_in_another_language_or_with_another_picture_is_drawn_anew() -> None:
    drawer = Counting()
    with drawing_from(drawer):
        for language in ("en", "uk", "en"):
            figures.sheet([figure("f")], language)
        figures.sheet([dataclasses.replace(figure("f"), scale=None)], "en")
    assert len(drawer.kept) == 3


def test_what_is_drawn_ahead_is_all_that_a_figure_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = sample_report()
    figures.render(report, Output(tmp_path / "plain", "uk", "figures"))
    drawer = Counting()
    for one in report.sections:
        draw_ahead(one, "uk", ("figures", "html"), drawer)
    monkeypatch.setattr(figures, "draw", lambda *_: pytest.fail("drawn again"))
    with drawing_from(drawer):
        figures.render(report, Output(tmp_path / "ahead", "uk", "figures"))
    plain, ahead = ({path.name: path.read_bytes() for path in (tmp_path / name / "results").iterdir()} for name in ("plain", "ahead"))
    assert plain == ahead


def test_a_small_map_is_not_drawn_larger_than_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    true = figures._enlarged

    def seen(*arguments: Any) -> Image.Image:
        image = true(*arguments)
        drawn.append(image.width)
        return image

    monkeypatch.setattr(figures, "_enlarged", seen)
    sides = (256, 128, 100, 64, 30, 7)
    maps = tuple(imaging.picture_of_map(np.zeros((side, side), np.float32), scales.sequential(0.0, 1.0)) for side in sides)
    figures.draw(Gallery("g", maps, tuple(map(str, sides)), _("Maps."), _("Maps."), "strip"), Speaker("en"))
    assert drawn == [256, 256, 200, 256, 240, 224]
