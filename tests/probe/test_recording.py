"""Hearing every layer in one pass, whatever the network is made of, and leaving it as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.errors import InputError
from reportgen.probe import Target
from tests.probe.probing import picture, probe_of

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def keras() -> Any:
    module = pytest.importorskip("keras")
    module.utils.set_random_seed(4)
    return module


def trunk(keras: Any, name: str = "base") -> Any:
    start = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="block1_conv1")(start)
    return keras.Model(start, keras.layers.MaxPooling2D(name="pool")(maps), name=name)


def paths(probe: Any) -> list[str]:
    return [layer.name for layer in probe.layers]


def connections(probe: Any) -> dict[str, tuple[str, ...]]:
    return {layer.name: layer.parents for layer in probe.layers}


def check(model: Any, probe: Any, *shape: int) -> Any:
    """The pass answers what the model predicts, every layer is joined, and nothing depends on nothing."""
    pixels = picture(*shape)
    trace = probe.trace(pixels, Target(0))
    expected = model.predict(pixels[None], verbose=0)
    if not isinstance(expected, (list, dict)):
        np.testing.assert_allclose(trace.scores, expected[0], atol=1e-5)
    for layer in probe.layers:
        assert layer.family == "input" or layer.parents, f"{layer.name} hangs in the air"
        assert layer.shape == trace.outputs[layer.name].shape
    for name, gradient in trace.gradients.items():
        assert gradient.shape == trace.outputs[name].shape
        assert np.isfinite(gradient).all()
    assert sum(layer.parameters for layer in probe.layers) == model.count_params()
    return trace


# nesting


def test_a_nested_network_is_heard_under_path_names(keras: Any) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3), name="image"), trunk(keras), keras.layers.Flatten(name="flat"),
                              keras.layers.Dense(2, activation="softmax", name="head")])
    probe = probe_of(model)
    assert paths(probe) == ["image", "base/block1_conv1", "base/pool", "flat", "head"]
    assert connections(probe)["base/block1_conv1"] == ("image",)
    assert connections(probe)["flat"] == ("base/pool",)
    trace = check(model, probe, 8, 8, 3)
    assert set(trace.outputs) - set(trace.gradients) == {"head"}
    inner = trunk(keras)
    inner.set_weights(model.get_layer("base").get_weights())
    np.testing.assert_allclose(
        trace.outputs["base/pool"], inner.predict(trace.input[None], verbose=0)[0], atol=1e-6
    )


def test_a_sequential_inside_a_functional_inside_a_sequential(keras: Any) -> None:
    start = keras.Input((8, 8, 3))
    deep = keras.Sequential([keras.layers.Conv2D(2, 3, name="conv"), keras.layers.ReLU(name="relu")], name="deep")
    cut = keras.layers.Cropping2D(1)(start)[..., :2]
    middle = keras.Model(start, keras.layers.Add(name="sum")([deep(start), cut]), name="middle")
    model = keras.Sequential([keras.Input((8, 8, 3)), middle, keras.layers.GlobalAveragePooling2D(name="mean")])
    probe = probe_of(model)
    assert {"middle/deep/conv", "middle/deep/relu", "middle/sum", "mean"} <= set(paths(probe))
    assert connections(probe)["middle/sum"][0] == "middle/deep/relu"
    check(model, probe, 8, 8, 3)


def test_equal_names_on_two_levels_stay_apart(keras: Any) -> None:
    start = keras.Input((8, 8, 3))
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="conv")], name="inner")
    other = keras.Sequential([keras.Input((6, 6, 2)), keras.layers.Conv2D(3, 3, name="conv")], name="other")
    end = keras.layers.Conv2D(1, 1, name="conv")(other(inner(start)))
    probe = probe_of(keras.Model(start, keras.layers.Flatten()(end)))
    shapes = {layer.name: layer.shape for layer in probe.layers}
    assert shapes["inner/conv"] == (6, 6, 2)
    assert shapes["other/conv"] == (4, 4, 3)
    assert shapes["conv"] == (4, 4, 1)


@pytest.mark.parametrize(
    "name", ["mobilenetv2_1.00_224", "два слова", "..", "<script>", 'a"b', "x" * 240, "conv@2"]
)
def test_any_name_that_keras_allows_is_a_path(keras: Any, name: str) -> None:
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name=name)], name=name)
    model = keras.Sequential([keras.Input((8, 8, 3)), inner, keras.layers.Flatten(name="flat")])
    probe = probe_of(model)
    assert probe.layers["flat"].parents == (f"{name}/{name}",)
    assert probe.trace(picture(8, 8, 3)).outputs[f"{name}/{name}"].shape == (6, 6, 2)
    assert probe.weights(f"{name}/{name}")["kernel"].shape == (3, 3, 3, 2)


def test_a_nested_network_with_two_outputs(keras: Any) -> None:
    start = keras.Input((8, 8, 3))
    early = keras.layers.Conv2D(2, 3, name="early")(start)
    late = keras.layers.Conv2D(2, 1, name="late")(early)
    base = keras.Model(start, [early, late], name="base")
    image = keras.Input((8, 8, 3), name="image")
    model = keras.Model(image, keras.layers.Flatten()(keras.layers.Concatenate(name="join")(base(image))))
    probe = probe_of(model)
    assert probe.layers["join"].parents == ("base/early", "base/late")
    check(model, probe, 8, 8, 3)


# several calls of one layer


def test_each_call_of_a_shared_layer_is_heard(keras: Any) -> None:
    start = keras.Input((8, 8, 3), name="image")
    conv = keras.layers.Conv2D(3, 3, padding="same", name="conv")
    maps = conv(conv(conv(start)))
    model = keras.Model(start, keras.layers.Flatten(name="flat")(maps))
    probe = probe_of(model)
    assert paths(probe) == ["image", "conv", "conv@2", "conv@3", "flat"]
    assert probe.layers["conv@3"].parents == ("conv@2",)
    assert [probe.layers[name].parameters for name in ("conv", "conv@2", "conv@3")] == [84, 0, 0]
    assert probe.layers["conv@3"].owner == probe.layers["conv"].owner == "conv"
    assert [layer.name for layer in probe.layers.convolutions] == ["conv"]
    np.testing.assert_array_equal(probe.weights("conv@3")["kernel"], probe.weights("conv")["kernel"])
    trace = check(model, probe, 8, 8, 3)
    assert not np.allclose(trace.outputs["conv"], trace.outputs["conv@2"])


def test_a_siamese_network_keeps_both_branches(keras: Any) -> None:
    encoder = trunk(keras, "encoder")
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    apart = keras.layers.Subtract(name="apart")([encoder(left), encoder(right)])
    model = keras.Model([left, right], keras.layers.Dense(1, name="same")(keras.layers.Flatten()(apart)))
    probe = probe_of(model, other_inputs=(("right", 0.5),))
    ups = connections(probe)
    assert ups["encoder/block1_conv1"] == ("left",)
    assert ups["encoder/block1_conv1@2"] == ("right",)
    assert ups["apart"] == ("encoder/pool", "encoder/pool@2")
    trace = probe.trace(picture(8, 8, 3), Target(0))
    np.testing.assert_allclose(trace.gradients["encoder/pool"], -trace.gradients["encoder/pool@2"], atol=1e-6)


def test_a_layer_of_the_name_that_a_second_call_would_get(keras: Any) -> None:
    start = keras.Input((8, 8, 3))
    conv = keras.layers.Conv2D(3, 1, name="conv")
    other = keras.layers.Conv2D(3, 1, name="conv@2")
    model = keras.Model(start, keras.layers.Flatten()(conv(other(conv(start)))))
    probe = probe_of(model)
    assert len(set(paths(probe))) == 5
    pixels = picture(8, 8, 3)
    np.testing.assert_allclose(probe.trace(pixels).scores, np.asarray(model(pixels[None]))[0], atol=1e-5)


def test_one_layer_in_two_networks(keras: Any) -> None:
    conv = keras.layers.Conv2D(3, 1, name="conv")
    first = keras.Sequential([keras.Input((8, 8, 3)), conv], name="first")
    second = keras.Sequential([keras.Input((8, 8, 3)), conv, keras.layers.Flatten()], name="second")
    model = keras.Sequential([keras.Input((8, 8, 3)), first, second])
    probe = probe_of(model)
    assert probe.layers["second/conv"].owner == "first/conv"
    check(model, probe, 8, 8, 3)


# arithmetic outside layers


def test_operations_between_layers_are_layers_too(keras: Any) -> None:
    start = keras.Input((8, 8, 3), name="image")
    one = keras.layers.Conv2D(3, 3, padding="same", name="one")(start / 255.0)
    summed = keras.ops.relu(one + start)
    model = keras.Model(start, keras.layers.Flatten(name="flat")(keras.ops.transpose(summed, (0, 2, 1, 3))))
    probe = probe_of(model)
    kinds = {layer.name: (layer.kind, layer.family) for layer in probe.layers}
    merge = next(name for name, kind in kinds.items() if kind == ("Add", "merge"))
    assert probe.layers[merge].parents == ("one", "image")
    assert "activation" in {family for _kind, family in kinds.values()}
    scaled = next(layer for layer in probe.layers if layer.parents == ("image",))
    assert scaled.family == "other", "a constant joins nothing"
    check(model, probe, 8, 8, 3)


def test_layers_that_hand_their_input_on_are_told_apart(keras: Any) -> None:
    model = keras.Sequential([
        keras.Input((4, 4, 3), name="image"), keras.layers.Dropout(0.5, name="drop"),
        keras.layers.Activation("linear", name="nothing"), keras.layers.Identity(name="same"),
        keras.layers.Flatten(name="flat"),
    ])
    probe = probe_of(model)
    assert connections(probe) == {
        "image": (), "drop": ("image",), "nothing": ("drop",), "same": ("nothing",), "flat": ("same",),
    }
    trace = check(model, probe, 4, 4, 3)
    np.testing.assert_array_equal(trace.gradients["drop"], trace.gradients["same"])


# models and layers of the user's own


def make_subclassed(keras: Any) -> Any:
    class Block(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, filters: int, **more: Any) -> None:
            super().__init__(**more)
            conv = keras.layers.Conv2D(filters, 3, padding="same", name="conv")
            self.steps = [conv, keras.layers.ReLU(name="relu")]
            self.gain = None

        def build(self, shape: Any) -> None:
            self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
            for step in self.steps:
                step.build(shape)

        def call(self, maps: Any) -> Any:
            before = maps
            for step in self.steps:
                maps = step(maps)
            return maps * self.gain + before

    class Network(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="network")
            self.blocks = {"early": [Block(3, name="one")], "late": (Block(3, name="two"),)}
            self.head = keras.layers.Dense(3, name="head")

        def call(self, image: Any, training: bool | None = None) -> Any:
            maps = self.blocks["late"][0](self.blocks["early"][0](image))
            return keras.ops.softmax(self.head(keras.ops.mean(maps, (1, 2))))

    network = Network()
    network(np.zeros((1, 8, 8, 3), np.float32))
    return network


def test_a_subclassed_model_is_heard_as_far_as_layers_are_called(keras: Any) -> None:
    model = make_subclassed(keras)
    probe = probe_of(model)
    assert paths(probe) == [
        "input", "one/conv", "one/relu", "one", "two/conv", "two/relu", "two", "head", "network",
    ]
    ups = connections(probe)
    assert set(ups["one"]) == {"one/relu", "input"}
    assert ups["two/conv"] == ("one",)
    assert ups["network"] == ("head",)
    assert (probe.output.layer, probe.output.kind, probe.output.before_activation) == ("network", "classes", True)
    assert probe.layers["one"].parameters == 1
    assert list(probe.weights("one")) == ["gain"]
    trace = check(model, probe, 8, 8, 3)
    assert trace.score == pytest.approx(float(trace.outputs["head"][0]), rel=1e-5)


def test_two_layers_of_one_name_in_a_subclassed_model(keras: Any) -> None:
    class Twins(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.one = keras.layers.Conv2D(2, 1, name="conv")
            self.two = keras.layers.Conv2D(3, 1, name="conv")

        def call(self, image: Any) -> Any:
            return self.two(self.one(image))

    model = Twins()
    model(np.zeros((1, 4, 4, 3), np.float32))
    probe = probe_of(model)
    assert paths(probe) == ["input", "conv", "conv#2"]
    assert probe.weights("conv#2")["kernel"].shape == (1, 1, 2, 3)


def test_a_layer_with_several_answers_is_known_by_the_first(keras: Any) -> None:
    start = keras.Input((6, 4), name="table")
    whole, last, _cell = keras.layers.LSTM(3, return_sequences=True, return_state=True, name="lstm")(start)
    flat = keras.layers.Flatten(name="flat")(whole)
    model = keras.Model(start, keras.layers.Concatenate(name="join")([flat, last]))
    probe = probe_of(model)
    assert probe.layers["lstm"].shape == (6, 3)
    assert probe.layers["join"].parents == ("flat", "lstm")
    check(model, probe, 6, 4, 1)


@pytest.mark.parametrize("name", ["both", "attend", "unrolled"])
def test_layers_made_of_cells_are_one_layer_with_all_weights(keras: Any, name: str) -> None:
    layers = keras.layers
    start = keras.Input((6, 4), name="table")
    made = {
        "both": lambda: layers.Bidirectional(layers.LSTM(3), name="both")(start),
        "attend": lambda: layers.MultiHeadAttention(2, 3, name="attend")(start, start),
        "unrolled": lambda: layers.GRU(3, unroll=True, name="unrolled")(start),
    }[name]()
    model = keras.Model(start, layers.Dense(2, name="out")(layers.Flatten(name="flat")(made)))
    probe = probe_of(model)
    assert paths(probe) == ["table", name, "flat", "out"]
    assert sum(weight.size for weight in probe.weights(name).values()) == probe.layers[name].parameters
    trace = check(model, probe, 6, 4, 1)
    assert set(trace.gradients) == {"table", name, "flat", "out"}


def test_a_mask_still_reaches_the_layers_behind(keras: Any) -> None:
    model = keras.Sequential([
        keras.Input((9,), name="words"), keras.layers.Embedding(4, 3, mask_zero=True, name="meaning"),
        keras.layers.Dropout(0.5, name="drop"), keras.layers.LSTM(2, name="lstm"),
    ])
    pixels = np.zeros((3, 3, 1), np.float32)
    pixels[:2] = 1
    trace = probe_of(model).trace(pixels)
    fed = trace.outputs["words"][None]
    np.testing.assert_allclose(trace.scores, model.predict(fed, verbose=0)[0], atol=1e-6)


# the network stays as it was


def attributes(keras: Any, model: Any) -> dict[int, dict[str, int]]:
    from reportgen.probe.facts import parts_of

    return {id(part): {key: id(value) for key, value in vars(part).items()} for part in [model, *parts_of(model)]}


def test_recording_changes_nothing(keras: Any) -> None:
    start = keras.Input((8, 8, 3))
    summed = keras.layers.Conv2D(4, 3, name="conv")(start) + 1.0
    model = keras.Model(start, keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])(summed))
    batch = picture(3, 8, 8, 3)
    before, parts = model.predict(batch, verbose=0), attributes(keras, model)
    probe = probe_of(model)
    probe.trace(batch[0], Target(1))
    during = model.predict(batch, verbose=0)
    del probe
    np.testing.assert_array_equal(before, during)
    np.testing.assert_array_equal(before, model.predict(batch, verbose=0))
    after = attributes(keras, model)
    assert set(parts) == set(after)
    for part, names in parts.items():
        assert "call" not in after[part]
        assert set(names) == set(after[part])


def test_predictions_are_the_same_while_listening(keras: Any) -> None:
    from reportgen.probe.recording import Recorder

    model, batch = trunk(keras), picture(2, 8, 8, 3)
    before = np.asarray(model(batch))
    recorder = Recorder(model)
    with recorder.listening():
        np.testing.assert_array_equal(before, np.asarray(model(batch)))
    assert not recorder.calls, "nothing is kept outside the recorded graph"


def test_all_is_put_back_after_an_exception(keras: Any) -> None:
    from reportgen.probe.recording import Recorder

    model = trunk(keras)
    own, other = model.get_layer("pool"), model.get_layer("block1_conv1")
    own.call = original = own.call

    def interrupted() -> None:
        with Recorder(model).listening():
            assert "call" in vars(other)
            raise KeyboardInterrupt

    pytest.raises(KeyboardInterrupt, interrupted)
    assert "call" not in vars(other)
    assert vars(own)["call"] is original, "a call that was replaced before stays replaced"


def test_nothing_is_left_after_a_pass_that_failed(keras: Any) -> None:
    start = keras.Input((None, None, 1))
    small = keras.layers.UpSampling2D()(keras.layers.MaxPooling2D(name="pool")(start))
    model = keras.Model(start, keras.layers.Add()([small, start]))
    probe, parts = probe_of(model), attributes(keras, model)
    with pytest.raises(InputError):
        probe.trace(picture(7, 7, 1))
    assert {part: set(names) for part, names in attributes(keras, model).items()} == {
        part: set(names) for part, names in parts.items()
    }
