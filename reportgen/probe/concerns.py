"""What a model's configuration asks for, found by walking it as plain data: nothing in it is made or run.

A list of what is allowed decides, not a list of what is forbidden: a class or a function that is not
one of Keras' own building blocks is refused, whatever it is called and wherever it claims to live.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from reportgen.probe.keras_names import (
    ACTIVATIONS,
    APPLICATION_LAYERS,
    INITIALIZERS,
    LAYERS,
    LOOKUPS,
    MODELS,
    OPERATION_HOMES,
    OPERATIONS,
    OTHERS,
    POLICIES,
    REMOVED,
)
from reportgen.text import Message, _

DEEPEST = 200
"""Levels of nesting in a configuration; a real network has about three for each model inside a model."""

_PARTS = INITIALIZERS | POLICIES | OTHERS
"""Known classes that are parts of a layer, not layers."""

_KNOWN = LAYERS.union(
    MODELS, OPERATIONS, REMOVED, _PARTS, APPLICATION_LAYERS, *OPERATION_HOMES.values()
)
_MARKERS = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"})
_MODULE = re.compile(r"(keras|tensorflow\.keras|tf_keras|tensorflow\.python\.keras)(\.[A-Za-z_][A-Za-z0-9_]*)*")
_CLOSED = re.compile(
    r".*\b(saving|utils|datasets|callbacks|export|applications|preprocessing\.(image|text|sequence)|config)\b.*"
)
_OPERATION_MODULES = {f"keras.src.ops.{home}": names for home, names in OPERATION_HOMES.items()}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://")
_NAMES_STAND_HERE = frozenset({"name", "keras_history", "input_layers", "output_layers", "inbound_nodes"})
_FOR_TRAINING = ("compile_config", "training_config", "optimizer_config")

_FOREIGN = {
    "Lambda": _("a `Lambda` layer, which runs Python code stored in the file"),
    "TFSMLayer": _("a `TFSMLayer`, which reads and runs another file, a SavedModel"),
    "TorchModuleWrapper": _(
        "a `TorchModuleWrapper`, a pickled PyTorch module that runs code when it is read"
    ),
    "FlaxLayer": _("a `FlaxLayer`, which runs functions stored in the file"),
    "JaxLayer": _("a `JaxLayer`, which runs functions stored in the file"),
}


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that a file asks for beyond plain Keras layers.

    `layer` is the path of the layer that asks, `needs` the name of a class or function that only its
    author has (`--custom` can bring it), `refused` is false for what is only worth knowing.
    """

    layer: str
    what: Message
    refused: bool = True
    needs: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    value: Any
    key: str
    layer: str
    depth: int
    within: str
    """The class of the nearest object around."""


class TooDeepError(ValueError):
    """The configuration is nested deeper than any network."""


def concerns_of(config: Any, custom: Collection[str] = ()) -> tuple[Concern, ...]:
    """Everything the configuration asks for, in the order of the file."""
    return tuple(dict.fromkeys(concern for place in _walk(config) for concern in _judge(place, custom)))


def without_training(config: dict[str, Any]) -> None:
    """Take out, for good, what only training needs: a model is opened to be looked at.

    That is what stands beside the whole model's configuration, and how each model inside was compiled. Anything of
    these names that stands elsewhere is an argument like any other: it stays, and is judged.
    """
    for key in _FOR_TRAINING:
        config.pop(key, None)
    for place in _walk(config):
        if isinstance(place.value, dict) and {"class_name", "config"} <= set(place.value):
            place.value.pop("compile_config", None)


def layer_count(config: Any) -> int:
    """How many layers a configuration declares, those of nested models too, the models themselves not."""
    return sum(
        place.key == "layers" and isinstance(place.value, dict) and _class_of(place.value) not in ("", *MODELS)
        for place in _walk(config)
    )


def classes_of(config: Any) -> frozenset[str]:
    """The names of all classes that the configuration mentions."""
    return frozenset(_class_of(place.value) for place in _walk(config)) - {""}


def _walk(config: Any) -> Iterator[_Place]:
    """Every value of a configuration with the layer it stands in, without recursion."""
    stack = [_Place(config, "", "", 0, "")]
    while stack:
        place = stack.pop()
        if place.depth > DEEPEST:
            raise TooDeepError
        yield place
        if isinstance(place.value, dict):
            stack += reversed(_members(place, place.value))
        elif isinstance(place.value, list):
            stack += [replace(place, value=item, depth=place.depth + 1) for item in reversed(place.value)]


def _members(place: _Place, value: dict[str, Any]) -> list[_Place]:
    layer, within = _layer_of(place, value), _class_of(value) or place.within
    return [_Place(item, key, layer, place.depth + 1, within) for key, item in value.items()]


