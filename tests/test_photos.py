"""Images: every format and mode comes out as a person would see it; hostile files are refused."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from reportgen.errors import InputError
from reportgen.photos import LARGEST_PIXELS, check_photo, read_mask, read_photo


def quarters() -> np.ndarray:
    """Red, green, blue and white quarters, 8 × 12."""
    pixels = np.zeros((8, 12, 3), np.uint8)
    pixels[:4, :6], pixels[:4, 6:], pixels[4:, :6], pixels[4:, 6:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), 255
    return pixels


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "jpg", "gif"])
def test_every_format_gives_the_same_picture(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    options = {"webp": {"lossless": True}, "jpg": {"quality": 100, "subsampling": 0}}.get(suffix, {})
    Image.fromarray(quarters()).save(path, **options)
    photo = read_photo(path)
    assert photo.size == (8, 12)
    assert np.abs(photo.levels.astype(int) - quarters()).max() <= (40 if suffix == "jpg" else 0)


@pytest.mark.parametrize(("suffix", "words"), [("gif", "animation"), ("webp", "animation"), ("png", "animation"), ("tiff", "pages")])
def test_only_the_first_picture_of_several_is_read_and_that_is_said(tmp_path: Path, suffix: str, words: str) -> None:
    first, second = Image.fromarray(quarters()), Image.new("RGB", (12, 8), "black")
    for name, more in (("one", []), ("two", [second])):
        path = tmp_path / f"{name}.{suffix}"
        first.save(path, save_all=True, append_images=more, **({"lossless": True} if suffix == "webp" else {}))
        photo = read_photo(path)
        assert photo.levels[0, 0].tolist() == [255, 0, 0]
        assert [words in str(remark) for remark in photo.remarks] == [True] * len(more)


def test_a_phones_photograph_with_a_second_picture_in_it_is_no_animation(tmp_path: Path) -> None:
    first, second = Image.fromarray(quarters()), Image.new("RGB", (12, 8), "black")
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[second])
    assert read_photo(tmp_path / "phone.jpg").remarks == ()


@pytest.mark.parametrize("side", [int(LARGEST_PIXELS**0.5) + 1, 12_000, 15_000, 60_000])
def test_too_many_pixels_are_called_so_however_many(tmp_path: Path, side: int) -> None:
    (tmp_path / "huge.png").write_bytes(bomb(side, side))
    for read in (read_photo, check_photo):
        with pytest.raises(InputError, match="more than 100 million pixels") as told:
            read(tmp_path / "huge.png")
        assert "smaller" in told.value.hint


@pytest.mark.parametrize("read", [read_photo, check_photo, lambda path: read_mask(path, (4, 4))])
def test_only_plain_files_are_opened(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=f"it is {what}, not a file") as told:
            read(path)
        assert told.value.slug == "image-unreadable"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tiff", "bmp"])
def test_the_quick_check_lets_through_what_is_read_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"noise.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)).save(path)
    data = path.read_bytes()
    check_photo(path)
    for size in (len(data) // 2, len(data) * 9 // 10, 20, 0):
        path.write_bytes(data[:size])
        problems = []
        for read in (read_photo, check_photo):
            try:
                read(path)
            except InputError as problem:
                problems.append(problem.message)
        assert len(problems) in (0, 2)
        assert len(set(problems)) < 2


def test_what_is_hashed_is_what_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "image.png", Image.open
    Image.fromarray(quarters()).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    def late(*args: Any, **keywords: Any) -> Any:
        Image.new("RGB", (12, 8), "black").save(path)
        return real(*args, **keywords)

    monkeypatch.setattr(Image, "open", late)
    photo = read_photo(path)
    assert (photo.digest, photo.levels[0, 0].tolist()) == (digest, [255, 0, 0])


@pytest.mark.parametrize(("mark", "corner"), [(1, (255, 0, 0)), (3, (255, 255, 255)), (6, (0, 0, 255)), (8, (0, 255, 0))])
def test_the_exif_mark_turns_the_image_upright(tmp_path: Path, mark: int, corner: tuple[int, ...]) -> None:
    image = Image.fromarray(quarters())
    exif = image.getexif()
    exif[0x0112] = mark
    image.save(tmp_path / "turned.png", exif=exif)
    photo = read_photo(tmp_path / "turned.png")
    assert tuple(photo.levels[0, 0]) == corner
    assert photo.size == ((12, 8) if mark in (6, 8) else (8, 12))
    assert bool(photo.remarks) == (mark != 1)


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, 2:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "clear.png")
    levels = read_photo(tmp_path / "clear.png").levels
    assert levels[0, 0].tolist() == [255] * 3
    assert levels[0, 3].tolist() == [0] * 3


def test_a_palette_with_a_transparent_colour_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    image.putpalette([255, 0, 0, 0, 0, 255] + [0] * 762)
    image.putdata([0, 1])
    image.save(tmp_path / "p.png", transparency=0)
    assert read_photo(tmp_path / "p.png").levels.tolist() == [[[255, 255, 255], [0, 0, 255]]]


def test_sixteen_bits_keep_their_depth(tmp_path: Path) -> None:
    plane = np.array([[0, 32768, 65535]], np.uint16)
    Image.fromarray(plane).save(tmp_path / "deep.png")
    photo = read_photo(tmp_path / "deep.png")
    assert photo.gray
    np.testing.assert_allclose(photo.levels[0, :, 0], plane[0] / 65535, atol=1e-6)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=100)
    red = read_photo(tmp_path / "ink.jpg").levels[0, 0]
    assert red[0] > 200
    assert red[1] < 60


def test_gray_is_the_luminance_that_image_loaders_use(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    gray = read_photo(tmp_path / "noise.png").pixels((16, 16), channels=1)
    expected = np.asarray(Image.fromarray(noise).convert("L"))
    assert np.array_equal(np.rint(gray[..., 0] * 255), expected)


def test_resizing_equals_pillows_own(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (33, 47, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    resized = read_photo(tmp_path / "noise.png").pixels((20, 10))
    expected = np.asarray(Image.fromarray(noise).resize((10, 20), Image.Resampling.BILINEAR))
    assert np.array_equal(np.rint(resized * 255), expected)


def test_a_mask_is_white_on_black_at_the_networks_size(tmp_path: Path) -> None:
    plane = np.zeros((8, 8), np.uint8)
    plane[:, 4:] = 255
    Image.fromarray(plane).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png", (4, 4)).tolist() == [[0, 0, 1, 1]] * 4


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that declares an enormous size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["missing", "empty", "text", "cut", "bomb", "folder", "renamed"])
def test_what_is_no_readable_image_is_told_in_one_sentence(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as some libraries set it for all
    path = tmp_path / f"{name}.png"
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(whole)
    side = int(LARGEST_PIXELS**0.5) + 1
    contents = {
        "empty": b"", "text": b"no image", "cut": whole.read_bytes()[:2000], "bomb": bomb(side, side),
        "renamed": b"%PDF-1.7\n",
    }
    if name in contents:
        path.write_bytes(contents[name])
    if name == "folder":
        path.mkdir()
    with pytest.raises(InputError) as told:
        read_photo(path)
    assert told.value.slug == "image-unreadable"
    assert str(path) in told.value.message
    assert "\n" not in told.value.message
