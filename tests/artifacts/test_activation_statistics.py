"""Mean, spread, sparsity, and the channels that stay silent."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.activation_statistics import ActivationStatistics
from reportgen.artifacts.silence import listed, makers
from reportgen.probe import Layer, Layers
from reportgen.study import Study
from tests.artifacts.scripted import check_words, facts, findings, look, named, scripted_study, table
from tests.fakes import FakeProbe, fake_study


def test_the_table_holds_what_numpy_says_of_every_layer(study: Study) -> None:
    blocks = look(ActivationStatistics(), study)
    rows = table(blocks, "activation_statistics")
    outputs = study.probe.trace(study.samples[0].pixels).outputs
    assert set(rows) == {"edges", "pool", "mix", "scores"}
    for name, row in rows.items():
        answer = outputs[name].astype(np.float64)
        assert row["Mean"] == pytest.approx(answer.mean(), rel=1e-5)
        assert row["Standard deviation"] == pytest.approx(answer.std(), rel=1e-5)
        assert (row["Least"], row["Largest"]) == (answer.min(), answer.max())
    for name in ("edges", "pool", "mix"):
        assert rows[name]["Sparsity"] == pytest.approx((outputs[name] == 0).mean())
        assert rows[name]["Zero up to"] == 0
    check_words(blocks)


def test_without_a_relu_values_near_zero_are_counted_and_the_threshold_is_said() -> None:
    answer = np.array([-1, -0.01, 0, 0.01, 1], np.float32).reshape(5, 1, 1)
    study = scripted_study([Layer("conv", "Conv2D", "convolution", (5, 1, 1), ("image",), 9)], {"conv": answer})
    row = table(look(ActivationStatistics(near_zero=0.1), study), "activation_statistics")["conv"]
    assert row["Sparsity"] == pytest.approx(0.6)
    assert row["Zero up to"] == pytest.approx(0.1 * answer.std())
    strict = table(look(ActivationStatistics(near_zero=0.0), study), "activation_statistics")["conv"]
    assert strict["Sparsity"] == pytest.approx(0.2)


def test_the_charts_follow_the_depth(study: Study) -> None:
    blocks = look(ActivationStatistics(), study)
    rows = table(blocks, "activation_statistics")
    sparsity = named(blocks, "activation_statistics:sparsity")
    assert sparsity.labels == ("edges", "mix"), "a pool hands the zeros of others on"
    assert [str(series.label) for series in sparsity.series] == ["exact zeros"]
    assert sparsity.series[0].values == tuple(rows[name]["Sparsity"] for name in sparsity.labels)
    means = named(blocks, "activation_statistics:mean").series[0]
    assert means.spread == tuple(row["Standard deviation"] for row in rows.values())


def test_the_dead_filter_is_silent_by_number_for_this_image_only(study: Study) -> None:
    blocks = look(ActivationStatistics(), study)
    assert table(blocks, "silent_channels")["edges"]["Numbers of the silent channels"] == "3"
    assert facts(blocks) == {"silent": 1, "channels": 6}
    words = " ".join(findings(blocks))
    assert "1 of 6 channels is silent for this image (n = 1)" in words
    assert "dead" not in words


def images(count: int) -> list[np.ndarray]:
    return list(np.random.default_rng(0).random((count, 8, 8, 3), np.float32))


def test_a_few_images_are_not_enough_to_call_a_channel_dead() -> None:
    blocks = look(ActivationStatistics(), fake_study(*images(3)))
    words = findings(blocks)[-1]
    assert words.startswith("1 of 6 channels and units is silent for all images (n = 3)")
    assert "from 10 images on" in words


def test_with_enough_images_it_is_called_dead_with_their_number() -> None:
    blocks = look(ActivationStatistics(dead_from=4), fake_study(*images(4)))
    assert findings(blocks)[-1].startswith(
        "1 of 6 channels and units is dead: without an answer to any image (n = 4"
    )
    assert table(blocks, "channels_silent_everywhere")["edges"]["Numbers of the silent channels"] == "3"


def test_a_channel_that_answers_to_one_image_is_not_silent_for_all() -> None:
    quiet, loud = np.zeros((2, 2, 3), np.float32), np.zeros((2, 2, 3), np.float32)
    loud[0, 0, 1] = 1
    layer = Layer("conv", "Conv2D", "convolution", (2, 2, 3), ("image",), 9, activation="relu")
    last = Layer("answer", "Dense", "dense", (1,), ("conv",), 9)
    study = scripted_study([layer, last], {"conv": [quiet, loud], "answer": np.ones(1)}, images=2)
    blocks = look(ActivationStatistics(), study)
    assert table(blocks, "silent_channels")["conv"]["Numbers of the silent channels"] == "0, 1, 2"
    assert facts(blocks)["silent_everywhere"] == 2


def test_no_more_images_are_looked_at_than_allowed_and_each_once() -> None:
    probe = FakeProbe()
    study = fake_study(*images(6), probe=probe)
    blocks = look(ActivationStatistics(images=3), study)
    assert "(n = 3)" in findings(blocks)[-1]
    before = probe.passes
    look(ActivationStatistics(images=3), study, sample=1)
    assert probe.passes - before == 1


def test_channels_that_are_only_handed_on_are_not_counted_again() -> None:
    layers = Layers([
        Layer("image", "InputLayer", "input", (4, 4, 3)),
        Layer("conv", "Conv2D", "convolution", (4, 4, 2), ("image",), 9),
        Layer("norm", "BatchNormalization", "normalization", (4, 4, 2), ("conv",), 9),
        Layer("relu", "ReLU", "activation", (4, 4, 2), ("norm",), activation="relu"),
        Layer("pool", "MaxPooling2D", "pooling", (2, 2, 2), ("relu",)),
        Layer("dense", "Dense", "dense", (3,), ("pool",), 9, activation="relu"),
        Layer("answer", "Dense", "dense", (3,), ("dense",), 9, activation="softmax"),
    ])
    assert makers(layers, "answer") == {"relu", "dense"}


def test_broken_values_are_told() -> None:
    answer = np.array([1, np.nan, 2, np.inf], np.float32).reshape(2, 2, 1)
    study = scripted_study([Layer("conv", "Conv2D", "convolution", (2, 2, 1), ("image",), 9)], {"conv": answer})
    assert findings(look(ActivationStatistics(), study), "warning") == [
        "Values that are no numbers or infinite were left out: conv (2/4)."
    ]


def test_long_lists_of_channels_are_cut() -> None:
    assert listed(range(3)) == "0, 1, 2"
    assert listed(range(40)).endswith("18, 19 …")


def test_the_probabilities_of_the_output_are_not_told_as_sparse() -> None:
    """A network without a ReLU: nothing but its softmax is near zero almost everywhere."""
    random = np.random.default_rng(0)
    answer = np.full(1000, 1e-6, np.float32)
    answer[3] = 1
    study = scripted_study([
        Layer("conv", "Conv2D", "convolution", (4, 4, 8), ("image",), 9, activation="tanh"),
        Layer("answer", "Dense", "dense", (1000,), ("conv",), 9, activation="softmax"),
    ], {"conv": random.normal(size=(4, 4, 8)).astype(np.float32), "answer": answer})
    blocks = look(ActivationStatistics(), study)
    assert any("The sparsest answer is that of `conv`" in words for words in findings(blocks))
    assert named(blocks, "activation_statistics:sparsity").labels == ("conv",)
