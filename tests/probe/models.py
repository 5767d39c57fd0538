"""Tiny networks, files as old versions of Keras wrote them, and files with bad intentions."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
import marshal
import random
import struct
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

FLOAT = {"dtype": "float32", "trainable": True}


def tiny_functional(size: int = 8, channels: int = 3) -> Any:
    """Two convolutions and two classes."""
    import keras

    keras.utils.set_random_seed(1)
    start = keras.Input((size, size, channels), name="image")
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="first")(start)
    maps = keras.layers.BatchNormalization(name="norm")(maps)
    maps = keras.layers.Conv2D(5, 3, name="second")(maps)
    end = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    return keras.Model(start, keras.layers.Dense(2, activation="softmax", name="classes")(end), name="tiny")


def tiny_sequential() -> Any:
    """The same as a row of layers."""
    import keras

    keras.utils.set_random_seed(2)
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, activation="relu", name="first"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(2, activation="softmax", name="classes"),
        ],
        name="row",
    )


def write_keras(
    path: Path,
    config: Any,
    *,
    arrays: Callable[[h5py.File], None] | None = None,
    members: Iterable[tuple[str, bytes]] = (),
    compression: int = zipfile.ZIP_STORED,
) -> Path:
    """A .keras archive with any configuration and any arrays."""
    weights = path.with_suffix(".made.h5")
    with h5py.File(weights, "w") as file:
        if arrays:
            arrays(file)
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", text)
        archive.write(weights, "model.weights.h5")
        for name, data in members:
            archive.writestr(name, data)
    weights.unlink()
    return path


def write_legacy(path: Path, config: Any, weights: dict[str, list[np.ndarray]], version: str = "2.4.0") -> Path:
    """A whole model in HDF5 as Keras 2 wrote it; `weights` by layer, in the layers' order."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["backend"] = b"tensorflow"
        file.attrs["model_config"] = json.dumps(config).encode()
        write_legacy_weights(file.create_group("model_weights"), weights)
    return path


def write_legacy_weights(group: Any, weights: dict[str, list[np.ndarray]]) -> None:
    """The weights alone, in a file or a group of one."""
    group.attrs["layer_names"] = [name.encode() for name in weights]
    for layer, arrays in weights.items():
        names = [f"{layer}/weight_{number}:0".encode() for number in range(len(arrays))]
        inner = group.create_group(layer) if layer not in group else group[layer]
        inner.attrs["weight_names"] = names
        for name, array in zip(names, arrays, strict=True):
            inner[name.decode()] = array


LONG = 2_000_003


def many_texts(owner: Any, attribute: str, times: int = 3000) -> None:
    """An attribute of a long text and many short ones, ready for `point_at_one`."""
    owner.attrs.create(attribute, ["x" * LONG, *["y"] * (times - 1)], dtype=h5py.string_dtype())


def point_at_one(path: Path, times: int = 3000) -> None:
    """Let all texts of that attribute be the long one, which stands in the file once."""
    data = bytearray(path.read_bytes())
    long, short = struct.pack("<I", LONG), struct.pack("<I", 1)
    at = data.find(long)
    while not data[at + 16 : at + 20] == data[at + 32 : at + 36] == short:
        at = data.index(long, at + 1)
    data[at : at + 16 * times] = data[at : at + 16] * times
    path.write_bytes(data)


def weights_of(model: Any) -> dict[str, list[np.ndarray]]:
    """A network's weights by layer in the order in which Keras 2 wrote them."""
    return {
        layer.name: [np.asarray(weight) for weight in (*layer.trainable_weights, *layer.non_trainable_weights)]
        for layer in model.layers
    }


def old_layer(kind: str, name: str, config: dict[str, Any], parents: list[str] | None = None) -> dict[str, Any]:
    """A layer as Keras 2 described it, in a functional network where it has parents."""
    layer: dict[str, Any] = {"class_name": kind, "config": {"name": name, **copy.deepcopy(config)}}
    if parents is not None:
        layer |= {"name": name, "inbound_nodes": [[[parent, 0, 0, {}] for parent in parents]] if parents else []}
    return layer


def old_input(shape: tuple[int | None, ...], name: str = "input_1") -> dict[str, Any]:
    """Keras 2's input layer."""
    return old_layer(
        "InputLayer", name, {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False}, []
    )


def old_functional(layers: list[dict[str, Any]], start: str = "input_1") -> dict[str, Any]:
    """Keras 2's functional network from its layers; the last one is the output."""
    return {
        "class_name": "Functional",
        "config": {
            "name": "old",
            "layers": layers,
            "input_layers": [[start, 0, 0]],
            "output_layers": [[layers[-1]["name"], 0, 0]],
        },
    }


