"""The probe of Keras networks: passes, gradients, feeding, answers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from reportgen.errors import InputError, UsageError
from reportgen.probe import Target
from reportgen.probe.preprocessing import NAMED
from reportgen.probe.source import Preprocessing
from tests.probe.probing import picture, probe_of, slope

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def keras() -> Any:
    module = pytest.importorskip("keras")
    module.utils.set_random_seed(3)
    return module


@pytest.fixture(scope="module")
def classifier(keras: Any) -> Any:
    """Smooth, so that differences are exact; the softmax is inside the last layer."""
    start = keras.Input((8, 8, 3), name="image")
    maps = keras.layers.Conv2D(4, 3, activation="tanh", name="first")(start)
    maps = keras.layers.Conv2D(5, 3, strides=2, activation="gelu", name="second")(maps)
    flat = keras.layers.Flatten(name="flat")(maps)
    return keras.Model(start, keras.layers.Dense(3, activation="softmax", name="classes")(flat), name="tiny")


def logits_of(model: Any, values: np.ndarray) -> np.ndarray:
    """The natural logarithm of a softmax's answer is its raw scores up to a constant."""
    return np.log(model.predict(values[None], verbose=0)[0].astype(np.float64))


# the pass


def test_every_layer_answers_what_the_network_computes(keras: Any, classifier: Any) -> None:
    probe, pixels = probe_of(classifier), picture(8, 8, 3)
    trace = probe.trace(pixels)
    inner = keras.Model(classifier.inputs, [layer.output for layer in classifier.layers])
    for layer, expected in zip(classifier.layers, inner.predict(pixels[None], verbose=0), strict=True):
        np.testing.assert_allclose(trace.outputs[layer.name], expected[0], atol=1e-6)
    assert set(trace.outputs) == {layer.name for layer in probe.layers}
    assert trace.scores.shape == (3,)
    assert trace.score is None
    assert not trace.gradients
    np.testing.assert_array_equal(trace.input, pixels)


def test_the_input_gradient_equals_finite_differences(classifier: Any) -> None:
    pixels, direction = picture(8, 8, 3), picture(8, 8, 3, seed=1) - 0.5
    values, weights = pixels.astype(np.float64), classifier.get_layer("classes").get_weights()
    flat = probe_of(classifier)

    def logit(at: np.ndarray) -> float:
        features = flat.trace(at.astype(np.float32)).outputs["flat"].astype(np.float64)
        return float(features @ weights[0][:, 1].astype(np.float64) + weights[1][1])

    trace = flat.trace(pixels, Target(1))
    assert trace.score == pytest.approx(logit(values), rel=1e-5)
    expected = slope(logit, values, direction, 1e-2)
    assert float((trace.input_gradient * direction).sum()) == pytest.approx(expected, rel=2e-3)


def test_an_inner_gradient_equals_finite_differences(keras: Any, classifier: Any) -> None:
    trace = probe_of(classifier).trace(picture(8, 8, 3), Target(2))
    maps = keras.Input((6, 6, 4))
    end = maps
    for name in ("second", "flat", "classes"):
        end = classifier.get_layer(name)(end)
    rest = keras.Model(maps, end)
    at, direction = trace.outputs["first"], picture(6, 6, 4, seed=2) - 0.5

    def difference(values: np.ndarray) -> float:
        return float(logits_of(rest, values)[2] - logits_of(rest, values)[0])

    other = probe_of(classifier).trace(picture(8, 8, 3), Target(0))
    got = ((trace.gradients["first"] - other.gradients["first"]) * direction).sum()
    assert float(got) == pytest.approx(slope(difference, at, direction, 1e-2), rel=2e-3)


