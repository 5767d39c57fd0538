"""Occlusion, RISE and masks of channels on scores that are known in closed form."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from reportgen.artifacts.hiding_maps import HidingMaps
from reportgen.attention import hiding
from reportgen.attention.amounts import patch_of
from reportgen.attention.maps import maps_of
from reportgen.probe import Target
from reportgen.report.blocks import Note
from reportgen.study import MapSettings
from tests.fakes import FakeProbe, fake_study


class Linear:
    """A probe whose scores are sums of weighted pixels."""

    def __init__(self, *weights: np.ndarray) -> None:
        self.weights = weights
        self.asked: list[int] = []

    def evaluate(self, batch: np.ndarray, targets: Sequence[Target]) -> np.ndarray:
        """Images × targets."""
        self.asked.append(len(batch))
        return np.array([[float((image * self.weights[t.channel]).sum()) for t in targets] for image in batch])


def told(share: float) -> None:
    assert 0 < share <= 1


def test_windows_reach_the_end_and_do_not_leave_the_image() -> None:
    assert hiding.windows(10, 4, 2) == [0, 2, 4, 6]
    assert hiding.windows(11, 4, 2) == [0, 2, 4, 6, 7]
    assert hiding.windows(3, 8, 4) == [0]
    assert hiding.windows(5, 1, 1) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("shape", [(7, 12, 3), (12, 7, 1)])
def test_occlusion_of_a_linear_score_pixel_by_pixel(shape: tuple[int, int, int]) -> None:
    """With windows of one pixel and black, the loss is weight × pixel, also where height is not width."""
    random = np.random.default_rng(0)
    pixels, weights = random.random(shape).astype(np.float32), random.normal(size=shape)
    settings = MapSettings(patch=1, stride=1, fill="black")
    found = hiding.occlusion(Linear(weights), pixels, [Target(0)], settings, told)  # type: ignore[arg-type]
    assert found[..., 0] == pytest.approx((pixels * weights).sum(axis=-1), abs=1e-4)


def test_occlusion_finds_the_one_place_that_counts_in_a_wide_image() -> None:
    weights = np.zeros((10, 30, 1))
    weights[2, 25] = 1
    pixels = np.ones((10, 30, 1), np.float32)
    settings = MapSettings(patch=3, stride=1, fill="black")
    found = hiding.occlusion(Linear(weights), pixels, [Target(0)], settings, told)[..., 0]  # type: ignore[arg-type]
    assert found[2, 25] == found.max() == 1
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max()) == (0, 4)
    assert (columns.min(), columns.max()) == (23, 27)


def test_one_round_of_windows_serves_all_goals_a_few_images_at_a_time() -> None:
    pixels = np.ones((20, 20, 1), np.float32)
    probe = Linear(np.ones((20, 20, 1)), np.zeros((20, 20, 1)))
    found = hiding.occlusion(probe, pixels, [Target(0), Target(1)], MapSettings(patch=4, stride=2), told)  # type: ignore[arg-type]
    assert found.shape == (20, 20, 2)
    assert max(probe.asked) <= hiding.AT_ONCE
    assert sum(probe.asked) == 9 * 9 + 1


@pytest.mark.parametrize("size", [(8, 8), (9, 40), (33, 5), (1, 3)])
def test_random_masks_fit_and_show_about_half(size: tuple[int, int]) -> None:
    masks = np.stack(list(hiding.random_masks(size, MapSettings(masks=200))))
    assert masks.shape == (200, *size)
    assert masks.min() >= 0
    assert masks.max() <= 1
    assert masks.mean() == pytest.approx(0.5, abs=0.06)
    again = np.stack(list(hiding.random_masks(size, MapSettings(masks=200))))
    assert (masks == again).all()


def test_rise_is_brightest_where_the_network_looks() -> None:
    pixels = np.ones((16, 32, 1), np.float32)

    def ask(batch: np.ndarray) -> np.ndarray:
        return np.stack([batch[:, 3:7, 24:28].mean(axis=(1, 2, 3)), np.full(len(batch), 0.4)], axis=1)

    found = hiding.rise(pixels, ask, MapSettings(masks=300, fill="black"), told)
    row, column = np.unravel_index(found[..., 0].argmax(), (16, 32))
    assert 1 <= row <= 8
    assert 22 <= column <= 30
    assert found[..., 1] == pytest.approx(0.4, abs=1e-6), "a score that does not depend on the image gives an even map"


def test_channels_are_weighted_by_what_they_bring_back() -> None:
    maps = np.zeros((4, 8, 3), np.float32)
    maps[:, :4, 0] = 5  # shows the left half
    maps[:, 4:, 1] = -2  # shows the left half too: its largest values are there
    maps[..., 2] = 7  # the same everywhere: brings nothing
    pixels = np.ones((8, 16, 1), np.float32)

    def ask(batch: np.ndarray) -> np.ndarray:
        return batch[:, :, :8].mean(axis=(1, 2, 3))[:, None] * [[1.0, -1.0]]

    found = hiding.channel_weights(pixels, maps, ask, MapSettings(fill="black"), told)
    assert found.shape == (3, 2)
    assert found[0, 0] > 0.9
    assert found[1, 0] == pytest.approx(found[0, 0])
    assert found[2].tolist() == [0, 0]
    assert found[:, 1] == pytest.approx(-found[:, 0])


@pytest.mark.parametrize(("size", "silent"), [(1.0, False), (1e-6, True)])
def test_a_loss_no_larger_than_rounding_is_no_map(size: float, silent: bool) -> None:
    """The same network, whose scores change by nothing that a probability could show."""

    class Small(FakeProbe):
        """Its scores are as large as `size`."""

        def __init__(self) -> None:
            super().__init__()
            self._weights["scores"] = {name: size * weight for name, weight in self._weights["scores"].items()}

    study = dataclasses.replace(
        fake_study(probe=Small()), maps=MapSettings(patch=2, stride=1, masks=40), memory={}
    )
    maps = maps_of(study, study.samples[0])
    for method in ("occlusion", "rise"):
        heat = maps.heat(method, maps.goals[0])
        assert (heat.reason is not None) == silent
        assert heat.values.any() != silent
    assert ("rounding" in str(maps.heat("occlusion", maps.goals[0]).reason)) == silent
    findings = [block for block in HidingMaps().blocks(study, study.samples[0])
                if isinstance(block, Note) and block.level == "finding"]
    assert bool(findings) != silent


@pytest.mark.parametrize("side", [3, 4, 64])
@pytest.mark.parametrize("told", [{"stride": 3}, {"stride": 7}, {"stride": 20}, {"patch": 24, "stride": 24}, {}])
def test_no_pixel_is_left_between_windows(side: int, told: dict[str, int]) -> None:
    patch, step = patch_of(side, MapSettings(**told))
    for longer in (side, 10 * side):
        covered = {place for start in hiding.windows(longer, patch, step) for place in range(start, start + patch)}
        assert covered == set(range(longer))


def test_a_step_that_leaves_gaps_is_refused() -> None:
    with pytest.raises(ValueError, match="stride must be at most patch"):
        MapSettings(patch=4, stride=5)
