"""The first waist: how one touches a network. NumPy in, NumPy out, everything by a layer's path.

Nothing here imports TensorFlow; `open_probe` loads it when a model is really opened.

Conventions, the same for every model whatever its own are:

* `pixels` is a float32 array, height × width × 3 (RGB) or × 1 (gray), in 0…1, already of the
  network's input size; the probe turns it into the network's own value range and layout.
* Outputs are channels-last and without the batch axis: (height, width, channels) or (units,).
* A layer's path joins the names of the models it is nested in with "/"; the second and later
  calls of a shared layer are told apart by "@2", "@3" … at the end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np

from reportgen.text import Message

if TYPE_CHECKING:
    from reportgen.probe.source import ModelSource

Array: TypeAlias = "np.ndarray"
Family: TypeAlias = Literal[
    "input", "convolution", "dense", "activation", "pooling", "upsampling",
    "normalization", "merge", "reshape", "recurrent", "attention", "other",
]
FAMILIES: tuple[str, ...] = Family.__args__  # type: ignore[attr-defined]
OutputKind: TypeAlias = Literal["classes", "binary", "labels", "mask", "classmap", "picture", "values"]
Rule: TypeAlias = Literal["plain", "guided", "rectified"]
"""How a gradient passes a rectifier: as it is; only where both the gradient and the answer are positive
(guided backpropagation, Springenberg et al. 2015, https://arxiv.org/abs/1412.6806); only where the gradient
is positive (the rule of the deconvnet, Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What is known of a layer (one call of it) without running the network.

    `shape` is the output's, channels-last, without the batch axis, None where it may vary.
    `activation` is the name of the function inside the layer ("linear" when none); for an
    activation layer, its own. `kernel`, `strides`, `dilation` are per spatial axis (pooling too).
    `parents` are paths of the layers whose outputs it takes. `factor` is how many times an
    upsampling enlarges. `margins` are the places set before the first one of each spatial axis, below 0
    where places are cut; `interpolation` is how a map is resized. `reach` is "all" where every place of
    the answer takes in all places before it, "unknown" where that cannot be told. `owner` is the path
    whose weights it uses: its own, or the first call's of a shared layer.
    """

    name: str
    kind: str
    family: Family
    shape: tuple[int | None, ...]
    parents: tuple[str, ...] = ()
    parameters: int = 0
    trainable: int = 0
    activation: str = "linear"
    kernel: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    padding: str = ""
    groups: int = 1
    factor: tuple[int, ...] = ()
    margins: tuple[int, ...] = ()
    interpolation: str = ""
    reach: Literal["", "all", "unknown"] = ""
    initializer: str = ""
    owner: str = ""

    @property
    def channels(self) -> int | None:
        """How many channels (or units) the output has."""
        return self.shape[-1] if self.shape else None

    @property
    def spatial(self) -> tuple[int | None, ...]:
        """The output's size along height, width …; empty for a vector."""
        return self.shape[:-1]

    @property
    def rectified(self) -> bool:
        """True where exact zeros mean "did not answer": the output leaves a ReLU."""
        return self.activation in {"relu", "relu6"}


_RECOLOURING = re.compile(
    r"Random\w+|Resizing|CenterCrop|GaussianNoise|Dropout|Identity|Cast|Add|Subtract|Multiply|(True)?Divide"
)
"""Kinds of layers and of arithmetic with a constant that leave red red, green green and blue blue."""


class Layers(Sequence[Layer]):
    """The layers of a network in the order in which they run."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self._by_name = {layer.name: layer for layer in self._layers}
        if len(self._by_name) != len(self._layers):
            raise ValueError("two layers have the same path")

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, key: int | slice | str) -> Layer:  # type: ignore[override]
        return self._by_name[key] if isinstance(key, str) else self._layers[key]  # type: ignore[return-value]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)

    def __contains__(self, key: object) -> bool:
        return key in self._by_name or key in self._layers

    def of(self, *families: Family) -> tuple[Layer, ...]:
        """The layers of these families, in running order."""
        return tuple(layer for layer in self._layers if layer.family in families)

    @property
    def convolutions(self) -> tuple[Layer, ...]:
        """Every convolution, each shared one once (its weights are the same)."""
        return tuple(layer for layer in self.of("convolution") if layer.owner in ("", layer.name))

    def sees_input(self, layer: Layer) -> bool:
        """True where the layer takes the image's own colours: before it they are at most scaled, padded, or turned
        about in training."""
        at = layer
        while at.parents:
            if len(at.parents) > 1:
                return False
            at = self[at.parents[0]]
            if at.family not in ("normalization", "reshape", "input") and not _RECOLOURING.fullmatch(at.kind):
                return False
        return at is not layer

    def rectifier_of(self, layer: Layer) -> Layer:
        """The layer after which `layer`'s answer is complete.

        That is the layer itself when its activation is inside, else the activation that follows it
        directly or through a normalization, else the layer itself.
        """
        if layer.activation != "linear":
            return layer
        at = layer
        while True:
            following = [other for other in self._layers if at.name in other.parents]
            if len(following) != 1 or following[0].family not in ("normalization", "activation"):
                return layer
            at = following[0]
            if at.family == "activation":
                return at


@dataclass(frozen=True, slots=True)
class InputFacts:
    """How the probe feeds the network, with every assumption said.

    `size` is (height, width), None where a side is open: it may be `least` pixels long and, from
    there, in steps of `multiple`. `low`, `high` are the values that black and white become (the extremes over
    channels). `preprocessing` is a name: "none", "unit", "caffe", "tf", "torch", "custom". `frames` is how often
    the picture is repeated where the network takes volumes or sequences of pictures. `whole` is true where it takes
    whole numbers, by which nothing can be differentiated.
    """

    name: str
    size: tuple[int | None, int | None]
    channels: int
    preprocessing: str = "unit"
    low: float = 0.0
    high: float = 1.0
    multiple: int = 1
    assumptions: tuple[Message, ...] = ()
    frames: int = 1
    whole: bool = False
    least: int = 1

    def nearest(self, side: float) -> int:
        """The length that an open side may have and that is nearest to this one."""
        return self.least + max(0, round((side - self.least) / self.multiple)) * self.multiple

    def at_least(self, side: float) -> int:
        """The shortest length that an open side may have and that is no shorter than this one."""
        return self.least + max(0, math.ceil((side - self.least) / self.multiple)) * self.multiple


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """The output that is looked at. `names` are all outputs of the model, in order.

    kind: "classes" (softmax, or raw scores of exclusive classes), "binary" (one sigmoid), "labels"
    (several sigmoids), "mask" (one sigmoid a pixel), "classmap" (classes a pixel), "picture" (colours), "values".
    `from_logits` is true where the network gives raw scores, not probabilities. `before_activation` is
    true where a target is such a raw score, because softmax or sigmoid could be left out or there is
    none; false where the answer itself has to stand for it. `constant` is the one number that every answer is, where
    it can be no other.
    """

    name: str
    layer: str
    kind: OutputKind
    shape: tuple[int | None, ...]
    from_logits: bool = False
    names: tuple[str, ...] = ()
    before_activation: bool = True
    constant: float | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The model as a whole. `remarks` are what the reader of the report should know.

    `rectifiers` is at how many places of the network a `Rule` other than "plain" changes the gradient.
    """

    name: str
    title: str
    parameters: int
    trainable: int
    dtype: str
    kind: str
    weights_bytes: int
    remarks: tuple[Message, ...] = ()
    rectifiers: int = 0


@dataclass(frozen=True, slots=True)
class Places:
    """How much each place of an output (height × width) counts; kept as bytes, so that it can be compared."""

    height: int
    width: int
    data: bytes

    @classmethod
    def of(cls, weights: Array) -> Places:
        """From an array."""
        return cls(weights.shape[0], weights.shape[1], np.ascontiguousarray(weights, np.float32).tobytes())

    @property
    def weights(self) -> Array:
        """As an array."""
        return np.frombuffer(self.data, np.float32).reshape(self.height, self.width)


@dataclass(frozen=True, slots=True)
class Target:
    """The number whose gradient is taken: a channel of the output, before softmax or sigmoid.

    Over a spatial output it is the mean over all places, or over `places` by their weights. `layer` names
    another layer than the output. With `sign` -1 the number is negated: what speaks against it.
    """

    channel: int
    layer: str = ""
    places: Places | None = None
    sign: int = 1

    def score(self, answer: Array) -> float:
        """The number, from what the layer said (before softmax or sigmoid), channels-last."""
        chosen = np.asarray(answer[..., self.channel], np.float64)
        weights = 1.0 if self.places is None else self.places.weights.astype(np.float64)
        total = np.abs(weights).sum() if self.places is not None else max(chosen.size, 1)
        return float(self.sign * (chosen * weights).sum() / total)


@dataclass(frozen=True, eq=False)
class Pull:
    """A number that images are to make large: one part of an objective, for a batch of images.

    kind: "along" is the mean over places (at the middle place alone with `middle`) of what `layer` said, along
    `directions` (images × channels), where a shut ReLU lets a twentieth through; "loud" the mean of its squared
    answers; "like" minus their mean squared distance from `model`, as a share of the model's mean square. `layer` ""
    is the network's answer before softmax or sigmoid. A batch's objective is the sum of its pulls by their weights.
    """

    layer: str
    kind: Literal["along", "loud", "like"]
    weight: float = 1.0
    directions: Array | None = None
    middle: bool = False
    model: Array | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One pass: what every layer said and, where a target was given, how it depends on each.

    `scores` is what the network answers (probabilities where it gives them). `input` is the array
    the network was fed, channels-last. `gradients` has the layers' paths that the target depends
    on; `input_gradient` is with respect to the network's own input values, added over all frames and inputs that
    show the picture.
    """

    outputs: Mapping[str, Array]
    scores: Array
    input: Array
    score: float | None = None
    gradients: Mapping[str, Array] = field(default_factory=lambda: MappingProxyType({}))
    input_gradient: Array | None = None

    @property
    def bytes(self) -> int:
        """Memory held by the arrays."""
        arrays = [*self.outputs.values(), *self.gradients.values()]
        return sum(array.nbytes for array in arrays)


class Probe(Protocol):
    """The ways of asking a network; nothing else is needed by any artifact."""

    @property
    def model(self) -> ModelFacts:
        """The model as a whole."""
        ...

    @property
    def input(self) -> InputFacts:
        """How pixels are fed."""
        ...

    @property
    def output(self) -> OutputFacts:
        """Which output is looked at and what it means."""
        ...

    @property
    def layers(self) -> Layers:
        """Every layer at every depth, in running order."""
        ...

    def weights(self, layer: str) -> Mapping[str, Array]:
        """A layer's weights by their own names ("kernel", "bias", "gamma" …), float32.

        A convolution's kernel is (height, width, inputs, filters) whatever the model's layout; a
        depthwise one's is (height, width, inputs, multiplier). One that takes the image's own colours has its inputs
        in their order: red, green, blue, even where the network is fed blue first.
        """
        ...

    def scores(self, batch: Array) -> Array:
        """What the network answers to a batch of pixels."""
        ...

    def trace(self, pixels: Array, target: Target | None = None) -> Trace:
        """One recorded pass over one image."""
        ...

    def values(self, pixels: Array) -> Array:
        """What the network is fed for one image: its own input values, channels-last; of equal frames one."""
        ...

    def evaluate(
        self, batch: Array, targets: Sequence[Target], *, layer: str = "", answers: Array | None = None
    ) -> Array:
        """The numbers of the targets (images × targets) for a batch of pixels.

        With `layer`, that layer is taken to have said `answers` (one for each image), whatever it did say.
        """
        ...

    def gradients(self, batch: Array, target: Target, rule: Rule = "plain") -> Array:
        """The gradient of the target with respect to the network's own input values, for each image.

        Where a picture is fed as many frames, theirs are added: that is the gradient by the picture itself.
        Zeros where the target does not depend on the image.
        """
        ...

    def climb(self, batch: Array, pulls: Sequence[Pull]) -> tuple[Array, Array]:
        """The value of each pull (images × pulls) and how their weighted sum depends on the pixels of each image.

        The network is run no further than the layers asked for, so the images may be of any size these can take.
        """
        ...

    def randomized(self, layers: Sequence[str], seed: int) -> AbstractContextManager[None]:
        """For the length of a `with` block the weights of these layers are shuffled, each tensor in itself."""
        ...


def open_probe(source: ModelSource) -> Probe:
    """Open a model file or name; the only door to TensorFlow."""
    from reportgen.probe.importing import quick_imports

    with quick_imports():
        from reportgen.probe.loading import load
    return load(source)
