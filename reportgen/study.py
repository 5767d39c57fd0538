"""What is being looked at: a network, the samples shown to it, and the names of its classes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from reportgen.effort import Effort
from reportgen.errors import UsageError
from reportgen.optimization.recipes import UNITS, Recipe, RecipeName, recipe_of
from reportgen.photos import Photo, read_mask, read_photo
from reportgen.probe import InputFacts, Probe
from reportgen.shelf import Shelf
from reportgen.text import Message, Text, _

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


@dataclass(frozen=True)
class MapSettings:
    """How maps of attention are made: the same for every section, so that sections speak of the same maps.

    Numbers that are 0 follow from the `effort`, as far as its budget goes. `targets` is what is to be explained, "" for
    the `classes` likeliest answers. `layer` is the layer of the class activation maps, "" for the last one that still
    has places. `channels` is how many channels are tried one by one. `samples` noisy copies have a deviation of `noise`
    times the image's range. `steps` is the number of steps from the `baseline`. Windows of `patch` pixels move by
    `stride`; what is hidden takes the colour `fill`. `masks` is the number of random masks, drawn, like the noise, by
    `seed`. `raw_maps` also saves the maps as numbers.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    effort: Effort = "standard"
    targets: tuple[str, ...] = ()
    classes: int = 0
    layer: str = ""
    channels: int = 0
    samples: int = 0
    noise: float = 0.15
    steps: int = 0
    baseline: Literal["black", "white", "mean"] = "black"
    patch: int = 0
    stride: int = 0
    fill: Literal["black", "white", "mean"] = "mean"
    masks: int = 0
    seed: int = 0
    raw_maps: bool = False

    def __post_init__(self) -> None:
        for name in ("classes", "channels", "samples", "steps", "masks", "patch", "stride", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0")
        if self.samples == 1:
            raise ValueError("samples must be at least 2, or 0 for what the effort says")
        if self.patch and self.stride > self.patch:
            raise ValueError("stride must be at most patch: what lies between two windows would never be hidden")
        if not 0 < self.noise <= 1:
            raise ValueError("noise must be above 0 and at most 1")


STARTS = ("noise", "photo")
"""What an image may be made from, beside a file."""


@dataclass(frozen=True)
class WishSettings:
    """How images are made by optimization: the same for every section, so that sections speak of the same images.

    `effort` sets how many `steps` and `units` there are where these are 0. `recipe` is a name; `custom` takes its
    place. `start` is "noise", "photo" (the first image of the study) or an image file, such as an earlier result.
    `size` is the side in pixels, 0 for what the unit needs. `layers` are names or patterns, none for a choice
    over depth. `choice` of units: those that answer most strongly to the first image, or any by `seed`.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    effort: Effort = "standard"
    recipe: RecipeName = "waves"
    custom: Recipe | None = None
    start: str = "noise"
    steps: int = 0
    units: int = 0
    layers: tuple[str, ...] = ()
    choice: Literal["strongest", "seed"] = "strongest"
    size: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "units", "size", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0")
        if self.custom is not None and self.steps and self.custom.steps not in (self.steps, Recipe.steps):
            raise ValueError(f"steps are told twice: {self.steps}, and {self.custom.steps} in the recipe of your own")

    @property
    def used(self) -> Recipe:
        """The recipe with what was said otherwise."""
        if self.custom is not None:
            return dataclasses.replace(
                self.custom, steps=self.steps or self.custom.steps, seed=self.seed or self.custom.seed
            )
        return recipe_of(self.recipe, self.effort, steps=self.steps or None, seed=self.seed)

    @property
    def count(self) -> int:
        """How many units of a layer."""
        return self.units or UNITS[self.effort]


def _unheard(_share: float, _what: str) -> None:
    """Progress that nobody waits for."""


def _unread(_words: str) -> None:
    """A line that nobody reads."""


@dataclass(frozen=True, eq=False)
class Study:
    """A probe, samples, and labels: everything an artifact may look at.

    `progress` is told how far a long section is (0…1) and what it is doing, `notice` what the user should know
    before it begins. `memory` is where maps that several sections speak of are kept, `shelf` what outlives the run.
    """

    probe: Probe
    samples: tuple[Sample, ...] = ()
    labels: tuple[Text, ...] = ()
    maps: MapSettings = MapSettings()
    progress: Callable[[float, str], None] = _unheard
    memory: dict[Hashable, Any] = field(default_factory=dict)
    wishes: WishSettings = WishSettings()
    shelf: Shelf = field(default_factory=Shelf)
    notice: Callable[[str], None] = _unread

    def label(self, index: int) -> Text:
        """The name of a class, or its number where names are unknown."""
        return self.labels[index] if index < len(self.labels) else f"#{index}"

    def short_label(self, index: int) -> Text:
        """The first of a class's names, where it has several joined by commas."""
        label = self.label(index)
        return label.partition(",")[0] if isinstance(label, str) else label

    @property
    def sides(self) -> tuple[Text, Text]:
        """What a single sigmoid's low and high answers mean."""
        if len(self.labels) == 1:
            return _("not “{label}”", label=self.labels[0]), self.labels[0]
        if self.labels:
            return self.label(0), self.label(1)
        return _("class 0"), _("class 1")

    def classes_called(self, name: str, count: int) -> tuple[int, ...]:
        """The numbers, below `count`, of the classes with this name; one of several names joined by commas will do.

        What is no name may be the number itself, with or without a # before it.
        """
        wanted = name.strip().casefold()
        labels = ((number, str(self.label(number)).casefold()) for number in range(count))
        named = tuple(
            number for number, label in labels if wanted in {label, *(part.strip() for part in label.split(","))}
        )
        told = wanted.removeprefix("#")
        return named or ((int(told),) if told.isdecimal() and int(told) < count else ())


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image file and what the user knows about it."""

    file: Path
    name: str
    label: str = ""
    mask: Path | None = None


def open_study(
    probe: Probe, images: Sequence[ImageSource], *, labels: Sequence[Text] = (),
    size: tuple[int, int] | None = None, method: str = "bilinear", **more: Any,
) -> Study:
    """Read the images and fit them to the network; `more` are fields of the study."""
    samples = tuple(open_sample(probe.input, image, size, method) for image in images)
    return Study(probe, samples, tuple(labels), **more)


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

    An open size is rounded to one that the network takes.
    """
    free = asked or _limited(photo.size, LARGEST_SIDE)
    rounded = [facts.nearest(side) for side in free]
    height, width = (fixed or side for fixed, side in zip(facts.size, rounded, strict=True))
    if asked and (height, width) != tuple(asked):
        raise UsageError(
            f"the network cannot take images of {asked[0]} × {asked[1]} pixels;"
            f" the nearest size is {height} × {width}.",
            slug="image-size",
        )
    return height, width


def made_up_size(facts: InputFacts) -> tuple[int, int]:
    """The size of the network's input, an open side as long as the network can take it."""
    height, width = (side or facts.nearest(DEFAULT_SIDE) for side in facts.size)
    return height, width


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
