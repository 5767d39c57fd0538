"""What is being looked at: a network, the samples shown to it, and the names of its classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reportgen.errors import UsageError
from reportgen.photos import Photo, read_mask, read_photo
from reportgen.probe import InputFacts, Probe
from reportgen.text import Message, _

LARGEST_SIDE = 512
"""The longer side of an image given to a network that takes any size, unless the user says another."""
DEFAULT_SIDE = 128
"""The side of a made-up image for a network that takes any size."""
LARGEST_SHOWN = 1024
"""The longer side of the picture of the original in a report."""


@dataclass(frozen=True, eq=False)
class Sample:
    """An image as the user gave it and as the network gets it.

    `pixels` is of the network's input size; `original` is the whole image, upright. `label` is the
    true class's name and `mask` the true mask (height × width, 0…1, of the input's size) where the
    user told them. `remarks` say what was done to the image on the way in.
    """

    name: str
    file: str
    digest: str
    original: np.ndarray
    pixels: np.ndarray
    label: str = ""
    mask: np.ndarray | None = None
    remarks: tuple[Message, ...] = ()


@dataclass(frozen=True, eq=False)
class Study:
    """A probe, samples, and labels: everything an artifact may look at."""

    probe: Probe
    samples: tuple[Sample, ...] = ()
    labels: tuple[str, ...] = ()

    def label(self, index: int) -> str:
        """The name of a class, or its number where names are unknown."""
        return self.labels[index] if index < len(self.labels) else f"#{index}"


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image file and what the user knows about it."""

    file: Path
    name: str
    label: str = ""
    mask: Path | None = None


def open_study(
    probe: Probe, images: Sequence[ImageSource], *, labels: Sequence[str] = (),
    size: tuple[int, int] | None = None, method: str = "bilinear",
) -> Study:
    """Read the images and fit them to the network."""
    samples = tuple(open_sample(probe.input, image, size, method) for image in images)
    return Study(probe, samples, tuple(labels))


def open_sample(
    facts: InputFacts, image: ImageSource, size: tuple[int, int] | None, method: str
) -> Sample:
    """One image, resized as the network wants it, with what was done said."""
    photo = read_photo(image.file)
    wanted = fitting_size(facts, photo, size)
    shown = _limited(photo.size, LARGEST_SHOWN)
    return Sample(
        name=image.name,
        file=image.file.name,
        digest=photo.digest,
        original=photo.pixels(shown, method="area"),
        pixels=photo.pixels(wanted, facts.channels, method),
        label=image.label,
        mask=read_mask(image.mask, wanted) if image.mask else None,
        remarks=(*photo.remarks, *_resizing(photo.size, wanted, method)),
    )


def fitting_size(facts: InputFacts, photo: Photo, asked: tuple[int, int] | None) -> tuple[int, int]:
    """The size at which the network sees the image: its own, else the asked one, else the image's.

    An open size is rounded to what the network's strides can divide.
    """
    free = asked or _limited(photo.size, LARGEST_SIDE)
    rounded = [max(facts.multiple, round(side / facts.multiple) * facts.multiple) for side in free]
    height, width = (fixed or side for fixed, side in zip(facts.size, rounded, strict=True))
    if asked and (height, width) != tuple(asked):
        raise UsageError(
            f"the network cannot take images of {asked[0]} × {asked[1]} pixels;"
            f" the nearest size is {height} × {width}.",
            slug="image-size",
        )
    return height, width


def fitting_side(side: int | None, multiple: int) -> int:
    """A side of the network's input, or one that it can take where any will do."""
    return side or max(multiple, round(DEFAULT_SIDE / multiple) * multiple)


def _limited(size: tuple[int, int], side: int) -> tuple[int, int]:
    ratio = min(1.0, side / max(size))
    return max(1, math.floor(size[0] * ratio)), max(1, math.floor(size[1] * ratio))


def _resizing(old: tuple[int, int], new: tuple[int, int], method: str) -> tuple[Message, ...]:
    if old == new:
        return (_("The image has the network's size; it was not resized."),)
    resized = _(
        "The image was resized from {old_width} × {old_height} to {width} × {height} pixels ({method}, with"
        " smoothing when it is made smaller).",
        old_width=old[1], old_height=old[0], width=new[1], height=new[0], method=_METHODS[method],
    )
    squeezed = max(old[0] * new[1], old[1] * new[0]) / min(old[0] * new[1], old[1] * new[0])
    if squeezed < 1.02:
        return (resized,)
    return (resized, _("Its proportions changed: it was squeezed {ratio:.2f} times.", ratio=squeezed))


_METHODS = {
    "nearest": _("nearest neighbour"), "bilinear": _("bilinear"), "bicubic": _("bicubic"), "area": _("area mean"),
}
