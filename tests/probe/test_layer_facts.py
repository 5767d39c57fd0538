"""What is told of each kind of layer without running it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.fakes import convolve
from tests.probe.probing import picture, probe_of

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def keras() -> Any:
    module = pytest.importorskip("keras")
    module.utils.set_random_seed(5)
    return module


def facts(keras: Any, layer: Any, *shape: int) -> tuple[Any, Any]:
    """The facts of a single layer, and its probe."""
    model = keras.Sequential([keras.Input(shape or (8, 8, 4), name="image"), layer])
    probe = probe_of(model)
    return probe.layers[layer.name], probe


CONVOLUTIONS = {
    # class, arguments, input, kernel, strides, dilation, groups, weights
    "Conv1D": (dict(filters=3, kernel_size=5, strides=2), (16, 4), (5,), (2,), (1,), 1, {"kernel": (5, 4, 3)}),
    "Conv2D": (dict(filters=6, kernel_size=(3, 2), dilation_rate=2, groups=2), (8, 8, 4), (3, 2), (1, 1), (2, 2), 2,
               {"kernel": (3, 2, 2, 6)}),
    "Conv3D": (dict(filters=3, kernel_size=2), (4, 4, 4, 2), (2, 2, 2), (1, 1, 1), (1, 1, 1), 1,
               {"kernel": (2, 2, 2, 2, 3)}),
    "DepthwiseConv1D": (dict(kernel_size=3, depth_multiplier=2), (8, 4), (3,), (1,), (1,), 4,
                        {"kernel": (3, 4, 2)}),
    "DepthwiseConv2D": (dict(kernel_size=3, depth_multiplier=2), (8, 8, 4), (3, 3), (1, 1), (1, 1), 4,
                        {"kernel": (3, 3, 4, 2)}),
    "SeparableConv1D": (dict(filters=5, kernel_size=3), (8, 4), (3,), (1,), (1,), 1,
                        {"depthwise_kernel": (3, 4, 1), "pointwise_kernel": (1, 4, 5)}),
    "SeparableConv2D": (dict(filters=5, kernel_size=3), (8, 8, 4), (3, 3), (1, 1), (1, 1), 1,
                        {"depthwise_kernel": (3, 3, 4, 1), "pointwise_kernel": (1, 1, 4, 5)}),
    "Conv1DTranspose": (dict(filters=5, kernel_size=3, strides=2), (8, 4), (3,), (2,), (1,), 1,
                        {"kernel": (3, 4, 5)}),
    "Conv2DTranspose": (dict(filters=5, kernel_size=3, strides=2), (8, 8, 4), (3, 3), (2, 2), (1, 1), 1,
                        {"kernel": (3, 3, 4, 5)}),
    "Conv3DTranspose": (dict(filters=5, kernel_size=2, strides=2), (4, 4, 4, 2), (2, 2, 2), (2, 2, 2), (1, 1, 1), 1,
                        {"kernel": (2, 2, 2, 2, 5)}),
}


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_every_kind_of_convolution(keras: Any, kind: str) -> None:
    arguments, shape, kernel, strides, dilation, groups, weights = CONVOLUTIONS[kind]
    made = getattr(keras.layers, kind)(**arguments, padding="same", activation="relu", name="conv")
    layer, probe = facts(keras, made, *shape)
    assert (layer.kind, layer.family, layer.padding, layer.activation) == (kind, "convolution", "same", "relu")
    assert (layer.kernel, layer.strides, layer.dilation, layer.groups) == (kernel, strides, dilation, groups)
    assert layer.factor == (strides if kind.endswith("Transpose") else ())
    assert layer.initializer == "GlorotUniform"
    assert layer.parameters == layer.trainable == made.count_params()
    found = probe.weights("conv")
    assert {name: array.shape for name, array in found.items() if name != "bias"} == weights
    size = probe.input.size
    trace = probe.trace(picture(*size, probe.input.channels))  # type: ignore[arg-type]
    assert trace.outputs["conv"].shape == layer.shape


def test_a_kernel_is_what_the_network_convolves_with(keras: Any) -> None:
    _layer, probe = facts(keras, keras.layers.Conv2D(2, 3, padding="same", name="conv"), 8, 8, 3)
    pixels = picture(8, 8, 3)
    expected = convolve(pixels, probe.weights("conv")["kernel"])
    np.testing.assert_allclose(probe.trace(pixels).outputs["conv"], expected, atol=1e-5)


def test_a_transposed_kernel_is_turned_to_inputs_by_filters(keras: Any) -> None:
    made = keras.layers.Conv2DTranspose(5, 2, strides=2, use_bias=False, name="grow")
    _layer, probe = facts(keras, made, 4, 4, 3)
    pixels = picture(4, 4, 3)
    expected = np.einsum("hwi,yxif->hywxf", pixels, probe.weights("grow")["kernel"]).reshape(8, 8, 5)
    np.testing.assert_allclose(probe.trace(pixels).outputs["grow"], expected, atol=1e-5)


def test_pooling_and_changes_of_size(keras: Any) -> None:
    layers = keras.layers
    pool, _probe = facts(keras, layers.MaxPooling2D((3, 2), padding="same"))
    assert (pool.family, pool.kernel, pool.strides, pool.padding) == ("pooling", (3, 2), (3, 2), "same")
    pool, _probe = facts(keras, layers.AveragePooling1D(3, strides=1), 8, 4)
    assert (pool.kernel, pool.strides) == ((3,), (1,))
    everywhere, _probe = facts(keras, layers.GlobalAveragePooling2D())
    assert (everywhere.family, everywhere.kernel, everywhere.shape) == ("pooling", (), (4,))
    up, _probe = facts(keras, layers.UpSampling2D((2, 3)))
    assert (up.family, up.factor, up.shape) == ("upsampling", (2, 3), (16, 24, 4))
    up, _probe = facts(keras, layers.UpSampling1D(3), 8, 4)
    assert up.factor == (3,)
    pad, _probe = facts(keras, layers.ZeroPadding2D(((1, 0), (2, 3))))
    assert (pad.family, pad.padding, pad.shape) == ("reshape", "1+0, 2+3", (9, 13, 4))
    cut, _probe = facts(keras, layers.Cropping2D(1))
    assert (cut.padding, cut.shape) == ("1+1, 1+1", (6, 6, 4))
    pad, _probe = facts(keras, layers.ZeroPadding1D(2), 8, 4)
    assert pad.padding in ("2+2", "2+2, 2+2")
    assert pad.shape == (12, 4)


@pytest.mark.parametrize(("kind", "arguments", "name", "rectified"), [
    ("ReLU", {}, "relu", True), ("ReLU", {"max_value": 6}, "relu6", True),
    ("ReLU", {"negative_slope": 0.1}, "leaky_relu", False), ("LeakyReLU", {}, "leaky_relu", False),
    ("PReLU", {}, "prelu", False), ("ELU", {}, "elu", False), ("Softmax", {}, "softmax", False),
    ("Activation", {"activation": "relu"}, "relu", True), ("Activation", {"activation": "relu6"}, "relu6", True),
    ("Activation", {"activation": "gelu"}, "gelu", False),
    ("Activation", {"activation": "sigmoid"}, "sigmoid", False),
    ("Activation", {"activation": "hard_swish"}, "hard_silu", False),
])
def test_activation_layers(keras: Any, kind: str, arguments: dict[str, Any], name: str, rectified: bool) -> None:
    layer, _probe = facts(keras, getattr(keras.layers, kind)(**arguments))
    assert (layer.family, layer.activation, layer.rectified) == ("activation", name, rectified)


def test_activations_inside_layers(keras: Any) -> None:
    def inside(activation: Any) -> str:
        return str(facts(keras, keras.layers.Conv2D(2, 1, activation=activation))[0].activation)

    assert inside(None) == "linear"
    assert inside("swish") == "silu"
    assert inside(keras.activations.gelu) == "gelu"
    assert inside(keras.layers.LeakyReLU(0.2)) == "leaky_relu"
    assert inside(keras.layers.ReLU(6.0)) == "relu6"
    assert inside(lambda values: values * 2) == "custom"


def test_operations_that_are_activations(keras: Any) -> None:
    start = keras.Input((4, 4, 2))
    ends = [keras.ops.relu(start), keras.ops.relu6(start), keras.ops.leaky_relu(start), keras.ops.gelu(start)]
    probe = probe_of(keras.Model(start, ends))
    found = [layer.activation for layer in probe.layers.of("activation")]
    assert sorted(found) == ["gelu", "leaky_relu", "relu", "relu6"]


def test_initializers_are_named_for_what_they_draw(keras: Any) -> None:
    def named(initializer: Any) -> str:
        return str(facts(keras, keras.layers.Dense(2, kernel_initializer=initializer), 8)[0].initializer)

    scaling = keras.initializers.VarianceScaling
    assert named("he_normal") == "HeNormal"
    assert named(scaling(1.0, "fan_avg", "uniform")) == "GlorotUniform"
    assert named(scaling(2.0, "fan_in", "truncated_normal")) == "HeNormal"
    assert named(scaling(2.0, "fan_out", "truncated_normal")) == "VarianceScaling"
    assert named("zeros") == "Zeros"


def test_families_of_the_other_layers(keras: Any) -> None:
    layers = keras.layers
    assert facts(keras, layers.BatchNormalization())[0].family == "normalization"
    assert facts(keras, layers.LayerNormalization())[0].family == "normalization"
    assert facts(keras, layers.Dropout(0.1))[0].family == "other"
    assert facts(keras, layers.Reshape((16, 16)))[0].family == "reshape"
    assert facts(keras, layers.GRU(2), 8, 4)[0].family == "recurrent"
    assert facts(keras, layers.ConvLSTM2D(2, 3), 3, 8, 8, 2)[0].family == "recurrent"

    class Gaussian(layers.Conv2D):  # type: ignore[misc, name-defined]
        pass

    mine, _probe = facts(keras, Gaussian(2, 3))
    assert (mine.kind, mine.family) == ("Gaussian", "convolution")


def test_what_is_trained_and_what_is_not(keras: Any) -> None:
    norm, probe = facts(keras, keras.layers.BatchNormalization(name="norm"))
    assert (norm.parameters, norm.trainable) == (16, 8)
    assert set(probe.weights("norm")) == {"gamma", "beta", "moving_mean", "moving_variance"}
    frozen = keras.layers.Dense(3)
    frozen.trainable = False
    layer, probe = facts(keras, frozen, 4)
    assert (layer.parameters, layer.trainable, probe.model.parameters, probe.model.trainable) == (15, 0, 15, 0)


def test_weights_of_equal_names_are_told_apart_by_their_paths(keras: Any) -> None:
    _layer, probe = facts(keras, keras.layers.Bidirectional(keras.layers.SimpleRNN(2), name="both"), 8, 4)
    names = set(probe.weights("both"))
    assert len(names) == 6
    assert sum("forward" in name for name in names) == sum("backward" in name for name in names) == 3


def test_weights_are_shared_with_the_network_and_cannot_be_written(keras: Any) -> None:
    _layer, probe = facts(keras, keras.layers.Dense(3, name="dense"), 4)
    kernel = probe.weights("dense")["kernel"]
    assert not kernel.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        kernel[0] = 0


def test_the_rectifier_is_found_through_a_normalization(keras: Any) -> None:
    model = keras.Sequential([
        keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="conv"), keras.layers.BatchNormalization(),
        keras.layers.ReLU(name="relu"), keras.layers.Flatten(),
    ])
    layers = probe_of(model).layers
    assert layers.rectifier_of(layers["conv"]).name == "relu"


def test_parents_keep_the_order_in_which_they_are_joined(keras: Any) -> None:
    start = keras.Input((8, 8, 3), name="image")
    b = keras.layers.Conv2D(1, 1, name="b")(start)
    a = keras.layers.Conv2D(2, 1, name="a")(start)
    model = keras.Model(start, keras.layers.Concatenate(name="join")([a, b, start]))
    assert probe_of(model).layers["join"].parents == ("a", "b", "image")