def test_a_target_may_be_the_mean_of_an_inner_channel(classifier: Any) -> None:
    trace = probe_of(classifier).trace(picture(8, 8, 3), Target(2, layer="first"))
    assert trace.score == pytest.approx(float(trace.outputs["first"][..., 2].mean()), rel=1e-5)
    gradient = trace.gradients["first"]
    np.testing.assert_allclose(gradient[..., 2], 1 / 36, rtol=1e-5)
    assert not gradient[..., :2].any()
    assert "second" not in trace.gradients, "what comes later does not move it"


def test_naming_the_answering_layer_is_the_raw_score_too(classifier: Any) -> None:
    probe, pixels = probe_of(classifier), picture(8, 8, 3)
    assert probe.trace(pixels, Target(1, "classes")).score == probe.trace(pixels, Target(1)).score


def test_a_second_image_compiles_nothing_new(classifier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.probe import recording

    probe = probe_of(classifier)
    probe.trace(picture(8, 8, 3), Target(0))
    monkeypatch.setattr(recording.RecordedPass, "__init__", lambda *_args, **_more: pytest.fail("compiled again"))
    first = probe.trace(picture(8, 8, 3, seed=5), Target(2))
    again = probe.trace(picture(8, 8, 3, seed=6))
    assert first.scores.shape == again.scores.shape


def test_scores_of_a_batch_are_those_of_each_image(classifier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.probe import keras as module

    monkeypatch.setattr(module, "LARGEST_BATCH", 2)
    probe = probe_of(classifier)
    batch = np.stack([picture(8, 8, 3, seed=seed) for seed in range(5)])
    scores = probe.scores(batch)
    np.testing.assert_allclose(scores, classifier.predict(batch, verbose=0), atol=1e-6)
    np.testing.assert_allclose(scores[3], probe.trace(batch[3]).scores, atol=1e-6)
    assert probe.scores(batch[:0]).shape == (0, 3)


def test_arrays_are_shared_not_copied_and_read_only(classifier: Any) -> None:
    trace = probe_of(classifier).trace(picture(8, 8, 3))
    assert not trace.outputs["first"].flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        trace.outputs["first"][0] = 1


def test_nan_and_infinity_pass_through(keras: Any) -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3, name="conv"),
                              keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, activation="softmax")])
    model.get_layer("conv").kernel.assign(np.full((3, 3, 1, 2), np.nan))
    trace = probe_of(model).trace(picture(4, 4, 1), Target(0))
    assert np.isnan(trace.outputs["conv"]).all()
    model.get_layer("conv").kernel.assign(np.full((3, 3, 1, 2), np.inf))
    assert np.isinf(probe_of(model).trace(picture(4, 4, 1)).outputs["conv"]).all()


