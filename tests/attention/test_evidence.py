"""The measures of belief against definitions written out, and cases in which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.attention import evidence


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
    assert evidence.area(np.array([0, 1])) == pytest.approx(0.5)
    assert evidence.area(np.array([1.0, 1, 1])) == pytest.approx(1)
    assert evidence.area(np.array([1.0, 0, 0, 0, 0])) == pytest.approx(0.125)


def test_curves_of_a_network_that_looks_at_one_corner() -> None:
    """The confidence is the mean brightness of the upper left quarter; the true map finds it first."""
    pixels = np.ones((8, 8, 1), np.float32)
    colour = np.zeros_like(pixels)
    true = np.zeros((8, 8), np.float32)
    true[:4, :4] = 1

    def ask(batch: np.ndarray) -> np.ndarray:
        return batch[:, :4, :4].mean(axis=(1, 2, 3))

    right = evidence.curves(pixels, evidence.order_of(true), colour, ask)
    wrong = evidence.curves(pixels, evidence.order_of(1 - true), colour, ask)
    assert right.deletion[0] == right.insertion[-1] == 1
    assert right.deletion[-1] == right.insertion[0] == 0
    assert right.deletion[3] == 0, "after 30% the quarter is hidden"
    assert right.insertion[3] == 1
    assert wrong.deletion[7] == 1
    assert right.areas[0] < 0.2 < 0.8 < right.areas[1]
    assert right.areas[0] == pytest.approx(1 - right.areas[1])


def test_equal_places_are_ordered_by_chance_and_always_alike() -> None:
    heat = np.zeros((6, 6), np.float32)
    order = evidence.order_of(heat, 3)
    assert sorted(order.tolist()) == list(range(36))
    assert order.tolist() == evidence.order_of(heat, 3).tolist()
    assert order.tolist() != sorted(order.tolist())


def test_random_orders_hold_every_place_once() -> None:
    orders = evidence.random_orders((5, 9), 0)
    assert len(orders) == evidence.ORDERS
    for order in orders:
        assert sorted(order.tolist()) == list(range(45))
    assert orders[0].tolist() != orders[1].tolist()


def test_drop_and_increase_by_hand() -> None:
    pixels = np.ones((4, 4, 1), np.float32)
    left = np.zeros((4, 4), np.float32)
    left[:, :2] = 1
    answers = iter([np.array([0.8, 0.4, 0.2, 0.6])])
    drop, rise = evidence.confidence_changes(pixels, [left, left.T], np.zeros_like(pixels), lambda _batch: next(answers))
    assert drop == pytest.approx([0.75, 0])
    assert rise.tolist() == [0, 1]


def test_images_are_seen_through_the_stretched_map() -> None:
    pixels = np.full((2, 2, 1), 0.6, np.float32)
    seen = []

    def ask(batch: np.ndarray) -> np.ndarray:
        seen.append(batch)
        return np.ones(len(batch))

    evidence.confidence_changes(pixels, [np.array([[-5, 1], [3, 5]], np.float32)], np.full_like(pixels, 0.2), ask)
    assert seen[0][1, ..., 0] == pytest.approx(np.array([[0.2, 0.28], [0.44, 0.6]]))


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


def test_stages_grow_from_the_end() -> None:
    layers = [f"layer{n}" for n in range(1, 8)]
    found = evidence.stages(layers, 3)
    assert found[0] == ["layer7", "layer6"]
    assert found[-1] == layers[::-1]
    assert all(set(small) < set(large) for small, large in zip(found, found[1:], strict=False))
    assert evidence.stages(["only"], 5) == [["only"]]
