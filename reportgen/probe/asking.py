"""Questions put to a network about many images at once: raw scores, gradients, what-if answers of a layer.

Nothing is recorded, so a question costs what a bare compiled pass costs. Where a network cannot be compiled
for any number of images, it is asked about one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from reportgen.probe import Array, Rule
from reportgen.probe.graph import shared
from reportgen.probe.ports import Port
from reportgen.probe.recording import EVERYWHERE, Recorder, ask
from reportgen.probe.rules import obeyed
from reportgen.probe.scoring import before_squashing, plain, slope, target_score

Tensor: TypeAlias = Any


class Question:
    """A compiled function of a batch of inputs; one instance for each kind of question.

    The raw answer of the output, or of `layer`; with `gradient` how a channel of it depends on the picture,
    which the inputs `wrt` show.
    What `replaced` says is given to it instead of being computed.
    """

    def __init__(
        self, model: Any, ports: Sequence[Port], *, output: Callable[[Any], int], layer: str = "", replaced: str = "",
        rule: Rule = "plain", gradient: bool = False, wrt: Sequence[int] = (0,), first: bool = False,
    ) -> None:
        self._model, self._output, self._layer, self._replaced = model, output, layer, replaced
        self._names = [port.name for port in ports]
        self._rule: Rule = rule
        self._gradient, self._wrt, self._first = gradient, wrt, first
        try:
            self._compiled = self._compile(ports, None)
            self._single = False
        except Exception:  # a layer of the user's own may count on knowing every size
            self._compiled = self._compile(ports, 1)
            self._single = True

    def _compile(self, ports: Sequence[Port], count: int | None) -> Any:
        signature = [tf.TensorSpec((count, *port.shape), port.dtype) for port in ports]
        signature += [tf.TensorSpec(None, tf.float32), tf.TensorSpec((), tf.int32), tf.TensorSpec(None, tf.float32)]
        return tf.function(self._body, input_signature=signature, autograph=False).get_concrete_function()

    def ask(
        self, arrays: Sequence[Array], *, answers: Array | None = None, channel: int = 0,
        places: Array = EVERYWHERE,
    ) -> Array:
        """The answer for every image of the batch, along the first axis."""
        given = np.zeros((), np.float32) if answers is None else np.asarray(answers, np.float32)
        if not self._single:
            return self._run(arrays, given, channel, places)
        pieces = [
            self._run([array[at : at + 1] for array in arrays], given[at : at + 1] if given.ndim else given,
                      channel, places)
            for at in range(len(arrays[0]))
        ]
        return np.concatenate(pieces)

    def _run(self, arrays: Sequence[Array], answers: Array, channel: int, places: Array) -> Array:
        tensors = [tf.convert_to_tensor(array) for array in arrays]
        with as_written() if self._gradient and not self._first else nullcontext():
            return shared(self._compiled(*tensors, tf.constant(answers), tf.constant(channel), tf.constant(places)))

    def _body(self, *arguments: Tensor) -> Tensor:
        *inputs, replacement, channel, places = arguments
        with obeyed(self._rule):
            raw = self._raw(inputs, replacement)
        if not self._gradient:
            return plain(raw)
        score, total = target_score(raw, channel, places, channels_first=self._first)
        pictures = [inputs[position] for position in self._wrt]
        value = slope(score, pictures)
        if value is None:
            return tf.zeros_like(pictures[0], tf.float32)
        count = tf.concat([tf.shape(value)[:1], tf.ones(tf.rank(value) - 1, tf.int32)], 0)
        return value / tf.reshape(total, count)

    def _raw(self, inputs: list[Tensor], replacement: Tensor) -> Tensor:
        """The tensor that is asked for, before softmax or sigmoid."""
        if not (self._layer or self._replaced):
            answers = ask(self._model, inputs)
            return before_squashing(keras.tree.flatten(answers)[self._output(answers)])[0]
        recorder = Recorder(self._model, {self._replaced: replacement} if self._replaced else None)
        recorder.start(tf.compat.v1.get_default_graph(), dict(zip(self._names, inputs, strict=True)))
        with recorder.listening():
            answers = ask(self._model, inputs)
        if self._layer:
            return next(call.output for call in recorder.calls if call.name == self._layer)
        return before_squashing(keras.tree.flatten(answers)[self._output(answers)])[0]


@contextmanager
def as_written() -> Iterator[None]:
    """Run graphs without TensorFlow's rewriting of them.

    With every layer's output asked for there is little to fuse, and rewriting a deep network takes longer
    than it saves: DenseNet121's first pass 1.1 s against 0.4 s, the next ones the same.
    """
    switch = "disable_meta_optimizer"
    before = tf.config.optimizer.get_experimental_options().get(switch, False)
    tf.config.optimizer.set_experimental_options({switch: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({switch: before})


def compiled_answers(
    model: Any, ports: Sequence[Port], output: Callable[[Any], int]
) -> Callable[[Sequence[Array]], Array]:
    """A compiled function from batches of inputs to the chosen answer; nothing is recorded."""
    signature = [tf.TensorSpec((None, *port.shape), port.dtype) for port in ports]

    def body(*inputs: Any) -> Any:
        answers = ask(model, inputs)
        return plain(keras.tree.flatten(answers)[output(answers)])

    compiled = tf.function(body, input_signature=signature, autograph=False).get_concrete_function()
    return lambda arrays: shared(compiled(*(tf.convert_to_tensor(array) for array in arrays)))


def can_run(model: Any, ports: Sequence[Port]) -> bool:
    """True where the shapes fit together inside the network and something is left of the image; nothing is computed."""
    signature = [tf.TensorSpec((1, *port.shape), port.dtype) for port in ports]
    try:
        traced = tf.function(lambda *inputs: ask(model, inputs), autograph=False).get_concrete_function(*signature)
    except Exception:  # whatever Keras, TensorFlow or the user's own layer says of a shape
        return False
    shapes = (tensor.shape for operation in traced.graph.get_operations() for tensor in operation.outputs)
    return not any(shape.rank is not None and shape.rank > 2 and 0 in shape for shape in shapes)