def test_dropout_and_normalization_are_at_rest(keras: Any) -> None:
    model = keras.Sequential([
        keras.Input((4, 4, 3)), keras.layers.GaussianNoise(0.9), keras.layers.BatchNormalization(name="norm"),
        keras.layers.Dropout(0.9), keras.layers.RandomFlip(), keras.layers.Flatten(), keras.layers.Dense(2),
    ])
    pixels, before = picture(4, 4, 3), [np.array(weight) for weight in model.get_weights()]
    probe = probe_of(model)
    np.testing.assert_array_equal(probe.trace(pixels).scores, probe.trace(pixels).scores)
    np.testing.assert_allclose(probe.trace(pixels).outputs["norm"], pixels / np.sqrt(1.001), rtol=1e-5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


ABORTS_EAGERLY = """
import keras, numpy as np
from reportgen.probe import Target
from tests.probe.probing import probe_of
L = keras.layers
x = keras.Input((64, 64, 1))
a = L.Conv2D(8, 3, use_bias=False)(x)
left = L.Conv2D(16, 1, strides=2, padding="same", use_bias=False)(a)
right = L.MaxPooling2D(3, 2, padding="same")(L.Conv2D(16, 3, padding="same")(a))
model = keras.Model(x, L.Dense(1)(L.GlobalAveragePooling2D()(L.Add()([left, right]))))
for _ in range(3):
    trace = probe_of(model).trace(np.random.rand(64, 64, 1), Target(0))
    assert np.isfinite(trace.input_gradient).all() and len(trace.gradients) == len(trace.outputs)
"""


def test_a_network_whose_eager_gradients_kill_the_process_is_seen() -> None:
    done = subprocess.run([sys.executable, "-c", ABORTS_EAGERLY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


# the target before softmax and sigmoid


def heads(keras: Any) -> dict[str, tuple[list[Any], str]]:
    layers = keras.layers
    return {
        "inside the layer": ([layers.Dense(3, activation="softmax")], "classes"),
        "a layer of its own": ([layers.Dense(3), layers.Softmax()], "classes"),
        "an activation layer": ([layers.Dense(3), layers.Activation("softmax")], "classes"),
        "sigmoids": ([layers.Dense(3, activation="sigmoid")], "labels"),
        "a sigmoid layer": ([layers.Dense(1), layers.Activation("sigmoid")], "binary"),
        "a nested head": ([layers.Dense(4), keras.Sequential([layers.Dense(3), layers.Softmax()])], "classes"),
        "reshaped afterwards": ([layers.Dense(12, activation="sigmoid"), layers.Reshape((2, 6)),
                                 layers.Permute((2, 1)), layers.Flatten()], "labels"),
        "logarithm": ([layers.Dense(3, activation="log_softmax")], "classes"),
        "other precision": ([layers.Dense(3), layers.Softmax(dtype="float64")], "classes"),
    }


@pytest.mark.parametrize("name", [
    "inside the layer", "a layer of its own", "an activation layer", "sigmoids", "a sigmoid layer", "a nested head",
    "reshaped afterwards", "logarithm", "other precision",
])
def test_the_target_is_taken_before_softmax_and_sigmoid(keras: Any, name: str) -> None:
    layers, kind = heads(keras)[name]
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), *layers])
    probe, pixels = probe_of(model), picture(4, 4, 1)
    traces = [probe.trace(pixels, Target(channel)) for channel in range(probe.output.shape[-1])]
    raw = np.array([trace.score for trace in traces])
    powers = np.exp(raw)
    if name == "logarithm":
        expected = np.log(powers / powers.sum())
    else:
        expected = powers / powers.sum() if kind == "classes" else 1 / (1 + np.exp(-raw))
    np.testing.assert_allclose(traces[0].scores, expected, rtol=1e-4)
    assert probe.output.kind == kind
    assert probe.output.before_activation
    assert probe.output.from_logits == (name == "logarithm")
    if kind == "classes":
        assert expected.sum() == pytest.approx(1, rel=1e-3) or name == "logarithm"


def test_a_saturated_softmax_still_has_gradients(keras: Any) -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(name="flat"),
                              keras.layers.Dense(2, activation="softmax", name="sure")])
    kernel = np.zeros((16, 2), np.float32)
    kernel[:, 0], kernel[:, 1] = 100, -100
    model.get_layer("sure").set_weights([kernel, np.zeros(2)])
    trace = probe_of(model).trace(picture(4, 4, 1), Target(0))
    assert trace.scores.tolist() == [1, 0]
    np.testing.assert_allclose(trace.input_gradient, 100, rtol=1e-5)


def test_an_activation_that_cannot_be_left_out_is_told(keras: Any) -> None:
    class Exotic(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, values: Any) -> Any:
            powers = keras.ops.exp(values)
            return powers / keras.ops.sum(powers, axis=-1, keepdims=True)

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3), Exotic()])
    probe = probe_of(model)
    assert not probe.output.before_activation
    trace = probe.trace(picture(4, 4, 1), Target(1))
    assert trace.score == pytest.approx(float(trace.scores[1]), rel=1e-5)


# what the answer means


def ending(keras: Any, *layers: Any) -> Any:
    return probe_of(keras.Sequential([keras.Input((8, 8, 3)), *layers])).output


