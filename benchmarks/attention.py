"""What maps of attention cost beside the bare passes they need: VGG16 at 224 × 224, or with `--tiny` a network of four
convolutions at 64 × 64, in one process, in turn.

Every method is timed against compiled TensorFlow functions that do nothing but its passes, in the batch size that
is fastest here. Compilation is left out on both sides. Where tf-keras-vis can be imported it is timed too.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import argparse
import dataclasses
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.run import WORK, files
from reportgen.attention import gradients
from reportgen.attention.cam import ONE_PASS
from reportgen.attention.goals import goals_of
from reportgen.attention.maps import Maps
from reportgen.probe import open_probe
from reportgen.probe.memo import MemoProbe
from reportgen.probe.source import ModelSource
from reportgen.study import ImageSource, MapSettings, Study, open_study

CHANNELS = 512
SAMPLES = 20
STEPS = 32


class Bare:
    """Compiled passes of the same network, with nothing around them."""

    def __init__(self, model: Path, batch: np.ndarray) -> None:
        import keras

        network = keras.models.load_model(model, compile=False)
        network.layers[-1].activation = keras.activations.linear
        self.network = network
        self.batch = tf.constant(batch)
        self._forward = tf.function(lambda images: network(images, training=False))
        self._backward = tf.function(self._slopes)

    def _slopes(self, images: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            score = tf.reduce_sum(self.network(images, training=False)[:, 7])
        return tape.gradient(score, images)

    def forward(self, count: int, size: int) -> None:
        """So many images, so many at a time."""
        for start in range(0, count, size):
            self._forward(self.batch[: min(size, count - start)]).numpy()

    def backward(self, count: int, size: int) -> None:
        """The same with gradients."""
        for start in range(0, count, size):
            self._backward(self.batch[: min(size, count - start)]).numpy()


def say(words: str, file: Any = sys.stdout) -> None:
    """At once: the cases take minutes."""
    print(words, file=file, flush=True)  # noqa: T201


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time: what other work on the machine changes least."""
    start = time.process_time()
    work()
    return time.process_time() - start


def tiny_file() -> Path:
    """A network like Tiny VGG with random weights, made when it is first wanted."""
    path = WORK / "tiny.keras"
    if not path.exists():
        import keras

        keras.utils.set_random_seed(0)
        layers = keras.layers
        keras.Sequential([
            keras.Input((64, 64, 3)), layers.Conv2D(10, 3, activation="relu"), layers.Conv2D(10, 3, activation="relu"),
            layers.MaxPooling2D(), layers.Conv2D(10, 3, activation="relu"), layers.Conv2D(10, 3, activation="relu"),
            layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax"),
        ]).save(path)
    return path


def first_use(model: Path, study: Study) -> float:
    """Seconds of processor time from an opened network to its first Grad-CAM."""
    fresh = dataclasses.replace(study, probe=MemoProbe(open_probe(ModelSource(str(model)))), memory={})
    return timed(lambda: Maps(fresh, fresh.samples[0], goals_of(fresh, fresh.samples[0])).heat(
        "gradcam", goals_of(fresh, fresh.samples[0])[0]
    ))


def best_size(run: Callable[[int, int], None], count: int, sizes: tuple[int, ...]) -> int:
    """The batch size with the least time for so many images; every size is tried once to compile and once for time."""
    for size in sizes:
        run(size, size)
    return min(sizes, key=lambda size: timed(lambda: run(count, size)) / count)


