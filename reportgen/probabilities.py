"""From a network's answer to probabilities, and whose they are."""

from __future__ import annotations

import numpy as np

from reportgen.probe import Array, OutputFacts


def probabilities(answer: Array, facts: OutputFacts) -> Array:
    """The answer as probabilities: raw scores through softmax or the sigmoid; values that mean nothing of the
    kind are left as they are."""
    if not facts.from_logits or facts.kind == "values":
        return answer
    return softmax(answer) if facts.kind in ("classes", "classmap") else sigmoid(answer)


def softmax(scores: Array) -> Array:
    """Raw scores as probabilities, along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def sigmoid(scores: Array) -> Array:
    """A raw score as a probability, without overflow."""
    share: Array = 0.5 * (1 + np.tanh(0.5 * scores))
    return share