def test_the_kind_of_an_answer(keras: Any) -> None:
    layers = keras.layers
    flat, conv = layers.Flatten, layers.Conv2D
    assert ending(keras, flat(), layers.Dense(1, activation="sigmoid")).kind == "binary"
    assert ending(keras, conv(1, 1, activation="sigmoid")).kind == "mask"
    assert ending(keras, conv(4, 1, activation="softmax")).kind == "classmap"
    assert ending(keras, conv(3, 1, activation="sigmoid")).kind == "picture", "not three masks"
    assert ending(keras, flat(), layers.Dense(4)).kind == "values"
    assert ending(keras, conv(7, 3, activation="relu")).kind == "values", "a trunk without a head"
    assert ending(keras, conv(4, 3), layers.GlobalAveragePooling2D()).kind == "values"


def test_raw_scores_are_recognised_and_said(keras: Any) -> None:
    layers = keras.layers
    for last in (layers.Dense(10), layers.Dense(4, name="logits")):
        probe = probe_of(keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), last]))
        assert (probe.output.kind, probe.output.from_logits) == ("classes", True)
        assert any("raw scores" in str(said) for said in probe.input.assumptions)
    spatial = ending(keras, layers.Conv2D(4, 1))
    assert (spatial.kind, spatial.from_logits) == ("classmap", True)


def test_one_place_with_classes_is_a_vector(keras: Any) -> None:
    probe = probe_of(keras.Sequential([
        keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 8, activation="softmax", name="classes"),
    ]))
    assert (probe.output.kind, probe.output.shape) == ("classes", (4,))
    assert probe.trace(picture(8, 8, 3)).scores.shape == (4,)
    assert probe.scores(picture(2, 8, 8, 3)).shape == (2, 4)
    assert probe.trace(picture(8, 8, 3)).outputs["classes"].shape == (1, 1, 4)


def test_an_output_is_chosen_by_name(keras: Any) -> None:
    start = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(start)
    model = keras.Model(start, [keras.layers.Dense(2, activation="softmax", name="pet")(flat),
                                keras.layers.Dense(1, activation="sigmoid", name="alive")(flat)])
    assert probe_of(model).output.name == "pet"
    probe = probe_of(model, output="alive")
    assert (probe.output.layer, probe.output.kind, probe.output.names) == ("alive", "binary", ("pet", "alive"))
    trace = probe.trace(picture(8, 8, 3), Target(0))
    assert trace.scores.shape == (1,)
    assert "pet" not in trace.gradients
    with pytest.raises(UsageError, match="no output 'age'") as problem:
        probe_of(model, output="age")
    assert "pet, alive" in problem.value.hint


def test_outputs_in_a_dictionary_go_by_its_keys(keras: Any) -> None:
    start = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(start)
    model = keras.Model(start, {"b": keras.layers.Dense(2, name="two")(flat), "a": keras.layers.Dense(3)(flat)})
    probe = probe_of(model, output="b")
    assert (probe.output.layer, probe.output.shape, probe.output.names) == ("two", (2,), ("a", "b"))


def test_a_channel_or_a_layer_that_is_not_there_is_refused(classifier: Any) -> None:
    probe = probe_of(classifier)
    with pytest.raises(UsageError, match="0…2, but 3"):
        probe.trace(picture(8, 8, 3), Target(3))
    with pytest.raises(UsageError, match="no layer 'third'"):
        probe.trace(picture(8, 8, 3), Target(0, "third"))


# feeding


def test_values_are_prepared_and_the_range_is_told(keras: Any) -> None:
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    probe = probe_of(model, preprocessing=Preprocessing("custom", 255.0, (1.0, 2.0, 3.0), (2.0,), bgr=True))
    pixels = picture(4, 4, 3)
    np.testing.assert_allclose(probe.trace(pixels).input, (pixels[..., ::-1] * 255 - (1, 2, 3)) / 2, rtol=1e-5)
    assert (probe.input.low, probe.input.high) == (-1.5, 127.0)


