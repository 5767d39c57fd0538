"""Fresh weights look fresh, moved ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.initializers import distance_to_fresh, looks_fresh
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
    told = [distance_to_fresh(kernels(drawn(initializer, seed), initializer)) for seed in range(5)]
    assert sum(looks_fresh(*one) for one in told if one) >= 4


@pytest.mark.parametrize("moved", [lambda w: w * 1.15, lambda w: w + 0.01, lambda w: np.sign(w) * np.abs(w) ** 0.8])
def test_moved_weights_do_not(moved) -> None:  # type: ignore[no-untyped-def]
    told = distance_to_fresh(kernels(moved(drawn("GlorotUniform", 0)), "GlorotUniform"))
    assert told is not None
    assert not looks_fresh(*told)


def test_what_cannot_be_told_is_not_told() -> None:
    assert distance_to_fresh(kernels(drawn("HeNormal", 0), "Orthogonal")) is None
    assert distance_to_fresh(kernels(np.zeros((1, 1, 4, 4)), "HeNormal")) is None
