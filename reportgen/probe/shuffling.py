"""Weights shuffled for a while, to see what of an explanation rests on what the network has learned.

Shuffling each tensor within itself destroys everything learned and keeps the sizes of the numbers, so that the
network neither falls silent nor overflows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def shuffled(weights: Sequence[Any], seed: int) -> Iterator[None]:
    """Shuffle the values of each weight; put all back at the end, whatever happened."""
    before = [(weight, np.array(weight.value)) for weight in weights]
    try:
        for number, (weight, values) in enumerate(before):
            random = np.random.Generator(np.random.PCG64([seed, number]))
            weight.assign(random.permutation(values.reshape(-1)).reshape(values.shape))
        yield
    finally:
        for weight, values in before:
            weight.assign(values)
