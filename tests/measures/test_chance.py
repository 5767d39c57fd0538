"""Tails of counts and angles against counting."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.measures.chance import at_least, cosine_beyond


@pytest.mark.parametrize(("count", "trials", "share"), [(0, 5, 0.1), (1, 5, 0.1), (3, 10, 0.2), (7, 64, 0.015)])
def test_a_count_is_reached_as_often_as_is_said(count: int, trials: int, share: float) -> None:
    drawn = np.random.default_rng(0).binomial(trials, share, 100_000)
    assert at_least(count, trials, share) == pytest.approx((drawn >= count).mean(), abs=0.005)
    assert (at_least(1, 5, 0.0), at_least(5, 5, 1.0)) == (0.0, 1.0)


@pytest.mark.parametrize("dimensions", [2, 3, 9, 27])
def test_random_directions_are_alike_as_often_as_is_said(dimensions: int) -> None:
    one, other = np.random.default_rng(dimensions).normal(size=(2, 200_000, dimensions))
    cosines = (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    for bar in (0.0, 0.3, 0.8):
        assert cosine_beyond(bar, dimensions) == pytest.approx((cosines >= bar).mean(), abs=0.005)
    assert cosine_beyond(0.95, 27) < 1e-9
