"""The texture U-Net of the lab: its architecture, training and test.

The U-Net is that of Ronneberger, Fischer and Brox 2015 (https://arxiv.org/abs/1505.04597) with two
levels, 32-64-128 channels, zero padding and upsampling in place of transposed convolutions.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reportgen.labs import OnProgress, TrainingResult
from reportgen.labs.textures import SIDE, two_textures

BATCH = 8
CROP = 96
STEPS_PER_EPOCH = 20
EPOCHS = 65
RATE = 1.5e-3
HELD_OUT = 1_000_000
"""Seeds from here on are never trained on."""


def texture_unet(side: int | None = SIDE) -> keras.Model:
    """The network; `side` None makes the same one for images of any size."""
    image = keras.Input((side, side, 3), name="image")
    enc1 = _two(image, 32, "enc_conv1")
    enc2 = _two(layers.MaxPooling2D(name="enc_pool1")(enc1), 64, "enc_conv2")
    bottom = layers.MaxPooling2D(name="enc_pool2")(enc2)
    for number in (1, 2):
        bottom = _conv(128, f"bottleneck_conv{number}")(bottom)
    up1 = layers.UpSampling2D(name="dec_up1")(bottom)
    dec1 = _two(layers.Concatenate(name="dec_concat1")([up1, enc2]), 64, "dec_conv1")
    up2 = layers.UpSampling2D(name="dec_up2")(dec1)
    dec2 = _two(layers.Concatenate(name="dec_concat2")([up2, enc1]), 32, "dec_conv2")
    mask = layers.Conv2D(1, 1, activation="sigmoid", name="output_conv")(dec2)
    return keras.Model(image, mask, name="texture_unet")


def train(
    out: Path, *, seed: int = 0, epochs: int | None = None, on_progress: OnProgress = lambda _share, _text: None
) -> TrainingResult:
    """Train on small crops, which the convolutional network sees like whole images, and save it."""
    keras.utils.set_random_seed(seed)
    epochs = epochs or EPOCHS
    steps = epochs * STEPS_PER_EPOCH
    learner = texture_unet(side=None)
    _balance(learner.get_layer("enc_conv1_1"))
    schedule = keras.optimizers.schedules.CosineDecay(
        RATE / 10, steps, warmup_target=RATE, warmup_steps=min(STEPS_PER_EPOCH, steps - 1), alpha=0.01
    )
    learner.compile(keras.optimizers.Adam(schedule, clipnorm=1.0), loss=_loss)
    recent = 0.0
    for step, (images, masks) in enumerate(batches(seed, steps), start=1):
        learner.reset_metrics()
        recent += 0.05 * (float(learner.train_on_batch(images, masks)) - recent)
        on_progress(0.97 * step / steps, f"step {step} of {steps}, loss {recent / (1 - 0.95**step):.3f}")
    network = texture_unet()
    network.set_weights(learner.get_weights())
    on_progress(0.98, "testing on images never seen")
    score = held_out_iou(network, 64)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.keras")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        network.save(temporary)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    on_progress(1.0, "")
    return TrainingResult(out, {"held-out IoU": score})


def batches(seed: int, steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of crops; a fresh image gives one crop, turned and mirrored at random."""
    random = np.random.Generator(np.random.PCG64(seed))
    for _step in range(steps):
        pairs = [_crop(random) for _item in range(BATCH)]
        yield np.stack([image for image, _mask in pairs]), np.stack([mask for _image, mask in pairs])


def held_out_iou(network: keras.Model, count: int, first: int = HELD_OUT) -> float:
    """The mean intersection over union on whole images from seeds that were never trained on."""
    scores = []
    for seed in range(first, first + count):
        image, mask = two_textures(seed)
        predicted = np.asarray(network(image[None], training=False))[0, ..., 0] > 0.5
        scores.append((predicted & mask).sum() / max((predicted | mask).sum(), 1))
    return float(np.mean(scores))


def _balance(layer: keras.Layer) -> None:
    """Start the first filters with weights that sum to zero.

    Pixels are never negative, so without this half of the filters would answer nothing from the beginning.
    """
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel - kernel.mean(axis=(0, 1, 2), keepdims=True), bias])


def _crop(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    image, mask = two_textures(int(random.integers(HELD_OUT)), side=CROP + 32)
    top, left, turns = (int(random.integers(limit)) for limit in (33, 33, 4))
    window = (slice(top, top + CROP), slice(left, left + CROP))
    return np.rot90(image[window], turns), np.rot90(mask[window], turns)[..., None].astype(np.float32)


def _loss(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Cross-entropy for every pixel and the Dice loss for the overlap (Milletari et al. 2016)."""
    entropy = tf.reduce_mean(keras.losses.binary_crossentropy(true, predicted))
    both = tf.reduce_sum(true * predicted)
    dice = (2 * both + 1) / (tf.reduce_sum(true) + tf.reduce_sum(predicted) + 1)
    return entropy + 0.5 * (1 - dice)


def _conv(filters: int, name: str) -> keras.Layer:
    return layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)


def _two(tensor: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    for number in (1, 2):
        tensor = _conv(filters, f"{name}_{number}")(tensor)
    return tensor
