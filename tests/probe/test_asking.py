"""Questions about many images at once, other gradient rules, and what-if answers of a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.probe import Places, Pull, Target
from tests.probe.odd_models import made
from tests.probe.probing import picture, probe_of, slope


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def classifier(keras: Any) -> Any:
    keras.utils.set_random_seed(3)
    layers = keras.layers
    start = keras.Input((6, 9, 3), name="image")
    maps = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(start)
    maps = layers.Conv2D(3, 3, padding="same", name="second")(maps)
    end = layers.Dense(5, activation="softmax", name="classes")(layers.Flatten(name="flat")(layers.ReLU()(maps)))
    return keras.Model(start, end, name="tiny")


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.stack([picture(6, 9, 3, seed=seed + number) for number in range(count)])


def test_evaluated_scores_are_those_of_each_trace(classifier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.probe.keras.LARGEST_BATCH", 3)
    probe = probe_of(classifier)
    targets = [Target(1), Target(4, sign=-1), Target(2, "second"), Target(0, "first")]
    found = probe.evaluate(images(7), targets)
    one_by_one = [[probe.trace(image, target).score for target in targets] for image in images(7)]
    assert found == pytest.approx(np.array(one_by_one), rel=1e-4, abs=1e-6)


def test_gradients_of_a_batch_are_those_of_each_trace(classifier: Any) -> None:
    probe = probe_of(classifier)
    found = probe.gradients(images(5), Target(2))
    for image, gradient in zip(images(5), found, strict=True):
        assert gradient == pytest.approx(probe.trace(image, Target(2)).input_gradient, abs=1e-6)


def test_a_negated_target_has_the_negated_gradient(classifier: Any) -> None:
    probe = probe_of(classifier)
    against = probe.trace(images(1)[0], Target(2, sign=-1))
    assert against.score == pytest.approx(-(probe.trace(images(1)[0], Target(2)).score or 0), rel=1e-6)
    assert probe.gradients(images(1), Target(2, sign=-1)) == pytest.approx(-probe.gradients(images(1), Target(2)))


def test_a_region_is_scored_and_differentiated(keras: Any) -> None:
    """Of a segmentation network: the weighted mean over the places, against finite differences."""
    keras.utils.set_random_seed(4)
    start = keras.Input((6, 7, 1))
    maps = keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(start)
    model = keras.Model(start, keras.layers.Conv2D(1, 1, activation="sigmoid", name="mask")(maps))
    probe = probe_of(model)
    region = np.zeros((6, 7), np.float32)
    region[1:4, 2:5] = 1
    target = Target(0, places=Places.of(region))
    pixels = picture(6, 7, 1)
    logit = np.log(probe.scores(pixels[None])[0, ..., 0] / (1 - probe.scores(pixels[None])[0, ..., 0]))
    assert probe.trace(pixels, target).score == pytest.approx(logit[1:4, 2:5].mean(), rel=1e-4)
    assert probe.evaluate(pixels[None], [target])[0, 0] == pytest.approx(logit[1:4, 2:5].mean(), rel=1e-4)
    direction = picture(6, 7, 1, seed=9)
    expected = slope(lambda at: probe.evaluate(at[None], [target])[0, 0], pixels, direction, 1e-2)
    gradient = probe.gradients(pixels[None], target)[0]
    assert float((gradient * direction).sum()) == pytest.approx(expected, rel=1e-2)
    assert probe.trace(pixels, target).input_gradient == pytest.approx(gradient, abs=1e-7)


def test_targets_with_equal_regions_are_equal() -> None:
    region = picture(4, 5)
    assert Target(0, places=Places.of(region)) == Target(0, places=Places.of(region.copy()))
    assert hash(Places.of(region)) == hash(Places.of(region.copy()))
    assert np.array_equal(Places.of(region).weights, region)


def test_what_if_a_layer_had_said_something_else(classifier: Any) -> None:
    """The network from that layer on, computed again by hand from its weights."""
    probe = probe_of(classifier)
    image = images(1)[0]
    said = probe.trace(image).outputs["second"]
    other = np.stack([said, said * 0, said - 1])
    found = probe.evaluate(np.stack([image] * 3), [Target(3)], layer="second", answers=other)[:, 0]
    kernel, bias = classifier.get_layer("classes").get_weights()
    expected = [np.maximum(one, 0).reshape(-1) @ kernel[:, 3] + bias[3] for one in other]
    assert found == pytest.approx(np.array(expected), rel=1e-4)


def test_what_if_inside_a_nested_network_with_a_skip(keras: Any) -> None:
    keras.utils.set_random_seed(5)
    layers = keras.layers
    inner_start = keras.Input((5, 5, 2))
    inner = keras.Model(inner_start, layers.Conv2D(3, 1, name="deep", use_bias=False)(inner_start), name="inner")
    start = keras.Input((5, 5, 2))
    joined = layers.Concatenate()([inner(start), start])
    end = layers.Dense(2, name="out", use_bias=False)(layers.GlobalAveragePooling2D()(joined))
    probe = probe_of(keras.Model(start, end))
    pixels = picture(5, 5, 3)[..., :2]
    answers = np.stack([np.full((5, 5, 3), value, np.float32) for value in (0.0, 2.0)])
    batch = np.stack([picture(5, 5, 1)] * 2) if probe.input.channels == 1 else np.stack([pixels] * 2)
    if batch.shape[-1] != probe.input.channels:
        batch = np.repeat(batch[..., :1], probe.input.channels, axis=-1)
    found = probe.evaluate(batch, [Target(0), Target(1)], layer="inner/deep", answers=answers)
    kernel = keras.ops.convert_to_numpy(probe.weights("out")["kernel"])
    skip = probe.values(batch[0]).mean(axis=(0, 1))
    for value, row in zip((0.0, 2.0), found, strict=True):
        assert row == pytest.approx(np.concatenate([np.full(3, value), skip]) @ kernel, rel=1e-4)


def test_the_guided_and_the_rectified_rule_by_hand(keras: Any) -> None:
    """score = Σ v·relu(W x): the rules are written out; v has both signs."""
    start = keras.Input((4,))
    hidden = keras.layers.Dense(5, activation="relu", use_bias=False, name="hidden")(start)
    model = keras.Model(start, keras.layers.Dense(1, use_bias=False, name="out")(hidden))
    random = np.random.default_rng(0)
    weights, top = random.normal(size=(4, 5)), np.array([1.0, -2.0, 3.0, -1.0, 0.5])
    model.get_layer("hidden").set_weights([weights])
    model.get_layer("out").set_weights([top[:, None]])
    probe = probe_of(model)
    pixels = picture(2, 2, 1)
    active = probe.values(pixels).reshape(-1) @ weights > 0
    assert 0 < active.sum() < 5
    expected = {
        "plain": weights @ (top * active),
        "guided": weights @ (np.maximum(top, 0) * active),
        "rectified": weights @ np.maximum(top, 0),
    }
    for rule, gradient in expected.items():
        found = probe.gradients(pixels[None], Target(0), rule)[0]  # type: ignore[arg-type]
        assert found.reshape(-1) == pytest.approx(gradient, abs=1e-5), rule
    assert probe.model.rectifiers == 1


@pytest.mark.parametrize("where", ["inside", "layer", "nested", "operation", "relu6", "leaky", "elu"])
def test_rules_reach_rectifiers_wherever_they_stand(keras: Any, where: str) -> None:
    """Peers skip ReLU layers, ReLU6 and nested networks without a word."""
    layers = keras.layers
    keras.utils.set_random_seed(7)
    start = keras.Input((5, 5, 3))
    bare = layers.Conv2D(4, 3, name="conv")
    if where == "inside":
        maps = layers.Conv2D(4, 3, activation="relu", name="conv")(start)
    elif where == "nested":
        inner = keras.Input((5, 5, 3))
        maps = keras.Model(inner, layers.ReLU()(layers.Conv2D(4, 3, name="conv")(inner)))(start)
    elif where == "operation":
        maps = keras.ops.relu(bare(start))
    else:
        kinds = {"layer": layers.ReLU(), "relu6": layers.ReLU(6.0), "leaky": layers.LeakyReLU(0.2), "elu": layers.ELU()}
        maps = kinds[where](bare(start))
    end = layers.Dense(2, name="out")(layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(start, end)
    conv = next(layer for layer in model._flatten_layers() if layer.name == "conv")
    conv.set_weights([conv.get_weights()[0], np.full(4, 3.0)])  # every unit answers
    model.get_layer("out").set_weights([np.array([[1, 0], [-1, 0], [2, 0], [-2, 0]]), np.zeros(2)])
    probe = probe_of(model)
    assert probe.model.rectifiers == 1
    image = picture(5, 5, 3)[None]
    before = probe.scores(image)
    plain, guided = (probe.gradients(image, Target(0), rule) for rule in ("plain", "guided"))
    kernel = probe.weights(next(layer.name for layer in probe.layers if layer.name.endswith("conv")))["kernel"]
    expected = [(kernel @ top).sum(axis=(0, 1)) / 9 for top in (np.array([1, -1, 2, -2]), np.array([1, 0, 2, 0]))]
    assert plain[0, 2, 2] == pytest.approx(expected[0], abs=1e-5)
    assert guided[0, 2, 2] == pytest.approx(expected[1], abs=1e-5)
    assert np.array_equal(probe.scores(image), before)
    assert probe.gradients(image, Target(0)) == pytest.approx(plain)


def test_a_network_without_rectifiers_says_so(keras: Any) -> None:
    start = keras.Input((5, 5, 3))
    maps = keras.layers.Conv2D(4, 3, activation="silu")(start)
    probe = probe_of(keras.Model(start, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps))))
    assert probe.model.rectifiers == 0
    image = picture(5, 5, 3)[None]
    assert probe.gradients(image, Target(0), "guided") == pytest.approx(probe.gradients(image, Target(0)))


def test_shuffled_weights_are_put_back(classifier: Any) -> None:
    probe = probe_of(classifier)
    image = images(1)
    before = [weight.copy() for weight in classifier.get_weights()]
    scores = probe.scores(image)
    gradient = probe.gradients(image, Target(0))
    with pytest.raises(ZeroDivisionError), probe.randomized(["classes"], seed=1):  # noqa: PT012 - what is inside matters
        kernel = classifier.get_layer("classes").get_weights()[0]
        assert not np.array_equal(kernel, before[4])
        assert np.array_equal(np.sort(kernel, axis=None), np.sort(before[4], axis=None))
        assert np.array_equal(classifier.get_layer("first").get_weights()[0], before[0])
        assert not np.allclose(probe.scores(image), scores)
        assert not np.allclose(probe.gradients(image, Target(0)), gradient)
        raise ZeroDivisionError
    for now, then in zip(classifier.get_weights(), before, strict=True):
        assert np.array_equal(now, then)
    assert np.array_equal(probe.scores(image), scores)


def test_memory_of_the_true_network_is_set_aside(classifier: Any) -> None:
    from reportgen.probe.memo import MemoProbe

    probe = MemoProbe(probe_of(classifier))
    image = images(1)[0]
    true = probe.trace(image, Target(0))
    with probe.randomized(["first", "second", "classes"], seed=3):
        assert probe.trace(image, Target(0)).score != true.score
    assert probe.trace(image, Target(0)) is true


def test_a_layer_that_counts_on_one_image_is_asked_one_by_one(keras: Any) -> None:
    class Stubborn(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, values: Any) -> Any:
            return keras.ops.reshape(values, [int(side) for side in values.shape])

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    start = keras.Input((4, 4, 3))
    end = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(Stubborn()(start)))
    probe = probe_of(keras.Model(start, end))
    batch = np.stack([picture(4, 4, 3, seed=seed) for seed in range(3)])
    assert probe.evaluate(batch, [Target(1)])[:, 0] == pytest.approx(
        np.array([probe.trace(image, Target(1)).score for image in batch]), rel=1e-5
    )
    assert probe.gradients(batch, Target(1)).shape == batch.shape


def test_a_target_that_does_not_depend_on_the_image_has_no_slope(keras: Any) -> None:
    start = keras.Input((4, 4, 3))
    model = keras.Model(start, keras.layers.Dense(2)(keras.ops.zeros_like(keras.ops.mean(start, axis=(1, 2)))))
    assert not probe_of(model).gradients(picture(4, 4, 3)[None], Target(0)).any()


def test_channels_first_networks_are_asked_channels_last(keras: Any) -> None:
    keras.utils.set_random_seed(8)
    start = keras.Input((3, 6, 7))
    conv = keras.layers.Conv2D(2, 3, data_format="channels_first", activation="relu", name="conv")
    maps = conv(start)
    model = keras.Model(
        start, keras.layers.Dense(2, name="out")(keras.layers.GlobalAveragePooling2D("channels_first")(maps))
    )
    probe = probe_of(model)
    image = picture(6, 7, 3)
    assert probe.values(image).shape == (6, 7, 3)
    gradient = probe.gradients(image[None], Target(0))[0]
    assert gradient == pytest.approx(probe.trace(image, Target(0)).input_gradient, abs=1e-6)
    said = probe.trace(image).outputs["conv"]
    found = probe.evaluate(np.stack([image] * 2), [Target(1)], layer="conv", answers=np.stack([said, said * 2]))[:, 0]
    kernel, bias = model.get_layer("out").get_weights()
    assert found == pytest.approx(
        np.array([said.mean(axis=(0, 1)) @ kernel[:, 1] + bias[1], 2 * said.mean(axis=(0, 1)) @ kernel[:, 1] + bias[1]]),
        rel=1e-4,
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "float16", "mixed_bfloat16"])
def test_half_precision_is_asked_too(keras: Any, policy: str) -> None:
    keras.utils.set_random_seed(9)
    start = keras.Input((6, 6, 3), dtype="float32")
    maps = keras.layers.Conv2D(4, 3, activation="relu", dtype=policy)(start)
    end = keras.layers.Dense(3, activation="softmax", dtype=policy)(keras.layers.Flatten()(maps))
    probe = probe_of(keras.Model(start, end))
    image = picture(6, 6, 3)[None]
    for rule in ("plain", "guided"):
        gradient = probe.gradients(image, Target(1), rule)  # type: ignore[arg-type]
        assert gradient.dtype == np.float32
        assert np.isfinite(gradient).all()
        assert gradient.any()
    assert np.isfinite(probe.evaluate(image, [Target(1)])).all()


def test_a_picture_that_two_inputs_show_has_one_gradient(keras: Any) -> None:
    """By the pixels, not by one of the inputs: against finite differences, and while climbing too."""
    model = made("several")
    probe = probe_of(model, other_inputs={"numbers": 0.5})
    pixels, direction = picture(12, 12, 3), picture(12, 12, 3, seed=3)
    gradient = probe.gradients(pixels[None], Target(1))[0]
    expected = slope(lambda at: probe.evaluate(at[None], [Target(1)])[0, 0], pixels, direction, 2e-3)
    assert float((gradient * direction).sum()) == pytest.approx(expected, rel=2e-2)
    assert probe.trace(pixels, Target(1)).input_gradient == pytest.approx(gradient, abs=1e-6)
    pull = Pull("", "along", directions=np.eye(3, dtype=np.float32)[1:2])
    _values, climbed = probe.climb(pixels[None], [pull])
    assert climbed[0] == pytest.approx(gradient, abs=1e-6)
    alone = probe_of(model, other_inputs={"right": 0.0})
    assert not np.allclose(alone.gradients(pixels[None], Target(1))[0], gradient)
