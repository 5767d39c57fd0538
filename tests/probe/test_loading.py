"""Files of every age and kind become networks that answer as they always did."""

from __future__ import annotations

import json
import socket
import textwrap
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from reportgen.errors import InputError, UsageError
from reportgen.probe.source import ModelSource
from tests.probe import models

pytestmark = [
    pytest.mark.tf,
    # Keras' own: it makes a NumPy array of a variable when it saves one
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

keras = pytest.importorskip("keras")

from reportgen.probe import applications  # noqa: E402
from reportgen.probe.loading import OpenedModel, open_model  # noqa: E402

IMAGE = np.random.default_rng(3).random((2, 8, 8, 3), np.float32)


def opened(path: Path | str, **source: Any) -> OpenedModel:
    return open_model(ModelSource(str(path), **source))


def answers(model: Any, image: np.ndarray = IMAGE) -> np.ndarray:
    return np.asarray(model(image))


def refusal(path: Path | str, **source: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        opened(path, **source)
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.message
    return caught.value


def same(path: Path, model: Any, **source: Any) -> OpenedModel:
    """The opened file, after it was seen to answer exactly as the network that it was made from."""
    result = opened(path, **source)
    np.testing.assert_array_equal(answers(result.model), answers(model))
    return result


def old(
    tmp_path: Path, layers: list[dict[str, Any]], weights: dict[str, list[np.ndarray]], **more: Any
) -> OpenedModel:
    """A functional network as Keras 2 wrote it, opened."""
    return opened(models.write_legacy(tmp_path / "old.h5", models.old_functional(layers), weights, **more))


def kernels(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(5)
    return [generator.normal(size=shape).astype("float32") for shape in shapes]


# whole models of today


@pytest.mark.parametrize("make", [models.tiny_functional, models.tiny_sequential])
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_saved_model_answers_the_same(tmp_path: Path, make: Any, ending: str) -> None:
    model = make()
    model.compile("adam", "mse")
    path = tmp_path / f"моя модель 1.0{ending}"
    model.save(path)
    result = same(path, model)
    assert (result.name, result.kind, result.remarks) == ("моя модель 1.0", type(model).__name__, ())


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_wrong_ending_does_not_matter(tmp_path: Path, ending: str) -> None:
    model = models.tiny_functional()
    model.save(tmp_path / f"right{ending}")
    for name in ("wrong.h5", "wrong.hdf5", "wrong.keras", "wrong.model"):
        same((tmp_path / f"right{ending}").rename(tmp_path / name), model)
        (tmp_path / name).rename(tmp_path / f"right{ending}")


def test_a_packed_archive_answers_the_same(tmp_path: Path) -> None:
    model = models.tiny_functional()
    model.save(tmp_path / "stored.keras")
    with (
        zipfile.ZipFile(tmp_path / "stored.keras") as old_one,
        zipfile.ZipFile(tmp_path / "packed.keras", "w", zipfile.ZIP_DEFLATED) as new_one,
    ):
        for name in old_one.namelist():
            new_one.writestr(name, old_one.read(name))
    same(tmp_path / "packed.keras", model)


def test_weights_that_were_damaged_on_their_way_are_noticed(tmp_path: Path) -> None:
    models.tiny_functional().save(tmp_path / "m.keras")
    kernel = opened(tmp_path / "m.keras").model.get_weights()[0].tobytes()
    data = bytearray((tmp_path / "m.keras").read_bytes())
    data[data.index(kernel) + 5] ^= 64
    (tmp_path / "m.keras").write_bytes(data)
    assert refusal(tmp_path / "m.keras").slug == "model-damaged"


def test_initializers_stay_what_they_were_although_no_weight_is_drawn(tmp_path: Path) -> None:
    model = models.tiny_functional()
    model.save(tmp_path / "m.keras")
    layer = opened(tmp_path / "m.keras").model.get_layer("first")
    assert layer.kernel_initializer.get_config() == model.get_layer("first").kernel_initializer.get_config()
    assert type(layer.kernel_initializer).__name__ == "GlorotUniform"
    assert np.any(np.asarray(keras.layers.Dense(3).add_weight(shape=(9, 9))))


def test_large_arrays_are_taken_over_whole(tmp_path: Path) -> None:
    start = keras.Input((8, 8, 3))
    model = keras.Model(start, keras.layers.Dense(300)(keras.layers.Flatten()(start)))
    model.save(tmp_path / "large.keras")
    result = same(tmp_path / "large.keras", model)
    np.testing.assert_array_equal(result.model.get_weights()[0], model.get_weights()[0])


def test_nested_shared_and_equal_names_are_loaded(tmp_path: Path) -> None:
    base = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 3, padding="same", name="same")], name="base"
    )
    start = keras.Input((8, 8, 3))
    maps = base(base(start))
    end = keras.layers.Dense(2)(keras.layers.Flatten()(keras.layers.Conv2D(2, 3, name="same")(maps)))
    model = keras.Model(start, end)
    for ending in (".keras", ".h5"):
        model.save(tmp_path / f"nested{ending}")
        same(tmp_path / f"nested{ending}", model)


