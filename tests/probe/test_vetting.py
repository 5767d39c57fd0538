"""A model file says what it asks for before anything in it is trusted."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from reportgen.errors import InputError
from reportgen.probe.concerns import LAYERS, concerns_of, layer_count, without_training
from reportgen.probe.hdf5 import _longest_text
from reportgen.probe.keras_names import OPERATION_HOMES
from reportgen.probe.vetting import inspect_file, opened, refuse_concerns
from tests.probe import models

PLAIN = models.new_layer("Conv2D", {"name": "conv", "filters": 2, "kernel_size": [3, 3], "activation": "relu"})


def refusal(path: Path, *custom: str) -> InputError:
    with pytest.raises(InputError) as caught, opened(path, custom) as file:
        refuse_concerns(file.report)
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


def dense(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.zeros((3, 2), "float32")


# what plain files say


def test_a_plain_archive_is_described_without_keras(tmp_path: Path) -> None:
    path = models.write_keras(tmp_path / "plain.keras", models.new_sequential(PLAIN), arrays=dense)
    report = inspect_file(path)
    assert (report.format, report.keras_version, report.kind, report.layers) == ("keras", "3.15.1", "Sequential", 2)
    assert report.concerns == ()
    assert (report.arrays, report.weights_bytes) == (1, 24)
    assert report.file_bytes == path.stat().st_size


def test_an_hdf5_model_is_described(tmp_path: Path) -> None:
    config = models.old_functional(
        [models.old_input((8, 8, 3)), models.old_layer("Flatten", "flat", {}, ["input_1"])]
    )
    path = models.write_legacy(tmp_path / "old.h5", config, {"flat": []}, "2.2.4")
    report = inspect_file(path)
    assert (report.format, report.keras_version, report.kind, report.layers) == ("h5", "2.2.4", "Functional", 2)


def test_weights_alone_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "only.weights.h5"
    with h5py.File(path, "w") as file:
        dense(file)
    assert inspect_file(path).format == "weights"


@pytest.mark.parametrize("name", ["wrong.h5", "wrong.pt", "without_ending", "крапка. і пробіл"])
def test_the_content_decides_and_not_the_name(tmp_path: Path, name: str) -> None:
    path = models.write_keras(tmp_path / "right.keras", models.new_sequential(PLAIN)).rename(tmp_path / name)
    assert inspect_file(path).format == "keras"


def test_vetting_loads_neither_keras_nor_tensorflow() -> None:
    script = "import sys, reportgen.probe.vetting; sys.exit(any(n in sys.modules for n in ('keras', 'tensorflow')))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_layers_of_nested_models_are_counted_and_named_by_their_path() -> None:
    inner = models.new_layer("Sequential", {"name": "inner", "layers": [PLAIN]}, "keras")
    foreign = models.new_layer("Strange", {"name": "odd"}, "elsewhere")
    inner["config"]["layers"].append(foreign)
    config = models.new_sequential(inner)
    assert layer_count(config) == 3
    assert [concern.layer for concern in concerns_of(config)] == ["inner/odd"]


def test_what_is_only_for_training_is_not_asked_about() -> None:
    config = models.new_sequential(PLAIN)
    inner = models.new_layer("Sequential", {"name": "inner", "layers": [PLAIN]}, "keras")
    config["config"]["layers"].append(inner)
    loss = {"loss": {"module": "mine", "class_name": "function", "config": "own_loss"}}
    config |= {"compile_config": loss, "training_config": loss, "optimizer_config": loss}
    inner["compile_config"] = loss
    without_training(config)
    assert "own_loss" not in json.dumps(config)
    assert concerns_of(config) == ()


@pytest.mark.parametrize("key", ["compile_config", "training_config", "optimizer_config", "metrics", "anything"])
@pytest.mark.parametrize("place", ["settings", "call", "deep in a call"])
def test_an_object_is_judged_wherever_it_stands(key: str, place: str) -> None:
    evil = models.new_layer("TFSMLayer", {"name": "evil", "filepath": "/etc"})
    layer = json.loads(json.dumps(PLAIN))
    if place == "settings":
        layer["config"][key] = evil
    else:
        held = {key: evil} if place == "call" else {"outer": [{key: {"other": [evil]}}]}
        layer["inbound_nodes"] = [{"args": [], "kwargs": held}]
    config = models.new_sequential(layer)
    without_training(config)
    assert ["TFSMLayer" in str(concern.what) for concern in concerns_of(config)] == [True]


@pytest.mark.parametrize("name", ["Map", "Scan", "Operation", "np", "__typespec__", "Full"])
@pytest.mark.parametrize("home", ["numpy", "core"])
def test_of_operations_only_the_plain_ones_are_known(name: str, home: str) -> None:
    module = f"keras.src.ops.{home}"
    assert concerns_of(models.new_sequential(models.new_layer(name, {"name": "evil"}, module)))


def test_an_operation_is_known_in_its_own_home_alone() -> None:
    for module, known in (("keras.src.ops.numpy", True), ("keras.src.ops.nn", False), ("keras.src.ops.function", False)):
        found = concerns_of(models.new_sequential(models.new_layer("Add", {"name": "sum"}, module)))
        assert (found == ()) == known


@pytest.mark.tf
def test_the_list_of_operations_is_that_of_keras_without_those_that_are_given_functions() -> None:
    import importlib

    from keras.src.ops.operation import Operation

    for home, ours in OPERATION_HOMES.items():
        module = importlib.import_module(f"keras.src.ops.{home}")
        theirs = {
            name for name, made in vars(module).items()
            if isinstance(made, type) and issubclass(made, Operation) and made.__module__ == module.__name__
        }
        assert theirs - ours == {
            "core": {"AssociativeScan", "Cond", "ForiLoop", "Map", "Scan", "Switch", "VectorizedMap", "WhileLoop"},
            "linalg": {"JVP"},
            "numpy": {"Arange", "Array", "EmptyLike", "Full", "Geomspace", "Linspace", "Logspace"},
        }.get(home, set())
        assert ours - theirs == set()


@pytest.mark.tf
def test_the_list_of_layers_is_that_of_keras_without_those_that_run_code() -> None:
    import keras

    ours = {
        name
        for name, made in vars(keras.layers).items()
        if isinstance(made, type) and issubclass(made, keras.Layer)
    }
    assert ours - LAYERS == {
        "Lambda",
        "TFSMLayer",
        "TorchModuleWrapper",
        "FlaxLayer",
        "JaxLayer",
        "Layer",
        "Wrapper",
    }


@pytest.mark.tf
def test_every_known_network_passes_the_vetting() -> None:
    import keras

    for name in ("ConvNeXtTiny", "MobileNetV3Small", "EfficientNetV2B0", "NASNetMobile", "InceptionResNetV2"):
        model = getattr(keras.applications, name)(weights=None)
        assert concerns_of(json.loads(model.to_json())) == (), name


# what is refused


HOSTILE: dict[str, tuple[Any, str]] = {
    "lambda layer": (models.new_layer("Lambda", {"name": "evil", "function": "x"}), "Lambda"),
    "lambda as activation": (
        models.new_layer(
            "Dense", {"name": "evil", "units": 2, "activation": {"class_name": "__lambda__", "config": {}}}
        ),
        "lambda",
    ),
    "function of the system": (
        models.new_layer(
            "Activation",
            {"name": "evil", "activation": models.new_layer("function", "system", "os")},  # type: ignore[arg-type]
        ),
        "os.system",
    ),
    "posix function": (
        models.new_layer(
            "Activation",
            {"name": "evil", "activation": models.new_layer("function", "system", "posix")},  # type: ignore[arg-type]
        ),
        "posix.system",
    ),
    "class of another module": (
        models.new_layer("Popen", {"name": "evil", "args": "id"}, "subprocess"),
        "subprocess.Popen",
    ),
    "loader as a layer": (models.new_layer("load_model", {"name": "evil"}, "keras.saving"), "load_model"),
    "downloader": (models.new_layer("get_file", {"name": "evil"}, "keras.utils"), "get_file"),
    "known class from a module without layers": (
        models.new_layer("Dense", {"name": "evil"}, "keras.utils"),
        "keras.utils",
    ),
    "module that only looks like Keras": (
        models.new_layer("Dense", {"name": "evil"}, "keras_evil.layers"),
        "keras_evil",
    ),
    "relative module": (models.new_layer("Dense", {"name": "evil"}, "keras.layers...os"), "keras.layers...os"),
    "module that is no text": (models.new_layer("Dense", {"name": "evil"}, ["os"]), "os"),  # type: ignore[arg-type]
    "no module": (models.new_layer("Mine", {"name": "evil"}, None), "Mine"),
    "registered name over a known class": (
        models.new_layer("Dense", {"name": "evil"}) | {"registered_name": "my>Other"},
        "Dense",
    ),
    "impossible class name": (models.new_layer("__import__('os')", {"name": "evil"}), "impossible"),
    "class name that is no text": (models.new_layer(["os"], {"name": "evil"}), "impossible"),  # type: ignore[arg-type]
    "SavedModel layer": (models.new_layer("TFSMLayer", {"name": "evil", "filepath": "/etc"}), "TFSMLayer"),
    "PyTorch module": (
        models.new_layer("TorchModuleWrapper", {"name": "evil", "module": "gASV"}),
        "TorchModuleWrapper",
    ),
    "JAX layer": (models.new_layer("JaxLayer", {"name": "evil"}), "JaxLayer"),
    "Flax layer": (models.new_layer("FlaxLayer", {"name": "evil"}), "FlaxLayer"),
    "vocabulary in a file": (
        models.new_layer("StringLookup", {"name": "evil", "vocabulary": "/etc/passwd"}),
        "/etc/passwd",
    ),
    "vocabulary at an address": (
        models.new_layer("TextVectorization", {"name": "evil", "vocabulary": "http://a.example/v.txt"}),
        "http://a.example",
    ),
    "address anywhere": (models.new_layer("Dense", {"name": "evil", "units": "file:///etc/passwd"}), "file:///etc"),
    "unknown activation": (models.new_layer("Dense", {"name": "evil", "units": 2, "activation": "mine"}), "mine"),
    "typespec": (models.new_layer("__typespec__", {"name": "evil"}, "os"), "os"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("form", ["keras", "h5"])
def test_what_is_not_plain_keras_is_refused_with_the_layers_name(tmp_path: Path, case: str, form: str) -> None:
    layer, word = HOSTILE[case]
    config = models.new_sequential(PLAIN, layer)
    if form == "keras":
        path = models.write_keras(tmp_path / "hostile.keras", config)
    else:
        path = models.write_legacy(tmp_path / "hostile.h5", config, {})
    error = refusal(path)
    assert error.slug == "model-refused"
    assert "'evil'" in error.message
    assert word in error.message


def test_a_class_without_a_module_in_an_old_file_must_be_keras_own(tmp_path: Path) -> None:
    for name in ("deserialize", "serialization_lib", "keras_export", "__builtins__", "Mine"):
        config = models.old_functional(
            [models.old_input((8, 8, 3)), models.old_layer(name, "evil", {}, ["input_1"])]
        )
        error = refusal(models.write_legacy(tmp_path / f"{name}.h5", config, {}))
        assert f"`{name}`" in error.message


def test_the_users_own_class_is_allowed_by_its_name_only(tmp_path: Path) -> None:
    mine = models.new_layer("Mine", {"name": "own"}, "project.layers", registered_name="pack>Mine")
    path = models.write_keras(tmp_path / "own.keras", models.new_sequential(mine))
    assert "--custom FILE.py:Mine" in refusal(path).hint
    with opened(path, {"Mine"}) as file:
        refuse_concerns(file.report)
        assert [concern.refused for concern in file.report.concerns] == [False]
    mine["config"]["inner"] = models.new_layer("Other", {}, "project.layers")
    assert "Other" in refusal(models.write_keras(path, models.new_sequential(mine)), "Mine").message


def test_a_name_that_is_only_registered_like_the_users_own_is_not_his(tmp_path: Path) -> None:
    for name, module in (("Popen", "subprocess"), ("deserialize", "keras.layers"), ("get_file", "keras.utils")):
        evil = models.new_layer(name, {"name": "evil"}, module, registered_name="pack>Mine")
        assert "'evil'" in refusal(models.write_keras(tmp_path / "m.keras", models.new_sequential(evil)), "Mine").message


def test_trust_is_offered_for_code_in_the_file(tmp_path: Path) -> None:
    path = models.write_keras(tmp_path / "own.keras", models.new_sequential(HOSTILE["lambda layer"][0]))
    assert "--trust-model" in refusal(path).hint


# sizes


def test_a_configuration_that_unpacks_to_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = models.bomb(tmp_path / "bomb.keras", config_bytes=100 << 20)
    assert path.stat().st_size < 300_000
    assert refusal(path).slug == "model-suspicious"


def test_weights_that_unpack_to_gigabytes_are_refused_unread(tmp_path: Path) -> None:
    path = models.bomb(tmp_path / "bomb.keras", weights_bytes=200 << 20)
    assert "would unpack to" in refusal(path).message


def test_a_member_that_unpacks_to_more_than_it_declares_is_refused(tmp_path: Path) -> None:
    path = models.bomb(tmp_path / "liar.keras", config_bytes=20 << 20)
    with zipfile.ZipFile(path) as archive:
        true = archive.getinfo("config.json").file_size
    data = path.read_bytes().replace(true.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(data)
    refusal(path)


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("settings", [{}, {"chunks": (1 << 20,), "compression": "gzip"}])
def test_an_array_that_declares_gigabytes_and_holds_nothing_is_refused(
    tmp_path: Path, form: str, settings: dict[str, Any]
) -> None:
    def declare(file: h5py.File) -> None:
        file.create_dataset("layers/dense/vars/0", (1 << 34,), "float32", **settings)

    if form == "keras":
        path = models.write_keras(tmp_path / "bomb.keras", models.new_sequential(PLAIN), arrays=declare)
    else:
        path = models.write_legacy(tmp_path / "bomb.h5", models.new_sequential(PLAIN), {})
        with h5py.File(path, "a") as file:
            declare(file)
    assert refusal(path).slug == "model-suspicious"


def test_a_configuration_nested_without_end_is_refused(tmp_path: Path) -> None:
    for depth in (300, 100_000):
        deep = b'{"class_name": "Sequential", "config": ' + b"[" * depth + b"]" * depth + b"}"
        error = refusal(models.write_keras(tmp_path / "deep.keras", deep))
        assert error.slug in ("model-suspicious", "model-damaged")


def test_an_archive_with_a_list_of_contents_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number:060d}", b"")
    assert refusal(path).slug == "model-suspicious"


@pytest.mark.parametrize(
    "member", ["../outside.txt", "/etc/outside", "assets/../../x/vocabulary.txt", "C:/x", "evil.py"]
)
def test_members_that_keras_does_not_write_are_refused(tmp_path: Path, member: str) -> None:
    path = models.write_keras(tmp_path / "more.keras", models.new_sequential(PLAIN), members=[(member, b"x")])
    assert refusal(path).slug == "model-suspicious"


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("attribute", ["layer_names", "weight_names", "weight_names1", "dtype"])
def test_names_that_point_a_thousand_times_at_one_long_text_are_refused_unread(
    tmp_path: Path, form: str, attribute: str
) -> None:
    def point(file: h5py.File) -> None:
        group = file.require_group("model_weights")
        group["array"] = np.zeros(4, np.float32)
        owner = group["array"] if attribute == "dtype" else group
        models.many_texts(owner, attribute)

    if form == "keras":
        path = models.write_keras(tmp_path / "names.keras", models.new_sequential(PLAIN), arrays=point)
    else:
        path = models.write_legacy(tmp_path / "names.h5", models.new_sequential(PLAIN), {})
        with h5py.File(path, "a") as file:
            point(file)
    models.point_at_one(path)
    assert path.stat().st_size < 3 << 20
    error = refusal(path)
    assert error.slug == "model-suspicious"
    assert "MB" in error.message


def test_the_longest_text_is_found_behind_free_room_and_between_pieces() -> None:
    def entry(number: int, length: int, room: int) -> bytes:
        return struct.pack("<HH4xQ", number, 1, length) + bytes(room)

    heap = entry(1, 5, 8) + entry(0, 64, 48) + entry(2, 70_001, 70_008) + entry(0, 16, 0)
    heap = b"GCOL\x01\0\0\0" + struct.pack("<Q", 16 + len(heap)) + heap
    for before in (0, 8, (1 << 20) - 3, (1 << 20) - 16, 1 << 20):
        assert _longest_text(io.BytesIO(bytes(before) + heap + bytes(100))) == 70_001


def test_many_short_names_of_any_length_are_fine(tmp_path: Path) -> None:
    path = models.write_legacy(tmp_path / "names.h5", models.new_sequential(PLAIN), {})
    with h5py.File(path, "a") as file:
        file["model_weights"].attrs["others"] = [f"layer_{number}/kernel:0" for number in range(2000)]
    assert inspect_file(path).format == "h5"


# links out of the file


def test_arrays_that_lie_in_other_files_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["data"] = np.arange(4.0)
    raw = tmp_path / "secret.bin"
    raw.write_bytes(bytes(16))
    layout = h5py.VirtualLayout((4,), "float64")
    layout[:] = h5py.VirtualSource(str(secret), "data", (4,))

    def external_link(file: h5py.File) -> None:
        file["x"] = h5py.ExternalLink(str(secret), "data")

    def soft_link(file: h5py.File) -> None:
        file["y"] = np.zeros(2)
        file["x"] = h5py.SoftLink("/y")

    def external_storage(file: h5py.File) -> None:
        file.create_dataset("x", (4,), "float32", external=[(str(raw), 0, 16)])

    def virtual(file: h5py.File) -> None:
        file.create_virtual_dataset("x", layout)

    for number, change in enumerate((external_link, soft_link, external_storage, virtual)):
        path = models.write_legacy(tmp_path / f"{number}.h5", models.new_sequential(PLAIN), {})
        with h5py.File(path, "a") as file:
            change(file)
        assert "'x'" in refusal(path).message
    path = models.write_keras(tmp_path / "link.keras", models.new_sequential(PLAIN), arrays=external_link)
    assert "'x'" in refusal(path).message


def test_groups_that_hold_each_other_do_not_hang_the_walk(tmp_path: Path) -> None:
    path = models.write_legacy(tmp_path / "ring.h5", models.new_sequential(PLAIN), {})
    with h5py.File(path, "a") as file:
        file["a/b/c"] = np.zeros(1)
        file["a/b/back"] = file["a"]
    assert inspect_file(path).arrays == 1


# files that are something else


def test_every_foreign_file_gets_one_sentence_that_says_what_it_is(tmp_path: Path) -> None:
    def archive(**members: bytes) -> bytes:
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w") as made:
            for name, data in members.items():
                made.writestr(name.replace("__", "/").replace("_dot_", "."), data)
        return path.read_bytes()

    cases = {
        "empty.keras": (b"", "empty"),
        "text.h5": (b"hello", "not a model file"),
        "lite.tflite": (b"\x1c\x00\x00\x00TFL3" + bytes(40), "TensorFlow Lite"),
        "net.onnx": (b"\x08\x07\x12\x07pytorch", "ONNX"),
        "graph.pb": (b"\x08\x01\x12\x10", "SavedModel"),
        "old.pt": (pickle.dumps({"a": 1}), "pickle"),
        "new.pt": (archive(model__data_dot_pkl=b"x"), "PyTorch"),
        "saved.zip": (archive(m__saved_model_dot_pb=b"x"), "SavedModel"),
        "w.npz": (archive(a_dot_npy=b"x"), "NumPy"),
        "around.zip": (archive(model_dot_keras=b"x"), "around a model"),
        "noweights.keras": (archive(config_dot_json=b"{}"), "without its weights"),
        "lfs.keras": (b"version https://git-lfs.github.com/spec/v1\n", "LFS"),
        "page.h5": (b"<!DOCTYPE html><html>", "web page"),
        "arch.json": (b'{"class_name": "Sequential"}', "architecture"),
        "safe.safetensors": ((20).to_bytes(8, "little") + b'{"a": 1}' + bytes(40), "safetensors"),
    }
    for name, (data, word) in cases.items():
        (tmp_path / name).write_bytes(data)
        error = refusal(tmp_path / name)
        assert error.slug == "model-not-model", name
        assert word in error.message, name


def test_a_folder_and_a_missing_file_are_told(tmp_path: Path) -> None:
    assert "folder" in refusal(tmp_path).message
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    error = refusal(tmp_path)
    assert "SavedModel" in error.message
    assert "model.save('name.keras')" in error.hint
    assert refusal(tmp_path / "none.keras").slug == "model-missing"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = models.write_keras(tmp_path / "closed.keras", models.new_sequential(PLAIN))
    path.chmod(0)
    assert refusal(path).slug == "model-unreadable"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_file_that_is_cut_short_is_told(tmp_path: Path, form: str, share: float) -> None:
    if form == "keras":
        path = models.write_keras(tmp_path / "cut.keras", models.new_sequential(PLAIN), arrays=dense)
    else:
        path = models.write_legacy(
            tmp_path / "cut.h5", models.new_sequential(PLAIN), {"dense": [np.zeros((30, 20))]}
        )
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path).slug == "model-damaged"


def test_a_configuration_that_is_no_model_is_told(tmp_path: Path) -> None:
    assert refusal(models.write_keras(tmp_path / "a.keras", b"not json")).slug == "model-damaged"
    assert refusal(models.write_keras(tmp_path / "b.keras", {"a": 1})).slug == "model-not-model"
    with h5py.File(tmp_path / "c.h5", "w"):
        pass
    assert refusal(tmp_path / "c.h5").slug == "model-not-model"
