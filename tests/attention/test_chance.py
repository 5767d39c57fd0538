"""Chance: what means nothing must be called so, what is true must not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reportgen import imaging
from reportgen.attention import chance
from reportgen.attention.evidence import Hiding
from reportgen.attention.trial import PLANS, Plan, alike, plan_of, try_maps
from reportgen.effort import JUDGING

FINEST, COARSEST = PLANS["standard"][0], PLANS["standard"][-1]
SIZE = (32, 32)
SEEDS = 120


def image() -> np.ndarray:
    """Patches and grain."""
    random = np.random.default_rng(0)
    return (0.7 * chance.smooth(SIZE, 4, random) + 0.3 * random.random(SIZE)).astype(np.float32)[..., None]


def inside() -> np.ndarray:
    """The region on which the network below rests."""
    region = np.zeros(SIZE, bool)
    region[4:13, 16:26] = True
    return region


def hiding_of(steps: int = 12) -> Hiding:
    """A network that is sure while the contrast of one region is there."""
    pixels = image()
    colour = np.full_like(pixels, pixels.mean())

    def contrast(batch: np.ndarray) -> np.ndarray:
        return ((batch - pixels.mean()) ** 2)[:, inside()].sum(axis=(1, 2))

    whole = contrast(pixels[None])[0]
    return Hiding(pixels, colour, lambda batch: 1 / (1 + np.exp(-12 * (contrast(batch) / whole - 0.5))), steps)


def blob(random: np.random.Generator) -> np.ndarray:
    """One round spot, nothing elsewhere."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    high, wide = random.random(2) * SIZE
    return np.maximum(np.exp(-((y - high) ** 2 + (x - wide) ** 2) / 40) - 0.1, 0)


MEANINGLESS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "pixels": lambda random: random.random(SIZE), "patches": lambda random: chance.smooth(SIZE, 5, random),
    "rectified": lambda random: np.maximum(chance.smooth(SIZE, 5, random) - 0.6, 0), "spot": blob,
    "scattered in a region": lambda random: chance.smooth(SIZE, 6, random) ** 3 * random.random(SIZE),
}


@pytest.mark.parametrize("kind", MEANINGLESS)
def test_maps_that_mean_nothing_are_called_chance(kind: str) -> None:
    hiding = hiding_of(8)
    told = 0
    for seed in range(SEEDS):
        heat = MEANINGLESS[kind](np.random.default_rng(seed))
        trial = try_maps({"map": heat}, hiding, Plan(8, 20), seed)["map"]
        told += any(trial.outcome(side) for side in ("deletion", "insertion"))
    assert told <= 0.05 * SEEDS


@pytest.mark.parametrize("seed", range(5))
def test_the_region_that_counts_is_recognised(seed: int) -> None:
    random = np.random.default_rng(seed)
    scattered = inside() * random.random(SIZE) + 0.2 * random.random(SIZE)
    elsewhere = np.roll(scattered, 16, axis=0)
    found = try_maps({"there": scattered, "elsewhere": elsewhere}, hiding_of(), FINEST, seed)
    assert [found["there"].outcome(side) for side in ("deletion", "insertion")] == [1, 1]
    assert [found["elsewhere"].outcome(side) for side in ("deletion", "insertion")] != [1, 1]


def test_a_coarse_map_of_the_region_is_mostly_recognised_and_never_called_worse() -> None:
    coarse = imaging.resize(imaging.resize(inside().astype(np.float32), (24, 24), "area"), SIZE)
    found = [try_maps({"map": coarse}, hiding_of(), FINEST, seed)["map"].outcome("deletion") for seed in range(20)]
    assert sum(found) >= 10
    assert min(found) == 0


