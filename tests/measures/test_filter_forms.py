"""Filters of a known form are called by its name, noise by none: over many of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from reportgen.measures.filter_forms import LEVEL, Reading, bars, noise, read

SIDES = (3, 5, 7, 11)
ANGLES = range(0, 180, 15)


def gray(plane: np.ndarray, channels: int = 3) -> np.ndarray:
    return np.repeat(np.asarray(plane, float)[..., None], channels, axis=-1)


def one(kernel: np.ndarray) -> Reading:
    return read(np.asarray(kernel, float)[..., None])[0]


def turned(side: int, angle: float, fine: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates across and along a line at this angle, anticlockwise from the horizontal, as one sees it."""
    places = (np.arange(side * fine) + 0.5) / fine - side / 2
    y, x = np.meshgrid(places, places, indexing="ij")
    turn = np.deg2rad(angle)
    return x * np.sin(turn) + y * np.cos(turn), x * np.cos(turn) - y * np.sin(turn)


def pixels(plane: np.ndarray, side: int) -> np.ndarray:
    """The mean of the points of each pixel."""
    fine = len(plane) // side
    return plane.reshape(side, fine, side, fine).mean(axis=(1, 3))


def edges(side: int) -> Iterator[tuple[float, np.ndarray]]:
    for angle in ANGLES:
        across, along = turned(side, angle, 8)
        yield angle, pixels(np.sign(across), side)
        yield angle, pixels((across > 0).astype(float), side)
        across, along = turned(side, angle)
        yield angle, across
        yield angle, np.tanh(across)
        yield angle, across * np.exp(-(across**2 + along**2) / (2 * (side / 4) ** 2))


def hard_edges(side: int) -> Iterator[tuple[float, np.ndarray]]:
    """As written by hand: the sign in the middle of each pixel."""
    return ((angle, np.sign(np.round(turned(side, angle)[0], 9))) for angle in ANGLES)


