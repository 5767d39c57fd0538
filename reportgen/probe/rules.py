"""Other rules by which a gradient passes a rectifier, wherever in a network it stands.

The rule is set for the graph's operations while they are made, so that a rectifier obeys it inside a layer, as
a layer of its own, in a nested model and in a model's own arithmetic alike; layers and weights are not touched.
Of the activations with a negative side (leaky ReLU, ELU, SELU) the positive side counts as the rectifier's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import tensorflow as tf

from reportgen.probe import Rule

Tensor: TypeAlias = Any
RECTIFIERS = ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu")
_PREFIX = "Reportgen"


@contextmanager
def obeyed(rule: Rule) -> Iterator[None]:
    """Operations made in the current graph within this block hand their gradients on by the rule."""
    if rule == "plain":
        yield
        return
    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map({kind: f"{_PREFIX}{rule.title()}{kind}" for kind in RECTIFIERS}):
        yield


def rectifiers_in(graph: Any) -> int:
    """How many operations of a graph a rule changes."""
    return sum(operation.type in RECTIFIERS for operation in graph.get_operations())


def _guided(operation: Any, gradient: Tensor) -> Tensor:
    said = operation.inputs[0]
    open_ = (said > 0) & (gradient > 0)
    if operation.type == "Relu6":
        open_ &= said < 6
    return tf.where(open_, gradient, tf.zeros_like(gradient))


def _rectified(_operation: Any, gradient: Tensor) -> Tensor:
    return tf.nn.relu(gradient)


for _kind in RECTIFIERS:
    tf.RegisterGradient(f"{_PREFIX}Guided{_kind}")(_guided)
    tf.RegisterGradient(f"{_PREFIX}Rectified{_kind}")(_rectified)
