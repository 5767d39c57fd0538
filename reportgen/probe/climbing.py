"""How objectives rise with the pixels: a network cut at the layers that are asked about, for images of any size.

The pass ends as soon as the last of these layers has answered, so what comes after it costs nothing and its sizes
need not fit: a convolutional trunk takes images smaller or larger than the network's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from reportgen.probe import Array, Pull
from reportgen.probe.asking import as_written
from reportgen.probe.facts import parts_of
from reportgen.probe.graph import shared
from reportgen.probe.ports import Port
from reportgen.probe.recording import Call, Recorder, ask
from reportgen.probe.replacing import replaced
from reportgen.probe.scoring import before_squashing, slope

Tensor: TypeAlias = Any
_RECTIFYING = frozenset({"Relu", "Relu6"})
_REPEATING = frozenset({"Identity", "Cast"})
SMALLEST = 1e-12
LEAK = 0.05
"""How much of what entered a shut ReLU is heard: enough to tell which way is up, too little to drown the others."""


class _Enough(BaseException):
    """Every layer that was asked about has answered. No error, and so not to be caught as one."""


class _Cut(Recorder):
    """Hears layers and ends the pass when all the wanted ones were heard."""

    def __init__(self, model: Any, wanted: frozenset[str]) -> None:
        super().__init__(model)
        self._wanted = wanted

    def _keep(self, path: str, part: Any, outputs: tuple[Tensor, ...]) -> str:
        name = super()._keep(path, part, outputs)
        if self._wanted and self._wanted <= {call.name for call in self.calls}:
            raise _Enough
        return name


class Slopes:
    """A compiled function: from a batch of inputs to the value of each pull and to the gradient of their sum.

    The gradient is that with every ReLU that is asked ajar; the values are what the network says. One instance serves
    all pulls of the same form on the same layers, for batches of one shape.
    """

    def __init__(
        self, model: Any, ports: Sequence[Port], count: int, pulls: Sequence[Pull], *,
        output: Callable[[Any], int], wrt: Sequence[int], first: frozenset[str],
    ) -> None:
        self._model, self._output, self._wrt, self._first = model, output, wrt, first
        self._names = [port.name for port in ports]
        self._pulls = [(pull.layer, pull.kind, pull.middle) for pull in pulls]
        signature = [tf.TensorSpec((count, *port.shape), port.dtype) for port in ports]
        signature += [tf.TensorSpec(None, tf.float32) for _pull in pulls for _part in range(2)]
        with _any_size(model):
            body = tf.function(self._body, input_signature=signature, autograph=False)
            self._compiled = body.get_concrete_function()

    def run(self, arrays: Sequence[Array], pulls: Sequence[Pull]) -> tuple[Array, Array]:
        """Values (images × pulls) and gradients by the picture that the inputs show."""
        given = [tf.convert_to_tensor(array) for array in arrays]
        for pull in pulls:
            given += [tf.constant(pull.weight, tf.float32), tf.constant(_argument(pull), tf.float32)]
        # channels-first convolutions run on a processor only when rewritten
        with nullcontext() if self._first else as_written():
            values, gradients = self._compiled(*given)
        return shared(values), shared(gradients)

    def _body(self, *arguments: Tensor) -> tuple[Tensor, Tensor]:
        inputs, rest = list(arguments[: len(self._names)]), arguments[len(self._names) :]
        heard = self._hear(inputs)
        values, total = [], 0.0
        for number, (layer, kind, middle) in enumerate(self._pulls):
            weight, argument = rest[2 * number : 2 * number + 2]
            said, followed = (
                _value(self._last(tensor, layer), kind, middle, argument)
                for tensor in (heard[layer], ajar(heard[layer]) if kind == "along" else heard[layer])
            )
            values.append(said)
            total += weight * followed
        pictures = [inputs[position] for position in self._wrt]
        found = slope(total, pictures)
        return tf.stack(values, axis=1), tf.zeros_like(pictures[0], tf.float32) if found is None else found

    def _hear(self, inputs: list[Tensor]) -> dict[str, Tensor]:
        """What each layer said, without softmax or sigmoid where a direction is followed; "" is the raw answer."""
        layers = frozenset(layer for layer, _kind, _middle in self._pulls)
        recorder = _Cut(self._model, layers if "" not in layers else frozenset())
        recorder.start(tf.compat.v1.get_default_graph(), dict(zip(self._names, inputs, strict=True)))
        answers: Any = None
        try:
            with recorder.listening():
                answers = ask(self._model, inputs)
        except _Enough:
            pass
        calls: dict[str, Call] = {call.name: call for call in recorder.calls}
        raw = {layer for layer, kind, _middle in self._pulls if kind == "along"}
        found = {
            layer: before_squashing(calls[layer].output)[0] if layer in raw else calls[layer].output
            for layer in layers if layer
        }
        if "" in layers:
            found[""] = before_squashing(keras.tree.flatten(answers)[self._output(answers)])[0]
        return found

    def _last(self, answer: Tensor, layer: str) -> Tensor:
        """The answer with its channels last."""
        if layer not in self._first:
            return answer
        return tf.transpose(answer, [0, *range(2, answer.shape.rank), 1])


def _argument(pull: Pull) -> Array:
    found = pull.directions if pull.kind == "along" else pull.model if pull.kind == "like" else None
    return np.zeros((), np.float32) if found is None else np.asarray(found, np.float32)


def _value(answer: Tensor, kind: str, middle: bool, argument: Tensor) -> Tensor:
    """The value of a pull for each image."""
    answer = tf.cast(answer, tf.float32)
    places = list(range(1, answer.shape.rank))
    if kind == "loud":
        return tf.reduce_mean(tf.square(answer), places)
    if kind == "like":
        size = tf.maximum(tf.reduce_mean(tf.square(argument)), SMALLEST)
        return -tf.reduce_mean(tf.square(answer - argument), places) / size
    if middle:
        for axis in places[:-1]:
            side = tf.shape(answer)[axis]
            answer = tf.gather(answer, [side // 2], axis=axis)
    said = tf.reduce_mean(answer, places[:-1]) if places[:-1] else answer
    return tf.reduce_sum(said * argument, -1)


def ajar(answer: Tensor) -> Tensor:
    """What the layer said; where its ReLU is shut, a little of what entered that.

    A ReLU itself would hide the way up from a unit that does not answer yet; without one a first layer's mean over all
    places would be blind to every pattern, as bright and dark parts cancel out.
    """
    tensor = answer
    while tensor.op.type in _REPEATING:
        tensor = tensor.op.inputs[0]
    if tensor.op.type in _RECTIFYING:
        return tf.nn.leaky_relu(tensor.op.inputs[0], LEAK)
    return answer


@contextmanager
def _any_size(model: Any) -> Iterator[None]:
    """Networks do not insist on the sizes they were built with; the layers themselves may."""
    networks = [part for part in [model, *parts_of(model)] if isinstance(part, keras.Model)]
    with replaced((network, "_manual_input_spec", None) for network in networks):
        yield