def _layer_of(place: _Place, value: dict[str, Any]) -> str:
    """The path of the layer that this object is, or stands in; the outermost model has no name."""
    own = _name_of(value) if _class_of(value) not in ("", *_PARTS) else ""
    return "/".join(part for part in (place.layer, own if place.depth else "") if part)


def _class_of(value: Any) -> str:
    if not isinstance(value, dict) or "class_name" not in value:
        return ""
    name = value["class_name"]
    return name if isinstance(name, str) else "?"


def _name_of(value: dict[str, Any]) -> str:
    config = value.get("config")
    name = value.get("name") or (config.get("name") if isinstance(config, dict) else None)
    return name if isinstance(name, str) else ""


def _judge(place: _Place, custom: Collection[str]) -> Iterator[Concern]:
    if isinstance(place.value, dict) and "class_name" in place.value:
        yield from _judge_object(place.value, _layer_of(place, place.value), custom)
    elif isinstance(place.value, str) and place.key not in _NAMES_STAND_HERE:
        yield from _judge_text(place, place.value, custom)


def _judge_object(value: dict[str, Any], layer: str, custom: Collection[str]) -> Iterator[Concern]:
    name = _class_of(value)
    base = name.rpartition(">")[2]
    if name == "function":
        yield from _judge_function(value, layer, custom)
    elif name == "__lambda__":
        yield Concern(layer, _("a lambda, Python code stored in the file"))
    elif base in _FOREIGN:
        yield Concern(layer, _FOREIGN[base])
    elif base in custom:
        yield Concern(layer, _("the class `{name}`, given by `--custom`", name=base), refused=False)
    elif not _NAME.fullmatch(base):
        yield Concern(layer, _("a class with the impossible name `{name}`", name=_short(name)))
    elif name not in _MARKERS:
        yield from _judge_class(value, name, layer)


def _judge_class(value: dict[str, Any], name: str, layer: str) -> Iterator[Concern]:
    """A class by its home and its name: both must be Keras' own."""
    module, registered = value.get("module", ""), value.get("registered_name")
    base = name.rpartition(">")[2]
    if module and not (isinstance(module, str) and _MODULE.fullmatch(module)):
        where = _short(f"{module}.{base}" if isinstance(module, str) else repr(module))
        yield Concern(layer, _("the class `{name}`, which is not part of Keras", name=where), needs=base)
    elif isinstance(module, str) and ".ops." in module:
        if name not in _OPERATION_MODULES.get(module, ()) or registered not in (None, "", name):
            what = _("the operation `{name}`, which is not one of Keras' plain ones", name=_short(f"{module}.{name}"))
            yield Concern(layer, what)
    elif base not in _KNOWN or module is None or registered not in (None, "", name):
        yield Concern(layer, _("the class `{name}`, which is not part of Keras", name=base), needs=base)
    elif isinstance(module, str) and _CLOSED.fullmatch(module) and base not in APPLICATION_LAYERS:
        yield Concern(layer, _("something from `{module}`, which holds no layers", module=_short(module)))
    elif base in LOOKUPS:
        yield from _judge_lookup(value, layer)


def _judge_function(value: dict[str, Any], layer: str, custom: Collection[str]) -> Iterator[Concern]:
    name, module = value.get("config"), value.get("module")
    if not isinstance(name, str):
        yield Concern(layer, _("a function whose code is stored in the file"))
    elif name.rpartition(">")[2] in custom:
        yield Concern(layer, _("the function `{name}`, given by `--custom`", name=_short(name)), refused=False)
    elif name not in ACTIVATIONS or module not in ("builtins", "keras.activations", "keras.ops", "keras.ops.nn"):
        where = name if module in (None, "", "builtins") else f"{module}.{name}"
        yield Concern(layer, _("the function `{name}`, which is not part of Keras", name=_short(where)), needs=name)


def _judge_lookup(value: dict[str, Any], layer: str) -> Iterator[Concern]:
    config = value.get("config")
    vocabulary = config.get("vocabulary") if isinstance(config, dict) else None
    if isinstance(vocabulary, str):
        yield Concern(layer, _("its vocabulary from the file `{path}`", path=_short(vocabulary)))


def _judge_text(place: _Place, text: str, custom: Collection[str]) -> Iterator[Concern]:
    if place.key.endswith("activation") and place.within in LAYERS and text not in ACTIVATIONS:
        name = _short(text)
        if text.rpartition(">")[2] in custom:
            yield Concern(place.layer, _("the function `{name}`, given by `--custom`", name=name), refused=False)
        else:
            message = _("the activation function `{name}`, which is not part of Keras", name=name)
            yield Concern(place.layer, message, needs=text)
    elif _ADDRESS.match(text):
        yield Concern(place.layer, _("something at the address `{address}`", address=_short(text)))


def _short(text: str) -> str:
    shown = "".join(sign if sign.isprintable() and sign != "`" else "?" for sign in text[:80])
    return shown + ("…" if len(text) > 80 else "")