def test_a_gray_network_takes_one_channel(keras: Any) -> None:
    probe = probe_of(keras.Sequential([keras.Input((6, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]))
    assert (probe.input.size, probe.input.channels) == ((6, 4), 1)
    with pytest.raises(InputError, match="6 × 4 × 1"):
        probe.trace(picture(6, 4, 3))
    with pytest.raises(InputError, match="8 × 8 × 1"):
        probe.trace(picture(8, 8, 1))


@pytest.mark.parametrize(("shape", "size", "channels", "words"), [
    ((784,), (28, 28), 1, "row of 784 numbers"),
    ((12,), (2, 2), 3, "row of 12 numbers"),
    ((5,), (1, 5), 1, "row of 5 numbers"),
    ((6, 4), (6, 4), 1, "table of numbers"),
    ((3, 6, 4, 1), (6, 4), 1, "each of its 3 slices"),
    ((6, 4, 4), (6, 4), 3, "full opacity"),
    ((6, 4, 5), (6, 4), 3, "takes 5 channels"),
    ((6, 4, 2), (6, 4), 1, "takes 2 channels"),
])
def test_inputs_that_are_no_pictures_are_fed_and_it_is_said(
    keras: Any, shape: tuple[int, ...], size: tuple[int, int], channels: int, words: str
) -> None:
    model = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2, name="out")])
    probe = probe_of(model)
    assert (probe.input.size, probe.input.channels) == (size, channels)
    assert any(words in str(said) for said in probe.input.assumptions)
    pixels = picture(*size, channels)
    trace = probe.trace(pixels, Target(0))
    fed = trace.outputs[probe.input.name]
    assert fed.shape == shape
    np.testing.assert_allclose(trace.scores, model.predict(fed[None], verbose=0)[0], atol=1e-5)
    assert trace.input_gradient.shape == probe.values(pixels).shape
    if len(shape) <= 2:
        np.testing.assert_array_equal(trace.input, pixels)
    if shape == (6, 4, 4):
        np.testing.assert_array_equal(fed, np.concatenate([pixels, np.ones((6, 4, 1))], axis=-1))
    if shape == (6, 4, 5):
        np.testing.assert_array_equal(fed, pixels[..., [0, 1, 2, 0, 1]])


def two_inputs(keras: Any) -> Any:
    left, right = keras.Input((4, 4, 3), name="left"), keras.Input((4, 4, 3), name="right")
    age = keras.Input((2,), name="age")
    flat = [keras.layers.Flatten()(side) for side in (left, right)]
    return keras.Model([age, left, right], keras.layers.Dense(2)(keras.layers.Concatenate()([*flat, age])))


def test_other_inputs_get_numbers_the_image_or_zeros(keras: Any) -> None:
    model, pixels = two_inputs(keras), picture(4, 4, 3)
    probe = probe_of(model, other_inputs=(("age", 0.5),))
    assert probe.input.name == "left", "the first input that can hold a picture"
    trace = probe.trace(pixels, Target(0))
    np.testing.assert_array_equal(trace.outputs["right"], pixels)
    assert trace.outputs["age"].tolist() == [0.5, 0.5]
    said = " ".join(map(str, probe.input.assumptions))
    assert "`right` got the same image" in said
    assert "`age` was filled with 0.5" in said
    assert {"age", "left", "right"} <= set(trace.gradients)
    filled = probe_of(model, input="right", other_inputs=(("left", 0.25),))
    trace = filled.trace(pixels)
    assert (trace.outputs["left"] == 0.25).all()
    assert not trace.outputs["age"].any()
    assert filled.scores(np.stack([pixels] * 3)).shape == (3, 2)


