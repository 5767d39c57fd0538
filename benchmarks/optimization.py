"""What images made to order cost beside a bare loop: VGG16, eight filters of block3_conv3, in one process, in turn.

The bare loop is a compiled forward and backward pass of the network cut at the same layer, on the same batch, and
nothing else. Where tf-keras-vis can be imported, its ActivationMaximization runs on the same network.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import argparse
import dataclasses
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.attention import say, timed
from benchmarks.run import files
from reportgen.optimization.climbing import climb
from reportgen.optimization.objectives import channel
from reportgen.optimization.recipes import RECIPES
from reportgen.probe import Probe, open_probe
from reportgen.probe.source import ModelSource

LAYER = "block3_conv3"
FILTERS = tuple(range(0, 256, 32))


class Bare:
    """The cut network's slopes and nothing else."""

    def __init__(self, model: Path, size: int) -> None:
        import keras

        network = keras.models.load_model(model, compile=False)
        images = keras.Input((size, size, 3))
        answer = images
        for layer in network.layers[1:]:
            answer = layer(answer)
            if layer.name == LAYER:
                break
        cut = keras.Model(images, answer)
        one_hot = tf.one_hot(FILTERS, 256)

        @tf.function(input_signature=[tf.TensorSpec((len(FILTERS), size, size, 3))], autograph=False)
        def slopes(batch: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(batch)
                score = tf.reduce_sum(tf.reduce_mean(cut(batch, training=False), (1, 2)) * one_hot)
            return tape.gradient(score, batch)

        self._slopes = slopes
        self._batch = tf.constant(np.random.default_rng(0).normal(0, 50, (len(FILTERS), size, size, 3)), tf.float32)

    def run(self, steps: int) -> None:
        """So many steps."""
        for _step in range(steps):
            self._slopes(self._batch).numpy()


def ours(probe: Probe, size: int, steps: int, recipe: str) -> None:
    """The same steps with everything that makes a picture of them."""
    objectives = [channel(probe.layers[LAYER], number) for number in FILTERS]
    climb(probe, objectives, (size, size), dataclasses.replace(RECIPES[recipe], steps=steps))


def peer(model: Path, steps: int) -> Any:
    """tf-keras-vis on the eight filters in one batch, at the network's own size; None where it is not installed."""
    try:
        from tf_keras_vis.activation_maximization import ActivationMaximization
        from tf_keras_vis.utils.scores import CategoricalScore
    except Exception as problem:
        say(f"without tf-keras-vis ({type(problem).__name__})", sys.stderr)
        return None
    import keras

    network = keras.models.load_model(model, compile=False)
    cut = keras.Model(network.inputs, network.get_layer(LAYER).output)
    maximization = ActivationMaximization(cut, clone=False)
    seeds = np.random.default_rng(0).uniform(100, 150, (len(FILTERS), 224, 224, 3)).astype(np.float32)
    return lambda: maximization(CategoricalScore(list(FILTERS)), seed_input=seeds, steps=steps)


def main() -> None:
    """Measure and print a table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--steps", type=int, default=100)
    arguments = options.parse_args()
    model, _image = files()
    probe = open_probe(ModelSource(str(model), preprocessing="vgg16"))
    say(f"VGG16, 8 filters of {LAYER}, {arguments.rounds} rounds in turn, medians.\n")
    say("| case | steps | seconds | bare loop, seconds | throughput of the bare loop |\n|---|---:|---:|---:|---:|")
    for size, recipe in ((96, "waves"), (96, "pixels"), (224, "waves")):
        steps = arguments.steps if size < 200 else max(1, arguments.steps // 5)
        bare = Bare(model, size)
        bare.run(2), ours(probe, size, 2, recipe)
        times = [
            (timed(lambda: ours(probe, size, steps, recipe)), timed(lambda: bare.run(steps)))  # noqa: B023
            for _round in range(arguments.rounds)
        ]
        share = statistics.median(other / own for own, other in times)
        own, other = (statistics.median(pair[place] for pair in times) for place in (0, 1))
        say(f"| {recipe}, {size} × {size} | {steps} | {own:.2f} | {other:.2f} | {share:.2f} |")
    steps = 10
    if run := peer(model, steps):
        theirs = timed(run)
        for size in (224, 96):
            own = statistics.median(timed(lambda: ours(probe, size, steps, "waves")) for _round in range(3))  # noqa: B023
            say(f"| tf-keras-vis at 224 × 224 takes {theirs:.1f} s, ours at {size} × {size} | {steps} | {own:.2f} | |"
                f" {theirs / own:.1f} × faster |")


if __name__ == "__main__":
    main()