def test_the_two_tests_are_judged_apart() -> None:
    """Hiding one pixel of the region is enough to lose the answer; showing it back takes the whole region."""
    pixels = image()
    colour = np.full_like(pixels, pixels.mean())

    def ask(batch: np.ndarray) -> np.ndarray:
        return (np.abs(batch - pixels) < 1e-6)[:, inside()].all(axis=(1, 2)) * 0.9

    hiding = Hiding(pixels, colour, ask, 12)
    heat = np.zeros(SIZE)
    heat[inside()] = 1
    only_first = np.zeros(SIZE)
    only_first[4, 16] = 2
    only_first += np.where(inside(), -1, 0) * np.random.default_rng(0).random(SIZE)
    found = try_maps({"all": heat, "first": only_first}, hiding, Plan(12, 24), 0)
    assert found["all"].outcome("insertion") == 1
    assert found["first"].outcome("insertion") != 1


def test_a_map_put_elsewhere_keeps_its_values_and_leaves_its_place() -> None:
    heat = np.zeros((20, 12))
    heat[:4, :4] = np.arange(1, 17).reshape(4, 4)
    random = np.random.default_rng(0)
    for _draw in range(50):
        there = chance.moved(heat, random)
        assert sorted(there.reshape(-1)) == sorted(heat.reshape(-1))
    assert chance.moved(np.ones((1, 1)), random).shape == (1, 1)
    assert chance.moved(np.ones((1, 7)), random).shape == (1, 7)


@pytest.mark.parametrize("patch", [1, 2, 4, 8, 16])
def test_the_grain_of_a_field_is_the_size_of_its_patches(patch: int) -> None:
    random = np.random.default_rng(0)
    found = np.mean([chance.grain(chance.smooth((96, 96), patch, random)) for _draw in range(6)])
    assert found == pytest.approx(patch, rel=0.25)


def test_a_map_that_is_the_same_everywhere_has_a_grain_too() -> None:
    assert chance.grain(np.ones((8, 8))) == 1
    assert chance.grain(np.ones((1, 1))) == 1
    assert chance.grain(np.arange(64.0).reshape(8, 8)) >= 1


def test_a_range_holds_all_draws_and_widens_with_few() -> None:
    random = np.random.default_rng(0)
    widths = [
        np.mean([one.high - one.low for _try in range(40) for one in [chance.Range.of(random.normal(size=count))]])
        for count in (6, 24, 600)
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(2 * 2.576, rel=0.05)
    drawn = random.normal(size=30)
    assert chance.Range.of(drawn).low < drawn.min() < drawn.max() < chance.Range.of(drawn).high
    assert chance.Range.of([1.0, 2.0]).side(1e9) == 0, "of two draws nothing can be told"
    same = chance.Range.of_shares([1.0] * 10)
    assert same.side(1.0) == 0
    skewed = chance.Range.of_shares([0.02, 0.03, 0.05, 0.4, 0.02, 0.04, 0.1, 0.03])
    assert 0 < skewed.low < 0.02
    assert skewed.high < 1


def test_one_draw_in_a_hundred_lies_outside() -> None:
    random = np.random.default_rng(0)
    out = [chance.Range.of(random.normal(size=20)).side(float(random.normal())) != 0 for _draw in range(4000)]
    assert 0.002 < np.mean(out) < 0.02


def test_unrelated_maps_have_something_in_common_when_they_are_coarse() -> None:
    random = np.random.default_rng(0)
    coarse = chance.unrelated(chance.smooth((48, 48), 20, random), 0)
    fine = chance.unrelated(random.random((48, 48)), 0)
    assert fine.high < 0.15 < 0.35 < coarse.high


def test_maps_of_like_grain_are_compared_with_the_same_chance() -> None:
    assert alike({"a": 40, "b": 1, "c": 2.5, "d": 45}) == [["b"], ["c"], ["a", "d"]]


def test_what_takes_too_long_is_asked_less() -> None:
    maps = {name: np.random.default_rng(0).random((8, 8)) for name in "abcdef"}
    few = {"a": maps["a"]}
    budget = JUDGING["standard"]
    assert plan_of([maps], 1, "standard") == (maps, FINEST)
    assert plan_of([maps], budget, "thorough")[1].orders > FINEST.orders
    chosen, plan = plan_of([maps, few], budget / COARSEST.passes(1, 1, True), "standard")
    assert (list(chosen), plan) == (["a"], COARSEST)
    assert plan_of([maps, few], budget / 10, "standard")[1].orders == 0
