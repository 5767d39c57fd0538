"""L: a fresh process that imports TensorFlow, loads VGG16 and does one forward and backward pass."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

model = keras.models.load_model(sys.argv[1], compile=False)
image = tf.random.stateless_uniform((1, 224, 224, 3), (1, 2))
with tf.GradientTape() as tape:
    tape.watch(image)
    score = model(image)[:, 0]
tape.gradient(score, image)
