"""The measures of belief against definitions written out, and cases in which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.attention import evidence
from reportgen.attention.hiding import AT_ONCE


def test_rank_correlation_is_spearmans() -> None:
    random = np.random.default_rng(0)
    first = random.integers(0, 6, 60).astype(float)
    second = first + random.normal(0, 2, 60)

    def ranked(values: np.ndarray) -> np.ndarray:
        return np.array([(values < v).sum() + ((values == v).sum() - 1) / 2 for v in values])

    by_hand = np.corrcoef(ranked(first), ranked(second))[0, 1]
    assert evidence.rank_correlation(first, second) == pytest.approx(by_hand)
    assert evidence.rank_correlation(first, first) == pytest.approx(1)
    assert evidence.rank_correlation(first, -first) == pytest.approx(-1)
    assert evidence.rank_correlation(first, np.exp(first)) == pytest.approx(1)
    assert evidence.rank_correlation(first, np.ones(60)) is None


def test_the_area_under_a_curve_is_that_of_trapezoids() -> None:
    half = np.linspace(0, 1, 3)
    assert evidence.area(np.array([0, 1]), np.array([0, 1])) == pytest.approx(0.5)
    assert evidence.area(half, np.array([1.0, 1, 1])) == pytest.approx(1)
    assert evidence.area(np.array([0, 0.1, 1]), np.array([1.0, 0, 0])) == pytest.approx(0.05)


def test_steps_are_fine_where_a_confidence_falls() -> None:
    shares = evidence.shares_of(16)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert (np.diff(np.diff(shares)) > 0).all()
    lost_at_once = np.array([1.0] + [0.0] * 16)
    assert evidence.area(shares, lost_at_once) < 0.002


def quarter(batch: np.ndarray) -> np.ndarray:
    """The mean brightness of the upper left quarter."""
    return batch[:, :4, :4].mean(axis=(1, 2, 3))


def test_curves_of_a_network_that_looks_at_one_corner() -> None:
    """The true map finds the quarter first, its opposite last."""
    pixels = np.ones((8, 8, 1), np.float32)
    true = np.zeros((8, 8), np.float32)
    true[:4, :4] = 1
    hiding = evidence.Hiding(pixels, np.zeros_like(pixels), quarter, 10)
    ties = np.random.default_rng(0).random((8, 8))
    right = hiding.curves(evidence.order_of(true, ties))
    wrong = hiding.curves(evidence.order_of(1 - true, ties))
    assert right.deletion[0] == right.insertion[-1] == 1
    assert right.deletion[-1] == right.insertion[0] == 0
    assert right.deletion[5] == 0, "after 25% the quarter is hidden"
    assert right.insertion[5] == 1
    assert wrong.deletion[8] == 1
    assert right.areas[0] < 0.2 < 0.8 < right.areas[1]
    assert right.areas[0] == pytest.approx(1 - right.areas[1])


def test_equal_places_come_in_the_order_of_the_ties() -> None:
    heat = np.array([[0, 5], [0, 0]], np.float32)
    assert evidence.order_of(heat, np.array([[1, 9], [3, 2]])).tolist() == [1, 2, 3, 0]


def test_images_are_seen_through_the_stretched_map() -> None:
    pixels = np.full((2, 2, 1), 0.6, np.float32)
    seen = []

    def ask(batch: np.ndarray) -> np.ndarray:
        seen.append(batch)
        return np.array([0.8, 0.1])[: len(batch)]

    hiding = evidence.Hiding(pixels, np.full_like(pixels, 0.2), ask, 4)
    assert hiding.through([np.array([[-5, 1], [3, 5]], np.float32)]).tolist() == [0.8]
    assert seen[1][0, ..., 0] == pytest.approx(np.array([[0.2, 0.28], [0.44, 0.6]]))
    assert hiding.drop(0.2) == pytest.approx(0.75)
    assert hiding.drop(0.9) == 0


def test_memory_does_not_grow_with_the_number_of_steps() -> None:
    asked = []

    def ask(batch: np.ndarray) -> np.ndarray:
        asked.append(len(batch))
        return np.zeros(len(batch))

    evidence.Hiding(np.ones((4, 4, 1), np.float32), np.zeros((4, 4, 1), np.float32), ask, 200).curves(np.arange(16))
    assert max(asked) <= AT_ONCE
    assert sum(asked) == 2 * 199 + 2


def test_pointing_by_hand() -> None:
    heat = np.array([[4, 2, 0], [1, 1, 0], [0, 0, -9]], np.float32)
    mask = np.zeros((3, 3))
    mask[0, :2] = 1
    one = evidence.pointing(heat, mask)
    assert one.hit
    assert one.energy == pytest.approx(6 / 8)
    assert one.overlap == pytest.approx(1)
    other = evidence.pointing(heat, 1 - mask)
    assert not other.hit
    assert other.energy == pytest.approx(2 / 8)
    assert other.overlap == pytest.approx(2 / 9)


def test_the_best_overlap_is_that_of_all_thresholds() -> None:
    random = np.random.default_rng(1)
    heat = random.integers(0, 7, (9, 9)).astype(np.float64)
    inside = random.random((9, 9)) < 0.4
    by_hand = max(
        ((heat >= t) & inside).sum() / ((heat >= t) | inside).sum() for t in np.unique(heat[heat > 0])
    )
    assert evidence.best_overlap(heat, inside) == pytest.approx(by_hand)


def test_an_empty_map_points_nowhere() -> None:
    mask = np.zeros((4, 4))
    mask[:2, :2] = 1
    assert evidence.pointing(np.zeros((4, 4)), mask) == evidence.Pointing(False, 0.0, 0.0)


def test_stages_grow_from_the_last_layer_on() -> None:
    layers = [f"layer{n}" for n in range(1, 8)]
    found = evidence.stages(layers, 3)
    assert found[0] == ["layer7"]
    assert found[-1] == layers[::-1]
    assert all(set(small) < set(large) for small, large in zip(found, found[1:], strict=False))
    assert evidence.stages(["only"], 5) == [["only"]]
