"""Canvases, wobbles and penalties against independent formulas: linear maps by their transposes, slopes by differences."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from reportgen.optimization.canvases import OPPONENTS, Canvas
from reportgen.optimization.penalties import blurred, decay, loudness, total_variation
from reportgen.optimization.recipes import RECIPES, Recipe, recipe_of
from reportgen.optimization.wobbles import Moved, Wobble
from tests.probe.probing import picture

CANVASES = [
    Canvas(height, width, channels, waves, decorrelated, bound)
    for (height, width), channels, waves, decorrelated, bound in itertools.product(
        ((8, 8), (7, 10), (9, 5)), (1, 3), (True, False), (True, False), ("sigmoid", "clip")
    )
]


def random(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def name_of(canvas: Canvas) -> str:
    return f"{canvas.height}x{canvas.width}x{canvas.channels}-{canvas.waves:d}{canvas.decorrelated:d}{canvas.bound}"


@pytest.mark.parametrize("canvas", CANVASES, ids=name_of)
def test_the_adjoint_is_the_transpose(canvas: Canvas) -> None:
    numbers = canvas.noise(2, random(), 1.0)
    raw = canvas.raw(numbers) - canvas.raw(np.zeros_like(numbers))
    slopes = random(1).standard_normal(raw.shape).astype(np.float32)
    assert float((raw * slopes).sum()) == pytest.approx(float((numbers * canvas.adjoint(slopes)).sum()), rel=1e-4)


@pytest.mark.parametrize("canvas", CANVASES, ids=name_of)
def test_every_canvas_can_paint_a_given_image(canvas: Canvas) -> None:
    image = picture(1, canvas.height, canvas.width, canvas.channels)
    assert np.abs(canvas.paint(canvas.start(image)) - image).max() < 0.01


@pytest.mark.parametrize("canvas", CANVASES, ids=name_of)
def test_the_range_is_never_left(canvas: Canvas) -> None:
    canvas = dataclasses.replace(canvas, low=0.25, high=0.5)
    painted = canvas.paint(canvas.noise(3, random(), 50.0))
    assert painted.min() >= 0.25
    assert painted.max() <= 0.5
    assert np.isfinite(painted).all()


def test_slopes_go_back_through_the_bound() -> None:
    canvas = Canvas(6, 6, 3)
    numbers = canvas.noise(1, random(), 0.5).astype(np.float64)
    slopes = random(1).standard_normal((1, 6, 6, 3))
    found = canvas.back(canvas.paint(numbers), slopes.astype(np.float32))
    way = random(2).standard_normal(numbers.shape)
    step = 1e-2
    ahead, behind = (float((canvas.paint(numbers + sign * step * way) * slopes).sum()) for sign in (1, -1))
    assert float((found * way).sum()) == pytest.approx((ahead - behind) / (2 * step), rel=1e-2)


def test_noise_begins_near_gray_and_equal_seeds_are_equal() -> None:
    canvas = Canvas(16, 16, 3)
    image = canvas.paint(canvas.noise(1, random(), 0.01))
    assert np.abs(image - 0.5).max() < 0.05
    assert np.array_equal(image, canvas.paint(canvas.noise(1, random(), 0.01)))


def test_colour_axes_are_orthonormal() -> None:
    assert np.allclose(OPPONENTS @ OPPONENTS.T, np.eye(3))


def test_waves_of_equal_size_make_slow_changes_large() -> None:
    canvas = Canvas(32, 32, 1)
    spectrum = np.abs(np.fft.rfft2(canvas.raw(canvas.noise(64, random(), 1.0))[..., 0])).mean(axis=0)
    assert spectrum[0, 1] > 4 * spectrum[0, 8] > 4 * spectrum[8, 16] / 2


MOVES = [
    Moved(8, 8), Moved(8, 8, (3, -2)), Moved(7, 9, (0, 0), 1.07), Moved(9, 7, (1, 2), 0.93, 0.1), Moved(8, 10, (0, 0), 1.0, -0.2),
]


@pytest.mark.parametrize("moved", MOVES, ids=str)
def test_a_wobble_goes_back_through_its_transpose(moved: Moved) -> None:
    images = random().standard_normal((2, moved.height, moved.width, 3)).astype(np.float32)
    slopes = random(1).standard_normal(images.shape).astype(np.float32)
    assert float((moved.seen(images) * slopes).sum()) == pytest.approx(float((images * moved.back(slopes)).sum()), rel=1e-4)


def test_no_wobble_changes_nothing_and_a_flat_image_stays_flat() -> None:
    image = picture(1, 8, 8, 3)
    assert np.array_equal(Moved(8, 8).seen(image), image)
    flat = np.full((1, 12, 12, 3), 0.3, np.float32)
    assert np.allclose(Moved(12, 12, (2, 1), 1.05, 0.08).seen(flat), 0.3, atol=1e-6)


def test_a_quarter_turn_is_known() -> None:
    image = picture(1, 6, 6, 1)
    turned = Moved(6, 6, (0, 0), 1.0, math.pi / 2).seen(image)
    assert np.allclose(turned[0, ..., 0], np.rot90(image[0, ..., 0]), atol=1e-5) or np.allclose(
        turned[0, ..., 0], np.rot90(image[0, ..., 0], -1), atol=1e-5
    )


def test_shifts_below_one_are_shares_of_the_side() -> None:
    drawn = [Wobble(shift=0.1).draw(random(seed), 40, 20) for seed in range(200)]
    assert {abs(move.shifts[0]) for move in drawn} == {0, 1, 2, 3, 4}
    assert {abs(move.shifts[1]) for move in drawn} == {0, 1, 2}


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_total_variation_is_its_definition(power: float) -> None:
    images = picture(2, 5, 6, 3).astype(np.float64)
    expected = np.zeros(2)
    for image in range(2):
        for y, x, c in np.ndindex(5, 6, 3):
            down = images[image, y + 1, x, c] - images[image, y, x, c] if y < 4 else 0
            right = images[image, y, x + 1, c] - images[image, y, x, c] if x < 5 else 0
            expected[image] += (down**2 + right**2) ** (power / 2)
    assert total_variation(images, power)[0] == pytest.approx(expected / (5 * 6 * 3))


@pytest.mark.parametrize("penalty", [
    lambda x: total_variation(x, 2.0), lambda x: total_variation(x, 1.5), lambda x: loudness(x, 2.0),
    lambda x: loudness(x, 6.0), lambda x: loudness(x, math.inf), decay,
])
def test_slopes_of_penalties_agree_with_differences(penalty) -> None:  # type: ignore[no-untyped-def]
    images = picture(2, 6, 5, 3).astype(np.float64) - 0.5
    way = random(3).standard_normal(images.shape)
    step = 1e-6
    ahead, behind = penalty(images + step * way)[0], penalty(images - step * way)[0]
    found = (penalty(images)[1] * way).reshape(2, -1).sum(axis=1)
    assert found == pytest.approx((ahead - behind) / (2 * step), rel=1e-4)


def test_norms_are_their_definitions_and_the_largest_takes_absolute_values() -> None:
    images = np.array([[[[0.5], [-2.0]]], [[[0.0], [0.0]]]])
    assert loudness(images, 2.0)[0] == pytest.approx([math.sqrt((0.25 + 4) / 2), 0])
    assert loudness(images, math.inf)[0] == pytest.approx([2.0, 0])
    assert loudness(images, math.inf)[1][0].ravel() == pytest.approx([0, -1])
    assert np.isfinite(loudness(1e-30 * images, 6.0)[1]).all()


def test_a_blur_keeps_the_mean_and_takes_the_grain() -> None:
    image = picture(1, 16, 16, 3)
    soft = blurred(image, 2.0)
    assert soft.mean() == pytest.approx(image.mean(), rel=1e-5)
    assert total_variation(soft)[0][0] < 0.05 * total_variation(image)[0][0]
    assert blurred(image, 0) is image


@pytest.mark.parametrize("wrong", [
    {"low": 0.5, "high": 0.5}, {"high": 1.5}, {"steps": 0}, {"tv": -1}, {"rate": 0}, {"scale": 1}, {"norm_power": 0},
])
def test_recipes_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Recipe(**wrong)  # type: ignore[arg-type]


def test_an_effort_changes_the_steps_and_a_user_what_he_names() -> None:
    assert recipe_of("waves", "quick").steps < recipe_of("waves", "standard").steps < recipe_of("waves", "thorough").steps
    assert recipe_of("pixels", "quick", seed=7, steps=None).seed == 7
    assert recipe_of("pixels", "quick", steps=5).steps == 5
    assert RECIPES["pixels"].quiet() == dataclasses.replace(
        RECIPES["pixels"], shift=0.05, scale=0, turn=0, tv=0, norm=0, noise=0.3
    )


def test_a_crop_shows_a_part_enlarged() -> None:
    image = picture(1, 20, 20, 1)
    for seed in range(20):
        moved = Wobble(crop=0.5).draw(random(seed), 20, 20)
        assert 1 <= moved.factor <= 2
        rows = np.unique(moved._taps[0] // 20)
        columns = np.unique(moved._taps[0] % 20)
        assert len(rows) <= math.ceil(20 / moved.factor) + 2
        assert len(columns) <= math.ceil(20 / moved.factor) + 2
        assert moved.seen(image).shape == image.shape
