"""Pixels become the values a network was trained on, and every guess is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.errors import InputError, UsageError
from reportgen.probe.preprocessing import NAMED, application_of, apply, choose_preprocessing, named, value_range
from reportgen.probe.source import ModelSource, Preprocessing

PIXELS = np.random.default_rng(0).random((2, 5, 4, 3), np.float32)


def choice(model: Any, application: str = "", **source: Any) -> tuple[str, str]:
    """The name of the preprocessing and the sentences that say why."""
    made, messages = choose_preprocessing(ModelSource("model.keras", **source), application, model)
    return made.name, " ".join(str(message) for message in messages)


# arithmetic


def test_the_formula_is_scale_then_mean_then_deviation_in_the_networks_channel_order() -> None:
    preprocessing = Preprocessing("custom", 10.0, (1.0, 2.0, 3.0), (2.0, 4.0, 8.0), bgr=True)
    red, green, blue = 0.1, 0.2, 0.4
    values = apply(np.array([red, green, blue]), preprocessing, 3)
    np.testing.assert_allclose(values, [(4 - 1) / 2, (2 - 2) / 4, (1 - 3) / 8], atol=1e-6)


def test_black_and_white_become_the_ends_of_the_range() -> None:
    assert value_range(NAMED["unit"], 3) == (0.0, 1.0)
    assert value_range(NAMED["none"], 1) == (0.0, 255.0)
    assert value_range(NAMED["tf"], 3) == (-1.0, 1.0)
    low, high = value_range(NAMED["caffe"], 3)
    assert low == pytest.approx(-123.68)
    assert high == pytest.approx(255 - 103.939)


def test_a_gray_picture_takes_the_mean_of_three_values() -> None:
    values = apply(np.zeros((2, 2, 1)), NAMED["torch"], 1)
    assert values == pytest.approx(-np.mean([0.485, 0.456, 0.406]) / np.mean([0.229, 0.224, 0.225]))


def test_values_for_three_channels_do_not_fit_four() -> None:
    with pytest.raises(InputError, match="4 channels"):
        apply(np.zeros((2, 2, 4)), NAMED["torch"], 4)


def test_the_pixels_given_are_not_changed() -> None:
    before = PIXELS.copy()
    apply(PIXELS, NAMED["caffe"], 3)
    np.testing.assert_array_equal(PIXELS, before)


@pytest.mark.parametrize(
    "name", ["Caffe", "vgg16", "ResNet50V2", "mobilenet_v2", "mobilenetv2_1.00_224", "efficientnet-b0"]
)
def test_a_preprocessing_has_its_own_name_and_those_of_known_networks(name: str) -> None:
    assert named(name) in NAMED.values()


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        named("cafe")
    assert "'caffe'" in caught.value.hint


@pytest.mark.tf
def test_every_network_of_keras_applications_gets_what_keras_itself_does() -> None:
    import keras

    from reportgen.probe.applications import known

    for name, make in known().items():
        module = getattr(keras.applications, make.__module__.rpartition(".")[2])
        theirs = module.preprocess_input(PIXELS.copy() * 255)
        np.testing.assert_allclose(apply(PIXELS, named(name), 3), theirs, rtol=1e-5, atol=2e-5, err_msg=name)


@pytest.mark.tf
def test_default_names_of_networks_are_recognised_and_others_are_not() -> None:
    import inspect

    from reportgen.probe.applications import known

    for name, make in known().items():
        default = inspect.signature(make).parameters.get("name")
        if default is not None and default.default is not None:
            assert application_of(default.default) == name
    assert application_of("mobilenet_1.00_224_tf"[:-3]) == "mobilenet"
    for other in ("model", "vgg", "resnet", "my_vgg16_head", "vgg16 copy", ""):
        assert application_of(other) == "", other


# choosing


class Fake:
    """A layer or a network as far as choosing looks at it."""

    def __init__(self, name: str = "fake", *layers: Any, **values: Any) -> None:
        self.name = name
        if layers:
            self.layers = layers
            self.get_layer = None
        vars(self).update(values)


def layer(kind: str, **values: Any) -> Any:
    return type(kind, (Fake,), {})(kind.lower(), **values)


def test_nothing_known_means_zero_to_one_and_says_so() -> None:
    name, why = choice(Fake("mine", layer("Conv2D")))
    assert name == "unit"
    assert "set `preprocessing` in the configuration" in why


def test_what_the_user_names_is_taken_without_a_word() -> None:
    own = Preprocessing("custom", 3.0)
    assert choose_preprocessing(ModelSource("m", preprocessing=own), "vgg16", Fake()) == (own, ())
    assert choice(Fake("vgg16"), preprocessing="torch") == ("torch", "")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (layer("Rescaling", scale=1 / 255, offset=0.0), "none"),
        (layer("Rescaling", scale=1 / 127.5, offset=-1.0), "none"),
        (layer("Rescaling", scale=[1 / 58.4, 1 / 57.1, 1 / 57.4], offset=[-2.1, -2.0, -1.8]), "none"),
        (layer("Rescaling", scale=2.0, offset=-1.0), "unit"),
        (layer("Rescaling", scale=255.0, offset=0.0), "unit"),
        (layer("Normalization", mean=[[[[123.7, 116.3, 103.5]]]], variance=[[[[3409.0, 3262.0, 3291.0]]]]), "none"),
        (layer("Normalization", mean=[0.48, 0.45, 0.4], variance=[0.05, 0.05, 0.05]), "unit"),
    ],
)
def test_a_scaling_layer_inside_the_network_shows_what_it_expects(found: Any, expected: str) -> None:
    name, why = choice(Fake("vgg16", layer("InputLayer"), layer("RandomFlip"), found, layer("Conv2D")))
    assert name == expected
    assert "scales its input itself" in why


def test_a_scaling_layer_is_found_in_a_network_inside_the_network() -> None:
    inner = Fake("base", layer("InputLayer"), layer("Rescaling", scale=1 / 255, offset=0.0))
    name, why = choice(Fake("whole", layer("InputLayer"), inner))
    assert name == "none"
    assert "`base/rescaling`" in why


def test_a_scaling_layer_behind_a_convolution_says_nothing_about_the_input() -> None:
    model = Fake("mine", layer("Conv2D"), layer("Rescaling", scale=1 / 255, offset=0.0))
    assert choice(model)[0] == "unit"


def test_a_normalization_that_was_never_adapted_is_passed_over() -> None:
    untouched = layer("Normalization", mean=[0.0], variance=[1.0])
    assert choice(Fake("mine", untouched, layer("Rescaling", scale=1 / 255, offset=0.0)))[0] == "none"


def test_a_known_network_that_was_asked_for_gets_its_own() -> None:
    assert choice(Fake("anything"), "vgg16")[0] == "caffe"
    assert choice(Fake("anything"), "mobilenetv2")[0] == "tf"


def test_a_base_with_a_known_name_is_an_assumption_that_is_said() -> None:
    name, why = choice(Fake("mine", Fake("mobilenetv2_1.00_224", layer("Conv2D")), layer("Dense")))
    assert name == "tf"
    assert "was assumed" in why
    assert "`mobilenetv2_1.00_224`" in why


@pytest.mark.tf
def test_networks_that_scale_their_input_are_given_raw_values() -> None:
    import keras

    for name in ("EfficientNetB0", "EfficientNetV2B0", "EfficientNetV2S", "MobileNetV3Small", "ConvNeXtTiny"):
        model = getattr(keras.applications, name)(weights=None)
        assert choice(model)[0] == "none", name
        assert "scales its input itself" in choice(keras.Sequential([model, keras.layers.Dense(2)]))[1], name


@pytest.mark.tf
@pytest.mark.parametrize(("factor", "expected"), [(255.0, "none"), (127.5, "none"), (0.5, "unit")])
def test_a_division_at_the_networks_beginning_is_understood(factor: float, expected: str) -> None:
    import keras

    start = keras.Input((8, 8, 3))
    model = keras.Model(start, keras.layers.Conv2D(2, 3)(start / factor - 1.0))
    assert choice(model)[0] == expected
