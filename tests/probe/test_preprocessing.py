"""Pixels become the values a network was trained on, and every guess is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.errors import InputError, UsageError
from reportgen.probe.preprocessing import (
    NAMED,
    Beginning,
    application_of,
    apply,
    choose_preprocessing,
    named,
    value_range,
)
from reportgen.probe.source import ModelSource, Preprocessing

PIXELS = np.random.default_rng(0).random((2, 5, 4, 3), np.float32)


def choice(model: Any, application: str = "", measured: bool = False, **source: Any) -> tuple[str, str]:
    """The name of the preprocessing and the sentences that say why."""
    beginning = None
    if measured:
        from reportgen.probe.beginning import beginning_of

        beginning = beginning_of(model)
    made, messages = choose_preprocessing(ModelSource("model.keras", **source), application, model, beginning)
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
    assert choose_preprocessing(ModelSource("m", preprocessing=own), "vgg16", Fake(), None) == (own, ())
    assert choice(Fake("vgg16"), preprocessing="torch") == ("torch", "")


def beginning(black: Any, gain: Any, **more: Any) -> Beginning:
    return Beginning("conv", np.asarray(black, float), np.asarray(gain, float), **more)


@pytest.mark.parametrize(
    ("found", "white"),
    [
        (beginning([0, 0, 0], [1, 1, 1]), 0),
        (beginning([[0, 0], [0, 0]], [[0, 0], [0, 1]]), 0),  # padded
        (beginning([0.0], [1 / 255]), 255),
        (beginning([-1.0], [1 / 127.5]), 255),
        (beginning([-103.9, -116.8, -123.7], [1, 1, 1]), 255),
        (beginning([-2.1, -2.0, -1.8], [1 / 58.4, 1 / 57.1, 1 / 57.4]), 255),
        (beginning([-1.0], [2.0]), 1),
        (beginning([-0.5], [1.0]), 1),
        (beginning([0.0], [255.0]), 1),
        (beginning([-103.9, -116.8, -123.7], [255, 255, 255]), 1),
        (beginning([-2.1, -2.0, -1.8], [4.4, 4.5, 4.4]), 1),
    ],
)
def test_what_white_is_follows_from_what_the_first_learned_layer_gets(found: Beginning, white: int) -> None:
    assert found.white == white


def test_what_a_batch_normalization_saw_is_an_assumption_that_is_said() -> None:
    def choice(**seen: float) -> tuple[str, str]:
        found = beginning([0, 0, 0], [1, 1, 1], **seen)
        made, messages = choose_preprocessing(ModelSource("m"), "", Fake("mine"), found)
        return made.name, str(messages[0])

    assert choice(mean=118.0)[0] == "none"
    assert "means up to 118" in choice(mean=118.0)[1]
    assert choice(variance=3400.0)[0] == "none"
    assert choice(mean=0.45, variance=0.08)[0] == "unit"
    assert choice(mean=1.8, variance=1.4)[0] == "unit", "standardised pictures"


def keras_network(kind: str) -> Any:
    """A network whose first learned layer, but for one, is `eye`."""
    import keras

    layers, shape = keras.layers, (6, 6, 3)
    begin = keras.Input(shape, batch_size=2 if kind == "batch of two" else None)
    eye = layers.Conv2D(3, 1, name="eye")

    def nested() -> Any:
        inner = keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 127.5, -1), eye], name="base")
        return keras.Model(begin, inner(layers.RandomFlip()(begin)))

    def numbers_beside() -> Any:
        numbers = keras.Input((4,))
        seen = layers.Flatten()(eye(begin / 127.5 - 1.0))
        return keras.Model([numbers, begin], layers.Concatenate()([layers.Dense(2)(numbers), seen]))

    def own_code() -> Any:
        class Own(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.late, self.eye = layers.Dense(2), eye

            def call(self, values: Any) -> Any:
                return self.late(self.eye(values / 127.5 - 1.0))

        own = Own()
        own(np.zeros((1, *shape), np.float32))
        return own

    def normalization(mean: float, variance: float) -> Any:
        return layers.Normalization(mean=[mean] * 3, variance=[variance] * 3)

    made = {
        "nested": nested, "numbers beside": numbers_beside, "own code": own_code,
        "arithmetic": lambda: keras.Model(begin, eye(begin / 127.5 - 1.0)),
        "batch of two": lambda: keras.Model(begin, eye(begin / 127.5 - 1.0)),
        "half": lambda: keras.Model(begin, eye(begin / 0.5 - 1.0)),
        "bytes first": lambda: keras.Model(begin, eye(layers.Rescaling(1 / 127.5, -1)(layers.Rescaling(255.0)(begin)))),
        "adapted": lambda: keras.Sequential([begin, normalization(0.5, 0.25), eye]),
        "not adapted": lambda: keras.Sequential([begin, normalization(0.0, 1.0), layers.Rescaling(1 / 127.5, -1), eye]),
        "scaled later": lambda: keras.Sequential([begin, layers.Conv2D(3, 3), layers.Rescaling(1 / 255), eye]),
        "clipped": lambda: keras.Model(begin, eye(keras.ops.clip(begin, 0, 1.5))),
    }
    return made[kind]()


@pytest.mark.tf
@pytest.mark.parametrize(
    ("kind", "expected", "layer"),
    [
        ("nested", "none", "base/eye"), ("arithmetic", "none", "eye"), ("half", "unit", "eye"), ("bytes first", "unit", "eye"),
        ("numbers beside", "none", "eye"), ("own code", "none", "eye"), ("adapted", "unit", "eye"),
        ("not adapted", "none", "eye"), ("batch of two", "none", "eye"),
    ],
)
def test_a_scaling_inside_the_network_is_measured_whatever_it_is_made_of(kind: str, expected: str, layer: str) -> None:
    name, why = choice(keras_network(kind), measured=True)
    assert (name, f"first learned layer, `{layer}`, gets −1…1" in why.replace("-1", "−1")) == (expected, True), why
    assert "scales its input itself" in why


@pytest.mark.tf
@pytest.mark.parametrize("kind", ["scaled later", "clipped"])
def test_what_does_not_show_the_values_that_are_expected_leads_to_the_plain_assumption(kind: str) -> None:
    name, why = choice(keras_network(kind), measured=True)
    assert name == "unit"
    assert "Nothing in the model says" in why


@pytest.mark.tf
def test_whole_numbers_are_bytes() -> None:
    import keras

    begin = keras.Input((6, 6, 3), dtype="uint8")
    model = keras.Model(begin, keras.layers.Conv2D(2, 3)(keras.ops.cast(begin, "float32")))
    assert choice(model, measured=True) == ("none", "The network takes whole numbers, so it was given 0…255.")


def test_a_known_network_that_was_asked_for_gets_its_own() -> None:
    assert choice(Fake("anything"), "vgg16")[0] == "caffe"
    assert choice(Fake("anything"), "mobilenetv2")[0] == "tf"


def test_a_base_with_a_known_name_is_an_assumption_that_is_said() -> None:
    name, why = choice(Fake("mine", Fake("mobilenetv2_1.00_224", layer("Conv2D")), layer("Dense")))
    assert name == "tf"
    assert "was assumed" in why
    assert "`mobilenetv2_1.00_224`" in why


FAMILIES = {
    "vgg16": "VGG16", "vgg19": "VGG19", "resnet": "ResNet50", "resnet_v2": "ResNet50V2", "inception_v3": "InceptionV3",
    "inception_resnet_v2": "InceptionResNetV2", "xception": "Xception", "mobilenet": "MobileNet", "mobilenet_v2": "MobileNetV2",
    "nasnet": "NASNetMobile", "densenet": "DenseNet121",
}
"""The modules of keras.applications whose networks want prepared values, each with a network of it."""
SCALING = ("EfficientNetV2B0", "EfficientNetV2S", "MobileNetV3Small", "ConvNeXtTiny")
"""Networks that scale their input themselves, unless one leaves that out."""


def test_every_family_that_wants_prepared_values_is_tried() -> None:
    import keras

    plain_ones = {"efficientnet", "efficientnet_v2", "mobilenet_v3", "convnext", "imagenet_utils", "resnet50"}
    modules = {name for name in dir(keras.applications) if hasattr(getattr(keras.applications, name), "preprocess_input")}
    assert modules - plain_ones == set(FAMILIES)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(1).random((1, 6, 6, 3)).astype(np.float32)


def named_base(name: str) -> Any:
    """A base that gives on what it gets, under the name that keras.applications gives such a network."""
    import keras

    base = keras.Sequential([keras.Input((6, 6, 3)), keras.layers.Conv2D(3, 1, use_bias=False)], name=name)
    base.set_weights([np.eye(3)[None, None]])
    return base


@pytest.mark.tf
@pytest.mark.parametrize("way", ["by name", "by its part's name", "with preprocess_input inside", "the same from a file"])
@pytest.mark.parametrize("module", FAMILIES)
def test_what_reaches_the_base_is_what_keras_own_pipeline_gives_it(module: str, way: str, pixels: np.ndarray, tmp_path: Any) -> None:
    import keras

    from reportgen.probe.beginning import beginning_of

    prepare = getattr(keras.applications, module).preprocess_input
    base = named_base(FAMILIES[module].lower())
    model = base
    if way != "by name":
        begin = keras.Input((6, 6, 3))
        model = keras.Model(begin, base(prepare(begin) if "part" not in way else begin), name="transfer")
    if "file" in way:
        model.save(tmp_path / "transfer.keras")
        model = keras.models.load_model(tmp_path / "transfer.keras")
    application = FAMILIES[module].lower() if way == "by name" else ""
    chosen, why = choose_preprocessing(ModelSource("m"), application, model, beginning_of(model))
    got = np.asarray(model(apply(pixels, chosen, 3)))
    np.testing.assert_allclose(got, prepare(pixels * 255), rtol=1e-4, atol=1e-3, err_msg=str(why[0]))


@pytest.mark.tf
@pytest.mark.slow
@pytest.mark.parametrize("name", SCALING)
def test_a_network_without_its_own_scaling_gets_what_that_would_have_done(name: str, pixels: np.ndarray) -> None:
    import keras

    from reportgen.probe.beginning import beginning_of

    make = getattr(keras.applications, name)
    whole = make(weights=None, include_top=False, input_shape=(32, 32, 3))
    inside = beginning_of(whole)
    assert inside is not None
    assert choice(whole, measured=True)[0] == "none"
    assert "scales its input itself" in choice(keras.Sequential([whole, keras.layers.Dense(2)]), measured=True)[1]
    bare = make(weights=None, include_top=False, input_shape=(32, 32, 3), include_preprocessing=False)
    chosen, (why, _assumed) = choose_preprocessing(ModelSource("m"), "", bare, beginning_of(bare))
    image = np.resize(pixels, (32, 32, 3)).astype(np.float32)
    theirs = inside.black + inside.gain * image * 255 if inside.gain.shape[1:] == image.shape else None
    assert theirs is not None
    np.testing.assert_allclose(apply(image, chosen, 3)[None], theirs, rtol=1e-4, atol=1e-4)
    assert "usually scales its input itself, but this one does not" in str(why)
