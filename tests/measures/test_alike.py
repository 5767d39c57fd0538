"""Maps of the same places and of different ones are told apart; what lies between is left open."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.attention.evidence import rank_correlation
from reportgen.imaging import resize
from reportgen.measures.alike import alike, interval


def smooth(random: np.random.Generator, side: int) -> np.ndarray:
    return resize(random.random((max(2, side // 2), max(2, side // 2))).astype(np.float32), (side, side))


@pytest.mark.parametrize("side", [7, 14, 28])
def test_random_smooth_maps_are_hardly_ever_the_same(side: int) -> None:
    random = np.random.default_rng(side)
    told = [
        alike(rank_correlation(smooth(random, side), smooth(random, side)) or 0.0, side * side) for _pair in range(200)
    ]
    assert told.count("same") <= 2


@pytest.mark.parametrize("side", [14, 28])
def test_a_map_with_a_little_noise_is_the_same(side: int) -> None:
    random = np.random.default_rng(side)
    told = []
    for _pair in range(50):
        heat = smooth(random, side)
        told.append(alike(rank_correlation(heat, heat + random.normal(size=heat.shape) * 0.05) or 0.0, side * side))
    assert told.count("same") >= 48


def test_no_single_number_turns_the_words_round() -> None:
    for places in (49, 196, 784):
        for value in np.arange(-1, 1, 0.01):
            assert {alike(float(value), places), alike(float(value) + 0.01, places)} != {"same", "different"}
    assert alike(0.66, 196) == alike(0.66, 4096) == "open"
    assert alike(0.88, 196) == "same"
    assert alike(0.05, 784) == "different"


def test_few_places_tell_nothing() -> None:
    assert interval(0.99, 16) == (-1.0, 1.0)
    assert alike(0.9, 49) == "open"