@pytest.mark.parametrize("name", ["a.b", "шар", "<script>", "with space", "x" * 200, "..", "quote'\""])
def test_any_layer_name_is_loaded(tmp_path: Path, name: str) -> None:
    start = keras.Input((8, 8, 3))
    model = keras.Model(start, keras.layers.Conv2D(2, 3, name=name)(start))
    model.save(tmp_path / "named.keras")
    assert same(tmp_path / "named.keras", model).model.layers[1].name == name


def test_mixed_precision_and_half_precision_weights_are_loaded(tmp_path: Path) -> None:
    for policy in ("mixed_float16", "float16", "bfloat16"):
        start = keras.Input((8, 8, 3))
        model = keras.Model(start, keras.layers.Conv2D(2, 3, dtype=policy)(start))
        model.save(tmp_path / f"{policy}.keras")
        same(tmp_path / f"{policy}.keras", model)


def test_arithmetic_between_layers_survives_both_formats(tmp_path: Path) -> None:
    start = keras.Input((8, 8, 3))
    maps = keras.ops.relu(keras.layers.Conv2D(2, 3)(start) * 2.0 + 1.0)
    model = keras.Model(start, keras.ops.mean(maps, axis=(1, 2)))
    model.save(tmp_path / "ops.keras")
    assert same(tmp_path / "ops.keras", model).remarks == ()
    model.save(tmp_path / "ops.h5")
    remarks = same(tmp_path / "ops.h5", model).remarks
    assert "recognised by name" in str(remarks[0])


def test_networks_with_layers_of_their_own_from_keras_applications_survive_hdf5(tmp_path: Path) -> None:
    for name in ("ConvNeXtTiny", "MobileNetV3Small"):
        model = getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), classes=2)
        model.save(tmp_path / "app.h5")
        image = np.random.default_rng(0).random((1, 32, 32, 3), np.float32) * 255
        np.testing.assert_array_equal(answers(opened(tmp_path / "app.h5").model, image), answers(model, image))


def test_a_sequential_that_was_never_called_is_built(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    model.save(tmp_path / "row.keras")
    result = opened(tmp_path / "row.keras")
    assert result.model.built
    assert result.model.outputs[0].shape == (None, 6, 6, 2)


def test_a_sequential_without_an_input_shape_asks_for_one(tmp_path: Path) -> None:
    model = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / "unbuilt.keras")
    error = refusal(tmp_path / "unbuilt.keras")
    assert error.slug == "model-unbuilt"
    assert "keras.Input((height, width, channels))" in error.hint


# subclassed models and own code

