"""One pass over a network in which every layer's output is heard, at every depth, and none is changed.

For the length of a `with` block each layer's `call` is replaced by one that calls the original and keeps
what it returned. The pass runs while TensorFlow compiles a function, so what is kept are the places of the
graph; the compiled function then returns their values, and the gradients of a score with respect to each.
Gradients are never taken eagerly: with some networks that ends the process.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from reportgen.probe.facts import parts_of
from reportgen.probe.frames import Frames, frame_by_frame, is_distributed, whole_sequences
from reportgen.probe.graph import shared
from reportgen.probe.ports import Port, structure_of
from reportgen.probe.replacing import replaced
from reportgen.probe.scoring import before_squashing, plain, target_score

Tensor: TypeAlias = Any
EVERYWHERE = np.ones((), np.float32)
"""Every place of an output counts the same."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer: its path, the path of the same layer's first call, and what it returned.

    A layer that returns several tensors is known by the first one.
    """

    name: str
    layer: Any
    owner: str
    outputs: tuple[Tensor, ...]

    @property
    def output(self) -> Tensor:
        """The tensor that stands for the layer."""
        return self.outputs[0]


class Recorder:
    """Hears the layers of a model in one graph and gives each call a path of its own."""

    def __init__(self, model: Any, replacements: Mapping[str, Tensor] | None = None) -> None:
        self.model = model
        self._replacements = replacements or {}
        self.calls: list[Call] = []
        self.producers: dict[str, str] = {}
        """Which call's path a tensor of the graph, by its name, comes from."""
        self._above: list[str] = []
        self._frames = Frames()
        self._owners: dict[int, str] = {}
        self._taken: set[str] = set()
        self._counts: Counter[tuple[str, int]] = Counter()
        self._graph: Any = None

    def start(self, graph: Any, inputs: Mapping[str, Tensor]) -> None:
        """Listen in this graph; the model's inputs are known by their names."""
        self._graph = graph
        self._taken.update(inputs)
        self.producers.update({tensor.name: name for name, tensor in inputs.items()})

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Replace every layer's `call` until the end of the block."""
        with replaced(self._listeners()):
            yield

    def _listeners(self) -> Iterator[tuple[Any, str, Any]]:
        for part in parts_of(self.model):
            attribute = "quantized_call" if getattr(part, "quantization_mode", None) else "call"
            original = getattr(part, attribute)
            if is_distributed(part):
                original = frame_by_frame(part, self._frames, original)
            yield part, attribute, self._listener(part, original)

    def hear_answer(self, answer: Tensor) -> str:
        """The path of the layer that gives the model's answer.

        A model may end in arithmetic of its own, outside any layer; then the model itself is that layer.
        """
        if answer.name not in self.producers:
            self._keep(self.model.name, self.model, (answer,))
        return self.producers[answer.name]

    def _listener(self, part: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if tf.compat.v1.get_default_graph() is not self._graph:  # inside a loop's own graph
                return original(*args, **kwargs)
            before = len(self.calls)
            self._above.append(part.name)
            path = "/".join(self._above)
            try:
                result = original(*args, **kwargs)
            finally:
                self._above.pop()
            return self._hear(path, part, result, whole=len(self.calls) > before)

        return call

    def _hear(self, path: str, part: Any, result: Any, *, whole: bool) -> Any:
        """Keep what a layer returned.

        A whole (a layer in which others were heard) adds only what its parts did not already say. A layer
        that hands its input on unchanged gets a tensor of its own, so that the two can be told apart.
        """
        if not whole:
            result = tf.nest.map_structure(self._owned, result)
        fresh = [
            tensor for tensor in tf.nest.flatten(result)
            if self._is_ours(tensor) and tensor.name not in self.producers
        ]
        if not fresh:
            return result
        if not self._frames:
            return self._instead(self._keep(path, part, tuple(fresh)), result)
        apart = {tensor.name: self._frames.apart(tensor) for tensor in fresh}
        name = self._keep(path, part, tuple(whole for whole, _batch in apart.values()))
        self.producers.update({batch.name: name for _whole, batch in apart.values()})
        return self._instead(name, tf.nest.map_structure(
            lambda item: apart[item.name][1] if self._is_ours(item) and item.name in apart else item, result
        ))

    def _keep(self, path: str, part: Any, outputs: tuple[Tensor, ...]) -> str:
        name = self._unused(path, part)
        self.producers.update({tensor.name: name for tensor in outputs})
        self.calls.append(Call(name, part, self._owners.setdefault(id(part), name), outputs))
        return name

    def _instead(self, name: str, result: Any) -> Any:
        """What the layers after this call are told it returned: the truth, unless it is to be replaced."""
        if name not in self._replacements or not isinstance(result, tf.Tensor):
            return result
        other = tf.cast(self._replacements[name], result.dtype)
        if self._frames:
            return self._frames.joined(other, result)
        return tf.ensure_shape(other, [None, *result.shape[1:]])

    def _owned(self, item: Any) -> Any:
        if not self._is_ours(item) or item.name not in self.producers:
            return item
        own = tf.identity(item)
        if (mask := getattr(item, "_keras_mask", None)) is not None:
            own._keras_mask = mask
        return own

    def _is_ours(self, item: Any) -> bool:
        """True for a tensor of the recorded graph that holds numbers."""
        return isinstance(item, tf.Tensor) and getattr(item, "graph", None) is self._graph and (
            item.dtype.is_floating or item.dtype.is_integer or item.dtype.is_bool
        )

    def _unused(self, path: str, part: Any) -> str:
        """The path of this call: "@2" marks a layer's second call, "#2" another layer of the same name."""
        self._counts[path, id(part)] += 1
        count = self._counts[path, id(part)]
        name = path if count == 1 else f"{path}@{count}"
        number = 1
        while name in self._taken:
            number += 1
            name = f"{path}#{number}" if count == 1 else f"{path}@{count}#{number}"
        self._taken.add(name)
        return name


@dataclass(frozen=True, eq=False)
class Result:
    """What one run of a recorded pass gave, as arrays with the batch axis."""

    outputs: Mapping[str, np.ndarray]
    answer: np.ndarray
    score: float | None
    gradients: Mapping[str, np.ndarray]


class RecordedPass:
    """A compiled pass for inputs of one shape: all outputs and, for a target layer, all gradients.

    `target` is None for a pass without gradients, "" for a channel of the answer before softmax or
    sigmoid, else the path of a layer. `first` holds the paths whose channels come first.
    """

    def __init__(
        self, model: Any, ports: Sequence[Port], *,
        output: Callable[[Any], int] = lambda answers: 0, target: str | None = None,
        first: frozenset[str] = frozenset(),
    ) -> None:
        self.recorder = Recorder(model)
        self.inputs: dict[str, Tensor] = {}
        self.answer_layer = ""
        self.squashing = ""
        self._names = [port.name for port in ports]
        self._output, self._target, self._first = output, target, first
        self._gradient_names: list[str] = []
        signature = [tf.TensorSpec((1, *port.shape), port.dtype) for port in ports]
        signature += [tf.TensorSpec((), tf.int32), tf.TensorSpec(None, tf.float32)]
        body = tf.function(self._body, input_signature=signature, autograph=False)
        self._compiled = body.get_concrete_function()

    @property
    def graph(self) -> Any:
        """The compiled graph."""
        return self._compiled.graph

    @property
    def calls(self) -> list[Call]:
        """Every call in running order."""
        return self.recorder.calls

    def run(self, arrays: Sequence[np.ndarray], channel: int = 0, places: np.ndarray = EVERYWHERE) -> Result:
        """Run the pass on one image's inputs; the score is of the channel, its places weighted."""
        outputs, answer, score, gradients = self._compiled(
            *(tf.convert_to_tensor(array) for array in arrays), tf.constant(channel), tf.constant(places)
        )
        return Result(
            dict(zip([*self._names, *(call.name for call in self.calls)], map(shared, outputs), strict=True)),
            shared(answer[0]),
            float(score[0]) if score else None,
            dict(zip(self._gradient_names, map(shared, gradients), strict=True)),
        )

    def _body(self, *arguments: Tensor) -> tuple[list[Tensor], ...]:
        *inputs, channel, places = arguments
        self.inputs = dict(zip(self._names, inputs, strict=True))
        self.recorder.start(tf.compat.v1.get_default_graph(), self.inputs)
        with self.recorder.listening():
            answers = ask(self.recorder.model, inputs)
        answer = keras.tree.flatten(answers)[self._output(answers)]
        self.answer_layer = self.recorder.hear_answer(answer)
        raw, self.squashing = before_squashing(answer)
        heard = [*inputs, *(call.output for call in self.calls)]
        outputs = [plain(tensor) for tensor in heard]
        if self._target is None:
            return outputs, [plain(answer)], [], []
        layer = self._target or self.answer_layer
        if self._target:
            raw = next(call.output for call in self.calls if call.name == layer)
        score, total = target_score(raw, channel, places, channels_first=layer in self._first)
        score, total = score[0], total[0]
        return outputs, [plain(answer)], [score / total], self._differentiate(score, total, heard)

    def _differentiate(self, score: Tensor, total: Tensor, heard: list[Tensor]) -> list[Tensor]:
        # Half precision cannot hold the small gradients of a mean over many places: they are
        # taken of the sum and divided afterwards.
        half = any(tensor.dtype.size < 4 for tensor in heard if tensor.dtype.is_floating)
        summed = score if half else score / total
        floats = [(position, tensor) for position, tensor in enumerate(heard) if tensor.dtype.is_floating]
        names = [*self._names, *(call.name for call in self.calls)]
        found = tf.gradients(summed, [tensor for _position, tensor in floats])
        gradients: list[Tensor] = []
        for (position, _tensor), gradient in zip(floats, found, strict=True):
            if gradient is None:
                continue
            value = plain(tf.convert_to_tensor(gradient))
            value = value / total if half else value
            self._gradient_names.append(names[position])
            gradients.append(value)
        return gradients


def ask(model: Any, inputs: Sequence[Tensor]) -> Any:
    """The model's answers to its flat inputs, in inference."""
    layers = model._flatten_layers()
    with _without_scopes(layers), replaced(whole_sequences(layers)):
        return model(keras.tree.pack_sequence_as(structure_of(model), list(inputs)), training=False)


@contextmanager
def _without_scopes(layers: Sequence[Any]) -> Iterator[None]:
    """Keep layers from naming parts of the graph after themselves.

    Keras allows any name, but a graph none with spaces, quotes or letters other than Latin ones.
    """
    with replaced((layer, "_open_name_scope", nullcontext) for layer in layers):
        yield