def test_inputs_that_are_not_there_are_refused(keras: Any) -> None:
    with pytest.raises(UsageError, match="no input 'centre'") as problem:
        probe_of(two_inputs(keras), input="centre")
    assert "age, left, right" in problem.value.hint
    with pytest.raises(UsageError, match="no other input 'height'"):
        probe_of(two_inputs(keras), other_inputs=(("height", 1.0),))


def test_inputs_in_a_dictionary_are_fed_by_name(keras: Any) -> None:
    image, gain = keras.Input((4, 4, 1), name="image"), keras.Input((1,), name="gain")
    louder = keras.layers.Multiply()([keras.layers.Flatten()(image), gain])
    model = keras.Model({"image": image, "gain": gain}, keras.layers.Dense(2)(louder))
    probe = probe_of(model, other_inputs=(("gain", 2.0),))
    pixels = picture(4, 4, 1)
    expected = model.predict({"image": pixels[None], "gain": np.array([[2.0]])}, verbose=0)[0]
    np.testing.assert_allclose(probe.trace(pixels).scores, expected, atol=1e-6)


def test_whole_numbers_are_rounded(keras: Any) -> None:
    start = keras.Input((4, 4, 3), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 255)(start)
    model = keras.Model(start, keras.layers.Dense(2)(keras.layers.Flatten()(scaled)))
    probe = probe_of(model, preprocessing=Preprocessing("none", scale=255.0))
    trace = probe.trace(np.full((4, 4, 3), 0.5, np.float32), Target(0))
    assert trace.outputs[probe.input.name].dtype == np.uint8
    assert (trace.outputs[probe.input.name] == 128).all()
    assert trace.input_gradient is None


def test_an_embedding_is_fed_and_its_integers_are_kept(keras: Any) -> None:
    model = keras.Sequential([keras.Input((9,), dtype="int32"), keras.layers.Embedding(4, 3, name="words"),
                              keras.layers.Flatten(), keras.layers.Dense(2)])
    trace = probe_of(model).trace(picture(3, 3, 1), Target(0))
    assert trace.outputs["words"].shape == (9, 3)
    assert trace.gradients["words"].shape == (9, 3)


def small_unet(keras: Any, channels: int = 3) -> Any:
    layers = keras.layers
    start = keras.Input((None, None, channels), name="image")
    one = layers.Conv2D(4, 3, padding="same", activation="relu", name="one")(start)
    two = layers.Conv2D(6, 3, padding="same", activation="relu", name="two")(layers.MaxPooling2D()(one))
    deep = layers.Conv2D(8, 3, padding="same", activation="relu", name="deep")(layers.MaxPooling2D()(two))
    up = layers.Concatenate(name="join")([layers.UpSampling2D(name="up")(deep), two])
    up = layers.Concatenate()([layers.Conv2DTranspose(4, 2, strides=2, name="grow")(up), one])
    return keras.Model(start, layers.Conv2D(1, 1, activation="sigmoid", name="mask")(up))


def test_a_free_size_must_be_divisible_by_what_the_network_needs(keras: Any) -> None:
    probe = probe_of(small_unet(keras))
    assert probe.input.size == (None, None)
    assert probe.input.multiple == 4
    assert probe.layers["deep"].shape == (None, None, 8)
    assert any("divided by 4" in str(said) for said in probe.input.assumptions)
    for size in ((8, 12), (16, 4)):
        trace = probe.trace(picture(*size, 3), Target(0))
        assert trace.scores.shape == (*size, 1)
        assert trace.gradients["deep"].shape == (size[0] // 4, size[1] // 4, 8)
        assert trace.score == pytest.approx(float(np.log(trace.scores / (1 - trace.scores)).mean()), rel=1e-3)
    with pytest.raises(InputError, match="10 × 10 pixels: .*must be equal|10 × 10 pixels: .*match") as problem:
        probe.trace(picture(10, 10, 3))
    assert problem.value.slug == "network-failed"


def test_a_trunk_without_joints_takes_any_size(keras: Any) -> None:
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3, strides=2),
                              keras.layers.MaxPooling2D(3), keras.layers.GlobalMaxPooling2D()])
    probe = probe_of(model)
    assert probe.input.multiple == 1
    assert probe.trace(picture(31, 17, 3)).scores.shape == (2,)


