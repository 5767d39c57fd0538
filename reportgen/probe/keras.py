"""The probe of a Keras network: NumPy in, NumPy out, everything by a layer's path."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from reportgen.errors import InputError, ReportgenError, UsageError
from reportgen.probe import Array, InputFacts, Layer, Layers, ModelFacts, OutputFacts, Target, Trace
from reportgen.probe.answers import meaning
from reportgen.probe.facts import count, layer_facts
from reportgen.probe.feeding import Port, chosen_port, feeding_of, input_facts
from reportgen.probe.graph import parents
from reportgen.probe.layouts import channels_first
from reportgen.probe.recording import RecordedPass, can_run, compiled_answers, shared
from reportgen.probe.source import ModelSource, Preprocessing
from reportgen.text import Message

if TYPE_CHECKING:
    from reportgen.probe.loading import OpenedModel

BATCH_BYTES = 512 << 20
"""How much the outputs of all layers may weigh for the images that `scores` runs at once."""
LARGEST_BATCH = 32
TRIED_SIDE = 96
"""About how long the sides are on which it is tried whether a size fits."""


class KerasProbe:
    """Implements `Probe` for any Keras model; the model is never changed."""

    def __init__(
        self, model: Any, *, source: ModelSource, opened: OpenedModel, preprocessing: Preprocessing,
        assumptions: tuple[Message, ...] = (),
    ) -> None:
        self._model = model
        self._source = source
        self._ports, structured = input_ports(model)
        self._chosen = chosen_port(self._ports, source.input)
        build(model, self._ports, structured)
        self._passes: dict[tuple[str | None, tuple[int, ...]], RecordedPass] = {}
        self._answers: Any = None
        self._output_names: tuple[str, ...] = ()
        self._output_at = 0
        self._first: frozenset[str] = frozenset()
        self._open = any(None in port.shape for port in self._ports)
        seen = self._look()
        self._own: dict[str, tuple[Any, ...]] = {}
        self.layers = self._describe(seen)
        self._feeding = feeding_of(
            self._ports, self._chosen, self._ports[self._chosen].name in self._first, preprocessing, source
        )
        answer = self._describe_answer(seen)
        self.output, said = answer
        self.input: InputFacts = input_facts(self._feeding, self._multiple(), (*assumptions, *said))
        self.model = model_facts(model, opened)

    def weights(self, layer: str) -> Mapping[str, Array]:
        """See `Probe`."""
        known = self.layers[layer]
        named = names_of_weights(self._own.get(known.owner or layer, ()))
        return MappingProxyType({name: canonical_weight(weight, known) for name, weight in named.items()})

    def scores(self, batch: Array) -> Array:
        """See `Probe`. Large batches are run in pieces."""
        batch = np.asarray(batch, np.float32)
        if self._answers is None:
            self._answers = compiled_answers(self._model, self._ports, self._pick_output)
        size = self._batch_size(batch.shape[1:3])
        pieces = []
        for start in range(0, len(batch), size):
            arrays = self._feeding.arrays(batch[start : start + size])
            pieces.append(self._attempt(lambda arrays=arrays: self._answers(arrays), batch.shape[1:]))
        if not pieces:
            return np.zeros((0, *(side or 0 for side in self.output.shape)), np.float32)
        return np.stack([self._answer(one) for piece in pieces for one in piece]).astype(np.float32, copy=False)

    def trace(self, pixels: Array, target: Target | None = None) -> Trace:
        """See `Probe`."""
        pixels = np.asarray(pixels, np.float32)
        arrays = self._feeding.arrays(pixels[None])
        layer = None if target is None else self._target_layer(target)
        shape = tuple(arrays[self._chosen].shape[1:])
        result = self._attempt(
            lambda: self._pass(layer, shape).run(arrays, target.channel if target else 0), pixels.shape
        )
        about_input = result.input_gradient
        return Trace(
            outputs=self._canonical(result.outputs),
            scores=self._answer(result.answer[0]).astype(np.float32, copy=False),
            input=self._feeding.picture(arrays[self._chosen][0].astype(np.float32, copy=False)),
            score=result.score,
            gradients=self._canonical(result.gradients),
            input_gradient=None if about_input is None else self._feeding.picture(about_input[0]),
        )

    # looking at the network

    def _look(self) -> RecordedPass:
        """The pass from which the facts are read; for a network of one size it is also the one that runs."""
        try:
            return self._compile(None, None)
        except ReportgenError:
            raise
        except Exception as problem:
            if not self._open:
                raise _cannot_run("", problem) from problem
        try:
            seen = self._compile(None, sized(self._ports, 2 * TRIED_SIDE))
        except Exception as problem:
            raise _cannot_run("", problem) from problem
        self._passes.clear()  # it knows one size only
        self._sized_only = True
        return seen

    _sized_only = False

    def _compile(self, layer: str | None, ports: tuple[Port, ...] | None) -> RecordedPass:
        made = RecordedPass(
            self._model, ports or self._ports, wrt=self._chosen, output=self._pick_output, target=layer,
            first=self._first,
        )
        if ports is None:
            self._passes[layer, ()] = made
        return made

    def _pass(self, layer: str | None, shape: tuple[int, ...]) -> RecordedPass:
        """The compiled pass for a target layer; one for all sizes where the network compiles so."""
        key = (layer, shape if self._sized_only else ())
        if key not in self._passes:
            ports = sized(self._ports, 0, self._chosen, shape) if self._sized_only else None
            self._passes[key] = self._compile(layer, ports)
        return self._passes[key]

    def _pick_output(self, answers: Any) -> int:
        """The position of the chosen output among the flat answers; learns their names."""
        names = output_names(self._model, answers)
        self._output_names = names
        wanted = self._source.output
        if wanted and wanted not in names:
            raise UsageError(
                f"The network has no output '{wanted}'.", slug="unknown-output",
                hint=f"Its outputs are: {', '.join(names)}.",
            )
        self._output_at = names.index(wanted) if wanted else 0
        return self._output_at

    def _describe(self, seen: RecordedPass) -> Layers:
        """The facts of all calls, from the recorded graph."""
        producers = seen.recorder.producers
        ups: dict[str, tuple[str, ...]] = {name: () for name in seen.inputs}
        ups |= {call.name: parents(call.outputs, producers) for call in seen.calls}
        tensors = seen.inputs | {call.name: call.output for call in seen.calls}
        ranks = {name: len(unbatched(tensor.shape)) for name, tensor in tensors.items()}
        objects: dict[str, Any] = dict.fromkeys(seen.inputs)
        objects |= {call.name: call.layer for call in seen.calls}
        self._first = channels_first(objects, ups, ranks)
        layers = [
            Layer(name, "InputLayer", "input", self._shape(name, tensor, ranks[name]))
            for name, tensor in seen.inputs.items()
        ]
        claimed: set[int] = set()
        for call in seen.calls:
            own: tuple[Any, ...] = ()
            if call.owner == call.name:
                own = tuple(weight for weight in getattr(call.layer, "weights", ()) if id(weight) not in claimed)
                claimed.update(map(id, own))
                self._own[call.name] = own
            shape = self._shape(call.name, call.output, ranks[call.name])
            layers.append(layer_facts(
                call.name, call.layer, shape=shape, parents=ups[call.name], owner=call.owner, weights=own
            ))
        return Layers(layers)

    def _shape(self, name: str, tensor: Any, rank: int) -> tuple[int | None, ...]:
        shape = unbatched(tensor.shape)
        if self._sized_only and rank >= 2:
            spatial = range(1, rank) if name in self._first else range(rank - 1)
            shape = tuple(None if axis in spatial else side for axis, side in enumerate(shape))
        return (*shape[1:], shape[0]) if name in self._first else shape

    def _describe_answer(self, seen: RecordedPass) -> tuple[OutputFacts, tuple[Message, ...]]:
        layer = self.layers[seen.answer_layer]
        shape = layer.shape
        if len(shape) == 3 and shape[:2] == (1, 1):
            shape = shape[2:]
        found = meaning(seen.squashing, shape, layer, self._feeding.shape)
        raw = bool(seen.squashing) or (layer.activation == "linear" and layer.family != "other")
        facts = OutputFacts(
            self._output_names[self._output_at], layer.name, found.kind, shape, found.from_logits,
            self._output_names, before_activation=raw,
        )
        return facts, found.assumptions

    def _multiple(self) -> int:
        """What a free size must be divisible by: tried on sizes that share no more than the tried number."""
        if None not in self._feeding.size:
            return 1
        for candidate in sorted(total_strides(self.layers)):
            odd = max(1, TRIED_SIDE // candidate) | 1
            if all(can_run(self._model, sized(self._ports, candidate * side)) for side in (odd, odd + 2)):
                return candidate
        return 1

    # answering

    def _target_layer(self, target: Target) -> str:
        """The target's layer, "" for the answer; a channel that is not there is refused."""
        layer = "" if target.layer == self.output.layer else target.layer
        if layer and not any(layer == known.name for known in self.layers):
            raise UsageError(f"The network has no layer '{layer}'.", slug="unknown-layer")
        channels = self.layers[layer or self.output.layer].channels
        if channels is not None and not 0 <= target.channel < channels:
            raise UsageError(
                f"Layer '{layer or self.output.layer}' has the channels 0…{channels - 1}, but {target.channel} was"
                " asked for.", slug="unknown-channel",
            )
        return layer

    def _attempt(self, run: Any, shape: tuple[int, ...]) -> Any:
        try:
            return run()
        except ReportgenError:
            raise
        except Exception as problem:
            raise _cannot_run(" on an image of {} × {} pixels".format(*shape), problem) from problem

    def _canonical(self, arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        return MappingProxyType({name: self._turned(name, one_of(array)) for name, array in arrays.items()})

    def _turned(self, name: str, array: Array) -> Array:
        return np.moveaxis(array, 0, -1) if name in self._first else array

    def _answer(self, array: Array) -> Array:
        array = self._turned(self.output.layer, array)
        return array[0, 0] if array.ndim == 3 and len(self.output.shape) == 1 else array

    def _batch_size(self, size: tuple[int, ...]) -> int:
        open_area = math.prod(size)  # more than what a layer of unknown size really has
        numbers = sum(
            math.prod(side for side in layer.shape if side) * (open_area if None in layer.shape else 1)
            for layer in self.layers
        )
        return max(1, min(LARGEST_BATCH, BATCH_BYTES // (4 * max(numbers, 1))))


def input_ports(model: Any) -> tuple[tuple[Port, ...], bool]:
    """The model's inputs in order, and whether the model lists them itself.

    A subclassed model does not; then it is known from the shape for which it was built.
    """
    inputs = getattr(model, "inputs", None) if getattr(model, "_functional", model) is not None else None
    if inputs:
        ports = [Port(_input_name(tensor), tuple(tensor.shape[1:]), str(tensor.dtype)) for tensor in inputs]
        return tuple(ports), True
    config = model.get_build_config() or {}
    shapes = config.get("input_shape") or next(iter(config.get("shapes_dict", {}).values()), None)
    if not shapes:
        raise InputError(
            "The model does not say what input it takes.", slug="no-input-shape",
            hint="Call the model once on an array, or build it, before saving it.",
        )
    flat = [shapes] if isinstance(shapes[0], int | None) else list(shapes)
    names = ["input"] if len(flat) == 1 else [f"input_{number}" for number in range(1, len(flat) + 1)]
    return tuple(Port(name, tuple(shape[1:])) for name, shape in zip(names, flat, strict=True)), False


def _input_name(tensor: Any) -> str:
    """The name of the input's layer; the tensor's own is only a number."""
    history = getattr(tensor, "_keras_history", None)
    return str(history.operation.name if history else tensor.name)


def build(model: Any, ports: tuple[Port, ...], structured: bool) -> None:
    """Make the weights of a model that was never called."""
    if structured or (model.built and model.weights):
        return
    zeros = [np.zeros((1, *(side or TRIED_SIDE for side in port.shape)), port.dtype) for port in ports]
    model(zeros[0] if len(zeros) == 1 else zeros, training=False)


def output_names(model: Any, answers: Any) -> tuple[str, ...]:
    """The names of a model's outputs in the order of its flat answers."""
    if isinstance(answers, dict):
        names = [".".join(map(str, path)) for path, _answer in keras.tree.flatten_with_path(answers)]
    else:
        whole = getattr(model, "_functional", None) or model
        names = list(getattr(whole, "output_names", None) or ())
    flat = keras.tree.flatten(answers)
    if len(names) != len(flat):
        names = ["output"] if len(flat) == 1 else [f"output_{number}" for number in range(1, len(flat) + 1)]
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}@{seen[name]}")
    return tuple(unique)


def sized(
    ports: tuple[Port, ...], side: int, chosen: int = -1, shape: tuple[int, ...] = ()
) -> tuple[Port, ...]:
    """The ports with every open side closed: as long as in `shape` where there is one, else `side`."""
    def closed(port: Port) -> tuple[int | None, ...]:
        if shape and len(shape) == len(port.shape):
            return tuple(own or given for own, given in zip(port.shape, shape, strict=True))
        return tuple(own or side or 1 for own in port.shape)

    return tuple(
        Port(port.name, shape if position == chosen else closed(port), port.dtype)
        for position, port in enumerate(ports)
    )


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


def model_facts(model: Any, opened: OpenedModel) -> ModelFacts:
    """The facts of the model as a whole."""
    policies = Counter(
        getattr(layer.dtype_policy, "name", "float32") for layer in model._flatten_layers() if layer.weights
    )
    return ModelFacts(
        opened.name, opened.title, count(model.weights), count(model.trainable_weights),
        policies.most_common(1)[0][0] if policies else "float32", opened.kind,
        sum(math.prod(weight.shape) * _width(weight.dtype) for weight in model.weights), opened.remarks,
    )


def _width(dtype: Any) -> int:
    """Bytes of one number."""
    return 2 if str(dtype) == "bfloat16" else np.dtype(str(dtype)).itemsize


def names_of_weights(weights: tuple[Any, ...]) -> dict[str, Any]:
    """Weights by their own names; where two have the same, by as much of their path as tells them apart."""
    for depth in range(1, 12):
        names = ["/".join(weight.path.split("/")[-depth:]) if depth > 1 else weight.name for weight in weights]
        if len(set(names)) == len(names):
            return dict(zip(names, weights, strict=True))
    return {f"{weight.name}#{number}": weight for number, weight in enumerate(weights, start=1)}


def canonical_weight(weight: Any, layer: Layer) -> Array:
    """A weight as float32; a transposed convolution's kernel in the order of the others."""
    tensor = keras.ops.convert_to_tensor(weight.value)
    array = shared(tensor if str(weight.dtype) != "bfloat16" else keras.ops.cast(tensor, "float32"))
    array = array.astype(np.float32, copy=False)
    if layer.factor and layer.family == "convolution" and weight.name == "kernel":
        array = np.swapaxes(array, -1, -2)
    return array


def unbatched(shape: Any) -> tuple[int | None, ...]:
    """A recorded tensor's shape without the batch axis, which is 1 there."""
    sides = () if shape.rank is None else tuple(shape)
    return sides[1:] if sides and sides[0] in (1, None) else sides


def one_of(array: Array) -> Array:
    """The only item of a batch; what has no batch axis stays as it is."""
    return array[0] if array.ndim and array.shape[0] == 1 else array


def _cannot_run(where: str, problem: Exception) -> InputError:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith(("Exception encountered", "Graph execution"))), "")
    if "OOM" in reason or isinstance(problem, MemoryError):
        return InputError(f"There is not enough memory to run the network{where}.", slug="out-of-memory",
                          hint="Give a smaller size.")
    return InputError(
        f"The network cannot be run{where}: {reason or type(problem).__name__}", slug="network-failed",
        hint="Check the image's size and what the network's other inputs get.",
    )