def new_layer(
    kind: str, config: dict[str, Any], module: str | None = "keras.layers", **more: Any
) -> dict[str, Any]:
    """An object as Keras 3 describes it."""
    return {"module": module, "class_name": kind, "config": config, "registered_name": None, **more}


def new_sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    """Keras 3's row of layers over an 8 × 8 RGB image."""
    start = new_layer("InputLayer", {"batch_shape": [None, 8, 8, 3], "dtype": "float32", "name": "input"})
    return new_layer("Sequential", {"name": "row", "layers": [start, *layers]}, "keras")


def lambda_that_writes(path: Path) -> dict[str, Any]:
    """A marshalled function that would leave a file behind if anything ever called it."""
    scope: dict[str, Any] = {}
    exec(f"def leave(x): open({str(path)!r}, 'w').close(); return x", scope)
    code = base64.b64encode(marshal.dumps(scope["leave"].__code__)).decode()
    return {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}


def bomb(path: Path, config_bytes: int = 0, weights_bytes: int = 0) -> Path:
    """A .keras of a few hundred kilobytes that would unpack to far more."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        config = json.dumps(new_sequential()).encode()
        archive.writestr("config.json", config + b" " * config_bytes)
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            for _piece in range(max(1, weights_bytes >> 20)):
                member.write(bytes(1 << 20))
    return path


# broken at random, the same for the same dice


WILD: tuple[Any, ...] = (
    None, True, False, 0, -1, 5, 10**6, 10**12, 10**30, 0.5, float("nan"), float("inf"), "", "x", "relu", "../..", "\0", "é" * 40,
    "/etc/passwd", "http://a.example/x", [], {}, [[]], [None], [0, 0], [-1, 8, 8, 3], [10**6] * 4, {"a": {}},
    {"class_name": "Dense"}, {"class_name": "Dense", "config": None}, {"class_name": 3, "config": {}},
    {"class_name": "__tensor__", "config": {"value": [1, [2]], "dtype": "float32"}},
    {"class_name": "__numpy__", "config": {"value": 1, "dtype": "object"}},
    {"class_name": "__keras_tensor__", "config": {}},
    {"class_name": "__bytes__", "config": {"value": 5}},
    {"class_name": "__slice__", "config": {"start": 0, "stop": None, "step": 0}},
)


def everywhere(value: Any) -> list[tuple[Any, Any]]:
    """Every place of plain data, as its holder and the key or number in it."""
    found, left = [], [value]
    while left:
        holder = left.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            left.append(holder[key])
    return found


def broken(config: Any, dice: random.Random, canary: Path) -> Any:
    """A configuration in which some things are others; what would run code leaves the canary behind if anybody runs it."""
    config = copy.deepcopy(config)
    for _number in range(dice.choice((1, 1, 2, 3, 6))):
        places = everywhere(config)
        if not places:
            break
        holder, key = dice.choice(places)
        kind = dice.randrange(7)
        if kind == 0:
            del holder[key]
        elif kind == 1:
            holder[key] = copy.deepcopy(dice.choice(WILD))
        elif kind == 2:
            holder[key] = dice.choice(evil(canary))
        elif kind == 3 and isinstance(holder, dict):
            holder[dice.choice(("kwargs", "activation", "training_config", "function", "dtype", "shared_object_id", "module",
                                "registered_name", "name", "layers"))] = copy.deepcopy(dice.choice((*WILD, *evil(canary))))
        elif kind == 4:
            other, name = dice.choice(places)
            with contextlib.suppress(KeyError, IndexError):
                holder[key], other[name] = copy.deepcopy(other[name]), copy.deepcopy(holder[key])
        elif kind == 5 and isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] *= dice.choice((-1, 0, 1000, 10**9))
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
    return config


def evil(canary: Path) -> list[Any]:
    """What attackers put into a configuration."""
    calls = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    code = lambda_that_writes(canary)
    return [
        code, calls, {**calls, "module": "builtins", "config": "exec"},
        {**code, "config": {"value": code["config"]["code"]}},
        new_layer("Lambda", {"name": "evil", "function": code, "arguments": {}}),
        old_layer("Lambda", "evil", {"function": [code["config"]["code"], None, None], "function_type": "lambda"}),
        new_layer("TFSMLayer", {"name": "evil", "filepath": str(canary)}),
        new_layer("TorchModuleWrapper", {"name": "evil", "module": "gASV"}),
        new_layer("StringLookup", {"name": "evil", "vocabulary": str(canary)}),
        new_layer("get_file", {"fname": str(canary), "origin": canary.as_uri()}, "keras.utils"),
        new_layer("Map", {"name": "evil"}, "keras.src.ops.core"),
        new_layer("Popen", {"args": f"touch {canary}", "shell": True}, "subprocess"),
        new_layer("__typespec__", {}, "tensorflow", spec_name="TensorSpec"),
    ]
