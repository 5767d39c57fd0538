"""The number that a target asks for, inside a graph: which raw score, of which channel, at which places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

Tensor: TypeAlias = Any


def target_score(raw: Tensor, channel: Tensor, places: Tensor, *, channels_first: bool) -> tuple[Tensor, Tensor]:
    """For each image of a batch the weighted sum of a channel over its places, and the sum of the weights.

    `places` is a number or an array (height × width); the score is the one divided by the other.
    """
    chosen = tf.cast(raw[:, channel] if channels_first else raw[..., channel], tf.float32)
    weights = places * tf.ones_like(chosen)
    axes = tf.range(1, tf.rank(chosen))
    return tf.reduce_sum(chosen * weights, axes), tf.reduce_sum(tf.abs(weights), axes)


_REPEATED: Mapping[str, Callable[[Any, Tensor], Tensor]] = {
    "Identity": lambda op, tensor: tensor,
    "Cast": lambda op, tensor: tensor,
    "Reshape": lambda op, tensor: tf.reshape(tensor, op.inputs[1]),
    "Transpose": lambda op, tensor: tf.transpose(tensor, op.inputs[1]),
    "ExpandDims": lambda op, tensor: tf.expand_dims(tensor, op.inputs[1]),
    "Squeeze": lambda op, tensor: tf.squeeze(tensor, list(op.get_attr("squeeze_dims")) or None),
}
_SQUASHING = {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid"}


def before_squashing(answer: Tensor) -> tuple[Tensor, str]:
    """The answer with its softmax or sigmoid left out, and which of them it was ("" when there is none).

    It is found in the graph, wherever it stood: inside the last layer, as a layer of its own, at any depth,
    or in the model's own arithmetic. What only moves numbers after it is done again without it.
    """
    moved = []
    op = answer.op
    while op.type in _REPEATED:
        moved.append(op)
        op = op.inputs[0].op
    if op.type not in _SQUASHING:
        return answer, ""
    raw = op.inputs[0]
    for later in reversed(moved):
        raw = _REPEATED[later.type](later, raw)
    return raw, _SQUASHING[op.type]


def slope(score: Tensor, pictures: Sequence[Tensor]) -> Tensor | None:
    """How a score depends on what one or several inputs show alike: the sum over them; None where it does not."""
    shown = [picture for picture in pictures if picture.dtype.is_floating]
    found = [tf.convert_to_tensor(one) for one in tf.gradients(score, shown) if one is not None] if shown else []
    return tf.add_n([plain(one) for one in found]) if found else None


def plain(tensor: Tensor) -> Tensor:
    """Every kind of float as float32; integers and truth values as they are."""
    return tf.cast(tensor, tf.float32) if tensor.dtype.is_floating else tensor
