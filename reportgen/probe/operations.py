"""TensorFlow operations that Keras 2 stored in a network, as the Keras layers that compute the same.

`x / 127.5 - 1` between two layers became `TFOpLambda` entries, a class that Keras 3 has not. With a constant
they are a `Rescaling`; between two layers an `Add`, `Subtract` or `Multiply`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Object: TypeAlias = "dict[str, Any]"

_SCALINGS: dict[str, Callable[[float, bool], tuple[float, float]]] = {
    "add": lambda value, _first: (1.0, value),
    "subtract": lambda value, first: (-1.0, value) if first else (1.0, -value),
    "multiply": lambda value, _first: (value, 0.0),
}
_MERGES = {"add": "Add", "subtract": "Subtract", "multiply": "Multiply", "maximum": "Maximum", "minimum": "Minimum"}
_SAME_NAME = {"sub": "subtract", "mul": "multiply", "truediv": "divide", "div": "divide"}
_ACTIVATIONS = {
    name: name
    for name in ("relu", "relu6", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "softplus", "silu")
} | {"swish": "silu", "cast": "linear", "identity": "linear"}


def as_layers(config: Object) -> bool:
    """Replace what can be replaced in a functional network's layers; true where anything was."""
    replaced = False
    for layer in config["layers"]:
        if layer.get("class_name") != "TFOpLambda" or not isinstance(layer.get("config"), dict):
            continue
        made = _layer_for(layer["config"], layer.get("inbound_nodes"))
        if made is not None:
            kind, settings, nodes = made
            name = layer.get("name") or layer["config"].get("name")
            layer.update(class_name=kind, config={"name": name, **settings}, inbound_nodes=nodes)
            if "module" in layer:
                layer.update(module="keras.layers", registered_name=None)
            replaced = True
    return replaced


def _layer_for(config: Object, nodes: Any) -> tuple[str, Object, list[Any]] | None:
    """The class, settings and calls that do the same; None where there is no such layer."""
    function = str(config.get("function", "")).rpartition(".")[2]
    function = _SAME_NAME.get(function, function)
    calls = [_operands(node) for node in nodes] if isinstance(nodes, list) else []
    if not calls or any(call is None for call in calls):
        return None
    pairs = [call for call in calls if call is not None]
    if function in _ACTIVATIONS and all(second is None for _, second in pairs):
        return "Activation", {"activation": _ACTIVATIONS[function]}, [[_reference(first)] for first, _ in pairs]
    if all(_is_reference(first) and _is_reference(second) for first, second in pairs) and function in _MERGES:
        return _MERGES[function], {}, [[_reference(first), _reference(second)] for first, second in pairs]
    return _scaling(function, pairs)


def _scaling(function: str, pairs: list[tuple[Any, Any]]) -> tuple[str, Object, list[Any]] | None:
    if len(pairs) != 1:
        return None
    first, second = pairs[0]
    constant_first = not _is_reference(first)
    value, tensor = (first, second) if constant_first else (second, first)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not _is_reference(tensor):
        return None
    if function == "divide" and not constant_first and value:
        function, value = "multiply", 1.0 / value
    if function not in _SCALINGS:
        return None
    scale, offset = _SCALINGS[function](float(value), constant_first)
    return "Rescaling", {"scale": scale, "offset": offset}, [[_reference(tensor)]]


def _operands(node: Any) -> tuple[Any, Any] | None:
    """The first and second operand of a call: references to layers, numbers, or None for no second one."""
    if not isinstance(node, list) or len(node) != 1 or not isinstance(node[0], list) or len(node[0]) != 4:
        return None
    name, _node, third, keywords = node[0]
    if not isinstance(keywords, dict):
        return None
    first = third if name == "_CONSTANT_VALUE" else node[0][:3]
    return first, keywords.get("y")


def _is_reference(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str)


def _reference(value: list[Any]) -> list[Any]:
    return [*value[:3], {}]