def test_a_layer_that_must_know_its_size_gets_it(keras: Any) -> None:
    class Counting(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, maps: Any) -> Any:
            return maps / int(maps.shape[1] * maps.shape[2])

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    start = keras.Input((None, None, 1))
    maps = keras.layers.Conv2D(2, 3, name="conv")(start)
    model = keras.Model(start, keras.layers.GlobalAveragePooling2D(name="mean")(Counting(name="count")(maps)))
    probe = probe_of(model)
    assert probe.layers["conv"].shape == (None, None, 2)
    for size in (6, 9):
        trace = probe.trace(picture(size, size, 1), Target(0))
        np.testing.assert_allclose(trace.outputs["count"] * (size - 2) ** 2, trace.outputs["conv"], rtol=1e-5)
    assert probe.scores(picture(3, 6, 6, 1)).shape == (3, 2)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_answers_in_float32(keras: Any, policy: str) -> None:
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu", name="conv", dtype=policy),
        layers.BatchNormalization(dtype=policy), layers.GlobalAveragePooling2D(dtype=policy),
        layers.Dense(2, activation="softmax", name="classes", dtype=policy),
    ])
    probe, pixels = probe_of(model), picture(8, 8, 3)
    trace = probe.trace(pixels, Target(1))
    assert {array.dtype for array in (*trace.outputs.values(), *trace.gradients.values())} == {np.dtype("float32")}
    assert trace.scores.dtype == trace.input_gradient.dtype == np.float32
    np.testing.assert_allclose(trace.scores, model.predict(pixels[None], verbose=0)[0], atol=1e-2)
    assert np.abs(trace.input_gradient).max() > 0
    assert probe.model.dtype == policy
    assert probe.weights("conv")["kernel"].dtype == np.float32


def test_half_precision_gradients_of_a_large_map_do_not_vanish(keras: Any) -> None:
    start = keras.Input((300, 300, 1))
    model = keras.Model(start, keras.layers.Conv2D(1, 1, activation="sigmoid", name="mask", dtype="mixed_float16",
                                                   kernel_initializer="ones")(start))
    trace = probe_of(model).trace(picture(300, 300, 1), Target(0))
    np.testing.assert_allclose(trace.input_gradient, 1 / 90000, rtol=1e-3)


def test_channels_first_comes_out_channels_last(keras: Any) -> None:
    layers, first = keras.layers, {"data_format": "channels_first"}

    def network(**layout: str) -> Any:
        shape = (3, 9, 8) if layout else (9, 8, 3)
        axis = 1 if layout else -1
        return keras.Sequential([
            keras.Input(shape, name="image"), layers.Rescaling(2.0, name="twice"),
            layers.Conv2D(4, 3, padding="same", name="conv", **layout),
            layers.BatchNormalization(axis, name="norm"),
            layers.ReLU(name="relu"), layers.MaxPooling2D(name="pool", **layout),
            layers.Conv2D(2, 1, activation="sigmoid", name="map", **layout),
        ])

    ours, theirs = network(**first), network()
    theirs.set_weights(ours.get_weights())
    pixels = picture(9, 8, 3)
    turned, plain = probe_of(ours), probe_of(theirs)
    assert turned.input.size == plain.input.size == (9, 8)
    assert turned.input.channels == 3
    assert [layer.shape for layer in turned.layers] == [layer.shape for layer in plain.layers]
    one, other = turned.trace(pixels, Target(1)), plain.trace(pixels, Target(1))
    assert one.score == pytest.approx(other.score, rel=1e-4)
    for name in other.outputs:
        np.testing.assert_allclose(one.outputs[name], other.outputs[name], atol=1e-5)
        if name in other.gradients:
            np.testing.assert_allclose(one.gradients[name], other.gradients[name], atol=1e-6)
    np.testing.assert_allclose(one.input_gradient, other.input_gradient, atol=1e-6)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
    np.testing.assert_array_equal(one.input, pixels)
    inner = [probe.trace(pixels, Target(3, "norm")).score for probe in (turned, plain)]
    assert inner[0] == pytest.approx(inner[1], rel=1e-4)
    np.testing.assert_array_equal(turned.weights("conv")["kernel"], plain.weights("conv")["kernel"])


