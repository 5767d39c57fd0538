"""Layers inside a `TimeDistributed`: all frames go through them at once, and each is heard with its frames.

Keras calls such a layer once for every frame, or inside a loop with a graph of its own, where nothing can be heard;
where the number of frames is open, that loop runs over the images instead. Here the frames join the images of the
batch, which gives the answers that are meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import tensorflow as tf

Tensor: TypeAlias = Any


def is_distributed(part: Any) -> bool:
    """True for a layer that hands every frame to another one."""
    return type(part).__name__ == "TimeDistributed"


class Frames:
    """How many frames each image has, from the outermost sequence to the innermost."""

    def __init__(self) -> None:
        self._counts: list[tuple[int | None, Tensor]] = []
        self._images: int | None = None
        self._whole: dict[str, Tensor] = {}

    def __bool__(self) -> bool:
        return bool(self._counts)

    def through(self, layer: Any, sequence: Tensor, training: Any) -> Tensor:
        """What the layer says of each frame of a sequence (images × frames × …)."""
        if not self._counts:
            self._images = sequence.shape[0]
        self._counts.append((sequence.shape[1], tf.shape(sequence)[1]))
        try:
            frames = tf.reshape(sequence, tf.concat([[-1], tf.shape(sequence)[2:]], 0))
            frames.set_shape([None, *sequence.shape[2:]])
            more = {"training": training} if getattr(layer, "_call_has_training_arg", False) else {}
            found = tf.nest.map_structure(self._by_image, layer.call(frames, **more))
        finally:
            self._counts.pop()
        return found

    def apart(self, answer: Tensor) -> tuple[Tensor, Tensor]:
        """The answer to all frames as images × frames × …, and made one batch of frames again from that."""
        whole = tf.reshape(answer, tf.concat([[-1], [count for _n, count in self._counts], tf.shape(answer)[1:]], 0))
        whole.set_shape([self._images, *(known for known, _count in self._counts), *answer.shape[1:]])
        batch = self.joined(whole, answer)
        self._whole[batch.name] = whole
        return whole, batch

    def joined(self, whole: Tensor, like: Tensor) -> Tensor:
        """Images × frames × … as one batch of frames, with the places of another."""
        return tf.ensure_shape(tf.reshape(whole, tf.concat([[-1], tf.shape(like)[1:]], 0)), [None, *like.shape[1:]])

    def _by_image(self, answer: Tensor) -> Tensor:
        if self._whole and len(self._counts) == 1 and answer.name in self._whole:
            return self._whole[answer.name]
        count, number = self._counts[-1]
        sequence = tf.reshape(answer, tf.concat([[-1], [number], tf.shape(answer)[1:]], 0))
        sequence.set_shape([self._images if len(self._counts) == 1 else None, count, *answer.shape[1:]])
        return sequence


def frame_by_frame(part: Any, frames: Frames, original: Callable[..., Any]) -> Callable[..., Any]:
    """The call of a `TimeDistributed` by which the layer inside is heard; masked frames are left to Keras."""

    def call(inputs: Tensor, training: Any = None, mask: Any = None) -> Any:
        if mask is not None:
            return original(inputs, training=training, mask=mask)
        return frames.through(part.layer, inputs, training)

    return call


def whole_sequences(layers: Iterable[Any]) -> Iterator[tuple[Any, str, Any]]:
    """The same call for every `TimeDistributed` that nobody listens to."""
    for layer in layers:
        if is_distributed(layer) and "call" not in vars(layer):
            yield layer, "call", frame_by_frame(layer, Frames(), layer.call)
