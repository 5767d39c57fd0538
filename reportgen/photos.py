"""From an image file to pixels. The file is hostile until it has proved otherwise.

Read are PNG, JPEG, WebP, BMP, TIFF and GIF (the first frame), turned upright by their EXIF mark.
What was done to the colours on the way is said in remarks.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from reportgen import imaging
from reportgen.errors import InputError
from reportgen.files import NotPlainError, read_plain
from reportgen.text import Message, _

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
LARGEST_PIXELS = 100_000_000
LARGEST_BYTES = 512 << 20
_SMALLER = "Make the image smaller first."
_SEVERAL = {
    **dict.fromkeys(("GIF", "WEBP", "PNG"), _("The image is an animation; its first frame was taken.")),
    "TIFF": _("The file holds several pages; the first was taken."),
}


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright image: `levels` is height × width × 3, bytes (or float32 in 0…1 for deeper files).

    `gray` is true where the file holds one channel. Bytes stay bytes until the image has been
    resized, so that the network gets what the usual loaders give it.
    """

    levels: np.ndarray
    gray: bool
    digest: str
    remarks: tuple[Message, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.levels.shape[0], self.levels.shape[1]

    def pixels(self, size: tuple[int, int], channels: int = 3, method: str = "bilinear") -> np.ndarray:
        """The image at a size, as float32 in 0…1 with 3 channels or 1."""
        levels = _luminance(self.levels) if channels == 1 else self.levels
        resized = imaging.resize(levels, size, method)
        return resized.astype(np.float32) / 255 if resized.dtype == np.uint8 else np.clip(resized, 0, 1)


def read_photo(path: Path) -> Photo:
    """Read an image file, or say in one sentence why it cannot be read."""
    data = _read(path)
    with _opened(path, data) as image:
        several = _first_of_several(image)
        _load(image)
        upright = ImageOps.exif_transpose(image)
        levels, gray, remarks = _levels(upright)
        turned = _orientation(image) if upright.size != image.size or upright is not image else ()
    return Photo(levels, gray, hashlib.sha256(data).hexdigest(), (*several, *turned, *remarks))


def check_photo(path: Path) -> None:
    """Stop, as `read_photo` would, at a file that is no whole image; cheaper, for nothing is made of it."""
    with _opened(path, _read(path)) as image:
        image.draft(None, (1, 1))  # a JPEG is read to its end as ever, but decoded coarsely
        _load(image)


def _read(path: Path) -> bytes:
    """The bytes of an image file: what is decoded is what is hashed, whatever becomes of the file meanwhile."""
    try:
        data = read_plain(path, LARGEST_BYTES)
    except FileNotFoundError as problem:
        raise _unreadable(path, "there is no such file") from problem
    except NotPlainError as problem:
        raise _unreadable(path, problem.strerror or "it is not a file") from problem
    except (OSError, ValueError) as problem:  # a name with a zero byte is a ValueError
        raise _unreadable(path, "it cannot be opened") from problem
    if not data:
        raise _unreadable(path, "the file is empty")
    if len(data) > LARGEST_BYTES:
        raise _unreadable(path, f"the file is larger than {LARGEST_BYTES >> 20} MB")
    return data


@contextlib.contextmanager
def _opened(path: Path, data: bytes) -> Iterator[Image.Image]:
    """The image of a file's bytes, not yet decoded; whatever goes wrong with it becomes one sentence."""
    many = f"more than {LARGEST_PIXELS // 1_000_000} million pixels"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise _unreadable(path, f"it declares {image.width} × {image.height} pixels, {many}", _SMALLER)
                yield image
    except UnidentifiedImageError as problem:
        raise _unreadable(
            path, "this is not an image in a format that is read", "Give a PNG, JPEG, WebP, BMP, TIFF or GIF."
        ) from problem
    except InputError:
        raise
    except Image.DecompressionBombError as problem:  # Pillow counts before we can
        raise _unreadable(path, f"it declares {many}", _SMALLER) from problem
    except Exception as problem:  # a decoder may raise anything on a damaged file
        raise _unreadable(path, "the image is damaged or cut short", "Save or copy it again.") from problem


def _first_of_several(image: Image.Image) -> tuple[Message, ...]:
    """What to say of a file with several pictures in it, of which the first is read."""
    several = False
    with contextlib.suppress(Exception):  # what comes after the first picture may be damaged
        several = bool(getattr(image, "is_animated", False))
    return (_SEVERAL[image.format],) if several and image.format in _SEVERAL else ()


def _load(image: Image.Image) -> None:
    with _whole_files_only():
        image.load()


def read_mask(path: Path, size: tuple[int, int]) -> np.ndarray:
    """A true mask as float32 0 or 1 at the network's input size; white is the object."""
    photo = read_photo(path)
    gray = _luminance(photo.levels)
    unit = gray.astype(np.float32) / 255 if gray.dtype == np.uint8 else gray
    return (imaging.resize(unit, size, "nearest")[..., 0] > 0.5).astype(np.float32)


@contextlib.contextmanager
def _whole_files_only() -> Iterator[None]:
    """Refuse files that are cut short, whatever another library has told Pillow."""
    kept = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = kept


def _levels(image: Image.Image) -> tuple[np.ndarray, bool, tuple[Message, ...]]:
    """The pixels, whether they are gray, and what was done to them."""
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I", "F"):
        return _deep(image)
    if image.mode == "CMYK":
        return np.asarray(image.convert("RGB")), False, (_("The image was in CMYK; it was converted to RGB."),)
    if "A" in image.getbands() or "transparency" in image.info:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", coloured.size, "white")
        flat = Image.alpha_composite(white, coloured).convert("RGB")
        seen = np.asarray(coloured)[..., 3].min() < 255
        remarks = (_("The transparent parts of the image were laid on white."),) if seen else ()
        return np.asarray(flat), image.mode in ("LA", "La"), remarks
    if image.mode in ("L", "1"):
        plane = np.asarray(image.convert("L"))
        return np.repeat(plane[..., None], 3, axis=-1), True, ()
    return np.asarray(image.convert("RGB")), False, ()


def _deep(image: Image.Image) -> tuple[np.ndarray, bool, tuple[Message, ...]]:
    """A file with more than eight bits a pixel, as float32 in 0…1."""
    plane = np.asarray(image).astype(np.float32)
    if not np.isfinite(plane).all():
        raise ValueError("the image holds values that are no numbers")
    low, high = float(plane.min()), float(plane.max())
    if image.mode == "F" and low >= 0 and high <= 1:
        return np.repeat(plane[..., None], 3, axis=-1), True, ()
    if image.mode != "F" and low >= 0 and high <= 65535:
        remark = _("The image has 16 bits a pixel; 65,535 became 1.")
        unit = plane / np.float32(65535)
    else:
        remark = _("The image's values from {low:.4g} to {high:.4g} were stretched to 0…1.", low=low, high=high)
        unit = (plane - np.float32(low)) / np.float32(high - low) if high > low else np.zeros_like(plane)
    return np.repeat(unit[..., None], 3, axis=-1), True, (remark,)


def _orientation(image: Image.Image) -> tuple[Message, ...]:
    turned = image.getexif().get(0x0112, 1) not in (0, 1)
    return (_("The image was turned upright as its EXIF mark says."),) if turned else ()


def _luminance(levels: np.ndarray) -> np.ndarray:
    """One gray channel by ITU-R BT.601, with the rounding that image loaders use for bytes."""
    if levels.dtype == np.uint8:
        red, green, blue = (levels[..., channel].astype(np.uint32) for channel in range(3))
        return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)[..., None]
    return (levels @ np.array([0.299, 0.587, 0.114], np.float32))[..., None].astype(np.float32)


def _unreadable(path: Path, why: str, hint: str = "") -> InputError:
    return InputError(f"{path}: the image cannot be read: {why}.", slug="image-unreadable", hint=hint)
