"""From pixels in 0…1 to the values a network was trained on, and how that is guessed when nobody says it.

A wrong guess gives confident nonsense, so every guess is returned with a sentence that says it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
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
_PASSED = re.compile(
    r"InputLayer|Random\w+|Resizing|CenterCrop|Cropping2D|ZeroPadding2D|Permute|Reshape|Identity|Dropout|GaussianNoise|"
    r"Activation|Transpose|Cast|Pipeline"
)
_DESCRIBED = {
    "none": _("values 0…255"),
    "unit": _("values 0…1"),
    "caffe": _("blue, green, red order, 0…255 minus the mean of ImageNet"),
    "tf": _("values −1…1"),
    "torch": _("0…1 minus the mean of ImageNet, divided by its standard deviation"),
}


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
    source: ModelSource, application: str, model: Any
) -> tuple[Preprocessing, tuple[Message, ...]]:
    """The preprocessing that the user named, or the likeliest one with the sentence that says why."""
    if isinstance(source.preprocessing, Preprocessing):
        return source.preprocessing, ()
    if source.preprocessing != "auto":
        return named(source.preprocessing), ()
    inside = _inside(model)
    if inside is not None:
        return inside
    if known := of_application(application):
        return known, (
            _("Images were prepared as `{name}` needs it: {how}.", name=application, how=_DESCRIBED[known.name]),
        )
    for name in _names(model):
        if known := of_application(application_of(name)):
            return known, (
                _(
                    "A part of the network is named `{name}`, like a network of `keras.applications`, so its "
                    "preprocessing was assumed: {how}. If it was trained otherwise, set `preprocessing` in the "
                    "configuration.",
                    name=name, how=_DESCRIBED[known.name],
                ),
            )
    if _takes_whole_numbers(model):
        return NAMED["none"], (_("The network takes whole numbers, so it was given 0…255."),)
    return NAMED["unit"], (
        _(
            "Nothing in the model says which values it was trained on; pixels were scaled to 0…1. If it was "
            "trained otherwise, set `preprocessing` in the configuration."
        ),
    )


def _takes_whole_numbers(model: Any) -> bool:
    return any("int" in str(tensor.dtype) for tensor in getattr(model, "inputs", None) or ())


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


def _inside(model: Any) -> tuple[Preprocessing, tuple[Message, ...]] | None:
    """The scaling that the network does itself at its very beginning, if it does."""
    for path, layer in _first_layers(model):
        bounds = _expected(layer)
        if bounds:
            chosen = NAMED["none" if bounds == 255 else "unit"]
            return chosen, (
                _(
                    "The network scales its input itself (layer `{layer}`), so it was given values 0…{high:d}.",
                    layer=path, high=bounds,
                ),
            )
        if not _PASSED.fullmatch(type(layer).__name__) and not _neutral(layer):
            return None
    return None


def _first_layers(model: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """The layers of a network and of the networks in it, in order, with their paths."""
    layers: Any = getattr(model, "operations", None) or getattr(model, "layers", ())
    for layer in layers:
        path = f"{above}{layer.name}"
        if getattr(layer, "layers", None) and hasattr(layer, "get_layer"):
            yield from _first_layers(layer, f"{path}/")
        else:
            yield path, layer


def _expected(layer: Any) -> int:
    """255 or 1, the white that a scaling layer expects; 0 for any other layer and for one that does nothing."""
    kind = type(layer).__name__
    if kind == "Rescaling":
        scale, offset = _largest(layer.scale), _largest(layer.offset)
        if scale == 1:
            return 0 if offset == 0 else 255 if offset > 2 else 1
        return 255 if scale <= 0.1 else 1
    if kind == "Normalization":
        mean, variance = getattr(layer, "mean", None), getattr(layer, "variance", None)
        if mean is None or variance is None or (_largest(mean) == 0 and _largest(variance) == 1):
            return 0
        return 255 if _largest(mean) > 2 or _largest(variance) > 4 else 1
    return _expected_by_arithmetic(layer, kind)


def _expected_by_arithmetic(layer: Any, kind: str) -> int:
    """The same for `x / 255` and its kind, which Keras keeps as operations."""
    nodes = getattr(layer, "_inbound_nodes", ())
    operands = nodes[0].arguments.args if nodes and kind in ("TrueDivide", "Divide", "Multiply", "Subtract") else ()
    numbers = [abs(item) for item in operands if isinstance(item, (int, float))]
    if not numbers:
        return 0
    factor = {"Multiply": numbers[0], "Subtract": 1.0}.get(kind, 1 / numbers[0] if numbers[0] else 1.0)
    if kind == "Subtract":
        return 255 if numbers[0] > 2 else 1
    return 0 if factor == 1 else 255 if factor <= 0.1 else 1


def _neutral(layer: Any) -> bool:
    return type(layer).__name__ in ("Rescaling", "Normalization")


def _largest(value: Any) -> float:
    return float(np.max(np.abs(np.asarray(value, np.float64))))


def _names(model: Any) -> Iterator[str]:
    """The names of a network and of the networks in it, the outer ones first."""
    yield str(getattr(model, "name", ""))
    for layer in getattr(model, "layers", ()):
        if hasattr(layer, "get_layer"):
            yield from _names(layer)
