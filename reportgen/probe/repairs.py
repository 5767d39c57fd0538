"""Old descriptions of networks put into the form that today's Keras reads; plain data in, plain data out.

Owners of such files often have nothing else: the code and the version that wrote them are gone. Every kind
of repair leaves a message, because a reader should know that the file was not taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reportgen.probe.keras_names import (
    APPLICATION_LAYERS,
    INITIALIZERS,
    LAYERS,
    MODELS,
    OPERATION_HOMES,
    OTHERS,
    POLICIES,
)
from reportgen.probe.operations import as_layers
from reportgen.probe.renaming import without_slashes
from reportgen.text import Message, _

Object: TypeAlias = "dict[str, Any]"

SHAPES = _("The input shape was written the way of an old Keras and was put into today's form.")
LIST = _("The network was described as a bare list of layers, as Keras did before 2.2.3; a name was added.")
LEFTOVERS = _("Settings that only old versions of Keras knew, and that change nothing, were left out.")
SLASHES = _("Layer names with a slash were given an underscore in its place: Keras 3 allows no slash in them.")
REPLACED = _("Layers that Keras 3 has no more were replaced by equal ones.")
TENSORFLOW = _("Arithmetic that Keras 2 stored as TensorFlow operations was turned into equal layers.")
ARITHMETIC = _("Arithmetic between layers, which an HDF5 file stores without its origin, was recognised by name.")
SIGMOID = _(
    "The file is from Keras 2, whose `hard_sigmoid` is not that of Keras 3; it was computed the old way, "
    "as `0.2·x + 0.5` cut to 0…1."
)

_LEFTOVERS: dict[str, tuple[str, ...]] = {
    "BatchNormalization": (
        "renorm", "renorm_clipping", "renorm_momentum", "fused", "virtual_batch_size", "adjustment",
    ),
    "LSTM": ("time_major", "implementation"),
    "GRU": ("time_major", "implementation"),
    "SimpleRNN": ("time_major", "implementation"),
    "RNN": ("time_major",),
    "Embedding": ("input_length",),
    "InputLayer": ("type_spec",),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    "DepthwiseConv1D": ("groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "DepthwiseConv2D": ("groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SeparableConv1D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SeparableConv2D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
}
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "Convolution2DTranspose")
_EVERYWHERE = ("batch_input_shape", "input_dtype", "experimental_autocast")
_OLD_NAMES = {
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
}
_HOMES = {"Functional": "keras.src.models.functional", "Sequential": "keras", "Model": "keras"}


@dataclass
class _Work:
    """The state of one repair: what was done, and what is left alone (the user's own classes)."""

    custom: Collection[str]
    accepts: Callable[[str, str], bool]
    done: dict[Message, None] = field(default_factory=dict)

    def note(self, message: Message) -> None:
        self.done[message] = None


def repair(
    config: Object,
    *,
    version: str = "",
    custom: Collection[str] = (),
    accepts: Callable[[str, str], bool] = lambda _kind, _setting: False,
) -> tuple[Object, tuple[Message, ...]]:
    """The configuration in today's form, changed in place, and what was done to it.

    `accepts` says whether this Keras' layer of that name knows a setting; then the setting stays.
    """
    work = _Work(custom, accepts)
    for step in (_list_of_layers, _model_scope, _plain_object, _named_as_given):
        for item in list(_objects(config)):
            step(item, work)
    if version[:2] in ("1.", "2.") and _mentions(config, "hard_sigmoid"):
        work.note(SIGMOID)
    return config, tuple(work.done)


def _objects(value: Any) -> Iterator[Object]:
    """Every dictionary inside, the outer ones first; `concerns` has limited the depth before."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack += reversed(list(item.values()))
        elif isinstance(item, list):
            stack += reversed(item)


def _list_of_layers(item: Object, work: _Work) -> None:
    if item.get("class_name") == "Sequential" and isinstance(item.get("config"), list):
        item["config"] = {"name": "sequential", "layers": item["config"]}
        work.note(LIST)


def _model_scope(item: Object, work: _Work) -> None:
    """What concerns a model with its layers: input shapes, names, and arithmetic between layers."""
    config = item.get("config")
    if item.get("class_name") in work.custom or not isinstance(config, dict):
        return
    layers = config.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        return
    if item.get("class_name") == "Sequential":
        _first_shape(layers, work)
    elif "output_layers" in config:
        if as_layers(config):
            work.note(TENSORFLOW)
        _homes_of_operations(layers, work)
        _single_ends(config)
    if without_slashes(config):
        work.note(SLASHES)


def _first_shape(layers: list[Object], work: _Work) -> None:
    """The shape that the first layer carries becomes an input layer of its own."""
    if not layers or layers[0].get("class_name") == "InputLayer":
        return
    first = layers[0].get("config")
    if isinstance(first, dict) and isinstance(first.get("batch_input_shape"), list):
        name = first.get("name") if isinstance(first.get("name"), str) else "layer"
        shape = {"batch_shape": first["batch_input_shape"], "name": f"{name}_input"}
        if isinstance(first.get("dtype"), str):
            shape["dtype"] = first["dtype"] if "float" not in first["dtype"] else "float32"
        entry: Object = {"class_name": "InputLayer", "config": shape}
        if "module" in layers[0]:
            entry |= {"module": "keras.layers", "registered_name": None}
        layers.insert(0, entry)
        work.note(SHAPES)


def _single_ends(config: Object) -> None:
    """A list of one input or output, as Keras 2 wrote it, would make the network ask for a list."""
    for key in ("input_layers", "output_layers"):
        ends = config.get(key)
        if isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list):
            config[key] = ends[0]


def _homes_of_operations(layers: list[Object], work: _Work) -> None:
    """Keras 3 writes `x * 2` into HDF5 as a bare "Multiply", which reading takes for the layer of that name."""
    for layer in layers:
        config, nodes = layer.get("config"), layer.get("inbound_nodes")
        bare = "module" not in layer and isinstance(config, dict) and not {"trainable", "batch_shape"} & set(config)
        if bare and isinstance(nodes, list) and nodes and all(isinstance(node, dict) for node in nodes):
            for home, names in OPERATION_HOMES.items():
                if layer.get("class_name") in names:
                    layer |= {"module": f"keras.src.ops.{home}", "registered_name": None}
                    work.note(ARITHMETIC)


def _plain_object(item: Object, work: _Work) -> None:
    """What concerns one object alone."""
    kind, config = item.get("class_name"), item.get("config")
    if not isinstance(kind, str) or kind in work.custom or not isinstance(config, dict):
        return
    if item.get("module") and str(item["module"]).partition(".")[0] in ("keras", "tensorflow", "tf_keras"):
        item["module"] = _home(kind, item["module"])
    if kind in INITIALIZERS and config.pop("dtype", None) is not None:
        work.note(LEFTOVERS)
    if kind in _REPLACE:
        _REPLACE[kind](item, config)
        work.note(REPLACED)
    elif kind in LAYERS or kind in _OLD_NAMES:
        item["class_name"] = _OLD_NAMES.get(kind, kind)
        _layer(item["class_name"], config, work)
        _calls(item)


def _named_as_given(item: Object, work: _Work) -> None:
    """The user's own classes and functions by the names under which they were given: Keras then finds no others."""
    kind, config = item.get("class_name"), item.get("config")
    if kind == "function" and isinstance(config, str) and (name := config.rpartition(">")[2]) in work.custom:
        item |= {"config": name, "registered_name": name}
    elif isinstance(kind, str) and (name := kind.rpartition(">")[2]) in work.custom:
        item |= {"class_name": name, "registered_name": name}


def _layer(kind: str, config: Object, work: _Work) -> None:
    if kind == "InputLayer" and "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    for key in (*_EVERYWHERE, *_LEFTOVERS.get(kind, ())):
        if key in config and not work.accepts(kind, key):
            del config[key]
            work.note(LEFTOVERS)
    if kind in _TRANSPOSED and config.get("groups") == 1 and not work.accepts(kind, "groups"):
        del config["groups"]
        work.note(LEFTOVERS)
    if kind == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = _number(config.pop("alpha"))
    if kind == "ReLU":
        for key in {"max_value", "negative_slope", "threshold"} & set(config):
            config[key] = _number(config[key])
    if kind == "BatchNormalization" and isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    policy = config.get("dtype")
    if isinstance(policy, dict) and policy.get("class_name") in ("Policy", "PolicyV1"):
        config["dtype"] = policy.get("config", {}).get("name", "float32")
        work.note(LEFTOVERS)


def _calls(item: Object) -> None:
    """Keras 2 wrote `training: null` and `mask: null` beside every call, also where a layer takes neither."""
    nodes = item.get("inbound_nodes")
    for node in nodes if isinstance(nodes, list) else ():
        for reference in node if isinstance(node, list) else ():
            if isinstance(reference, list) and len(reference) == 4 and isinstance(reference[3], dict):
                for key in ("training", "mask"):
                    if key in reference[3] and reference[3][key] is None:
                        del reference[3][key]


def _home(kind: str, module: str) -> str:
    if kind in LAYERS or kind in _OLD_NAMES or kind in _REPLACE:
        return "keras.src.ops." + module.rpartition(".")[2] if ".ops." in module else "keras.layers"
    for names, home in ((INITIALIZERS, "keras.initializers"), (POLICIES - {"Policy"}, "keras.dtype_policies")):
        if kind in names:
            return home
    if kind in MODELS:
        return _HOMES[kind]
    if kind in APPLICATION_LAYERS:
        return f"keras.src.applications.{APPLICATION_LAYERS[kind]}"
    if kind in OTHERS and module.startswith(("keras.src.engine", "tensorflow", "tf_keras")):
        return "keras.regularizers" if kind.startswith(("L1", "L2")) else "keras.constraints"
    return module


def _number(value: Any) -> Any:
    """Keras 2 sometimes wrote a number as an array of no dimensions."""
    return value.get("value") if isinstance(value, dict) and "value" in value else value


def _thresholded(item: Object, config: Object) -> None:
    item["class_name"] = "ReLU"
    config["threshold"] = _number(config.pop("theta", 1.0))


def _identity(item: Object, config: Object) -> None:
    """Random stretching does nothing when a network is only asked."""
    item["class_name"] = "Identity"
    for key in set(config) - {"name", "trainable", "dtype"}:
        del config[key]


_REPLACE: dict[str, Callable[[Object, Object], None]] = {
    "ThresholdedReLU": _thresholded, "RandomHeight": _identity, "RandomWidth": _identity,
}


def _mentions(config: Object, activation: str) -> bool:
    return any(
        value == activation for item in _objects(config) for value in item.values() if isinstance(value, str)
    )