def cases(study: Study, bare: Bare) -> dict[str, tuple[str, Callable[[], object], Callable[[], object]]]:
    """Name → (what to reach, the method, its bare passes)."""
    sample, probe = study.samples[0], study.probe
    goal = goals_of(study, sample)[0]

    def fresh() -> Maps:
        """Nothing is remembered from the round before."""
        return Maps(dataclasses.replace(study, probe=MemoProbe(probe), memory={}), sample, [goal])

    def all_layers() -> None:
        maps = fresh()
        for layer in probe.layers.of("convolution"):
            for method in ONE_PASS:
                maps.cam(method, goal, layer.name)

    def score_cam() -> None:
        fresh().heat("scorecam", goal)

    back = best_size(bare.backward, SAMPLES, (1, 2, 4, 5, 10, 20))
    steps = best_size(bare.backward, STEPS, (1, 2, 4, 8, 16, 32))
    ahead = best_size(bare.forward, 64, (1, 4, 8, 16, 32))
    say(f"best batch sizes: backward {back} and {steps}, forward {ahead}", sys.stderr)
    return {
        f"{len(ONE_PASS)} CAMs of all convolutions / forward + backward": (
            "≤ 1.4", all_layers, lambda: bare.backward(1, 1),
        ),
        f"SmoothGrad, {SAMPLES} samples / as many forward + backward": (
            "≤ 1.3", lambda: gradients.noisy(probe, sample.pixels, goal.target, study.maps),
            lambda: bare.backward(SAMPLES, back),
        ),
        f"integrated gradients, {STEPS} steps / as many forward + backward": (
            "≤ 1.3", lambda: gradients.integrated(probe, sample.pixels, goal.target, study.maps),
            lambda: bare.backward(STEPS, steps),
        ),
        f"Score-CAM, {CHANNELS} channels / as many forward": (
            "≤ 1.3", score_cam, lambda: bare.forward(CHANNELS, ahead),
        ),
    }


def peers(bare: Bare) -> dict[str, Callable[[], object]]:
    """tf-keras-vis on the same network, where it is installed."""
    try:
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.saliency import Saliency
        from tf_keras_vis.utils.scores import CategoricalScore
    except Exception as problem:
        say(f"without tf-keras-vis ({type(problem).__name__})", sys.stderr)
        return {}
    image, score = bare.batch[:1].numpy(), CategoricalScore(7)
    return {
        "tf-keras-vis: Grad-CAM of one layer, constructor and call": lambda: Gradcam(bare.network, clone=True)(
            score, image, penultimate_layer=-1
        ),
        f"tf-keras-vis: SmoothGrad, {SAMPLES} samples": lambda: Saliency(bare.network, clone=True)(
            score, image, smooth_samples=SAMPLES, smooth_noise=0.15
        ),
    }


def main() -> None:
    """Measure and print a table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--tiny", action="store_true", help="the small network instead of VGG16")
    arguments = options.parse_args()
    model, image = files()
    settings = MapSettings(classes=1, samples=SAMPLES, steps=STEPS, channels=CHANNELS)
    model = tiny_file() if arguments.tiny else model
    probe = open_probe(ModelSource(str(model), preprocessing="unit" if arguments.tiny else "vgg16"))
    study = open_study(probe, [ImageSource(image, "image")], maps=settings)
    random = np.random.default_rng(0)
    height, width = study.samples[0].pixels.shape[:2]
    bare = Bare(model, random.normal(0, 50, (32, height, width, 3)).astype(np.float32))
    say(f"{'Tiny' if arguments.tiny else 'VGG16'}, {arguments.rounds} rounds in turn, medians of processor time.\n")
    say("| case | to reach | seconds | bare seconds | ratio |\n|---|---|---:|---:|---:|")
    for name, (aim, method, passes) in cases(study, bare).items():
        method(), passes()
        times = [(timed(method), timed(passes)) for _round in range(arguments.rounds)]
        ratio = statistics.median(own / other for own, other in times)
        say(
            f"| {name} | {aim} | {statistics.median(own for own, _ in times):.2f}"
            f" | {statistics.median(other for _, other in times):.2f} | {ratio:.2f} |"
        )
    if arguments.tiny:
        say(f"| Grad-CAM of a network just opened | ≤ 0.1 s | {first_use(model, study):.3f} | | |")
    for name, method in peers(bare).items():
        say(f"| {name} | for comparison | {statistics.median(timed(method) for _round in range(3)):.2f} | | |")


if __name__ == "__main__":
    main()
