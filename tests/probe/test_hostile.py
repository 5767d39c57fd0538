"""Whatever Keras makes of a file was judged before; crafted files cost a sentence and nothing else."""

from __future__ import annotations

import contextlib
import copy
import json
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from reportgen.errors import InputError, UsageError
from reportgen.probe import repairs, vetting
from reportgen.probe.source import ModelSource
from tests.probe import models

KEYS = ("config", "kwargs", "args", "inbound_nodes", "training_config", "optimizer_config", "compile_config",
        "build_config", "activation", "kernel_initializer", "dtype", "name", "value", "layer", "layers", "vocabulary")


def plain_configs() -> list[Any]:
    """Networks of today and of Keras 2, with objects within objects."""
    conv = models.new_layer("Conv2D", {
        "name": "conv", "filters": 2, "kernel_size": [3, 3], "dtype": models.new_layer("DTypePolicy", {"name": "float32"}),
        "kernel_initializer": models.new_layer("Zeros", {}, "keras.initializers"), "activation": "relu",
    })
    scaled = models.new_layer("Rescaling", {"name": "scaled", "scale": 2.0, "offset": 0.0})
    wrapped = models.new_layer("TimeDistributed", {"name": "each", "layer": copy.deepcopy(scaled)})
    inner = models.new_layer("Sequential", {"name": "inner", "layers": [copy.deepcopy(conv)]}, "keras")
    row = models.new_sequential(conv, inner, scaled, wrapped)
    tensor = {"class_name": "__keras_tensor__",
              "config": {"shape": [None, 8, 8, 3], "dtype": "float32", "keras_history": ["input", 0, 0]}}
    start = row["config"]["layers"][0] | {"name": "input", "inbound_nodes": []}
    summed = models.new_layer("Add", {"name": "sum"}, "keras.src.ops.numpy") | {
        "name": "sum", "inbound_nodes": [{"args": [tensor, 1.0], "kwargs": {}}]
    }
    graph = models.new_layer("Functional", {
        "name": "graph", "layers": [start, summed], "input_layers": [["input", 0, 0]], "output_layers": [["sum", 0, 0]],
    }, "keras.src.models.functional")
    old = models.old_functional([
        models.old_input((8, 8, 3)),
        models.old_layer("Conv2D", "conv", {"filters": 2, "kernel_size": [3, 3], "kernel_initializer": {
            "class_name": "Zeros", "config": {}}}, ["input_1"]),
        models.old_layer("Activation", "act", {"activation": "relu"}, ["conv"]),
    ])
    return [row, graph, old]


