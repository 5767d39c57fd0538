"""Receptive fields of every kind of layer that Keras has, against the pixels on which the answer really depends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reportgen.artifacts.geometry import Field, fields

pytestmark = pytest.mark.tf
SIZE = (21, 18)
Builder = Callable[[Any], Any]


def lay(kind: str, *arguments: Any, **more: Any) -> Builder:
    """A layer of this kind, made when it is called: Keras is imported late."""

    def build(values: Any) -> Any:
        import keras

        return getattr(keras.layers, kind)(*arguments, **more)(values)

    return build


def chain(*builders: Builder) -> Builder:
    def build(values: Any) -> Any:
        for builder in builders:
            values = builder(values)
        return values

    return build


def joined(kind: str, one: Builder, other: Builder) -> Builder:
    def build(values: Any) -> Any:
        import keras

        return getattr(keras.layers, kind)()([one(values), other(values)])

    return build


CONV = lay("Conv2D", 2, 3, padding="same")
STRIDED = lay("Conv2D", 2, 3, strides=2, padding="same")
ONE_ROW = lay("Conv2D", 2, (3, 1), padding="same")
CASES: dict[str, Builder] = {
    "conv valid": lay("Conv2D", 2, (5, 2)),
    "conv stride": chain(lay("Conv2D", 2, (4, 3), strides=(2, 3), padding="same"), CONV),
    "conv dilated": lay("Conv2D", 2, 3, dilation_rate=(3, 2), padding="same"),
    "depthwise": chain(lay("DepthwiseConv2D", 3, strides=2, padding="same"), CONV),
    "separable": lay("SeparableConv2D", 2, (3, 5), padding="valid"),
    "transpose same": chain(STRIDED, lay("Conv2DTranspose", 2, 3, strides=2, padding="same")),
    "transpose valid": chain(STRIDED, lay("Conv2DTranspose", 2, (4, 3), strides=(2, 3))),
    "transpose wide": chain(STRIDED, lay("Conv2DTranspose", 2, 5, strides=2, padding="same")),
    "transpose output padding": chain(STRIDED, lay("Conv2DTranspose", 2, 3, strides=2, padding="same", output_padding=1)),
    "max pool": chain(CONV, lay("MaxPooling2D", 2), CONV),
    "max pool same": chain(CONV, lay("MaxPooling2D", 3, strides=2, padding="same")),
    "average pool": chain(lay("AveragePooling2D", (3, 2), strides=(2, 1)), CONV),
    "adaptive average": lay("AdaptiveAveragePooling2D", (4, 5)),
    "adaptive max": chain(CONV, lay("AdaptiveMaxPooling2D", (4, 5))),
    "global": chain(CONV, lay("GlobalAveragePooling2D")),
    "upsampling nearest": chain(STRIDED, lay("UpSampling2D", (2, 3)), CONV),
    "upsampling bilinear": chain(STRIDED, lay("UpSampling2D", 2, interpolation="bilinear")),
    "upsampling bilinear twice": chain(STRIDED, lay("UpSampling2D", 2, interpolation="bilinear"), CONV, lay("UpSampling2D", 3, interpolation="bilinear")),
    "upsampling bicubic": chain(STRIDED, lay("UpSampling2D", 2, interpolation="bicubic")),
    "upsampling lanczos3": chain(STRIDED, lay("UpSampling2D", 2, interpolation="lanczos3")),
    **{f"resizing {how} to {size}": chain(CONV, lay("Resizing", *size, interpolation=how), CONV)
       for how in ("nearest", "bilinear", "bicubic", "lanczos3") for size in ((10, 9), (30, 40), (21, 18), (7, 31))},
    "resizing cropped": chain(CONV, lay("Resizing", 9, 18, crop_to_aspect_ratio=True)),
    "resizing padded": chain(CONV, lay("Resizing", 9, 18, pad_to_aspect_ratio=True)),
    "padding": chain(CONV, lay("ZeroPadding2D", ((3, 0), (1, 4))), lay("Conv2D", 2, 3, strides=2)),
    "cropping": chain(CONV, lay("Cropping2D", ((4, 1), (0, 3))), CONV),
    "centre crop": chain(CONV, lay("CenterCrop", 11, 12), CONV),
    "batch normalization": chain(CONV, lay("BatchNormalization"), CONV),
    "layer normalization": chain(CONV, lay("LayerNormalization"), CONV),
    "layer normalization over places": chain(CONV, lay("LayerNormalization", axis=[1, 2, 3]), CONV),
    "group normalization": chain(CONV, lay("GroupNormalization", 1), CONV),
    "unit normalization": chain(CONV, lay("UnitNormalization"), CONV),
    "unit normalization over places": chain(CONV, lay("UnitNormalization", axis=[1, 2, 3]), CONV),
    "rms normalization": chain(CONV, lay("RMSNormalization"), CONV),
    "softmax of channels": chain(CONV, lay("Softmax"), CONV),
    "softmax of places": chain(CONV, lay("Softmax", axis=[1, 2]), CONV),
    "prelu": chain(CONV, lay("PReLU", shared_axes=[1, 2]), CONV),
    "dense on a map": chain(CONV, lay("Dense", 4), CONV),
    "dense on all": chain(CONV, lay("Flatten"), lay("Dense", 4)),
    "skip": joined("Add", chain(CONV, CONV), lay("Conv2D", 2, 1)),
    "branches": joined("Concatenate", lay("Conv2D", 2, (7, 1), padding="same"), lay("Conv2D", 2, (1, 5), padding="same")),
    "dropout and noise": chain(lay("GaussianNoise", 0.1), lay("SpatialDropout2D", 0.5), lay("RandomFlip"), lay("RandomContrast", 0.5), CONV),
    "rescaling": chain(lay("Rescaling", 0.5, 1.0), CONV),
    "spectral": lambda values: __import__("keras").layers.SpectralNormalization(__import__("keras").layers.Conv2D(2, 3))(values),
    "arithmetic": lambda values: CONV(values * 2.0 - 1.0),
}
LOST: dict[str, Builder] = {
    "permute": chain(CONV, lay("Permute", (2, 1, 3)), ONE_ROW),
    "reshape": chain(CONV, lay("Reshape", (27, 14, 2)), CONV),
    "slice": lambda values: CONV(values[:, 3:, :-1]),
}


def field_of(build: Builder) -> tuple[Any, Field]:
    """The network and the field of its last layer."""
    import keras

    from reportgen.probe.keras import KerasProbe
    from tests.probe.probing import probe_of

    start = keras.Input((*SIZE, 2))
    model = keras.Model(start, build(start))
    random = np.random.default_rng(0)
    model.set_weights([np.abs(random.normal(size=weight.shape)) + 0.1 for weight in model.get_weights()])
    probe: KerasProbe = probe_of(model)
    sizes = {name: output.shape[:-1] for name, output in probe.trace(random.random((*SIZE, probe.input.channels))).outputs.items()}
    return model, fields(probe.layers, sizes)[probe.output.layer]


def touched(model: Any, units: int = 12) -> tuple[int, int, int, int]:
    """First and last row and column with a slope of the middle unit, over many images by chance."""
    import tensorflow as tf

    found = np.zeros(SIZE, bool)
    for seed in range(units):
        image = tf.constant(np.random.default_rng(seed).normal(size=(1, *SIZE, 2)).astype(np.float32))
        with tf.GradientTape() as tape:
            tape.watch(image)
            answer = model(image, training=False)
            middle = [side // 2 for side in answer.shape[1:-1]]
            score = tf.reduce_sum(answer[(0, *middle)] ** 2)
        slope = np.abs(tape.gradient(score, image).numpy()[0])
        found |= (slope > 1e-6 * slope.max()).any(axis=-1)  # zeros of a sine are told with rounding errors
    rows, columns = np.nonzero(found)
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize("name", CASES)
def test_the_field_is_what_the_answer_depends_on(name: str) -> None:
    model, field = field_of(CASES[name])
    if field.whole:
        seen = (0, SIZE[0] - 1, 0, SIZE[1] - 1)
    else:
        (top, bottom), (left, right) = field.rows, field.columns
        seen = (max(int(top), 0), min(int(bottom), SIZE[0] - 1), max(int(left), 0), min(int(right), SIZE[1] - 1))
    assert seen == touched(model)


@pytest.mark.parametrize("name", LOST)
def test_what_cannot_be_followed_is_not_told(name: str) -> None:
    _model, field = field_of(LOST[name])
    assert not field.known
    assert field.size is None
    assert not field.whole
