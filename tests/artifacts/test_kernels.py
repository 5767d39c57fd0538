"""Kernels of a known class are called by their name."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.kernels import evenly, read

RNG = np.random.default_rng(0)


def gray(plane: np.ndarray, channels: int = 3) -> np.ndarray:
    return np.repeat(np.asarray(plane, float)[..., None], channels, axis=-1)


def slope(angle: float, side: int = 3) -> np.ndarray:
    """A ramp across an edge whose line stands at this angle, anticlockwise from the horizontal, as one sees it."""
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    across = np.deg2rad(angle)
    return columns * np.sin(across) + rows * np.cos(across)


@pytest.mark.parametrize("side", [3, 5, 7])
@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135, 170])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_edge_has_its_angle(angle: float, side: int, channels: int) -> None:
    reading = read(gray(slope(angle, side), channels))
    assert reading.kind == "edge"
    assert reading.evidence == pytest.approx(1)
    assert min(abs(reading.angle - angle), 180 - abs(reading.angle - angle)) < 1e-6


def test_sobel_kernels_are_edges() -> None:
    sobel = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
    across, down = read(gray(sobel)), read(gray(sobel.T))
    assert (across.kind, down.kind) == ("edge", "edge")
    assert across.angle % 180 == pytest.approx(0)
    assert down.angle == pytest.approx(90)
    assert across.horizontal > 0.8
    assert across.vertical < 1e-9


@pytest.mark.parametrize(("colour", "tone"), [((1, -1, 0), "red-green"), ((-1, 1, 0), "red-green"), ((-0.5, -0.5, 1), "blue-yellow")])
def test_opponent_colours_have_their_axis(colour: tuple[float, ...], tone: str) -> None:
    reading = read(np.ones((3, 3, 1)) * np.array(colour))
    assert (reading.kind, reading.tone) == ("colour", tone)
    assert reading.evidence == pytest.approx(1)


def test_what_stands_for_red_is_sensitive_to_red_alone() -> None:
    reading = read(np.ones((3, 3, 1)) * np.array([2, -1, -1]))
    assert reading.primaries[0] == pytest.approx(1)
    assert reading.primaries[1] == reading.primaries[2] == 0


def test_a_blur_is_of_one_sign() -> None:
    bell = np.outer([1, 2, 1], [1, 2, 1])
    assert read(gray(bell)).kind == "blur"
    assert read(gray(-bell)).kind == "blur"


def test_a_centre_against_its_surround() -> None:
    rows, columns = np.mgrid[-2:3, -2:3]
    distance = rows**2 + columns**2
    difference = np.exp(-distance / 1.2) - 0.28 * np.exp(-distance / 6)
    reading = read(gray(difference - difference.mean()))
    assert reading.kind == "surround"


def test_noise_and_nothing_are_unstructured() -> None:
    kinds = [read(RNG.normal(size=(7, 7, 3))).kind for _round in range(50)]
    assert "edge" not in kinds
    assert "surround" not in kinds
    assert read(np.zeros((3, 3, 3))).kind == "none"
    assert read(np.zeros((3, 3, 3))).evidence == 0


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3, -1.0])
def test_a_reading_does_not_depend_on_the_size_of_the_weights(factor: float) -> None:
    kernel = RNG.normal(size=(3, 3, 3))
    one, other = read(kernel), read(kernel * factor)
    assert one.kind == other.kind
    assert one.evidence == pytest.approx(other.evidence, rel=1e-6)


@pytest.mark.parametrize("factor", [1e-5, 1e-4, 1e4])
def test_small_weights_are_read_as_well_as_large_ones(factor: float) -> None:
    rows, columns = np.mgrid[-2:3, -2:3]
    distance = rows**2 + columns**2
    difference = np.exp(-distance / 1.2) - 0.28 * np.exp(-distance / 6)
    assert read(gray(slope(45)) * factor).kind == "edge"
    assert read(gray(difference - difference.mean(), 1) * factor).kind == "surround"


@pytest.mark.parametrize("angle", [45, 135])
def test_diagonal_sobel_kernels_have_their_angle(angle: float) -> None:
    falling = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0.0]])  # bright above right: its edge falls to the right
    reading = read(gray(falling if angle == 135 else falling[:, ::-1]))
    assert reading.kind == "edge"
    assert reading.angle == pytest.approx(angle)


@pytest.mark.parametrize("side", [5, 7])
def test_a_bell_of_any_size_is_a_blur(side: int) -> None:
    places = np.arange(side) - side // 2
    bell = np.exp(-(places**2) / 2)
    assert read(gray(np.outer(bell, bell), 1)).kind == "blur"


def test_weights_that_are_no_numbers_are_not_read() -> None:
    kernel = np.ones((3, 3, 3))
    kernel[1, 1, 1] = np.nan
    assert (read(kernel).kind, read(kernel).evidence) == ("none", 0.0)


@pytest.mark.parametrize("shape", [(5, 5, 800, 64), (3, 3, 512, 512), (1, 1, 30, 2000), (7,)])
def test_evenly_spaced_weights_come_from_every_filter(shape: tuple[int, ...]) -> None:
    filters = np.broadcast_to(np.arange(shape[-1]), shape)
    taken = evenly(np.ascontiguousarray(filters), 20_000)
    assert set(np.unique(taken)) == set(range(shape[-1]))
    assert taken.size <= 45_000
