"""Class activation maps against the papers' formulas, written out place by place."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.attention import cam


def layer(seed: int = 0, height: int = 4, width: int = 5, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    answers = np.maximum(random.normal(0.3, 1, (height, width, channels)), 0).astype(np.float32)
    return answers, random.normal(0, 1, (height, width, channels)).astype(np.float32)


def test_gradcam_is_the_papers_sum_with_its_relu() -> None:
    answers, slopes = layer()
    by_hand = np.zeros(answers.shape[:2])
    for k in range(answers.shape[-1]):
        by_hand += slopes[..., k].mean() * answers[..., k]
    assert (by_hand < 0).any(), "the example must need the ReLU that some tools left out"
    assert cam.make_map("gradcam", answers, slopes) == pytest.approx(np.maximum(by_hand, 0), abs=1e-6)


def test_gradcam_plus_plus_by_the_papers_derivatives() -> None:
    """Equation 19 with the first, second and third derivative of the class score e^S by hand."""
    answers, slopes = layer(1)
    by_hand = np.zeros(answers.shape[:2])
    score = 0.7
    for k in range(answers.shape[-1]):
        g = slopes[..., k].astype(np.float64)
        first, second, third = np.exp(score) * g, np.exp(score) * g**2, np.exp(score) * g**3
        below = 2 * second + answers[..., k].sum() * third
        alpha = np.divide(second, below, out=np.zeros_like(g), where=below != 0)
        by_hand += (alpha * np.maximum(first, 0)).sum() * answers[..., k]
    found = cam.make_map("gradcam_plus_plus", answers, slopes)
    assert found * np.exp(score) == pytest.approx(np.maximum(by_hand, 0), rel=1e-4)


def test_xgradcam_weights_by_where_the_channel_answered() -> None:
    answers, slopes = layer(2)
    weights = [(slopes[..., k] * answers[..., k] / answers[..., k].sum()).sum() for k in range(3)]
    by_hand = np.maximum(sum(weight * answers[..., k] for k, weight in enumerate(weights)), 0)
    assert cam.make_map("xgradcam", answers, slopes) == pytest.approx(by_hand, abs=1e-5)


def test_hirescam_and_layercam_weight_every_place() -> None:
    answers, slopes = layer(3)
    assert cam.make_map("hirescam", answers, slopes) == pytest.approx(np.maximum((answers * slopes).sum(-1), 0), abs=1e-6)
    positive = np.maximum(slopes, 0)
    assert cam.make_map("layercam", answers, slopes) == pytest.approx((answers * positive).sum(-1), abs=1e-6)


@pytest.mark.parametrize("shape", [(4, 5, 3), (2, 2, 40)])
def test_eigencam_is_the_first_singular_vector(shape: tuple[int, int, int]) -> None:
    answers, slopes = layer(4, *shape)
    rows = answers.reshape(-1, shape[-1]).astype(np.float64)
    projected = rows @ np.linalg.svd(rows, full_matrices=False)[2][0]
    by_hand = np.maximum(projected * np.sign(projected.sum()), 0).reshape(shape[:2])
    assert cam.make_map("eigencam", answers, slopes) == pytest.approx(by_hand, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("name", list(cam.ONE_PASS))
def test_nothing_gives_a_number_that_is_none(name: str) -> None:
    answers, slopes = layer(5)
    silent = np.zeros_like(answers)
    constant = np.ones_like(answers)
    balanced = answers - answers.mean(axis=(0, 1))  # sums to zero: the divisor that XGrad-CAM must mind
    for said, slope in ((silent, slopes), (answers, silent), (silent, silent), (constant, slopes), (balanced, slopes),
                        (answers * 1e20, slopes * 1e-20), (-constant, constant)):
        found = cam.make_map(name, said, slope)
        assert found.shape == (4, 5)
        assert np.isfinite(found).all()
        assert (found >= 0).all()


@pytest.mark.parametrize("name", list(cam.ONE_PASS))
def test_the_order_of_channels_does_not_matter(name: str) -> None:
    answers, slopes = layer(6)
    order = [2, 0, 1]
    turned = cam.make_map(name, answers[..., order], slopes[..., order])
    assert turned == pytest.approx(cam.make_map(name, answers, slopes), abs=1e-4)


@pytest.mark.parametrize("name", list(cam.ONE_PASS))
def test_mirroring_the_layer_mirrors_the_map(name: str) -> None:
    answers, slopes = layer(7)
    mirrored = cam.make_map(name, answers[:, ::-1], slopes[:, ::-1])
    assert mirrored == pytest.approx(cam.make_map(name, answers, slopes)[:, ::-1], abs=1e-4)


def test_half_precision_is_worked_on_in_single_precision() -> None:
    answers, slopes = layer(8)
    half = cam.make_map("gradcam", (answers * 100).astype(np.float16), (slopes * 100).astype(np.float16))
    assert half.dtype == np.float32
    assert half == pytest.approx(cam.make_map("gradcam", answers * 100, slopes * 100), rel=1e-2, abs=5)


def test_large_layers_are_summed_in_blocks_without_a_change() -> None:
    answers, slopes = layer(9, 60, 50, 64)
    in_blocks = cam.make_map("gradcam_plus_plus", answers, slopes)
    below = 2 + answers.sum(axis=(0, 1)) * np.maximum(slopes, 0)
    weights = (np.maximum(slopes, 0) / below).sum(axis=(0, 1))
    assert in_blocks == pytest.approx(np.maximum(answers @ weights, 0), rel=1e-3)