OWN = textwrap.dedent(
    """
    import keras
    from pathlib import Path

    Path(__file__).with_suffix(".imported").touch()

    @keras.saving.register_keras_serializable(package="mine")
    class Doubling(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    @keras.saving.register_keras_serializable(package="mine")
    class Small(keras.Model):
        def __init__(self, units=2, **keywords):
            super().__init__(**keywords)
            self.units = units
            self.conv = keras.layers.Conv2D(3, 3)
            self.dense = keras.layers.Dense(units)

        def call(self, inputs):
            return self.dense(keras.ops.mean(self.conv(inputs), axis=(1, 2)))

        def get_config(self):
            return {**super().get_config(), "units": self.units}
    """
)


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """The user's module, imported once to save with, and not registered any more when it is opened."""
    path = tmp_path / f"own_{tmp_path.name}.py"
    path.write_text(OWN)
    scope: dict[str, Any] = {"__file__": str(tmp_path / "writer.py"), "__name__": f"writer_{tmp_path.name}"}
    before = dict(keras.saving.get_custom_objects())
    exec(compile(OWN, str(path), "exec"), scope)
    yield path, scope
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(before)


def test_a_subclassed_model_needs_its_class_and_then_answers_the_same(tmp_path: Path, own: Any) -> None:
    code, scope = own
    model = scope["Small"]()
    expected = answers(model)
    model.save(tmp_path / "small.keras")
    keras.saving.get_custom_objects().clear()
    error = refusal(tmp_path / "small.keras")
    assert "Small" in error.message
    assert "--custom FILE.py:Small" in error.hint
    result = opened(tmp_path / "small.keras", custom=(f"{code}:Small",))
    np.testing.assert_array_equal(answers(result.model), expected)
    assert result.kind == "Subclassed"
    assert "Code outside the file was used" in str(result.remarks[0])


def test_an_own_layer_is_allowed_in_both_formats(tmp_path: Path, own: Any) -> None:
    code, scope = own
    start = keras.Input((8, 8, 3))
    model = keras.Model(start, scope["Doubling"](name="twice")(keras.layers.Conv2D(2, 3)(start)))
    for ending in (".keras", ".h5"):
        model.save(tmp_path / f"own{ending}")
    keras.saving.get_custom_objects().clear()
    for ending in (".keras", ".h5"):
        assert "'twice'" in refusal(tmp_path / f"own{ending}").message
        same(tmp_path / f"own{ending}", model, custom=(f"{code}:Doubling",))


@pytest.mark.parametrize(
    "entry", ["nothing", "missing.py:Name", "{code}:Absent", "{code}:not a name", "{broken}:Name"]
)
def test_own_code_that_cannot_be_used_is_told(tmp_path: Path, entry: str) -> None:
    code, broken = tmp_path / "code.py", tmp_path / "broken.py"
    code.write_text("value = 1\n")
    broken.write_text("1 / 0\n")
    models.tiny_functional().save(tmp_path / "m.keras")
    error = refusal(tmp_path / "m.keras", custom=(entry.format(code=code, broken=broken),))
    assert error.slug == "custom-unreadable"


# nothing is run


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_lambda_is_not_run_unless_the_file_is_trusted(tmp_path: Path, form: str) -> None:
    mark = tmp_path / "it ran"
    layer = models.new_layer("Lambda", {"name": "evil", "function": models.lambda_that_writes(mark)})
    layer["config"]["output_shape"] = [8, 8, 3]
    if form == "keras":
        path = models.write_keras(tmp_path / "l.keras", models.new_sequential(layer))
    else:
        config = models.old_functional(
            [
                models.old_input((8, 8, 3)),
                {**models.old_layer("Lambda", "evil", {}, ["input_1"]), "config": layer["config"]},
            ]
        )
        path = models.write_legacy(tmp_path / "l.h5", config, {})
    assert "'evil'" in refusal(path).message
    assert not mark.exists()
    result = opened(path, trusted=True)
    result.model(IMAGE)
    assert mark.exists()
    assert "--trust-model" in str(result.remarks[0])


