"""Weights shuffled for a while, to see what of an explanation rests on what the network has learned.

Shuffling each tensor within itself destroys everything learned and keeps the sizes of the numbers, so that the
network neither falls silent nor overflows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.probe import Array

AT_ONCE = 1 << 16
"""So many values are shuffled at a time: they stay in a processor's cache, which a whole dense layer does not."""


def mixed(values: Array, random: np.random.Generator) -> Array:
    """The same values in random order: large arrays are dealt out like cards and each hand is shuffled by itself."""
    flat = values.reshape(-1)
    hands = -(-flat.size // AT_ONCE) | 1
    found: Array = np.concatenate([random.permutation(flat[hand::hands]) for hand in range(hands)])
    return found.reshape(values.shape)


@contextmanager
def shuffled(weights: Sequence[Any], seed: int) -> Iterator[None]:
    """Shuffle the values of each weight; put all back at the end, whatever happened."""
    before = [(weight, np.array(weight.value)) for weight in weights]
    try:
        for number, (weight, values) in enumerate(before):
            random = np.random.Generator(np.random.PCG64([seed, number]))
            weight.assign(mixed(values, random))
        yield
    finally:
        for weight, values in before:
            weight.assign(values)
