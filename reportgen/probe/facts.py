"""What is known of a layer without running it: its family, its geometry, its activation, its weights."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import keras
import numpy as np

from reportgen.probe import Array, Family, Layer, Layers, ModelFacts
from reportgen.probe.graph import shared

_FAMILIES: tuple[tuple[Family, str], ...] = (
    ("input", r"InputLayer"),
    ("recurrent", r"LSTM|GRU|SimpleRNN|RNN|Bidirectional|ConvLSTM\dD"),
    ("convolution", r"(Depthwise|Separable)?Conv\dD(Transpose)?"),
    ("dense", r"(Einsum)?Dense"),
    ("pooling", r"(Global|Adaptive)?(Max|Average)Pooling\dD|(Adaptive)?(Max|Average)Pool"),
    ("upsampling", r"UpSampling\dD"),
    ("normalization",
     r"(Batch|Layer|Group|Unit|RMS)Normalization|Normalization|SpectralNormalization|Rescaling|RMSNorm|BatchNorm"),
    ("activation",
     r"Activation|ReLU|LeakyReLU|PReLU|ELU|ThresholdedReLU|Softmax|LogSoftmax|Relu6?|LeakyRelu|Elu|Selu|Celu|Gelu|Glu|"
     r"Silu|Sigmoid|LogSigmoid|HardSigmoid|HardSilu|HardTanh|Tanh|Softplus|Softsign|SoftShrink|TanhShrink|Threshold|"
     r"SparseSigmoid|SparsePlus|HardShrink|Squareplus|Sparsemax"),
    ("merge",
     r"Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot|Stack|Divide|TrueDivide|Matmul|Einsum"),
    ("reshape",
     r"Flatten|Reshape|Permute|RepeatVector|ZeroPadding\dD|Cropping\dD|CenterCrop|Transpose|Squeeze|ExpandDims|Pad"),
    ("attention", r"(MultiHead|GroupQuery|GroupedQuery|Additive)?Attention"),
)
_ACTIVATIONS = {
    "LeakyReLU": "leaky_relu", "LeakyRelu": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "ThresholdedReLU": "relu",
    "ReLU": "relu", "Relu": "relu", "Relu6": "relu6", "LogSoftmax": "log_softmax", "HardSilu": "hard_silu",
    "HardSigmoid": "hard_sigmoid", "HardTanh": "hard_tanh", "LogSigmoid": "log_sigmoid",
}
_SCALINGS = {
    (1.0, "fan_avg", "uniform"): "GlorotUniform", (1.0, "fan_avg", "normal"): "GlorotNormal",
    (2.0, "fan_in", "uniform"): "HeUniform", (2.0, "fan_in", "normal"): "HeNormal",
    (1.0, "fan_in", "uniform"): "LecunUniform", (1.0, "fan_in", "normal"): "LecunNormal",
}


_PLAIN = {
    "RandomUniform": {"minval": -0.05, "maxval": 0.05}, "RandomNormal": {"mean": 0.0, "stddev": 0.05},
    "TruncatedNormal": {"mean": 0.0, "stddev": 0.05},
}
"""What these draw unless told otherwise; with other values they bear a star."""


def family_of(layer: Any) -> tuple[Family, str]:
    """The family of a layer and the name of the class, its own or inherited, that tells it."""
    for kind in (base.__name__ for base in type(layer).__mro__):
        for family, pattern in _FAMILIES:
            if re.fullmatch(pattern, kind):
                return family, kind
    return "other", type(layer).__name__


def layer_facts(
    name: str, layer: Any, *, shape: tuple[int | None, ...], parents: tuple[str, ...], owner: str,
    weights: Sequence[Any],
) -> Layer:
    """The facts of one call. `weights` are the layer's own, none for a later call of a shared layer."""
    family, kind = family_of(layer)
    # `x / 255` is arithmetic with a constant, and nothing is merged by it
    if family == "merge" and len(parents) < 2 and not hasattr(layer, "weights"):
        family = "other"
    trainable = {id(weight) for weight in getattr(layer, "trainable_weights", ())}
    return Layer(
        name=name, kind=type(layer).__name__, family=family, shape=shape, parents=parents,
        parameters=count(weights), trainable=count(weight for weight in weights if id(weight) in trainable),
        activation=activation_of(layer, family, kind), padding=_padding(layer), groups=_groups(layer, kind),
        initializer=_initializer(layer), owner=owner, margins=_margins(layer),
        interpolation=_interpolation(layer), reach=_reach(layer, family, kind), **_geometry(layer, family, kind),
    )


def count(weights: Iterable[Any]) -> int:
    """How many numbers the weights hold."""
    return sum(math.prod(weight.shape) for weight in weights)