def test_no_module_is_imported_for_a_files_sake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "side_effect.py").write_text(
        f"open({str(tmp_path / 'imported')!r}, 'w').close()\nclass Layer: pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("side_effect", "keras.side_effect", "keras.layers.side_effect"):
        layer = models.new_layer("Layer", {"name": "evil"}, module)
        refusal(models.write_keras(tmp_path / "m.keras", models.new_sequential(layer)))
    assert not (tmp_path / "imported").exists()


def test_an_architecture_far_larger_than_its_weights_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    for units in (10**9, 10**14):
        layers = [
            models.new_layer("Flatten", {"name": "flat"}),
            models.new_layer("Dense", {"name": "huge", "units": units}),
        ]
        error = refusal(models.write_keras(tmp_path / "huge.keras", models.new_sequential(*layers)))
        assert error.slug == "model-suspicious"


def test_a_refused_file_takes_little_memory(tmp_path: Path) -> None:
    import resource

    paths = [
        models.bomb(tmp_path / "a.keras", config_bytes=1 << 30),
        models.bomb(tmp_path / "b.keras", weights_bytes=1 << 30),
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in paths:
        refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


# files of old versions of Keras


def test_a_sequential_whose_first_layer_carries_the_shape(tmp_path: Path) -> None:
    model = models.tiny_sequential()
    layers = [
        models.old_layer(
            "Conv2D",
            "first",
            {
                "batch_input_shape": [None, 8, 8, 3],
                "filters": 4,
                "kernel_size": [3, 3],
                "activation": "relu",
                **models.FLOAT,
            },
        ),
        models.old_layer("GlobalAveragePooling2D", "pool", {"data_format": "channels_last"}),
        models.old_layer("Dense", "classes", {"units": 2, "activation": "softmax"}),
    ]
    config = {"class_name": "Sequential", "config": {"name": "row", "layers": layers}}
    path = models.write_legacy(tmp_path / "tf1.h5", config, models.weights_of(model), "2.2.4-tf")
    result = same(path, model)
    assert result.model.inputs[0].shape == (None, 8, 8, 3)
    assert "input shape" in str(result.remarks[0])
    config["config"] = layers
    path = models.write_legacy(tmp_path / "list.h5", config, models.weights_of(model), "2.0.6")
    assert any("bare list" in str(remark) for remark in same(path, model).remarks)


def test_initializers_that_carry_a_type(tmp_path: Path) -> None:
    kernel, bias = kernels((3, 3, 3, 2), (2,))
    glorot = {"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}}
    result = old(
        tmp_path,
        [
            models.old_input((8, 8, 3)),
            models.old_layer(
                "Conv2D", "conv", {"filters": 2, "kernel_size": [3, 3], "kernel_initializer": glorot}, ["input_1"]
            ),
        ],
        {"input_1": [], "conv": [kernel, bias]},
    )
    np.testing.assert_array_equal(result.model.get_layer("conv").get_weights()[0], kernel)


def test_groups_where_keras_3_knows_none(tmp_path: Path) -> None:
    depthwise, transposed, bias = kernels((3, 3, 3, 1), (2, 2, 4, 3), (4,))
    nothing = {"kernel_initializer": None, "kernel_regularizer": None, "kernel_constraint": None}
    result = old(
        tmp_path,
        [
            models.old_input((8, 8, 3)),
            models.old_layer(
                "DepthwiseConv2D",
                "depth",
                {"kernel_size": [3, 3], "groups": 1, "use_bias": False, "depth_multiplier": 1, **nothing},
                ["input_1"],
            ),
            models.old_layer(
                "Conv2DTranspose",
                "up",
                {"filters": 4, "kernel_size": [2, 2], "strides": [2, 2], "groups": 1, "output_padding": None},
                ["depth"],
            ),
        ],
        {"input_1": [], "depth": [depthwise], "up": [transposed, bias]},
    )
    assert result.model.outputs[0].shape == (None, 12, 12, 4)
    assert any("only old versions" in str(remark) for remark in result.remarks)


def test_slashes_in_names_become_underscores_and_stay_apart(tmp_path: Path) -> None:
    first, second = kernels((1, 1, 3, 3), (1, 1, 3, 2))
    conv = {"kernel_size": [1, 1], "use_bias": False}
    result = opened(
        models.write_legacy(
            tmp_path / "slash.h5",
            models.old_functional(
                [
                    models.old_input((8, 8, 3), "in/put"),
                    models.old_layer("Conv2D", "conv1/conv", {"filters": 3, **conv}, ["in/put"]),
                    models.old_layer("Conv2D", "conv1_conv", {"filters": 2, **conv}, ["conv1/conv"]),
                ],
                "in/put",
            ),
            {"conv1/conv": [first], "conv1_conv": [second]},
        )
    )
    assert [layer.name for layer in result.model.layers] == ["in_put", "conv1_conv_2", "conv1_conv"]
    expected = IMAGE @ first[0, 0] @ second[0, 0]
    np.testing.assert_allclose(answers(result.model), expected, rtol=1e-4, atol=1e-5)
    assert any("slash" in str(remark) for remark in result.remarks)


def test_a_single_input_is_asked_for_as_one_array(tmp_path: Path) -> None:
    result = old(tmp_path, [models.old_input((8, 8, 3)), models.old_layer("ReLU", "relu", {}, ["input_1"])], {})
    np.testing.assert_array_equal(answers(result.model), IMAGE)


def test_settings_of_old_recurrent_normalizing_and_mixed_layers(tmp_path: Path) -> None:
    gamma, beta, mean, variance = kernels((3,), (3,), (3,), (3,))
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    result = old(
        tmp_path,
        [
            models.old_input((8, 8, 3)),
            models.old_layer(
                "BatchNormalizationV1",
                "norm",
                {"axis": [3], "renorm": False, "fused": True, "virtual_batch_size": None, "epsilon": 0.001},
                ["input_1"],
            ),
            models.old_layer("LeakyReLU", "leaky", {"alpha": 0.25}, ["norm"]),
            models.old_layer("ThresholdedReLU", "over", {"theta": 0.5}, ["leaky"]),
            models.old_layer("RandomHeight", "random", {"factor": 0.2, "seed": None}, ["over"]),
            models.old_layer("Dropout", "drop", {"rate": 0.5, "dtype": policy}, ["random"]),
        ],
        {"norm": [gamma, beta, mean, np.abs(variance)]},
    )
    normed = (IMAGE - mean) / np.sqrt(np.abs(variance) + 0.001) * gamma + beta
    leaky = np.where(normed > 0, normed, 0.25 * normed)
    expected = np.where(leaky > 0.5, leaky, 0)
    np.testing.assert_allclose(answers(result.model), expected, rtol=1e-2, atol=1e-3)
    assert any("replaced by equal ones" in str(remark) for remark in result.remarks)


def test_tensorflow_operations_of_keras_2_become_layers(tmp_path: Path) -> None:
    def operation(name: str, function: str, node: list[Any]) -> dict[str, Any]:
        return {
            "class_name": "TFOpLambda",
            "name": name,
            "inbound_nodes": [node],
            "config": {"name": name, "trainable": True, "dtype": "float32", "function": function},
        }

    result = opened(
        models.write_legacy(
            tmp_path / "ops.h5",
            models.old_functional(
                [
                    models.old_input((8, 8, 3)),
                    operation("a", "math.truediv", [["input_1", 0, 0, {"y": 4.0, "name": None}]]),
                    operation("b", "math.subtract", [["a", 0, 0, {"y": 1.0, "name": None}]]),
                    operation(
                        "c", "math.subtract", [["_CONSTANT_VALUE", -1, 3.0, {"y": ["b", 0, 0], "name": None}]]
                    ),
                    operation("d", "__operators__.add", [["c", 0, 0, {"y": ["input_1", 0, 0], "name": None}]]),
                    operation("e", "nn.relu6", [["d", 0, 0, {"name": None}]]),
                ]
            ),
            {},
        )
    )
    np.testing.assert_allclose(answers(result.model), np.clip(3 - (IMAGE / 4 - 1) + IMAGE, 0, 6), rtol=1e-6)
    assert any("TensorFlow operations" in str(remark) for remark in result.remarks)


def test_an_operation_that_no_layer_equals_is_told(tmp_path: Path) -> None:
    strange = {
        "class_name": "TFOpLambda",
        "name": "odd",
        "inbound_nodes": [[["input_1", 0, 0, {}]]],
        "config": {"name": "odd", "function": "image.ssim"},
    }
    config = models.old_functional([models.old_input((8, 8, 3)), strange])
    error = refusal(models.write_legacy(tmp_path / "odd.h5", config, {}, "2.11.0"))
    assert error.slug == "model-not-rebuilt"
    assert "2.11.0" in error.message


def test_an_archive_of_keras_2_13_with_its_old_modules(tmp_path: Path) -> None:
    kernel, bias = kernels((3, 3, 3, 2), (2,))
    conv = models.old_layer(
        "Conv2D",
        "conv",
        {
            "filters": 2,
            "kernel_size": [3, 3],
            "dtype": models.new_layer("Policy", {"name": "float32"}, "keras.mixed_precision"),
            "kernel_initializer": models.new_layer("GlorotUniform", {"seed": None}, "keras.initializers"),
        },
        ["input_1"],
    )
    config = models.old_functional([models.old_input((8, 8, 3)), conv])
    for layer in config["config"]["layers"]:
        layer |= {"module": "keras.layers", "registered_name": None}
    config |= {
        "module": "keras.src.engine.functional",
        "registered_name": "Functional",
        "build_config": {"input_shape": None},
    }

    def arrays(file: h5py.File) -> None:
        group = file.create_group("_layer_checkpoint_dependencies/conv2d/vars")
        group["0"], group["1"] = kernel, bias

    result = opened(models.write_keras(tmp_path / "k213.keras", config, arrays=arrays))
    np.testing.assert_array_equal(result.model.get_layer("conv").get_weights()[0], kernel)


def test_hard_sigmoid_of_keras_2_is_computed_as_keras_2_did(tmp_path: Path) -> None:
    layers = [
        models.old_input((8, 8, 3)),
        models.old_layer("Activation", "gate", {"activation": "hard_sigmoid"}, ["input_1"]),
    ]
    result = old(tmp_path, layers, {})
    assert any("hard_sigmoid" in str(remark) for remark in result.remarks)
    np.testing.assert_allclose(
        answers(result.model, IMAGE * 9 - 4), np.clip((IMAGE * 9 - 4) * 0.2 + 0.5, 0, 1), atol=1e-6
    )


# weights apart from their network


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_weights_with_their_architecture(tmp_path: Path, ending: str) -> None:
    model = models.tiny_functional()
    (tmp_path / "arch.json").write_text(model.to_json())
    path = tmp_path / f"net{ending}"
    if ending == ".h5":
        with h5py.File(path, "w") as file:
            models.write_legacy_weights(file, models.weights_of(model))
    else:
        model.save_weights(path)
    assert same(path, model, architecture=tmp_path / "arch.json").name == "net"
    error = refusal(path)
    assert error.slug == "weights-alone"
    assert "--architecture" in error.hint


def test_an_architecture_of_keras_2(tmp_path: Path) -> None:
    kernel, bias = kernels((3, 3, 3, 2), (2,))
    config = models.old_functional(
        [
            models.old_input((8, 8, 3)),
            models.old_layer("Conv2D", "conv", {"filters": 2, "kernel_size": [3, 3]}, ["input_1"]),
        ]
    )
    (tmp_path / "arch.json").write_text(json.dumps({**config, "keras_version": "2.3.1", "backend": "tensorflow"}))
    with h5py.File(tmp_path / "w.h5", "w") as file:
        models.write_legacy_weights(file, {"input_1": [], "conv": [kernel, bias]})
    result = opened(tmp_path / "w.h5", architecture=tmp_path / "arch.json")
    np.testing.assert_array_equal(result.model.get_weights()[0], kernel)


def test_an_architecture_is_vetted_too(tmp_path: Path) -> None:
    (tmp_path / "arch.json").write_text(
        json.dumps(models.new_sequential(models.new_layer("Lambda", {"name": "evil"})))
    )
    models.tiny_functional().save_weights(tmp_path / "w.weights.h5")
    assert "'evil'" in refusal(tmp_path / "w.weights.h5", architecture=tmp_path / "arch.json").message


def test_weights_of_another_network_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "arch.json").write_text(models.tiny_functional().to_json())
    other = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(7, 3)])
    other.save_weights(tmp_path / "w.weights.h5")
    assert refusal(tmp_path / "w.weights.h5", architecture=tmp_path / "arch.json").slug == "weights-mismatch"
    with h5py.File(tmp_path / "w.h5", "w") as file:
        models.write_legacy_weights(file, models.weights_of(other))
    assert "4 of its layers" in refusal(tmp_path / "w.h5", architecture=tmp_path / "arch.json").message
    weights = models.weights_of(models.tiny_functional())
    weights["first"][0] = np.zeros((5, 5, 3, 4), "float32")
    with h5py.File(tmp_path / "v.h5", "w") as file:
        models.write_legacy_weights(file, weights)
    assert (
        "layer 'first' has (3, 3, 3, 4)" in refusal(tmp_path / "v.h5", architecture=tmp_path / "arch.json").message
    )