def test_a_permutation_into_channels_first_is_followed(keras: Any) -> None:
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((6, 5, 3)), layers.Permute((3, 1, 2), name="turn"),
        layers.Conv2D(2, 1, data_format="channels_first", name="conv"), layers.Permute((2, 3, 1), name="back"),
    ])
    probe, pixels = probe_of(model), picture(6, 5, 3)
    assert [layer.shape for layer in probe.layers] == [(6, 5, 3), (6, 5, 3), (6, 5, 2), (6, 5, 2)]
    np.testing.assert_array_equal(probe.trace(pixels).outputs["turn"], pixels)


# models that do not list their inputs


def test_a_sequential_that_was_never_called_is_seen(keras: Any) -> None:
    listed = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3, name="conv")])
    assert probe_of(listed).trace(picture(4, 4, 3)).outputs["conv"].shape == (2, 2, 2)
    built = keras.Sequential([keras.layers.Conv2D(2, 3, name="conv"), keras.layers.Flatten()])
    built.build((None, 4, 4, 3))
    assert probe_of(built).trace(picture(4, 4, 3)).scores.shape == (8,)


def test_a_model_that_says_nothing_of_its_input_is_refused(keras: Any) -> None:
    with pytest.raises(InputError, match="what input it takes") as problem:
        probe_of(keras.Sequential([keras.layers.Dense(2)]))
    assert problem.value.slug == "no-input-shape"


def test_a_network_that_takes_no_picture_is_refused(keras: Any) -> None:
    with pytest.raises(InputError, match="no image can be put") as problem:
        probe_of(keras.Sequential([keras.Input(()), keras.layers.Identity()]))
    assert problem.value.slug == "input-shape"


def test_a_failing_layer_becomes_one_sentence(keras: Any) -> None:
    class Broken(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, maps: Any) -> Any:
            raise RuntimeError("the lamp is off")

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    start = keras.Input((4, 4, 3))
    with pytest.raises(InputError, match="cannot be run: the lamp is off") as problem:
        probe_of(keras.Model(start, Broken()(start)))
    assert problem.value.slug == "network-failed"
    assert "\n" not in problem.value.message


def test_model_facts(keras: Any, classifier: Any) -> None:
    facts = probe_of(classifier).model
    assert (facts.name, facts.title, facts.kind, facts.dtype) == ("tiny", "Tiny", "Functional", "float32")
    assert facts.parameters == facts.trainable == classifier.count_params()
    assert facts.weights_bytes == 4 * facts.parameters


def test_a_kernel_that_is_fed_blue_first_is_given_red_first(keras: Any) -> None:
    """The second filter answers to red alone: the third of what the network is fed."""
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.RandomFlip(), keras.layers.Conv2D(2, 3, name="eye")])
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[:, :, 2, 1] = 1
    model.get_layer("eye").set_weights([kernel, np.zeros(2)])
    fed = probe_of(model, preprocessing=NAMED["caffe"]).weights("eye")["kernel"]
    assert fed[0, 0, :, 1].tolist() == [1, 0, 0]
    assert probe_of(model).weights("eye")["kernel"][0, 0, :, 1].tolist() == [0, 0, 1]
