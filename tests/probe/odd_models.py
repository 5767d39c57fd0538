"""Networks unlike the ones that everybody shows: volumes, sequences, tokens, detectors, broken weights.

Each is as small as it can be and still odd. `ODD` has a maker for every one, by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def row(*layers: Any, shape: tuple[int | None, ...], **more: Any) -> Any:
    """A row of layers over one input."""
    import keras

    return keras.Sequential([keras.Input(shape, **more), *layers])


def head(count: int = 3) -> list[Any]:
    """Mean over the places, then classes."""
    import keras

    return [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(count, activation="softmax", name="classes")]


def conv(filters: int = 4, side: int = 3, **more: Any) -> Any:
    """A convolution with a ReLU."""
    import keras

    return keras.layers.Conv2D(filters, side, **{"activation": "relu", **more})


def volume() -> Any:
    """Three-dimensional convolutions."""
    from keras import layers

    return row(layers.Conv3D(4, 3, activation="relu"), layers.MaxPooling3D(2), layers.Conv3D(5, 3, activation="relu"),
               layers.GlobalAveragePooling3D(), layers.Dense(3, activation="softmax"), shape=(8, 12, 12, 1))


def open_volume() -> Any:
    """A volume of any size, in colour."""
    from keras import layers

    return row(layers.Conv3D(3, 3, padding="same"), layers.GlobalMaxPooling3D(), layers.Dense(1, activation="sigmoid"),
               shape=(None, None, None, 3))


def volume_mask() -> Any:
    """A sigmoid at every place of a volume."""
    from keras import layers

    return row(layers.Conv3D(3, 3, padding="same", activation="relu"), layers.Conv3D(1, 1, activation="sigmoid"),
               shape=(4, 12, 12, 1))


def moving_pictures() -> Any:
    """A convolution with a memory."""
    from keras import layers

    return row(layers.ConvLSTM2D(4, 3, padding="same"), *head(), shape=(3, 12, 12, 3))


def frames_under_lstm() -> Any:
    """A network of pictures at every frame, then a memory."""
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((12, 12, 3)), conv(name="eye"), layers.MaxPooling2D(name="pool"),
                              layers.Flatten(name="flat")], name="cnn")
    return row(layers.TimeDistributed(inner, name="frames"), layers.LSTM(5, name="lstm"), layers.Dense(3, activation="softmax"),
               shape=(3, 12, 12, 3))


def film_of_any_length() -> Any:
    """Frames without a number, several in one another."""
    from keras import layers

    return row(layers.TimeDistributed(layers.TimeDistributed(conv(2))), layers.TimeDistributed(layers.TimeDistributed(
        layers.GlobalMaxPooling2D())), layers.TimeDistributed(layers.GlobalAveragePooling1D()), layers.LSTM(3),
        layers.Dense(2, activation="softmax"), shape=(None, 2, 8, 8, 3))


def film_of_films() -> Any:
    """Five axes and one for the batch."""
    from keras import layers

    return row(layers.Reshape((24, 12, 3)), conv(), *head(), shape=(2, 2, 6, 12, 3))


def sequence() -> Any:
    """One-dimensional convolutions."""
    from keras import layers

    return row(layers.Conv1D(4, 3, activation="relu"), layers.MaxPooling1D(), layers.Conv1D(4, 3, activation="relu"),
               layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax"), shape=(16, 12))


def rows_as_steps() -> Any:
    """The rows of a picture, read one after the other."""
    from keras import layers

    return row(conv(), layers.Reshape((10, 40)), layers.Bidirectional(layers.GRU(4)),
               layers.Dense(3, activation="softmax"), shape=(12, 12, 3))


def bytes_in() -> Any:
    """Whole numbers at the input: no gradient can be taken."""
    from keras import layers

    return row(layers.Rescaling(1 / 255), conv(), *head(), shape=(12, 12, 3), dtype="uint8")


def tokens() -> Any:
    """Patches that attend to each other."""
    import keras
    from keras import layers

    start = keras.Input((16, 16, 3))
    seen = layers.Reshape((16, 8), name="tokens")(layers.Conv2D(8, 4, strides=4, name="patchify")(start))
    seen = layers.Add(name="mixed")([seen, layers.MultiHeadAttention(2, 4, name="attend")(seen, seen)])
    end = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(seen))
    return keras.Model(start, layers.Dense(3, activation="softmax")(end))


def autoencoder() -> Any:
    """The answer is the picture again."""
    from keras import layers

    return row(conv(strides=2, padding="same"), layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
               layers.Conv2D(3, 3, padding="same", activation="sigmoid"), shape=(16, 16, 3))


def regression() -> Any:
    """One number."""
    from keras import layers

    return row(conv(), layers.GlobalAveragePooling2D(), layers.Dense(1), shape=(12, 12, 3))


def detector() -> Any:
    """Boxes and scores for every cell."""
    import keras
    from keras import layers

    start = keras.Input((16, 16, 3))
    seen = layers.MaxPooling2D(4)(conv(padding="same")(start))
    boxes = layers.Conv2D(4, 1, name="box_head")(seen)
    return keras.Model(start, {"boxes": boxes, "scores": conv(3, 1, activation="sigmoid", name="score_head")(seen)})


def broken(value: float = float("nan")) -> Any:
    """One weight that is no number."""
    model = row(conv(name="a_conv"), conv(name="m_conv"), *head(), shape=(12, 12, 3))
    kernel, bias = model.get_layer("m_conv").get_weights()
    kernel[0, 0, 0, 0] = value
    model.get_layer("m_conv").set_weights([kernel, bias])
    return model


def one_unit_softmax() -> Any:
    """A softmax over a single unit."""
    from keras import layers

    return row(conv(), layers.GlobalAveragePooling2D(), layers.Dense(1, activation="softmax"), shape=(12, 12, 3))


def recoloured() -> Any:
    """Flips and scalings before the first convolution."""
    from keras import layers

    return row(layers.RandomFlip(), layers.Rescaling(1 / 255), layers.Normalization(mean=[0.5] * 3, variance=[0.1] * 3),
               conv(), *head(), shape=(12, 12, 3))


def linear() -> Any:
    """Nothing that bends: the gradient is the same everywhere."""
    from keras import layers

    return row(layers.Conv2D(4, 3, padding="same"), layers.Flatten(), layers.Dense(3, activation="softmax"),
               shape=(12, 12, 3))


def stopped() -> Any:
    """No gradient comes through, although the answer depends on the picture."""
    import keras

    start = keras.Input((12, 12, 3))
    seen = keras.ops.stop_gradient(conv()(start))
    pool, classes = head()
    return keras.Model(start, classes(pool(conv()(seen))))


def several() -> Any:
    """Two pictures through one convolution, and numbers beside."""
    import keras
    from keras import layers

    one, two = keras.Input((12, 12, 3), name="left"), keras.Input((12, 12, 3), name="right")
    numbers = keras.Input((4,), name="numbers")
    eye, mean = conv(name="eye"), layers.GlobalAveragePooling2D()
    joined = layers.Concatenate()([mean(eye(one)), mean(eye(two)), numbers])
    return keras.Model([one, two, numbers], layers.Dense(3, activation="softmax")(joined))


def strange_layers() -> Any:
    """Wide gaps, depth alone, slopes that are learned, groups, spectral norms."""
    from keras import layers

    return row(layers.Conv2D(4, 3, dilation_rate=4), layers.PReLU(), layers.DepthwiseConv2D(3), layers.LeakyReLU(),
               layers.SeparableConv2D(4, 3), layers.GroupNormalization(2), layers.SpectralNormalization(conv(4, 1)),
               layers.Conv2DTranspose(4, 3, strides=2), layers.UnitNormalization(), *head(), shape=(20, 20, 3))


def channels_first() -> Any:
    """Channels before height and width."""
    from keras import layers

    first = {"data_format": "channels_first"}
    return row(conv(**first), layers.GlobalAveragePooling2D(**first), layers.Dense(3, activation="softmax"),
               shape=(3, 12, 12))


def one_pixel() -> Any:
    """Nothing to move over."""
    from keras import layers

    return row(conv(4, 1), layers.Flatten(), layers.Dense(2, activation="softmax"), shape=(1, 1, 3))


def no_convolution() -> Any:
    """Dense layers over a row of numbers."""
    from keras import layers

    return row(layers.Dense(6, activation="relu"), layers.Dense(3, activation="softmax"), shape=(48,))


def half_precision() -> Any:
    """Sixteen bits inside, a mask of one channel."""
    return row(conv(padding="same", dtype="mixed_float16"), conv(1, 1, activation="sigmoid", dtype="float32"),
               shape=(12, 12, 4))


def a_number_of_a_class() -> Any:
    """The answer is a whole number."""
    import keras

    start = keras.Input((12, 12, 3))
    pool, classes = head()
    return keras.Model(start, keras.ops.argmax(classes(pool(conv()(start))), axis=-1))


def silent() -> Any:
    """All weights are zero."""
    model = row(conv(), *head(2), shape=(12, 12, 3))
    model.set_weights([weight * 0 for weight in model.get_weights()])
    return model


ODD: dict[str, Callable[[], Any]] = {maker.__name__: maker for maker in (
    volume, open_volume, volume_mask, moving_pictures, frames_under_lstm, film_of_films, film_of_any_length, sequence, rows_as_steps,
    bytes_in, tokens, autoencoder, regression, detector, broken, one_unit_softmax, recoloured, linear, stopped,
    several, strange_layers, channels_first, one_pixel, no_convolution, half_precision, a_number_of_a_class, silent,
)}
"""Makers by name; the seed is the caller's."""


def made(name: str) -> Any:
    """An odd network, the same every time."""
    import keras

    keras.utils.set_random_seed(11)
    return ODD[name]()