# networks by name


@pytest.mark.parametrize("name", ["mobilenet", "MobileNet", "mobilenet_1.00_224", "mobile-net"])
def test_a_network_is_known_by_any_spelling(name: str) -> None:
    assert applications.find(name)[0] == "MobileNet"


def test_random_weights_are_the_same_for_the_same_seed_and_are_said_to_be_random() -> None:
    first, again, other = (opened("mobilenet", weights="none", seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.model.get_weights()[0], again.model.get_weights()[0])
    assert np.any(first.model.get_weights()[0] != other.model.get_weights()[0])
    assert (first.name, first.title, first.application) == ("mobilenet", "MobileNet", "mobilenet")
    assert "random weights" in str(first.remarks[0])


def test_a_misspelt_network_gets_a_suggestion() -> None:
    error = refusal("mobilnet")
    assert error.slug == "model-unknown"
    assert "Did you mean 'mobilenet'?" in error.message


def test_weights_that_are_not_here_are_asked_for_by_name_and_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_args: Any, **_keywords: Any) -> Any:
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", nobody)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    error = refusal("mobilenet")
    assert error.slug == "weights-missing"
    assert "mobilenet_1_0_224_tf.h5" in error.message
    assert str(tmp_path / "models") in error.message


@pytest.mark.parametrize("form", ["whole", "weights", "legacy"])
def test_a_network_by_name_takes_weights_from_a_file(tmp_path: Path, form: str) -> None:
    model = keras.applications.MobileNet(weights=None)
    path = {"whole": "m.keras", "weights": "m.weights.h5", "legacy": "m.h5"}[form]
    if form == "weights":
        model.save_weights(tmp_path / path)
    else:
        model.save(tmp_path / path)
    result = opened("mobilenet", weights=str(tmp_path / path))
    for ours, theirs in zip(result.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert result.remarks == ()


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(UsageError):
        opened("mobilenet", weights="none", seed=-1)


def test_the_names_of_known_networks_are_those_of_keras_text() -> None:
    from reportgen.probe import known
    from reportgen.probe.preprocessing import plain

    assert set(map(plain, known._names())) == set(applications.known())