def bars_of(side: int) -> Iterator[tuple[float, np.ndarray]]:
    for angle in ANGLES:
        across, _along = turned(side, angle, 8)
        for half in (0.5, 1.0, 1.5)[: side // 3 if side > 3 else 1]:
            plane = pixels((np.abs(across) < half).astype(float), side)
            yield angle, plane
            yield angle, plane.mean() - plane


def gabors(side: int) -> Iterator[tuple[float, np.ndarray]]:
    for angle in ANGLES[::2] if side < 11 else ANGLES[::4]:
        across, along = turned(side, angle)
        for length in (side / 2.5, side / 2, side / 1.5, side / 1.25):
            for spread in (side / 6, side / 4):
                for phase in np.arange(0, 2 * np.pi, np.pi / 4):
                    bell = np.exp(-(across**2 + along**2) / (2 * spread**2))
                    yield angle, np.cos(2 * np.pi * across / length + phase) * bell


def bell(side: int, spread: float) -> np.ndarray:
    across, along = turned(side, 0)
    return np.exp(-(across**2 + along**2) / (2 * spread**2))


def blurs(side: int) -> Iterator[np.ndarray]:
    yield np.ones((side, side))
    for spread in np.linspace(max(0.85, side / 8), side / 2.5, 12):
        yield bell(side, spread)
        yield -bell(side, spread)


def surrounds(side: int) -> Iterator[np.ndarray]:
    for spread in np.linspace(side / 8, side / 6, 6) if side > 3 else (0.6, 0.7):
        for ratio in (1.6, 2.0, 2.5):
            centre, ring = bell(side, spread), bell(side, spread * ratio)
            yield centre / centre.sum() - ring / ring.sum()
            yield ring / ring.sum() - centre / centre.sum()
    sharper = -np.ones((side, side))
    sharper[side // 2, side // 2] = side**2 - 1
    yield sharper


def hues() -> Iterator[np.ndarray]:
    yield from map(np.array, [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1.0)])
    yield from map(np.array, [(1, -1, 0), (-1, -1, 2), (1, 0, -1), (2, -1, -1), (-1, 2, -1.0)])


def coloured(side: int) -> Iterator[np.ndarray]:
    for hue in hues():
        for spread in (side / 5, side / 4, side / 3, 99):
            yield bell(side, spread)[..., None] * hue
    for centre, ring in ((0, 1), (1, 0), (2, 0), (2, 1)):
        kernel = np.zeros((side, side, 3))
        kernel[..., centre] = bell(side, side / 6) / bell(side, side / 6).sum()
        kernel[..., ring] = -bell(side, side / 3) / bell(side, side / 3).sum()
        yield kernel


def noisy(kernels: list[np.ndarray], share: float, seed: int = 1) -> np.ndarray:
    """The kernels side by side, with noise of this share of their own size."""
    random = np.random.default_rng(seed)
    return np.stack([
        kernel + random.normal(size=kernel.shape) * share * np.sqrt((kernel**2).mean()) for kernel in kernels
    ], axis=-1)


def apart(found: float, true: float) -> float:
    return abs((found - true + 90) % 180 - 90)


def right(kernels: list[np.ndarray], kinds: set[str], share: float) -> float:
    readings = read(noisy(kernels, share))
    return sum(reading.kind in kinds for reading in readings) / len(readings)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", SIDES)
def test_noise_is_called_unstructured(side: int, channels: int) -> None:
    """Many filters of each: at most 5 % get any name, whether the noise is normal or uniform."""
    random, count = np.random.default_rng(5), 500 if side < 7 else 100
    for filters in (random.normal(size=(side, side, channels, count)), random.uniform(-1, 1, (side, side, channels, count))):
        kinds = Counter(reading.kind for reading in read(filters))
        assert kinds["none"] >= 0.95 * count, kinds


@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize(("side", "channels"), [(3, 1), (3, 3), (5, 1), (5, 3), (7, 3), (11, 1)])
def test_edges_are_edges_with_their_angle(side: int, channels: int, share: float) -> None:
    known = list(edges(side))
    readings = read(noisy([gray(plane, channels) for _angle, plane in known], share))
    named = [reading.kind == "edge" and not reading.tone for reading in readings]
    assert sum(named) >= 0.95 * len(named)
    off = [apart(reading.angle, angle) for reading, (angle, _plane) in zip(readings, known, strict=True) if reading.directed]
    assert np.quantile(off, 0.95) <= (2.0 if not share else 6.0 if side == 3 else 3.0)
    assert np.median(off) <= (0.5 if not share else 2.5 if side == 3 else 1.0)


@pytest.mark.parametrize("side", SIDES)
def test_edges_written_by_hand_are_edges(side: int) -> None:
    """The sign in the middle of a pixel is the same for a range of angles: the middle of that range is told."""
    known = list(hard_edges(side))
    readings = read(noisy([gray(plane) for _angle, plane in known], 0))
    assert {reading.kind for reading in readings} == {"edge"}
    range_of_three = {3: 11.5, 5: 6.0, 7: 6.0, 11: 2.0}
    assert max(apart(reading.angle, angle) for reading, (angle, _plane) in zip(readings, known, strict=True)) <= range_of_three[side]


@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize(("side", "channels"), [(3, 1), (3, 3), (5, 1), (5, 3), (7, 3), (11, 1)])
def test_bars_are_lines(side: int, channels: int, share: float) -> None:
    known = list(bars_of(side))
    readings = read(noisy([gray(plane, channels) for _angle, plane in known], share))
    assert sum(reading.kind == "line" for reading in readings) >= 0.95 * len(readings)
    off = [apart(reading.angle, angle) for reading, (angle, _plane) in zip(readings, known, strict=True) if reading.directed]
    assert np.median(off) <= 3.0 if side == 3 else np.quantile(off, 0.95) <= 3.5


@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize("side", [7, 11])
def test_gabors_of_every_phase_have_a_direction(side: int, share: float) -> None:
    known = list(gabors(side))
    readings = read(noisy([gray(plane) for _angle, plane in known], share))
    assert all(reading.directed and not reading.tone for reading in readings)
    assert sum(reading.kind == "stripes" for reading in readings) > len(readings) / 3
    off = [apart(reading.angle, angle) for reading, (angle, _plane) in zip(readings, known, strict=True)]
    assert np.quantile(off, 0.95) <= 2.5


@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize(("side", "channels"), [(3, 1), (3, 3), (5, 1), (5, 3), (7, 3), (11, 1)])
def test_spots_are_told_apart(side: int, channels: int, share: float) -> None:
    points = []
    for place in range(side**2):
        point = np.zeros(side**2)
        point[place] = 1 if place % 2 else -1
        points.append(gray(point.reshape(side, side), channels))
    assert right(points, {"point"}, share) >= 0.95
    assert right([gray(plane, channels) for plane in blurs(side)], {"blur"}, share) >= 0.95
    assert right([gray(plane, channels) for plane in surrounds(side)], {"surround"}, share) >= 0.95


@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize("side", SIDES)
def test_what_has_one_hue_is_for_a_colour(side: int, share: float) -> None:
    assert right(list(coloured(side)), {"colour"}, share) >= 0.95


@pytest.mark.parametrize(("hue", "tone"), [
    ((1, -1, 0), "red-green"), ((-1, 1, 0), "red-green"), ((-0.5, -0.5, 1), "yellow-blue"), ((2, -1, -1), "red-cyan"),
    ((1, 0, -1), "orange-blue"), ((-1, 2, -1), "green-magenta"), ((1, 0, 0), "red-cyan"), ((1, 1, 0), "yellow-blue"),
])
def test_a_hue_has_its_pair_of_colours(hue: tuple[float, ...], tone: str) -> None:
    reading = one(np.ones((5, 5, 1)) * np.array(hue))
    assert (reading.kind, reading.tone) == ("colour", tone)
    assert reading.evidence == pytest.approx(1)


def test_an_edge_between_two_colours_is_an_edge_with_a_tone() -> None:
    reading = one(turned(5, 45)[0][..., None] * np.array([1, -1, 0]))
    assert (reading.kind, reading.tone) == ("edge", "red-green")
    assert apart(reading.angle, 45) < 1


def test_what_stands_for_red_is_sensitive_to_red_alone() -> None:
    reading = one(np.ones((3, 3, 1)) * np.array([2, -1, -1]))
    assert reading.primaries[0] == pytest.approx(1)
    assert reading.primaries[1] == reading.primaries[2] == 0


def test_how_much_a_horizontal_and_a_vertical_edge_explain_is_told_of_every_filter() -> None:
    across, _along = turned(5, 0)
    assert one(gray(across)).horizontal == pytest.approx(1, abs=1e-6)
    assert one(gray(across.T)).vertical == pytest.approx(1, abs=1e-6)
    assert one(gray(across)).vertical < 0.1


@pytest.mark.parametrize("factor", [1e-5, 1e-3, 1e3, -1.0])
def test_a_reading_does_not_depend_on_the_size_of_the_weights(factor: float) -> None:
    for kernel in (np.random.default_rng(0).normal(size=(3, 3, 3)), gray(turned(3, 45)[0])):
        plain, scaled = one(kernel), one(kernel * factor)
        assert plain.kind == scaled.kind
        assert plain.evidence == pytest.approx(scaled.evidence, rel=1e-4)


def test_nothing_and_what_is_no_number_are_not_read() -> None:
    assert one(np.zeros((3, 3, 3))) == Reading("none", 0.0)
    broken = np.ones((3, 3, 3))
    broken[1, 1, 1] = np.nan
    assert one(broken) == Reading("none", 0.0)


@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (3, 5), (2, 2), (4, 4)])
def test_filters_of_every_shape_are_read(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    readings = read(random.normal(size=(*shape, 3, 200)))
    assert sum(reading.kind == "none" for reading in readings) >= 180


def test_the_bars_are_what_one_in_two_hundred_filters_of_noise_reaches() -> None:
    null = noise(3, 3, 3)
    fresh = read(np.random.default_rng(11).normal(size=(3, 3, 3, 4000)))
    form, _mean, _hue = bars(null)
    above = sum(reading.evidence >= form for reading in fresh if reading.kind in ("edge", "line", "point", "surround"))
    assert above <= 4000 * LEVEL * 2.5
