"""The classifier of the CIFAR-10 guide: its architecture, training and test, on generated shapes or on CIFAR-10.

Foster 2019, Generative Deep Learning, chapter 2: four convolutions with batch normalization and leaky ReLU, a dense
layer with dropout, ten classes.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

from reportgen.errors import InputError
from reportgen.labs import OnProgress, TrainingResult
from reportgen.labs.shapes import DRAWN, SIDE, picture

BATCH = 64
PICTURES = 12_000
EPOCHS = 8
TESTED = 3000
RATE = 2e-3
HELD_OUT = 1_000_000
"""Seeds from here on are never trained on."""
SAMPLES = {"shape-1": 1_000_010, "shape-2": 1_000_018, "shape-3": 1_000_030}
"""The seeds of the pictures that come with the lab."""


def cifar10_cnn() -> keras.Model:
    """The network."""
    image = x = keras.Input((SIDE, SIDE, 3), name="image")
    for number, (filters, stride) in enumerate(((32, 1), (32, 2), (64, 1), (64, 2)), start=1):
        x = layers.Conv2D(filters, 3, strides=stride, padding="same", name=f"conv{number}")(x)
        x = _finished(x, f"conv{number}")
    x = layers.Dense(128, name="dense")(layers.Flatten(name="flatten")(x))
    x = layers.Dropout(0.5, name="dropout")(_finished(x, "dense"))
    classes = layers.Dense(len(DRAWN), activation="softmax", name="class")(x)
    return keras.Model(image, classes, name="cifar10_cnn")


def _finished(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    normal = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.LeakyReLU(name=f"{name}_act")(normal)


def train(
    out: Path, *, seed: int = 0, epochs: int | None = None, on_progress: OnProgress = lambda _share, _text: None,
    data: str = "shapes", pictures: int = PICTURES,
) -> TrainingResult:
    """Train on pictures, also mirrored, and save the network without what only training needs."""
    keras.utils.set_random_seed(seed)
    epochs = epochs or EPOCHS
    (images, classes), tested = _cifar10() if data == "cifar10" else _shapes(seed, pictures, on_progress)
    learner = cifar10_cnn()
    steps = epochs * (len(images) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(
        RATE / 10, steps, warmup_target=RATE, warmup_steps=min(200, steps // 2), alpha=0.01
    )
    learner.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
    random = np.random.Generator(np.random.PCG64(seed))
    for epoch in range(epochs):
        mirrored = np.where(random.random(len(images))[:, None, None, None] < 0.5, images[:, :, ::-1], images)
        history = learner.fit(mirrored, classes, batch_size=BATCH, verbose=0)
        accuracy = history.history["accuracy"][0]
        on_progress(0.1 + 0.88 * (epoch + 1) / epochs, f"epoch {epoch + 1} of {epochs}, accuracy {accuracy:.3f}")
    network = cifar10_cnn()
    network.set_weights(learner.get_weights())
    score = float(np.mean(network.predict(tested[0], verbose=0).argmax(axis=1) == tested[1].reshape(-1)))
    temporary = out.with_name(f".{out.name}.{os.getpid()}.keras")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        network.save(temporary)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    on_progress(1.0, "")
    return TrainingResult(out, {"held-out accuracy": score})


Pairs = tuple[np.ndarray, np.ndarray]


def drawn_pictures(first: int, count: int) -> Pairs:
    """Pictures and class numbers of seeds that follow each other."""
    pairs = [picture(seed)[:2] for seed in range(first, first + count)]
    return np.stack([image for image, _number in pairs]), np.array([number for _image, number in pairs])


def _shapes(seed: int, count: int, on_progress: OnProgress) -> tuple[Pairs, Pairs]:
    """What is trained on, and what is only tested on."""
    first = seed * count % (HELD_OUT - count)
    pieces = []
    for start in range(0, count, 1000):
        pieces.append(drawn_pictures(first + start, min(1000, count - start)))
        on_progress(0.1 * (start + 1000) / count, "drawing pictures")
    trained = np.concatenate([images for images, _numbers in pieces]), np.concatenate([n for _images, n in pieces])
    return trained, drawn_pictures(HELD_OUT, min(TESTED, count))


def _cifar10() -> tuple[Pairs, Pairs]:
    """The real pictures, from this machine or from the network."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            trained, tested = keras.datasets.cifar10.load_data()
    except Exception as problem:
        raise InputError(
            "CIFAR-10 is not on this computer and could not be downloaded.", slug="offline-data",
            hint="Put its folder cifar-10-batches-py into ~/.keras/datasets/cifar-10-batches-py-target, or train on the"
            " generated shapes with --data shapes.",
        ) from problem
    return _unit(trained), _unit(tested)


def _unit(pair: Pairs) -> Pairs:
    return pair[0].astype(np.float32) / 255, pair[1].reshape(-1)
