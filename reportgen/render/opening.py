"""Pictures of a report opened, which may come from anywhere: PNG and JPEG and no other format, whole, within bounds."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from reportgen.errors import InputError
from reportgen.report.blocks import Picture
from reportgen.report.limits import MOST_PIXELS


def opened(picture: Picture) -> Image.Image:
    """The picture's pixels; one that cannot be unpacked is told in a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(io.BytesIO(picture.data), formats=("PNG", "JPEG"))
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("it has too many pixels")
            image.load()
    except Exception as problem:  # a decoder may raise anything on a damaged file
        raise InputError(
            f"The picture assets/{picture.digest[:32]}.{picture.suffix} is damaged ({str(problem)[:80]}).",
            slug="report-unreadable", hint="Build the report again, or ask for it whoever sent it.",
        ) from problem
    return image


def on_white(image: Image.Image) -> Image.Image:
    """Without transparency."""
    image = image.convert("RGBA")
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(image, mask=image.getchannel("A"))
    return sheet
