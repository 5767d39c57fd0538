"""From pixels in 0…1 to the values a network was trained on, and how that is guessed when nobody says it.

A wrong guess gives confident nonsense, so every guess is returned with a sentence that says it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.errors import InputError, UsageError
from reportgen.probe.source import ModelSource, Preprocessing
from reportgen.text import Message, _

NAMED = {
    "none": Preprocessing("none", scale=255.0),
    "unit": Preprocessing("unit"),
    "caffe": Preprocessing("caffe", 255.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0), bgr=True),
    "tf": Preprocessing("tf", 255.0, (127.5,), (127.5,)),
    "torch": Preprocessing("torch", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
_APPLICATIONS = (
    (r"vgg(16|19)|resnet(50|101|152)", "caffe"),
    (r"resnet(50|101|152)v2|inceptionv3|inceptionresnetv2|xception|mobilenet(v2)?|nasnet(mobile|large)", "tf"),
    (r"densenet(121|169|201)", "torch"),
    (r"efficientnetb[0-7]|efficientnetv2(b[0-3]|[sml])|convnext(tiny|small|base|large|xlarge)|mobilenetv3(small|large)",
     "none"),
)
_SIZED = re.compile(r"(mobilenet(?:v2)?)_\d\.\d\d_\d+")
_WITHOUT_SCALING = (
    (r"mobilenetv3(small|large)", NAMED["tf"]),
    (r"efficientnetv2[sml]", Preprocessing("tf", 255.0, (128.0,), (128.0,))),
    (r"efficientnetv2b[0-3]|convnext(tiny|small|base|large|xlarge)", NAMED["torch"]),
)
"""What networks that scale their input themselves were trained on, where this part was left out of them."""
_DESCRIBED = {
    "none": _("values 0…255"),
    "unit": _("values 0…1"),
    "caffe": _("blue, green, red order, 0…255 minus the mean of ImageNet"),
    "tf": _("values −1…1"),
    "torch": _("0…1 minus the mean of ImageNet, divided by its standard deviation"),
}


@dataclass(frozen=True, eq=False)
class Beginning:
    """What the first learned layer of a network gets where the network is given zeros, and how that rises with them.

    `mean` and `variance` are the largest that this layer itself saw in training, where it keeps such numbers; `whole`
    is true where the network takes whole numbers, `entries` is how many a table has in which they are looked up.
    """

    layer: str
    black: np.ndarray
    gain: np.ndarray
    mean: float = 0.0
    variance: float = 1.0
    whole: bool = False
    entries: int = 0

    @property
    def white(self) -> int:
        """255 or 1, the value of white that the scaling before that layer expects; 0 where nothing is scaled."""
        scale, shift = float(np.abs(self.gain).max()), float(np.abs(self.black).max())
        if np.isin(np.round(self.gain, 3), (0, 1)).all() and shift < 1e-3:
            return 0
        return 255 if scale <= 0.1 or (scale <= 1.5 and shift > 2) else 1

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value that the layer gets of such an image."""
        ends = np.stack([self.black, self.black + self.white * self.gain])
        return float(ends.min()), float(ends.max())


def plain(name: str) -> str:
    """A network's name without case and signs: "MobileNet_V2" and "mobilenetv2" are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def application_of(name: str) -> str:
    """The network of `keras.applications` whose default name this is, in plain form; empty for others."""
    sized = _SIZED.fullmatch(name.lower())
    name = sized.group(1) if sized else plain(name)
    return name if any(re.fullmatch(pattern, name) for pattern, _kind in _APPLICATIONS) else ""


def of_application(application: str) -> Preprocessing | None:
    """What `keras.applications` does to the images of this network."""
    for pattern, kind in _APPLICATIONS:
        if re.fullmatch(pattern, plain(application)):
            return NAMED[kind]
    return None


def named(name: str) -> Preprocessing:
    """A preprocessing by its own name or that of a known network."""
    found = NAMED.get(name.lower()) or of_application(application_of(name) or name)
    if found is None:
        close = difflib.get_close_matches(name.lower(), [*NAMED, "auto"], n=1)
        hint = f"Did you mean '{close[0]}'? " if close else ""
        raise UsageError(
            f"There is no preprocessing '{name}'.", slug="unknown-preprocessing",
            hint=f"{hint}Known are: auto, {', '.join(NAMED)}, the name of a network of keras.applications, "
            "or a table with scale, mean and std.",
        )
    return found


def apply(pixels: np.ndarray, preprocessing: Preprocessing, channels: int) -> np.ndarray:
    """The network's values: `(pixels × scale − mean) / std`, channels last; any number of axes before."""
    mean, std = _by_channel(preprocessing, channels)
    values = np.asarray(pixels, np.float32)
    if preprocessing.bgr and channels == 3:
        values = values[..., ::-1]
    prepared: np.ndarray = (values * np.float32(preprocessing.scale) - mean) / std
    return prepared


