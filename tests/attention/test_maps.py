"""Maps of real small networks: closed forms, identities, and the wrong maps that other tools have shipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.attention.cam import ONE_PASS
from reportgen.attention.evidence import rank_correlation
from reportgen.attention.maps import maps_of
from reportgen.attention.methods import METHODS, of_family
from tests.attention.studies import maps_for, study_of
from tests.fakes import fake_study, half_image
from tests.probe.probing import picture


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def linear(keras: Any, size: tuple[int, int, int] = (6, 9, 3), classes: int = 4) -> Any:
    keras.utils.set_random_seed(5)
    start = keras.Input(size)
    return keras.Model(start, keras.layers.Dense(classes, activation="softmax")(keras.layers.Flatten()(start)))


def pooled(keras: Any, activation: str | None = "softmax") -> Any:
    """Convolutions, global average pooling, one dense layer: the network of the CAM paper."""
    keras.utils.set_random_seed(6)
    start = keras.Input((12, 16, 3))
    maps = keras.layers.Conv2D(5, 3, activation="relu", name="first")(start)
    maps = keras.layers.Conv2D(6, 3, activation="relu", name="last")(maps)
    vector = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(start, keras.layers.Dense(4, activation=activation, name="classes")(vector))


def cnn(keras: Any, head: str = "inside", nested: bool = False) -> Any:
    keras.utils.set_random_seed(7)
    start = keras.Input((12, 16, 3))
    layers = keras.layers
    body: Any = [layers.Conv2D(6, 3, name="one"), layers.ReLU(name="relu1"), layers.Conv2D(5, 3, name="two"),
                 layers.Activation("relu", name="relu2")]
    if nested:
        body = [keras.Sequential(body, name="inner")]
    x: Any = start
    for layer in body:
        x = layer(x)
    x = layers.Dense(4, activation="softmax" if head == "inside" else None, name="classes")(layers.Flatten()(x))
    if head == "layer":
        x = layers.Softmax(name="softmax")(x)
    if head == "function":
        x = layers.Activation("softmax")(x)
    return keras.Model(start, x)


def test_on_a_linear_network_three_methods_are_one(keras: Any) -> None:
    """Gradient × input = integrated gradients = occlusion of single pixels by black."""
    pixels = picture(6, 9, 3)
    model = linear(keras)
    maps = maps_for(model, pixels, patch=1, stride=1, fill="black", steps=3)
    kernel = model.layers[-1].kernel.numpy().reshape(6, 9, 3, 4)
    for goal in maps.goals:
        by_hand = (pixels * kernel[..., goal.target.channel]).sum(axis=-1)
        for method in ("gradient_input", "integrated_gradients", "occlusion"):
            assert maps.heat(method, goal).values == pytest.approx(by_hand, abs=1e-4), method
        assert maps.path(goal).error < 1e-4


def test_on_a_linear_network_saliency_takes_the_absolute_value_before_the_maximum(keras: Any) -> None:
    model = linear(keras)
    maps = maps_for(model, picture(6, 9, 3))
    kernel = model.layers[-1].kernel.numpy().reshape(6, 9, 3, 4)
    goal = maps.goals[0]
    weights = kernel[..., goal.target.channel]
    assert maps.heat("saliency", goal).values == pytest.approx(np.abs(weights).max(axis=-1), abs=1e-6)
    assert (weights.max(axis=-1) < np.abs(weights).max(axis=-1)).any(), "the other order would be seen here"
    assert maps.heat("smoothgrad", goal).values == pytest.approx(np.abs(weights).max(axis=-1), abs=1e-6)
    assert maps.heat("vargrad", goal).values == pytest.approx(np.zeros((6, 9)), abs=1e-10)


def test_integrated_gradients_of_a_square_are_known(keras: Any) -> None:
    """S = Σ w x²: the gradient is 2 w x, its mean on the way from black is w x, and the map is w x²."""
    start = keras.Input((5, 7, 1))
    squared = keras.layers.Multiply()([start, start])
    keras.utils.set_random_seed(8)
    model = keras.Model(start, keras.layers.Dense(2, name="sums")(keras.layers.Flatten()(squared)))
    pixels = picture(5, 7, 1)
    maps = maps_for(model, pixels, steps=4)
    weights = model.layers[-1].kernel.numpy().reshape(5, 7, 2)
    for goal in maps.goals:
        by_hand = weights[..., goal.target.channel] * pixels[..., 0] ** 2
        assert maps.heat("integrated_gradients", goal).values == pytest.approx(by_hand, abs=1e-4)


@pytest.mark.parametrize("baseline", ["black", "white", "mean"])
def test_integrated_gradients_add_up(keras: Any, baseline: str) -> None:
    maps = maps_for(cnn(keras), picture(12, 16, 3), baseline=baseline, steps=64)
    for goal in maps.goals:
        path = maps.path(goal)
        assert path.total == pytest.approx(path.rise, rel=0.03, abs=0.01)
        assert path.total == pytest.approx(float(maps.heat("integrated_gradients", goal).values.sum()), rel=1e-4)


def test_gradcam_is_cam_and_hirescam_after_global_average_pooling(keras: Any) -> None:
    pixels = picture(12, 16, 3)
    model = pooled(keras)
    maps = maps_for(model, pixels, layer="last")
    kernel = model.get_layer("classes").kernel.numpy()
    last = maps.study.probe.trace(pixels).outputs["last"]
    for goal in maps.goals:
        by_hand = np.maximum(last @ kernel[:, goal.target.channel], 0) / (last.shape[0] * last.shape[1])
        assert maps.heat("gradcam", goal).values == pytest.approx(by_hand, rel=1e-4, abs=1e-6)
        assert maps.heat("hirescam", goal).values == pytest.approx(by_hand, rel=1e-4, abs=1e-6)
        assert maps.heat("xgradcam", goal).values == pytest.approx(by_hand, rel=1e-3, abs=1e-6)
        losses = kernel[:, goal.target.channel] * last.mean(axis=(0, 1))
        assert maps.heat("ablationcam", goal).values == pytest.approx(np.maximum(last @ losses, 0), rel=1e-3, abs=1e-6)


def test_gradcam_weights_agree_with_finite_differences(keras: Any) -> None:
    """How the score depends on a channel of the layer, by nudging its answer a little."""
    pixels = picture(12, 16, 3)
    maps = maps_for(cnn(keras), pixels, layer="relu1")
    goal, probe = maps.goals[0], maps.study.probe
    answers = maps.trace(goal).outputs["relu1"]
    slopes = []
    for channel in range(answers.shape[-1]):
        step = np.zeros_like(answers)
        step[..., channel] = 1e-3
        around = np.stack([answers + step, answers - step])
        high, low = probe.evaluate(np.stack([pixels] * 2), [goal.target], layer="relu1", answers=around)[:, 0]
        slopes.append((high - low) / 2e-3 / (answers.shape[0] * answers.shape[1]))
    by_hand = np.maximum(answers @ np.array(slopes), 0)
    assert maps.heat("gradcam", goal).values == pytest.approx(by_hand, rel=0.02, abs=1e-4)


@pytest.mark.parametrize("head", ["layer", "function", "none"])
def test_wherever_softmax_stands_the_maps_are_the_same(keras: Any, head: str) -> None:
    pixels = picture(12, 16, 3)
    inside, other = maps_for(cnn(keras), pixels), maps_for(cnn(keras, head), pixels)
    for method in ("gradcam", "saliency", "integrated_gradients", "guided", "occlusion"):
        first, second = inside.heat(method, inside.goals[0]), other.heat(method, other.goals[0])
        assert first.values == pytest.approx(second.values, rel=1e-4, abs=1e-6), method


def test_a_saturated_softmax_leaves_the_maps_as_they_are(keras: Any) -> None:
    """A network that is so sure that its probabilities are exactly 0 and 1 still has gradients."""
    pixels = picture(12, 16, 3)
    model = cnn(keras)
    plain = maps_for(model, pixels)
    before = plain.heat("saliency", plain.goals[0]).values
    model.get_layer("classes").bias.assign(np.eye(4)[plain.goals[0].target.channel] * 500.0)
    sure = maps_for(model, pixels)
    assert sure.study.probe.trace(pixels).scores.max() == 1
    assert sure.goals[0].target == plain.goals[0].target
    assert sure.heat("saliency", sure.goals[0]).values == pytest.approx(before, rel=1e-4)
    assert sure.heat("gradcam", sure.goals[0]).reason is None


def test_classes_have_maps_of_their_own(keras: Any) -> None:
    """Guided gradients inside Grad-CAM gave the same map for every class; plain ones do not."""
    maps = maps_for(cnn(keras), picture(12, 16, 3))
    first, second = (maps.heat("gradcam", goal).values for goal in maps.goals[:2])
    assert rank_correlation(first, second) < 0.9  # type: ignore[operator]
    eigen = [maps.heat("eigencam", goal).values for goal in maps.goals[:2]]
    assert (eigen[0] == eigen[1]).all(), "EigenCAM asks for no class"


def test_nested_networks_have_the_same_maps_as_flat_ones(keras: Any) -> None:
    """Layers inside a model inside the model are found; ReLU layers there obey the rules."""
    pixels = picture(12, 16, 3)
    flat, nested = maps_for(cnn(keras), pixels), maps_for(cnn(keras, nested=True), pixels)
    assert flat.layer(flat.goals[0]) == "relu2"
    assert nested.layer(nested.goals[0]) == "inner/relu2"
    for method in METHODS:
        one, other = flat.heat(method, flat.goals[0]), nested.heat(method, nested.goals[0])
        assert one.values == pytest.approx(other.values, rel=1e-3, abs=1e-5), method
    assert (flat.heat("guided", flat.goals[0]).values != flat.heat("saliency", flat.goals[0]).values).any()


def test_the_default_layer_is_not_a_logit_layer_of_one_place(keras: Any) -> None:
    start = keras.Input((12, 16, 3))
    maps_ = keras.layers.Conv2D(5, 3, activation="relu", name="body")(start)
    pooled_ = keras.layers.GlobalAveragePooling2D(keepdims=True)(maps_)
    logits = keras.layers.Conv2D(4, 1, name="logits")(pooled_)
    model = keras.Model(start, keras.layers.Softmax()(keras.layers.Flatten()(logits)))
    maps = maps_for(model, picture(12, 16, 3))
    assert maps.layer(maps.goals[0]) == "body"


def test_of_a_segmentation_the_bottleneck_is_shown(keras: Any) -> None:
    layers = keras.layers
    start = keras.Input((16, 16, 3))
    wide = layers.Conv2D(4, 3, padding="same", activation="relu", name="wide")(start)
    small = layers.MaxPooling2D(name="pool")(wide)
    small = layers.Conv2D(4, 3, padding="same", activation="relu", name="bottom")(small)
    up = layers.UpSampling2D(name="up")(small)
    model = keras.Model(start, layers.Conv2D(1, 1, activation="sigmoid", name="mask")(layers.Concatenate()([up, wide])))
    maps = maps_for(model, picture(16, 16, 3))
    assert {maps.layer(goal) for goal in maps.goals} == {"bottom"}


def test_a_network_without_places_has_no_class_activation_map(keras: Any) -> None:
    maps = maps_for(linear(keras), picture(6, 9, 3))
    heat = maps.heat("gradcam", maps.goals[0])
    assert maps.layer(maps.goals[0]) == ""
    assert heat.reason is not None
    assert not heat.values.any()


def test_a_unit_is_explained_by_the_layers_before_it(keras: Any) -> None:
    study = study_of(cnn(keras), picture(12, 16, 3), targets=("relu1:2", "relu2:0"))
    maps = maps_of(study, study.samples[0])
    assert maps.layer(maps.goals[1]) == "two"
    assert maps.layer(maps.goals[0]) == "one"
    for goal in maps.goals:
        assert maps.heat("gradcam", goal).reason is None
        assert maps.heat("saliency", goal).values.any()


def test_score_cam_tells_the_classes_of_a_single_sigmoid_apart(keras: Any) -> None:
    """A softmax over one output made every weight 1; here each side has weights of its own."""
    keras.utils.set_random_seed(9)
    start = keras.Input((12, 16, 3))
    x = keras.layers.Conv2D(6, 3, activation="relu")(start)
    model = keras.Model(start, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(x)))
    maps = maps_for(model, picture(12, 16, 3))
    sides = [maps.heat("scorecam", goal) for goal in maps.goals]
    assert all(side.reason is None for side in sides)
    assert not np.allclose(sides[0].values, sides[1].values)


def test_score_cam_by_hand() -> None:
    """Of the network known in closed form: masks, answers, softmax over the channels, the weighted sum."""
    from reportgen import imaging
    from reportgen.probabilities import softmax

    study = fake_study()
    maps = maps_of(study, study.samples[0])
    goal, pixels = maps.goals[0], study.samples[0].pixels
    answers = study.probe.trace(pixels).outputs["mix"]
    mean = np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape)
    hidden = study.probe.evaluate(mean[None], [goal.target])[0, 0]
    scores = []
    for channel in range(2):
        plane = answers[..., channel]
        mask = imaging.resize((plane - plane.min()) / (plane.max() - plane.min()), (8, 8))[..., None]
        scores.append(study.probe.evaluate((mean + mask * (pixels - mean))[None], [goal.target])[0, 0] - hidden)
    by_hand = np.maximum(answers @ softmax(np.array(scores)), 0)
    assert maps.heat("scorecam", goal).values == pytest.approx(by_hand, rel=1e-4)


def test_ablation_cam_by_hand() -> None:
    study = fake_study()
    maps = maps_of(study, study.samples[0])
    goal, pixels = maps.goals[0], study.samples[0].pixels
    answers = study.probe.trace(pixels).outputs["mix"]
    whole = study.probe.evaluate(pixels[None], [goal.target])[0, 0]
    losses = []
    for channel in range(2):
        silenced = answers.copy()
        silenced[..., channel] = 0
        losses.append(whole - study.probe.evaluate(pixels[None], [goal.target], layer="mix", answers=silenced[None])[0, 0])
    assert maps.heat("ablationcam", goal).values == pytest.approx(np.maximum(answers @ np.array(losses), 0), rel=1e-4)


def test_guided_gradcam_is_the_product() -> None:
    study = fake_study()
    maps = maps_of(study, study.samples[0])
    goal = next(goal for goal in maps.goals if maps.heat("gradcam", goal).reason is None)
    product = maps.heat("guided", goal).values * maps.heat("gradcam", goal).enlarged((8, 8))
    assert maps.heat("guided_gradcam", goal).values == pytest.approx(product)


@pytest.mark.parametrize("pixels", [np.zeros((12, 16, 3), np.float32), np.full((12, 16, 3), 0.5, np.float32)])
def test_a_plain_image_gives_no_number_that_is_none(keras: Any, pixels: np.ndarray) -> None:
    maps = maps_for(cnn(keras), pixels, masks=20)
    for method in METHODS:
        for goal in maps.goals:
            assert np.isfinite(maps.heat(method, goal).values).all(), method


def test_a_dead_layer_is_told_and_never_divided_by(keras: Any) -> None:
    model = cnn(keras)
    for name in ("two",):
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([kernel * 0, bias - 1])
    maps = maps_for(model, picture(12, 16, 3), masks=20)
    for method in METHODS:
        heat = maps.heat(method, maps.goals[0])
        assert np.isfinite(heat.values).all()
        if method not in ("rise",):
            assert heat.reason is not None, method
            assert not heat.values.any()


def test_a_score_that_falls_everywhere_leaves_an_empty_gradcam_with_a_reason(keras: Any) -> None:
    model = pooled(keras)
    kernel, bias = model.get_layer("classes").get_weights()
    model.get_layer("classes").set_weights([-np.abs(kernel), bias])
    maps = maps_for(model, picture(12, 16, 3))
    heat = maps.heat("gradcam", maps.goals[0])
    assert "speaks against it" in str(heat.reason)


@pytest.mark.parametrize("policy", ["float16", "mixed_float16"])
def test_half_precision_gives_maps(keras: Any, policy: str) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = cnn(keras)
    finally:
        keras.config.set_dtype_policy(before)
    maps = maps_for(model, picture(12, 16, 3), masks=20, samples=4, steps=4)
    for method in METHODS:
        heat = maps.heat(method, maps.goals[0])
        assert heat.reason is None, method
        assert np.isfinite(heat.values).all()


def test_the_order_of_classes_does_not_change_a_class_map(keras: Any) -> None:
    pixels = picture(12, 16, 3)
    model = cnn(keras)
    one = maps_for(model, pixels, targets=("#3",), masks=20)
    before = {method: one.heat(method, one.goals[0]).values for method in METHODS}
    kernel, bias = model.get_layer("classes").get_weights()
    model.get_layer("classes").set_weights([kernel[:, ::-1], bias[::-1]])
    other = maps_for(model, pixels, targets=("#0",), masks=20)
    for method in METHODS:
        assert other.heat(method, other.goals[0]).values == pytest.approx(before[method], rel=1e-3, abs=1e-6), method


def test_another_constant_in_the_scores_changes_no_gradient(keras: Any) -> None:
    pixels = picture(12, 16, 3)
    model = cnn(keras)
    one = maps_for(model, pixels, targets=("#1",))
    before = {name: one.heat(name, one.goals[0]).values for name in (*ONE_PASS, *of_family("gradient"), "occlusion")}
    model.get_layer("classes").bias.assign([3.0, 3.0, 3.0, 3.0])
    other = maps_for(model, pixels, targets=("#1",))
    for name, values in before.items():
        assert other.heat(name, other.goals[0]).values == pytest.approx(values, rel=1e-3, abs=1e-5), name


def test_seg_gradcam_of_a_region_sees_only_what_leads_there(keras: Any) -> None:
    """Of a network of 1×1 convolutions the gradient of a box stays inside the box."""
    keras.utils.set_random_seed(11)
    start = keras.Input((8, 10, 3))
    x = keras.layers.Conv2D(4, 1, name="conv")(start)
    model = keras.Model(start, keras.layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x))
    maps = maps_for(model, picture(8, 10, 3), targets=("@box:2,3,6,7",))
    inside = np.zeros((8, 10), bool)
    inside[3:7, 2:6] = True
    values = maps.heat("saliency", maps.goals[0]).values
    assert (values[inside] > 0).all()
    assert not values[~inside].any()


def test_maps_are_made_once_for_all_sections() -> None:
    study = fake_study(half_image())
    first = maps_of(study, study.samples[0])
    heat = first.heat("rise", first.goals[0])
    asked = study.probe.batches  # type: ignore[attr-defined]
    assert maps_of(study, study.samples[0]).heat("rise", first.goals[0]) is heat
    assert study.probe.batches == asked  # type: ignore[attr-defined]


def test_every_method_says_what_it_does_and_where_it_is_from() -> None:
    for method in METHODS.values():
        assert len(str(method.about)) > 40
        assert method.formula.tex
        assert "arXiv" in method.paper or "doi" in method.paper