def holders(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Every place into which something can be put."""
    if isinstance(value, dict | list):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from holders(item)


def planted(config: Any, dice: random.Random, thing: Any) -> Any:
    """The configuration with a thing in it, at any place, under any name."""
    config = copy.deepcopy(config)
    places = list(holders(config))
    calls = [place for place in places if isinstance(place, dict) and {"class_name", "args"} & set(place)]
    holder = dice.choice(dice.choice((places, calls)))
    holder = holder.get("kwargs", holder.get("config")) if holder in calls and isinstance(holder, dict) else holder
    assert isinstance(holder, dict | list)
    if isinstance(holder, list):
        holder.insert(dice.randint(0, len(holder)), thing)
    else:
        holder[dice.choice((*KEYS, *holder))] = thing
    return config


def foreign(number: int, dice: random.Random) -> Any:
    """Something that is not Keras', in one of the forms in which it can be asked for."""
    name = f"Planted{number}"
    module = dice.choice(("elsewhere", "keras.layers", "keras.src.ops.numpy", "keras", "builtins", "keras.activations"))
    return dice.choice((
        models.new_layer(name, {"name": "evil"}, module),
        models.new_layer("function", name, module),  # type: ignore[arg-type]
        {"class_name": name, "config": {"name": "evil"}},
        {"class_name": name, "config": {}, "__passive_serialization__": True},
        {"outer": [models.new_layer(name, {}, module)]},
        [models.new_layer(name, {}, module), 3],
    ))


@pytest.mark.tf
@pytest.mark.parametrize("seed", range(4))
def test_whatever_keras_asks_for_was_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    from keras.src.legacy.saving import serialization
    from keras.src.saving import serialization_lib

    from reportgen.probe import loading

    asked: list[str] = []
    retrieve, old_way = serialization_lib._retrieve_class_or_fn, serialization.class_and_config_for_serialized_keras_object

    def spy(name: Any, *args: Any, **keywords: Any) -> Any:
        asked.append(str(name))
        return retrieve(name, *args, **keywords)

    def old_spy(config: Any, *args: Any, **keywords: Any) -> Any:
        asked.append(str(config["class_name"]) if isinstance(config, dict) else "")
        return old_way(config, *args, **keywords)

    monkeypatch.setattr(serialization_lib, "_retrieve_class_or_fn", spy)
    monkeypatch.setattr(serialization, "class_and_config_for_serialized_keras_object", old_spy)
    monkeypatch.setattr(vetting, "refuse_concerns", lambda _report: None)  # so that Keras sees what was judged
    dice, seen = random.Random(seed), 0
    for number in range(150):
        config = planted(dice.choice(plain_configs()), dice, foreign(number, dice))
        path = tmp_path / "planted.keras"
        models.write_keras(path, config)
        told = [str(concern.what) for concern in vetting.inspect_file(path).concerns] if "class_name" in config else []
        asked.clear()
        with contextlib.suppress(InputError):
            loading.open_model(ModelSource(str(path)))
        for name in {name for name in asked if name.startswith("Planted")}:
            seen += 1
            assert any(name in words for words in told), json.dumps(config)
    assert seen >= 10


def broken_files(folder: Path, seed: int, count: int) -> Iterator[Path]:
    """Files with something wrong in their configuration, their arrays or their bytes."""
    dice, canary = random.Random(seed), folder / "canary"
    kernels = [np.zeros((3, 3, 3, 2), "float32"), np.zeros(2, "float32")]

    def arrays(file: h5py.File) -> None:
        file["layers/conv2d/vars/0"], file["layers/conv2d/vars/1"] = kernels

    whole = [
        models.write_keras(folder / "whole.keras", plain_configs()[0], arrays=arrays).read_bytes(),
        models.write_legacy(folder / "whole.h5", plain_configs()[2], {"conv": kernels}).read_bytes(),
    ]
    for number in range(count):
        kind, path = dice.randrange(4), folder / f"broken{number}"
        config = models.broken(dice.choice(plain_configs()), dice, canary)
        if kind == 0:
            models.write_keras(path, config, arrays=arrays)
        elif kind == 1:
            models.write_legacy(path, config, {"conv": kernels})
        elif kind == 2:
            models.write_legacy(path, plain_configs()[2], {"conv": kernels})
            with h5py.File(path, "a") as file:
                owner = file["model_weights"] if dice.random() < 0.5 else file["model_weights/conv"]
                for name in ("layer_names", "weight_names", "layer_names0"):
                    owner.attrs[name] = dice.choice(([b"conv"], [b"none"], [b"\xff"], [b"../x"], 5, [7], np.zeros(0), ["conv"] * 9))
        else:
            data = bytearray(dice.choice(whole))
            for _byte in range(dice.choice((1, 3, 30))):
                data[dice.randrange(len(data))] = dice.randrange(256)
            path.write_bytes(data[: dice.choice((len(data), dice.randrange(len(data))))])
        yield path
        path.unlink()
        assert not canary.exists()


@pytest.mark.parametrize("seed", range(3))
def test_broken_files_cost_a_sentence_before_anything_is_loaded(tmp_path: Path, seed: int) -> None:
    refused = 0
    for path in broken_files(tmp_path, seed, 200):
        try:
            vetting.check_model(ModelSource(str(path)))
        except InputError as problem:
            refused += 1
            told = problem.message
            assert "\n" not in told  # noqa: PT017
            assert len(told) < 700  # noqa: PT017
    assert 50 < refused < 200


@pytest.mark.tf
@pytest.mark.parametrize("seed", range(2))
def test_broken_files_cost_a_sentence_when_they_are_opened(tmp_path: Path, seed: int) -> None:
    from reportgen.probe import loading

    opened = 0
    for path in broken_files(tmp_path, seed + 10, 60):
        with contextlib.suppress(InputError, UsageError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loading.open_model(ModelSource(str(path)))
            opened += 1
    assert 0 < opened < 60


@pytest.mark.parametrize("nodes", [5, "text", None, {"a": 1}, [5], [[5]], [[["x", 0, 0, 7]]], True])
def test_calls_of_any_form_are_left_to_keras(nodes: Any) -> None:
    config = plain_configs()[2]
    config["config"]["layers"][1]["inbound_nodes"] = nodes
    repairs.repair(config)
