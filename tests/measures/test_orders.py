"""A trend is told where chance would hardly give it, whatever the number of values."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.measures.orders import LEVEL, spearman, trend


def test_spearman_equals_the_textbook_s_formula() -> None:
    values = [3.0, 1.0, 4.0, 1.5, 9.0]
    ranks = np.argsort(np.argsort(values))
    expected = 1 - 6 * ((ranks - np.arange(5)) ** 2).sum() / (5 * (25 - 1))
    assert spearman(values) == pytest.approx(expected)
    assert spearman([1, 1, 1]) == 0
    assert spearman([5]) == 0


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 8, 12, 30])
def test_noise_has_a_trend_as_rarely_as_is_said(count: int) -> None:
    """300 sequences of noise of every length: at most one in twenty rises or falls."""
    random = np.random.default_rng(count)
    told = sum(trend(list(random.random(count))).way != "open" for _round in range(300))
    assert told <= 300 * LEVEL * 1.6


@pytest.mark.parametrize(("count", "noise"), [(6, 0.05), (8, 0.1), (12, 0.2), (30, 0.3)])
def test_a_real_rise_is_seen(count: int, noise: float) -> None:
    random = np.random.default_rng(count)
    told = [trend(list(np.linspace(0, 1, count) + noise * random.normal(size=count))).way for _round in range(100)]
    assert told.count("up") >= 90
    assert "down" not in told


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_with_up_to_four_values_nothing_can_be_told(count: int) -> None:
    found = trend(list(range(count)))
    assert (found.way, found.enough) == ("open", False)


def test_the_chance_is_that_of_all_orders() -> None:
    assert trend([1, 2, 3, 4, 5]).chance == pytest.approx(2 / 120)
    assert trend([5, 4, 3, 2, 1]).way == "down"
    assert trend([1, 1, 1, 1, 2]).chance == pytest.approx(2 / 5), "the one that differs may stand at either end"
    assert trend([2, 2, 2, 2]).chance == 1.0


def test_many_values_have_drawn_orders_and_the_same_chance_every_time() -> None:
    values = list(np.random.default_rng(0).random(20))
    assert trend(values) == trend(values)
    assert 0 < trend(list(range(20))).chance < 1e-3
