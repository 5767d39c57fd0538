"""Fresh weights look fresh, moved ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.initializers import match_of
from reportgen.artifacts.kernels import Kernels
from reportgen.probe import Layer

SHAPE = (3, 3, 16, 32)
FANS = (144, 288)


def kernels(values: np.ndarray, initializer: str) -> Kernels:
    return Kernels(Layer("c", "Conv2D", "convolution", (8, 8, 32), initializer=initializer), values, fans=FANS)


def drawn(initializer: str, seed: int) -> np.ndarray:
    """Keras' definitions, written anew: uniform to the root of 3 v, or normal cut at two deviations."""
    random = np.random.default_rng(seed)
    variance = {"Glorot": 2 / sum(FANS), "He": 2 / FANS[0], "Lecun": 1 / FANS[0]}[initializer.removesuffix("Uniform").removesuffix("Normal")]
    if initializer.endswith("Uniform"):
        return random.uniform(-np.sqrt(3 * variance), np.sqrt(3 * variance), SHAPE)
    values = random.normal(size=40_000)
    values = values[np.abs(values) < 2][: np.prod(SHAPE)].reshape(SHAPE)
    return values / 0.87962566103423978 * np.sqrt(variance)


@pytest.mark.parametrize("initializer", ["GlorotUniform", "HeUniform", "LecunUniform", "GlorotNormal", "HeNormal", "LecunNormal"])
def test_fresh_weights_look_fresh(initializer: str) -> None:
    told = [match_of(kernels(drawn(initializer, seed), initializer)) for seed in range(5)]
    assert sum(one.fits() for one in told if one) >= 4


@pytest.mark.parametrize("moved", [lambda w: w * 1.15, lambda w: w + 0.01, lambda w: np.sign(w) * np.abs(w) ** 0.8])
def test_moved_weights_do_not(moved) -> None:  # type: ignore[no-untyped-def]
    told = match_of(kernels(moved(drawn("GlorotUniform", 0)), "GlorotUniform"))
    assert told is not None
    assert not told.fits()


def test_what_cannot_be_told_is_not_told() -> None:
    assert match_of(kernels(drawn("HeNormal", 0), "Orthogonal")) is None
    assert match_of(kernels(np.zeros((1, 1, 4, 4)), "HeNormal")) is None


def test_two_heaps_of_weights_are_not_fresh() -> None:
    told = match_of(kernels(np.sign(drawn("HeNormal", 1)) * 0.1, "HeNormal"))
    assert told is not None
    assert not told.fits()


@pytest.mark.parametrize("name", ["RandomUniform", "RandomNormal", "TruncatedNormal"])
def test_the_plain_initializers_draw_with_a_spread_of_a_twentieth(name: str) -> None:
    random = np.random.default_rng(7)
    normal = random.normal(size=40_000)
    values = {
        "RandomUniform": random.uniform(-0.05, 0.05, 40_000), "RandomNormal": normal * 0.05,
        "TruncatedNormal": normal[np.abs(normal) < 2] * 0.05,
    }[name][: np.prod(SHAPE)].reshape(SHAPE)
    told, scaled = (match_of(kernels(values * factor, name)) for factor in (1, 1.2))
    assert told is not None
    assert scaled is not None
    assert told.fits()
    assert not scaled.fits()


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    limit = np.sqrt(3 * 2 / sum(FANS))
    values = (np.arange(100) + 0.5) / 100 * 2 * limit - limit
    told = match_of(kernels(values.reshape(1, 1, 10, 10), "GlorotUniform"))
    assert told is not None
    assert (told.distance, told.count) == (pytest.approx(0.005), 100), "each step of one in a hundred is met in its middle"


def test_weights_that_are_no_numbers_cannot_be_told() -> None:
    values = drawn("HeNormal", 0)
    values[0, 0, 0, 0] = np.nan
    assert match_of(kernels(values, "HeNormal")) is None


def test_a_layer_with_one_weight_beyond_the_initializer_is_not_fresh() -> None:
    values = drawn("GlorotUniform", 0)
    values[0, 0, 0, 0] = np.sqrt(3 * 2 / sum(FANS)) * 1.02
    told = match_of(kernels(values, "GlorotUniform"))
    assert told is not None
    assert (told.outside, told.fits(100)) == (1, False)