def activation_of(layer: Any, family: Family, kind: str) -> str:
    """The activation's name; "linear" for none, "custom" for a function without a name."""
    if kind == "ReLU":
        return _relu(layer)
    if family == "activation" and kind != "Activation":
        return _ACTIVATIONS.get(kind) or _snake(kind)
    function = getattr(layer, "activation", None)
    if function is None:
        return "linear"
    if hasattr(function, "__name__"):
        return "custom" if function.__name__ == "<lambda>" else str(function.__name__)
    return activation_of(function, *family_of(function))


def _relu(layer: Any) -> str:
    if getattr(layer, "negative_slope", 0):
        return "leaky_relu"
    return "relu6" if getattr(layer, "max_value", None) == 6 else "relu"


def _snake(kind: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()


def _geometry(layer: Any, family: Family, kind: str) -> dict[str, tuple[int, ...]]:
    """Kernel, strides, dilation and enlargement, per spatial axis."""
    found: dict[str, tuple[int, ...]] = {}
    kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if family in ("convolution", "pooling", "recurrent") and kernel:
        found["kernel"] = axes = _numbers(kernel)
        found["strides"] = _numbers(getattr(layer, "strides", None) or kernel, len(axes))
        if family == "convolution":
            found["dilation"] = _numbers(getattr(layer, "dilation_rate", 1), len(axes))
        if kind.endswith("Transpose"):
            found["factor"] = found["strides"]
    if family == "upsampling":
        found["factor"] = _numbers(getattr(layer, "size", ()))
    return found


def _margins(layer: Any) -> tuple[int, ...]:
    """How many places are set before the first one of each spatial axis; below 0 where places are cut."""
    kind = type(layer).__name__
    if kind.startswith("Cropping"):
        return tuple(-before for before, _after in _pairs(layer.cropping))
    return tuple(before for before, _after in _pairs(layer.padding)) if kind.startswith("ZeroPadding") else ()


def _pairs(value: Any) -> list[tuple[int, int]]:
    return [tuple(value)] if isinstance(value[0], int) else [tuple(pair) for pair in value]


def _interpolation(layer: Any) -> str:
    """How a map is resized, with what is done to its proportions before that."""
    how = getattr(layer, "interpolation", "")
    kept = [word for word in ("crop", "pad") if getattr(layer, f"{word}_to_aspect_ratio", False)]
    return " ".join([how, *kept]) if isinstance(how, str) and not getattr(layer, "antialias", False) else "unknown"


def _reach(layer: Any, family: Family, kind: str) -> Literal["", "all", "unknown"]:
    """Whether a place of the answer takes in more than its own place, a kernel or an interpolation lets it."""
    if family in ("attention", "recurrent") or (family == "pooling" and kind.startswith("Global")) or kind == "Flatten":
        return "all"
    if kind == "GroupNormalization" or (kind in _ALONG_AXES and _spatial_axes(layer)):
        return "all"
    if family in ("input", "convolution", "dense", "pooling", "upsampling", "normalization", "activation"):
        return ""
    if not isinstance(layer, keras.layers.Layer):
        return "" if re.fullmatch(_BY_PLACE, kind) else "unknown"
    own = type(layer).__module__.split(".")[0] != "keras"
    return "unknown" if own or kind in ("Lambda", "Dot", "RandomCrop") or kind in _MOVING else ""


_ALONG_AXES = ("LayerNormalization", "UnitNormalization", "RMSNormalization", "Softmax")
_MOVING = ("Reshape", "Permute", "RepeatVector")
_BY_PLACE = (
    r"Add|Subtract|Multiply|(True|Floor)?Divide|Maximum|Minimum|Power|Negative|Abs(olute)?|Square|Sqrt|Rsqrt|Exp|Log\w*|"
    r"Clip|Cast|Identity|Where|Sign|Floor|Ceil|Round|Concatenate|Stack|GetItem|Relu\w*|\w*[Ll]u|Sigmoid|Tanh|Soft\w+|"
    r"Hard\w+|Resize|RGBToGrayscale|RgbToGrayscale|Sin|Cos|Greater\w*|Less\w*|Equal"
)
"""Operations that answer at each place for itself, or whose interpolation is known."""


def _spatial_axes(layer: Any) -> bool:
    """True where a layer normalises over other axes than that of the channels."""
    axis = layer.axis
    return any(number != -1 for number in (axis if isinstance(axis, list | tuple) else [axis]))


def _numbers(value: Any, axes: int = 1) -> tuple[int, ...]:
    return (int(value),) * axes if isinstance(value, int) else tuple(int(number) for number in value)


def _padding(layer: Any) -> str:
    """ "same" or "valid", or what is added or cut before + after on each axis: "1+1, 0+1"."""
    padding = getattr(layer, "padding", None) or getattr(layer, "cropping", None) or ""
    if isinstance(padding, str):
        return padding
    pairs = [padding] if isinstance(padding[0], int) else padding
    return ", ".join(f"{before}+{after}" for before, after in pairs)


def _groups(layer: Any, kind: str) -> int:
    if kind.startswith("Depthwise") and getattr(layer, "kernel", None) is not None:
        return int(layer.kernel.shape[-2])
    groups = getattr(layer, "groups", 1)
    return groups if isinstance(groups, int) and kind.startswith("Conv") else 1


def _initializer(layer: Any) -> str:
    initializer = getattr(layer, "kernel_initializer", None) or getattr(layer, "depthwise_initializer", None)
    if initializer is None:
        return ""
    name = type(initializer).__name__
    if name in _PLAIN and any(getattr(initializer, key, value) != value for key, value in _PLAIN[name].items()):
        return f"{name}*"
    if name == "VarianceScaling":
        if initializer.distribution == "untruncated_normal":
            return name
        kind = "normal" if "normal" in initializer.distribution else "uniform"
        return _SCALINGS.get((float(initializer.scale), initializer.mode, kind), name)
    return name if name != "function" else str(initializer.__name__)


def total_strides(layers: Layers) -> set[int]:
    """By how much the layers' outputs are smaller than the input, for every layer, with 1."""
    strides: dict[str, int] = {}
    for layer in layers:
        above = max((strides.get(up, 1) for up in layer.parents), default=1)
        if layer.factor:
            strides[layer.name] = max(1, above // layer.factor[0])
        else:
            strides[layer.name] = above * (layer.strides[0] if layer.strides else 1)
    return {1, *strides.values()}


def names_of_weights(weights: tuple[Any, ...]) -> dict[str, Any]:
    """Weights by their own names; where two have the same, by as much of their path as tells them apart."""
    for depth in range(1, 12):
        names = ["/".join(weight.path.split("/")[-depth:]) if depth > 1 else weight.name for weight in weights]
        if len(set(names)) == len(names):
            return dict(zip(names, weights, strict=True))
    return {f"{weight.name}#{number}": weight for number, weight in enumerate(weights, start=1)}


def canonical_weight(weight: Any, layer: Layer, *, blue_first: bool = False) -> Array:
    """A weight as float32; a transposed convolution's kernel in the order of the others.

    `blue_first` says that the kernel's three inputs are blue, green and red; they are given the other way round.
    """
    tensor = weight.value.read_value()
    array = shared(tensor if str(weight.dtype) != "bfloat16" else keras.ops.cast(tensor, "float32"))
    array = array.astype(np.float32, copy=False)
    if layer.factor and layer.family == "convolution" and weight.name == "kernel":
        array = np.swapaxes(array, -1, -2)
    if blue_first and layer.family == "convolution" and array.ndim >= 3 and array.shape[-2] == 3:
        array = array[..., ::-1, :]
    return array


def model_facts(model: Any, opened: Any, rectifiers: int) -> ModelFacts:
    """The facts of the model as a whole."""
    policies = Counter(
        getattr(layer.dtype_policy, "name", "float32") for layer in model._flatten_layers() if layer.weights
    )
    return ModelFacts(
        opened.name, opened.title, count(model.weights), count(model.trainable_weights),
        policies.most_common(1)[0][0] if policies else "float32", opened.kind,
        sum(math.prod(weight.shape) * _width(weight.dtype) for weight in model.weights), opened.remarks, rectifiers,
    )


def _width(dtype: Any) -> int:
    """Bytes of one number."""
    return 2 if str(dtype) == "bfloat16" else np.dtype(str(dtype)).itemsize


_WRAPPERS = ("TimeDistributed", "SpectralNormalization")


def parts_of(model: Any) -> list[Any]:
    """Every layer and operation inside a model, at any depth, each once, without inputs."""
    found: dict[int, Any] = {}
    waiting = [model]
    while waiting:
        whole = waiting.pop()
        for part in _inner(whole):
            if id(part) not in found and not isinstance(part, keras.layers.InputLayer):
                found[id(part)] = part
                waiting.append(part)
    return list(found.values())


def _inner(whole: Any) -> list[Any]:
    """What a layer is directly made of; Keras' own layers are taken as one, but for wrappers of a single layer."""
    if type(whole).__name__ in _WRAPPERS:
        return [whole.layer]
    if not isinstance(whole, keras.Model) and type(whole).__module__.split(".")[0] == "keras":
        return []
    tracked = getattr(whole, "_flatten_layers", None)
    return [*getattr(whole, "operations", ()), *(tracked(include_self=False, recursive=False) if tracked else ())]