def value_range(preprocessing: Preprocessing, channels: int) -> tuple[float, float]:
    """What black and white become: the lowest and the highest value over the channels."""
    ends = apply(np.stack([np.zeros(channels), np.ones(channels)]), preprocessing, channels)
    return float(ends.min()), float(ends.max())


def choose_preprocessing(
    source: ModelSource, application: str, model: Any, beginning: Beginning | None
) -> tuple[Preprocessing, tuple[Message, ...]]:
    """The preprocessing that the user named, or the likeliest one with the sentence that says why."""
    if isinstance(source.preprocessing, Preprocessing):
        return source.preprocessing, ()
    if source.preprocessing != "auto":
        return named(source.preprocessing), ()
    if beginning and beginning.white:
        return NAMED["none" if beginning.white == 255 else "unit"], (_scaled_inside(beginning),)
    if beginning and beginning.entries:
        high = min(255, beginning.entries - 1)
        return Preprocessing("custom", scale=float(high)), (_(
            "The network looks whole numbers up in a table of {count} entries, so brightness was given as 0…{high:d}.",
            count=beginning.entries, high=high,
        ),)
    if beginning and beginning.whole:
        return NAMED["none"], (_("The network takes whole numbers, so it was given 0…255."),)
    if known := of_application(application):
        return _of_network(application, known)
    for name in _names(model):
        if known := of_application(application_of(name)):
            found, (why,) = _of_network(application_of(name), known)
            return found, (why, _(
                "A part of the network is named `{name}`, like a network of `keras.applications`, so its preprocessing "
                "was assumed. If it was trained otherwise, set `preprocessing` in the configuration.", name=name,
            ))
    if beginning and (beginning.mean > 3 or beginning.variance > 10):
        return NAMED["none"], (
            _(
                "What the first layer, `{layer}`, saw in training had means up to {mean:.3g} and variances up to "
                "{variance:.3g}, so values 0…255 were assumed. If it was trained otherwise, set `preprocessing` in the "
                "configuration.", layer=beginning.layer, mean=beginning.mean, variance=beginning.variance,
            ),
        )
    return NAMED["unit"], (
        _(
            "Nothing in the model says which values it was trained on; pixels were scaled to 0…1. If it was "
            "trained otherwise, set `preprocessing` in the configuration."
        ),
    )


def _scaled_inside(beginning: Beginning) -> Message:
    low, high = beginning.ends
    return _(
        "The network scales its input itself (its first learned layer, `{layer}`, gets {low:.4g}…{high:.4g}), so it "
        "was given values 0…{white:d}.", layer=beginning.layer, low=low, high=high, white=beginning.white,
    )


def _of_network(application: str, known: Preprocessing) -> tuple[Preprocessing, tuple[Message, ...]]:
    """What Keras does to the images of a network that does not scale them itself."""
    found = next((other for pattern, other in _WITHOUT_SCALING if re.fullmatch(pattern, application)), None)
    if found is None:
        how = _DESCRIBED[known.name]
        return known, (_("Images were prepared as `{name}` needs it: {how}.", name=application, how=how),)
    return found, (
        _(
            "`{name}` usually scales its input itself, but this one does not, so what it does otherwise was done "
            "before it: {how}.",
            name=application, how=_DESCRIBED[found.name],
        ),
    )


def _by_channel(preprocessing: Preprocessing, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation with one value, or one a channel; a gray picture takes the mean of three."""
    made = []
    for name, values in (("mean", preprocessing.mean), ("std", preprocessing.std)):
        if len(values) not in (1, channels) and channels != 1:
            raise InputError(
                f"The preprocessing '{preprocessing.name}' has {len(values)} values for {name}, "
                f"but the network takes {channels} channels.",
                slug="preprocessing-channels", hint="Give one value, or one for each channel.",
            )
        made.append(np.asarray(values if len(values) == channels else [float(np.mean(values))], np.float32))
    return made[0], made[1]


def _names(model: Any) -> Iterator[str]:
    """The names of a network and of the networks in it, the outer ones first."""
    yield str(getattr(model, "name", ""))
    for layer in getattr(model, "layers", ()):
        if hasattr(layer, "get_layer"):
            yield from _names(layer)
