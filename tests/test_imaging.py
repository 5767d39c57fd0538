"""From arrays to pictures, checked pixel by pixel on tiny grids."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reportgen import imaging, resources, scales
from reportgen.report.blocks import Picture, Scale
from reportgen.report.colours import TABLES

UNIT = Scale("viridis", 0.0, 1.0)


def opened(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data))


def places(picture: Picture) -> np.ndarray:
    """The palette positions of a map."""
    return np.asarray(opened(picture))


@pytest.mark.parametrize(
    ("ours", "theirs"), [("viridis", "viridis"), ("cividis", "cividis"), ("diverging", "RdBu_r")]
)
def test_colour_tables_equal_those_of_matplotlib(ours: str, theirs: str) -> None:
    table = np.frombuffer(bytes.fromhex(TABLES[ours]), np.uint8).reshape(256, 3)
    expected = matplotlib.colormaps[theirs](np.arange(256), bytes=True)[:, :3]
    assert np.array_equal(table, expected)


def test_a_palette_begins_and_ends_with_the_colour_map() -> None:
    assert imaging.palette("viridis").shape == (127, 3)
    assert tuple(imaging.palette("viridis")[0]) == (0x44, 0x01, 0x54)
    assert tuple(imaging.palette("viridis")[-1]) == (0xFD, 0xE7, 0x24)


def test_levels_spread_the_scale_over_all_colours() -> None:
    values = np.array([-1, 0, 0.5, 1, 2, np.nan, np.inf, -np.inf], np.float32)
    assert imaging.levels(values, UNIT).tolist() == [0, 0, 63, 126, 126, 0, 126, 0]


def test_a_scale_without_width_gives_the_lowest_colour() -> None:
    assert imaging.levels(np.array([3.0, 5.0]), Scale("viridis", 4.0, 4.0)).tolist() == [0, 0]


def test_levels_leave_the_values_alone() -> None:
    values = np.array([0.2, 0.9], np.float32)
    values.flags.writeable = False
    imaging.levels(values, UNIT)
    assert values.tolist() == pytest.approx([0.2, 0.9])


def test_a_shared_scale_of_positive_maps_begins_at_zero() -> None:
    scale = scales.shared(np.linspace(1, 2, 11, dtype=np.float32))
    assert (scale.colours, scale.low) == ("viridis", 0.0)
    assert scale.high == pytest.approx(np.percentile(np.linspace(1, 2, 11), 99.8))
    assert scale.clipped


@pytest.mark.parametrize("grid", [True, False])
def test_a_large_map_is_the_same_picture_in_fewer_bytes(grid: bool) -> None:
    random = np.random.default_rng(0).random((150, 150, 4), np.float32)
    smooth = sum(np.roll(random, step, axis=axis) for step in range(6) for axis in (0, 1)) / 12
    values = np.concatenate(list(np.moveaxis(np.asarray(smooth), -1, 0)), axis=1)
    picture = imaging.mosaic(np.asarray(smooth), UNIT, columns=2) if grid else imaging.picture_of_map(values, UNIT)
    with Image.open(io.BytesIO(picture.data)) as image:
        image.verify()
    image = Image.open(io.BytesIO(picture.data))
    assert image.mode == "P"
    seen = np.asarray(image.convert("RGBA"))
    if grid:
        assert (seen[150, :, 3] == 0).all()  # the gap
        assert (seen[:150, :150, 3] == 255).all()
        assert np.array_equal(seen[:150, :150, :3], imaging.palette("viridis")[imaging.levels(smooth[..., 0], UNIT)])
    else:
        assert np.array_equal(seen[..., :3], imaging.palette("viridis")[imaging.levels(values, UNIT)])
    plain = io.BytesIO()
    image.save(plain, "PNG", compress_level=6)
    assert len(picture.data) < 0.97 * plain.tell()


def test_overlays_and_mosaics_take_the_colours_of_the_report() -> None:
    maps = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4, 1)
    with scales.coloured("cividis"):
        scale = scales.shared(maps)
        laid = np.asarray(Image.open(io.BytesIO(imaging.overlay(np.ones((4, 4, 3)), maps[..., 0], scale, 1.0).data)), int)
    assert scale.colours == "cividis"
    assert np.abs(laid[-1, -1] - imaging.palette("cividis")[-1].astype(int)).max() <= 6  # a JPEG's rounding
    assert scales.shared(maps).colours == "viridis"


def test_one_spike_does_not_darken_every_map() -> None:
    maps = np.ones((100, 100, 1), np.float32)
    maps[0, 0] = 1000
    scale = scales.shared(maps)
    assert (scale.high, scale.clipped) == (1.0, True)


def test_values_of_both_signs_get_a_scale_centred_at_zero() -> None:
    scale = scales.shared(np.array([-4.0, 1.0, 2.0], np.float32))
    assert scale.colours == "diverging"
    assert scale.low == -scale.high
    assert 0 < scale.high <= 4


@pytest.mark.parametrize("value", [0.0, -3.0, 7.0])
def test_constant_maps_have_a_scale_with_width(value: float) -> None:
    scale = scales.shared(np.full((3, 3, 2), value, np.float32))
    assert scale.low < scale.high
    assert scale.low <= value <= scale.high


def test_values_that_are_no_numbers_are_left_out_of_a_scale() -> None:
    scale = scales.shared(np.array([0, 1, np.nan, np.inf], np.float32))
    assert scale.low == 0.0
    assert 0 < scale.high <= 1.0
    assert scales.shared(np.array([np.nan], np.float32)).high == 1.0


def test_a_large_array_is_sampled_in_every_channel_and_its_extremes_stay_exact() -> None:
    maps = np.tile(np.arange(64, dtype=np.float32), (256, 256, 1))
    maps[200, 100, 3] = 500
    assert set(np.unique(scales.sampled(maps))) >= set(range(64))
    assert scales.sampled(maps).size <= 2 * scales.SAMPLED
    assert scales.extremes(maps) == (0.0, 500.0)
    assert scales.shared(maps).high == pytest.approx(63)


def test_the_extremes_of_nothing_are_empty() -> None:
    low, high = scales.extremes(np.array([np.nan]))
    assert low > high


def test_a_mosaic_holds_every_channel_with_gaps_between() -> None:
    maps = np.zeros((2, 3, 3), np.float32)
    maps[0, 0, 0], maps[1, 2, 1], maps[:, :, 2] = 1, 1, 0.5
    picture = imaging.mosaic(maps, UNIT, columns=2)
    blank = imaging.BLANK
    assert places(picture).tolist() == [
        [126, 0, 0, blank, 0, 0, 0],
        [0, 0, 0, blank, 0, 0, 126],
        [blank] * 7,
        [63, 63, 63, blank, blank, blank, blank],
        [63, 63, 63, blank, blank, blank, blank],
    ]
    assert picture.grid is not None
    assert (picture.grid.columns, picture.grid.tile_width, picture.grid.tile_height) == (2, 3, 2)
    assert picture.grid.numbers == (0, 1, 2)
    assert np.asarray(opened(picture).convert("RGBA"))[2, 0, 3] == 0


def test_a_mosaic_made_in_blocks_equals_one_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = np.random.default_rng(0).random((37, 23, 5), np.float32)
    whole = imaging.mosaic(maps, UNIT)
    monkeypatch.setattr(imaging, "BLOCK", 5 * 23 * 4)
    assert imaging.mosaic(maps, UNIT) == whole
    for shrink in (2, 3):
        monkeypatch.setattr(imaging, "BLOCK", 1 << 20)
        whole = imaging.mosaic(maps, UNIT, shrink=shrink)
        monkeypatch.setattr(imaging, "BLOCK", 1)
        assert imaging.mosaic(maps, UNIT, shrink=shrink) == whole


def test_a_tile_may_be_stretched_by_itself_and_a_constant_one_stays_dark() -> None:
    maps = np.stack([np.array([[0, 10]]), np.array([[2, 3]]), np.array([[5, 5]])], axis=-1).astype(np.float32)
    picture = imaging.mosaic(maps, Scale("viridis", 0, 1, "tile"), columns=3)
    assert places(picture)[0].tolist() == [0, 126, 127, 0, 126, 127, 0, 0]


def test_a_shrunk_mosaic_shows_means() -> None:
    maps = np.array([[0, 1, 0.5], [1, 0, 0.5], [1, 1, 0]], np.float32)[..., None]
    picture = imaging.mosaic(maps, UNIT, shrink=2)
    assert places(picture).tolist() == [[63, 63], [126, 0]]
    assert (picture.width, picture.height) == (2, 2)


def test_a_small_map_is_not_shrunk() -> None:
    plane = np.eye(4, dtype=np.float32)
    assert imaging.shrunk(plane, 4) is plane
    assert imaging.shrunk(plane, 2).tolist() == [[0.5, 0], [0, 0.5]]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 12), st.integers(1, 4))
def test_no_tile_of_a_mosaic_is_lost(height: int, width: int, count: int, shrink: int) -> None:
    maps = np.broadcast_to(np.linspace(0, 1, count, dtype=np.float32), (height, width, count))
    picture = imaging.mosaic(maps, UNIT, shrink=shrink)
    drawn = places(picture)
    assert picture.grid is not None
    for k in range(count):
        top = k // picture.grid.columns * (picture.grid.tile_height + 1)
        left = k % picture.grid.columns * (picture.grid.tile_width + 1)
        tile = drawn[top : top + picture.grid.tile_height, left : left + picture.grid.tile_width]
        assert tile.shape == (-(-height // shrink), -(-width // shrink))
        assert (abs(tile.astype(int) - round(126 * (k / max(1, count - 1)))) <= 1).all()


def test_a_map_of_classes_keeps_its_numbers_and_colours() -> None:
    picture = imaging.picture_of_classes(np.array([[0, 1], [2, 1]]), np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    assert np.asarray(opened(picture).convert("RGB")).tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [4, 5, 6]]]
    assert picture.kind == "map"


def test_a_photo_is_kept_exactly_unless_loss_is_allowed() -> None:
    pixels = np.array([[[0, 0.5, 1], [1, 0, np.nan]]], np.float32)
    exact = imaging.photo(pixels)
    assert np.asarray(opened(exact)).tolist() == [[[0, 128, 255], [255, 0, 0]]]
    assert exact.suffix == "png"
    lossy = imaging.photo(np.full((16, 16, 3), 0.5, np.float32), lossy=True)
    assert lossy.suffix == "jpg"
    assert abs(np.asarray(opened(lossy)).astype(int) - 128).max() <= 2


def test_a_gray_photo_has_one_channel() -> None:
    assert opened(imaging.photo(np.zeros((2, 2, 1), np.float32))).mode == "L"


def test_an_overlay_shows_the_map_over_the_image_without_its_colours() -> None:
    red = np.zeros((32, 32, 3), np.float32)
    red[..., 0] = 1
    heat = np.repeat(np.array([[0.0, 1.0]], np.float32), 2, axis=0)
    pixels = np.asarray(opened(imaging.overlay(red, heat, UNIT, 0.5))).astype(int)
    gray = 0.299 * 255
    low, high = (imaging.palette("viridis")[place].astype(float) for place in (0, -1))
    assert pixels[16, 0] == pytest.approx((gray + low) / 2, abs=6)
    assert pixels[16, -1] == pytest.approx((gray + high) / 2, abs=6)


def test_resizing_means_areas() -> None:
    values = np.array([[0, 1], [1, 0]], np.float32)
    assert imaging.resize(values, (1, 1), "area").tolist() == [[0.5]]
    assert imaging.resize(values, (2, 2)) is values
    assert imaging.resize(np.dstack([values, values]), (4, 4), "nearest").shape == (4, 4, 2)


def test_equal_arrays_make_equal_pictures() -> None:
    maps = np.random.default_rng(1).random((40, 40, 64), np.float32)
    assert imaging.mosaic(maps, UNIT) == imaging.mosaic(maps.copy(), UNIT)
    assert imaging.mosaic(maps, UNIT).digest == imaging.mosaic(maps.copy(), UNIT).digest


def test_colour_tiles_lie_in_a_grid() -> None:
    images = np.stack([np.zeros((1, 1, 3)), np.ones((1, 1, 3)) * (1, 0, 0)])
    picture = imaging.colour_mosaic(images, columns=2)
    assert np.asarray(opened(picture)).tolist() == [[[0, 0, 0], [255, 255, 255], [255, 0, 0]]]


def test_weights_that_are_no_numbers_do_not_spoil_the_scale() -> None:
    scale = scales.symmetric(np.array([np.nan, -2.0, np.inf, 1.0]))
    assert (scale.low, scale.high) == (-2.0, 2.0)
    assert scales.symmetric(np.array([np.nan])).high == 1.0


def test_the_bars_of_the_site_have_the_colours_of_the_maps() -> None:
    style = (resources.folder("templates") / "static" / "content.css").read_text(encoding="utf-8")
    for name, table in TABLES.items():
        colours = bytes.fromhex(table)
        stops = [round(stop * 255 / 16) * 3 for stop in range(17)]
        bar = ",".join(f"#{colours[place : place + 3].hex()}" for place in stops)
        assert f".colour-bar.{name} {{ background-image: linear-gradient(90deg,{bar}); }}" in style
