"""How a picture is fed to a network: which input gets it, in which shape, and what the others get."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.errors import InputError, UsageError
from reportgen.probe import Array, InputFacts, preprocessing
from reportgen.probe.ports import Port, Shape
from reportgen.probe.source import ModelSource, Preprocessing
from reportgen.text import Message, _

FRAMES = 16
"""How deep a volume is made where the network does not say."""


@dataclass(frozen=True)
class Feeding:
    """From pixels to all of the network's inputs, and from an input's values back to a picture's form.

    `shape` is the chosen input's, channels-last. `size` and `channels` are the picture's.
    """

    ports: tuple[Port, ...]
    chosen: int
    channels_first: bool
    shape: Shape
    size: tuple[int | None, int | None]
    channels: int
    preprocessing: Preprocessing
    others: Mapping[str, float]

    @property
    def port(self) -> Port:
        """The input that shows the image."""
        return self.ports[self.chosen]

    @property
    def spread(self) -> int:
        """How many channels the picture's own are spread over; 0 where none are added."""
        channels = self.shape[-1] if len(self.shape) >= 3 else self.channels
        return channels if channels and channels != self.channels else 0

    def values(self, pixels: Array) -> Array:
        """Pixels (… × height × width × channels) as the network's values, in the input's channels."""
        per_channel = max(len(self.preprocessing.mean), len(self.preprocessing.std))
        if self.spread and per_channel == self.spread:
            return preprocessing.apply(self._spread(pixels, 1.0), self.preprocessing, self.spread)
        white = preprocessing.value_range(self.preprocessing, self.channels)[1]
        return self._spread(preprocessing.apply(pixels, self.preprocessing, self.channels), white)

    def value_range(self) -> tuple[float, float]:
        """The values of black and white."""
        per_channel = max(len(self.preprocessing.mean), len(self.preprocessing.std))
        channels = self.spread if self.spread and per_channel == self.spread else self.channels
        return preprocessing.value_range(self.preprocessing, channels)

    def arrays(self, batch: Array, *, any_size: bool = False) -> list[Array]:
        """What every input gets for a batch of pixels (count × height × width × channels)."""
        if not any_size:
            self._check(batch)
        image = self._laid(self.values(batch))
        fed = []
        showing = self.showing(image.shape[1:])
        for position, port in enumerate(self.ports):
            if position in showing:
                fed.append(as_dtype(image, port.dtype))
                continue
            shape = other_shape(port.shape, image.shape[1:])
            filled = np.full((len(batch), *shape), self.others.get(port.name, 0.0), np.float32)
            fed.append(as_dtype(filled, port.dtype))
        return fed

    def showing(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The positions of the inputs that show the image, laid in this shape: the chosen one first."""
        also = (
            position for position, port in enumerate(self.ports)
            if position != self.chosen and port.name not in self.others and fits(port.shape, shape)
        )
        return (self.chosen, *also)

    def by_pixel(self, slopes: Array) -> Array:
        """Slopes by the values of a batch → slopes by the pixels that they were made from."""
        pictures = np.stack([self.picture(slope) for slope in slopes]) if self._turned else slopes
        pictures = self.over_frames(pictures)
        ones = np.eye(self.channels, dtype=np.float32)[:, None, None]
        rise = (self.values(ones) - self.values(np.zeros_like(ones)))[:, 0, 0].T
        # not by a threaded product, whose threads go on spinning when TensorFlow wants the cores for the next step
        found: Array = np.einsum("...v,vc->...c", pictures, rise)
        return found

    @property
    def frames(self) -> tuple[int, ...]:
        """How often the picture is repeated along each axis before its height: the depth of a volume, the time."""
        return tuple(side or FRAMES for side in self.shape[:-3])

    def frame(self, values: Array) -> Array:
        """Of an input's values in the picture's form the picture itself; every frame shows the same."""
        one: Array = values.reshape(-1, *values.shape[-3:])[0]
        return one

    def over_frames(self, slopes: Array) -> Array:
        """Slopes by every frame of a batch → by the one picture that all frames show: their sum."""
        added: Array = slopes.sum(axis=tuple(range(1, slopes.ndim - 3)))
        return added

    @property
    def _turned(self) -> bool:
        """True where an input's values do not lie as a picture's."""
        return self.channels_first or len(self.shape) < 3

    def picture(self, array: Array) -> Array:
        """One input's values without the batch axis, in the picture's form: channels-last, vectors folded."""
        if self.channels_first and array.ndim >= 2:
            array = np.moveaxis(array, 0, -1)
        if array.ndim == 2:
            return array[..., None]
        if array.ndim == 1:
            return array.reshape([side or 1 for side in self.size] + [self.channels])
        return array

    def _check(self, batch: Array) -> None:
        height, width = batch.shape[1:3]
        wrong = [side for side, own in zip((height, width), self.size, strict=True) if own not in (None, side)]
        if batch.ndim != 4 or batch.shape[-1] != self.channels or wrong:
            size = " × ".join("any" if side is None else str(side) for side in (*self.size, self.channels))
            raise InputError(
                f"The image has the shape {' × '.join(map(str, batch.shape[1:]))}, but the network takes {size}.",
                slug="image-shape", hint="Resize the image to the network's input size.",
            )

    @property
    def opacity(self) -> bool:
        """True where the fourth channel is taken for opacity: red, green and blue are three."""
        return self.channels == 3 and self.spread == 4

    def _spread(self, values: Array, white: float) -> Array:
        """A picture's channels over those of the input; `white` is what full opacity becomes."""
        if self.opacity:
            return np.concatenate([values, np.full_like(values[..., :1], white)], axis=-1)
        return values[..., np.arange(self.spread) % self.channels] if self.spread else values

    def _laid(self, values: Array) -> Array:
        """Values (count, height, width, channels) in the shape and layout of the chosen input."""
        if len(self.shape) == 1:
            values = values.reshape(len(values), -1)
        elif len(self.shape) == 2:
            values = values[..., 0]
        elif self.frames:
            ahead = (1,) * len(self.frames)
            values = np.tile(values.reshape(len(values), *ahead, *values.shape[1:]), (1, *self.frames, 1, 1, 1))
        if self.channels_first and values.ndim >= 3:
            values = np.moveaxis(values, -1, 1)
        return np.ascontiguousarray(values)


def feeding_of(
    ports: tuple[Port, ...], chosen: int, channels_first: bool, prepared: Preprocessing, source: ModelSource
) -> Feeding:
    """How to feed this network."""
    port = ports[chosen]
    others = dict(source.other_inputs)
    known = [other.name for position, other in enumerate(ports) if position != chosen]
    for name in others:
        if name not in known:
            listed = f"The other inputs are: {', '.join(known)}." if known else "The network has a single input."
            raise UsageError(f"The network has no other input '{name}'.", slug="unknown-input", hint=listed)
    shape = (*port.shape[1:], port.shape[0]) if channels_first and len(port.shape) >= 2 else port.shape
    size, channels = picture_form(port.name, shape)
    return Feeding(ports, chosen, channels_first, shape, size, channels, prepared, others)


def picture_form(name: str, shape: Shape) -> tuple[tuple[int | None, int | None], int]:
    """The size and the channels (1 or 3) of the picture from which an input of this shape is made."""
    if len(shape) >= 3:
        channels = shape[-1]
        return (shape[-3], shape[-2]), 3 if channels is None or channels >= 3 else 1
    if len(shape) == 2:
        return (shape[0], shape[1]), 1
    if len(shape) == 1 and shape[0]:
        for channels in (1, 3):
            side = math.isqrt(shape[0] // channels)
            if side * side * channels == shape[0]:
                return (side, side), channels
        return (1, shape[0]), 1
    raise InputError(
        f"The network's input '{name}' has the shape {shape or '()'}, into which no image can be put.",
        slug="input-shape", hint="An input that can be given one is a picture, a row of numbers or a volume.",
    )


def fits(wanted: Shape, given: Sequence[int]) -> bool:
    """True where an array of the given shape can go into an input of the wanted one."""
    return len(wanted) == len(given) and all(
        own in (None, other) for own, other in zip(wanted, given, strict=True)
    )


def other_shape(wanted: Shape, given: Sequence[int]) -> tuple[int, ...]:
    """The shape of a filled input: its own, with open sides as long as the image's where it has as many axes."""
    like = given if len(wanted) == len(given) else [1] * len(wanted)
    return tuple(side if own is None else own for own, side in zip(wanted, like, strict=True))


def as_dtype(values: Array, dtype: str) -> Array:
    """Values as the input's numbers; whole numbers are rounded."""
    if is_whole(dtype):
        bounds = np.iinfo(dtype)
        values = np.clip(np.rint(values), bounds.min, bounds.max)
    real: Array = values.astype(_NUMPY.get(dtype, dtype), copy=False)
    return real


def is_whole(dtype: str) -> bool:
    """True for whole numbers."""
    return np.dtype(_NUMPY.get(dtype, dtype)).kind in "iu"


_NUMPY = {"bfloat16": "float32"}


def input_facts(feeding: Feeding, least: int, multiple: int, assumptions: tuple[Message, ...]) -> InputFacts:
    """The facts, with a sentence for everything that was assumed."""
    low, high = feeding.value_range()
    said = (*assumptions, *_about_shape(feeding), *_about_others(feeding), *_about_size(feeding, least, multiple))
    return InputFacts(
        feeding.port.name, feeding.size, feeding.channels, feeding.preprocessing.name, low, high, multiple, said,
        math.prod(feeding.frames), is_whole(feeding.port.dtype), least,
    )


def _about_shape(feeding: Feeding) -> tuple[Message, ...]:
    shape, said = feeding.shape, []
    if len(shape) == 1:
        said.append(_(
            "The network takes a row of {count:d} numbers; the picture was made {height} × {width} pixels and"
            " read row by row.", count=shape[0] or 0, height=feeding.size[0] or 0, width=feeding.size[1] or 0,
        ))
    elif len(shape) == 2:
        said.append(_("The network takes a table of numbers; a gray picture was given as that table."))
    elif feeding.frames:
        said.append(_(
            "The network takes volumes or sequences of pictures; the picture was given as its {count:d} slice or"
            " frame.",
            "The network takes volumes or sequences of pictures; the picture was given as each of its {count:d} slices"
            " or frames.", count=math.prod(feeding.frames),
        ))
    if feeding.spread and feeding.channels == 1:
        said.append(_("The network takes {count:d} channels; each got the gray picture.", count=feeding.spread))
    elif feeding.opacity:
        said.append(_(
            "The network takes 4 channels; they got red, green, blue and, as the fourth, full opacity: whatever of a"
            " picture is transparent was laid on white before. If the fourth channel is to be something else, the"
            " answers are not those that it was trained for."
        ))
    elif feeding.spread:
        said.append(_(
            "The network takes {count:d} channels; they got red, green, blue, and then red again and so on.",
            count=feeding.spread,
        ))
    if is_whole(feeding.port.dtype):
        said.append(_("The network takes whole numbers; the values were rounded."))
    return tuple(said)


def _about_others(feeding: Feeding) -> tuple[Message, ...]:
    if len(feeding.ports) == 1:
        return ()
    said = [_("The network has several inputs; the image went to `{name}`.", name=feeding.port.name)]
    for position, port in enumerate(feeding.ports):
        if position == feeding.chosen:
            continue
        if port.name in feeding.others:
            value = feeding.others[port.name]
            said.append(_("Input `{name}` was filled with {value:g}, as asked.", name=port.name, value=value))
        elif fits(port.shape, [-1 if side is None else side for side in feeding.port.shape]):
            said.append(_("Input `{name}` got the same image.", name=port.name))
        else:
            said.append(_("Input `{name}` was filled with zeros.", name=port.name))
    return tuple(said)


def _about_size(feeding: Feeding, least: int, multiple: int) -> tuple[Message, ...]:
    if least == multiple == 1 or None not in feeding.size:
        return ()
    if least == multiple:
        return (_("The network takes any size whose sides can be divided by {count:d}.", count=multiple),)
    if multiple == 1:
        return (_("The network takes any size whose sides are at least {least:d} pixels long.", least=least),)
    return (_(
        "The network takes images whose sides are {first:d}, {second:d}, {third:d} … pixels long.",
        first=least, second=least + multiple, third=least + 2 * multiple,
    ),)
