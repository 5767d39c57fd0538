"""The numbers of an answer, counted in blocks, equal those that NumPy gives at once."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.artifacts import responses
from reportgen.artifacts.responses import (
    answers_of,
    maps_of,
    response,
    share_within,
    unknown_layers,
    with_exact_zeros,
)
from reportgen.probe import Layer, Layers, Trace
from reportgen.study import Study
from tests.artifacts.scripted import scripted_study


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 64), st.integers(0, 1000))
def test_counting_in_blocks_equals_counting_at_once(places: int, channels: int, block: int, seed: int) -> None:
    answer = np.random.default_rng(seed).normal(3, 2, (places, channels)).astype(np.float32)
    answer[answer < 1] = 0
    before, responses.BLOCK = responses.BLOCK, block
    try:
        found = response(answer)
        exact = answer.astype(np.float64)
        np.testing.assert_allclose(found.means, exact.mean(axis=0), rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(found.deviations, exact.std(axis=0), rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(found.lows, answer.min(axis=0))
        np.testing.assert_array_equal(found.highs, answer.max(axis=0))
        np.testing.assert_array_equal(found.zeros, (answer == 0).sum(axis=0))
        np.testing.assert_allclose(found.mean_map, exact.mean(axis=1), rtol=1e-5, atol=1e-6)
        assert found.mean == pytest.approx(exact.mean(), rel=1e-6, abs=1e-7)
        assert found.deviation == pytest.approx(exact.std(), rel=1e-5, abs=1e-5)
        assert found.sparsity == pytest.approx((answer == 0).mean())
        assert share_within(answer, 2) == pytest.approx((np.abs(answer) <= 2).mean())
    finally:
        responses.BLOCK = before


def test_a_small_spread_around_a_large_mean_is_not_lost() -> None:
    answer = (1000 + np.random.default_rng(0).normal(0, 0.1, (300, 200, 4))).astype(np.float32)
    assert response(answer).deviation == pytest.approx(answer.astype(np.float64).std(), rel=1e-3)


def test_values_that_are_no_numbers_are_counted_and_left_out() -> None:
    answer = np.array([[1, 0], [np.nan, 2], [3, np.inf], [np.nan, 0]], np.float32)
    found = response(answer)
    assert found.broken == 3
    assert found.means.tolist() == pytest.approx([2, 2 / 3])
    assert found.deviations.tolist() == pytest.approx([1, np.std([0, 2, 0])])
    assert (found.lows.tolist(), found.highs.tolist()) == ([1, 0], [3, 2])
    assert found.zeros.tolist() == [0, 2]
    assert found.mean_map.tolist() == pytest.approx([0.5, 2, 3, 0])


def test_a_channel_of_no_numbers_has_zeros_for_numbers() -> None:
    found = response(np.full((2, 2, 1), np.nan, np.float32))
    assert (found.mean, found.deviation, found.low, found.high, found.sparsity) == (0, 0, 0, 0, 0)


def test_silent_channels_are_those_that_never_pass_the_threshold() -> None:
    answer = np.array([[0, 0.1, -0.5], [0, -0.1, 0]], np.float32)
    assert response(answer).silent().tolist() == [0]
    assert response(answer).silent(0.2).tolist() == [0, 1]


def test_an_answer_is_counted_once_as_long_as_it_lives() -> None:
    answer = np.ones((2, 2, 1), np.float32)
    first = response(answer)
    assert response(answer) is first
    kept = len(responses._kept)
    del answer
    gc.collect()
    assert len(responses._kept) == kept - 1


def test_mixed_precision_answers_are_counted_in_single() -> None:
    answer = np.full((64, 64, 2), 300, np.float16)
    assert response(answer).mean == pytest.approx(300)


def test_zeros_are_exact_after_a_relu_and_what_only_picks_or_joins() -> None:
    layers = Layers([
        Layer("image", "InputLayer", "input", (4, 4, 3)),
        Layer("conv", "Conv2D", "convolution", (4, 4, 2), ("image",), 56),
        Layer("relu", "ReLU", "activation", (4, 4, 2), ("conv",), activation="relu"),
        Layer("pool", "MaxPooling2D", "pooling", (2, 2, 2), ("relu",)),
        Layer("up", "UpSampling2D", "upsampling", (4, 4, 2), ("pool",)),
        Layer("join", "Concatenate", "merge", (4, 4, 4), ("up", "relu")),
        Layer("mixed", "Concatenate", "merge", (4, 4, 4), ("up", "conv")),
        Layer("drop", "Dropout", "other", (4, 4, 4), ("join",)),
        Layer("norm", "BatchNormalization", "normalization", (4, 4, 4), ("drop",), 16),
        Layer("transpose", "Conv2DTranspose", "upsampling", (8, 8, 4), ("join",), 100),
    ])
    assert with_exact_zeros(layers) == {"relu", "pool", "up", "join", "drop"}


def test_maps_are_numbered_and_the_rest_has_a_reason(study: Study) -> None:
    trace = study.probe.trace(study.samples[0].pixels)
    drawn, left = maps_of(study.probe.layers, trace)
    assert [(one.number, one.layer.name, one.size) for one in drawn] == [
        (0, "edges", "8 × 8"), (1, "pool", "4 × 4"), (2, "mix", "4 × 4"),
    ]
    assert {one.layer: str(one.reason) for one in left} == {
        "image": "it is the input itself",
        "flat": "it only moves values to other places",
        "scores": "its answer has no places, only units",
    }


def test_asking_for_some_layers_keeps_their_numbers(study: Study) -> None:
    trace = study.probe.trace(study.samples[0].pixels)
    drawn, left = maps_of(study.probe.layers, trace, ("m*", "flat"))
    assert [(one.number, one.layer.name) for one in drawn] == [(2, "mix")]
    assert [one.layer for one in left] == ["flat"]
    assert unknown_layers(study.probe.layers, ("m*", "mxi")) == ("mxi",)


def test_a_dropout_repeats_its_parent_and_is_left_out() -> None:
    maps = np.arange(16, dtype=np.float32).reshape(4, 4, 1)
    study = scripted_study(
        [Layer("conv", "Conv2D", "convolution", (4, 4, 1), ("image",), 28),
         Layer("drop", "Dropout", "other", (4, 4, 1), ("conv",)),
         Layer("lost", "Custom", "other", (4, 4, 1), ("conv",)),
         Layer("relu", "ReLU", "activation", (4, 4, 1), ("drop",), activation="relu")],
        {"conv": maps, "drop": maps.copy(), "relu": maps.copy()},
    )
    trace: Trace = study.probe.trace(study.samples[0].pixels)
    drawn, left = maps_of(study.probe.layers, trace)
    assert [one.layer.name for one in drawn] == ["conv", "relu"]
    assert [str(one.reason) for one in left[1:]] == [
        "its answer is the same as that of `conv`", "its answer could not be recorded",
    ]
    assert [one.layer.name for one in answers_of(study.probe.layers, trace)] == ["conv", "relu"]
