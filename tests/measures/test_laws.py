"""Fresh numbers are rarely refuted, one impossible number always is."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.measures.laws import LEVEL, Law, chance_of, cut_normal, match, normal, rounding, uniform


def even(random: np.random.Generator, count: int) -> np.ndarray:
    return random.uniform(-0.1, 0.1, count).astype(np.float32)


def cut(random: np.random.Generator, count: int) -> np.ndarray:
    values = random.normal(size=2 * count)
    return (values[np.abs(values) < 2][:count] * 0.1).astype(np.float32)


def bell(random: np.random.Generator, count: int) -> np.ndarray:
    return (random.normal(size=count) * 0.1).astype(np.float32)


LAWS = [(even, uniform(0.1)), (cut, cut_normal(0.1)), (bell, normal(0.1))]


@pytest.mark.parametrize(("draw", "law"), LAWS)
@pytest.mark.parametrize("count", [60, 864])
def test_fresh_numbers_are_refuted_as_rarely_as_is_said(draw, law: Law, count: int) -> None:  # type: ignore[no-untyped-def]
    """400 fresh layers: about one in a hundred is refuted, and of networks of 20 layers no more."""
    random = np.random.default_rng(1)
    told = [match(values, law, values) for values in (draw(random, count) for _round in range(400))]
    assert not any(one.outside for one in told)
    assert sum(not one.fits() for one in told) <= 400 * LEVEL * 2.5
    networks = [told[start : start + 20] for start in range(0, 400, 20)]
    assert sum(any(not one.fits(20) for one in network) for network in networks) <= 1


@pytest.mark.parametrize(("draw", "law"), LAWS[:2])
def test_one_impossible_number_decides(draw, law: Law) -> None:  # type: ignore[no-untyped-def]
    values = draw(np.random.default_rng(2), 5000)
    values[17] = law.limit * 1.01
    told = match(values, law, values[100:])
    assert (told.outside, told.chance) == (1, 0.0)
    assert not told.fits(1_000_000)


def test_heavier_tails_are_noticed_where_the_middle_is_the_same() -> None:
    """1 % of the numbers three times as large: the distance of the middle says nothing, the tails do."""
    random = np.random.default_rng(3)
    noticed = 0
    for _round in range(50):
        values = bell(random, 2000)
        values[:40] *= 3
        told = match(values, normal(0.1), values)
        assert told.distance * np.sqrt(2000) < 1.63
        noticed += not told.fits()
    assert noticed >= 45


@pytest.mark.parametrize("moved", [lambda w: w * 1.15, lambda w: w * 0.85, lambda w: w + 0.01, lambda w: np.sign(w) * np.abs(w) ** 0.8])
@pytest.mark.parametrize(("draw", "law"), LAWS)
def test_moved_numbers_are_refuted(draw, law: Law, moved) -> None:  # type: ignore[no-untyped-def]
    values = moved(draw(np.random.default_rng(4), 5000))
    assert not match(values, law, values).fits(20)


def test_numbers_of_half_precision_are_allowed_their_rounding() -> None:
    values = np.full(64, 0.1, np.float32)
    assert rounding(values) == 1e-6
    short = (np.linspace(0, 0.1, 64).astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)
    assert rounding(short) == 2.0**-8
    half = np.linspace(0.01, 0.1, 64).astype(np.float16).astype(np.float32)
    assert rounding(half) == 2.0**-11
    assert match(half, uniform(0.1), half).outside == 0


@pytest.mark.parametrize(("distance", "chance"), [(1.933, 0.10), (2.492, 0.05), (3.857, 0.01)])
def test_the_chances_are_those_of_the_tables(distance: float, chance: float) -> None:
    assert chance_of(distance) == pytest.approx(chance, rel=0.03)
    assert 0 < chance_of(60.0) < 1e-20
