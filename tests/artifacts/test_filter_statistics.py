"""The weights in numbers, against NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.filter_statistics import FilterStatistics
from reportgen.probe import Layer, Layers
from reportgen.report import codec
from reportgen.report.document import Section
from reportgen.text import _
from tests.artifacts.scripted import findings, named, table
from tests.artifacts.test_filters import with_kernel
from tests.fakes import FakeProbe, fake_study

RNG = np.random.default_rng(3)


def told(kernel: np.ndarray, **parameters: float) -> list:
    return list(FilterStatistics(**parameters).blocks(with_kernel("c", kernel)))


def test_norms_are_those_of_the_filters() -> None:
    kernel = RNG.normal(size=(3, 3, 4, 8))
    blocks = told(kernel)
    euclid = np.linalg.norm(kernel.reshape(-1, 8), axis=0)
    row = table(blocks, "filter_statistics_table")["c"]
    assert row["L2 norm"] == pytest.approx(euclid.mean(), rel=1e-5)
    assert row["Largest"] == pytest.approx(np.abs(kernel).max(), rel=1e-6)
    second, first = named(blocks, "filter_statistics:norms").series
    assert second.spread == pytest.approx((euclid.std(),), rel=1e-4)
    assert first.values == pytest.approx((np.abs(kernel).sum(axis=(0, 1, 2)).mean(),), rel=1e-5)


def test_the_distribution_is_the_histogram_of_the_weights() -> None:
    kernel = RNG.normal(size=(3, 3, 16, 64)).astype(np.float32)
    chart = named(told(kernel), "filter_statistics:distribution")
    width = chart.positions[1] - chart.positions[0]
    (series,) = chart.series
    inside = [((kernel >= middle - width / 2) & (kernel < middle + width / 2)).mean() for middle in chart.positions]
    assert series.values == pytest.approx(inside, abs=3e-4)
    assert sum(series.values) == pytest.approx(0.99, abs=2e-3), "the largest one in a hundred lies outside"
    assert chart.positions == pytest.approx([-middle for middle in reversed(chart.positions)])


def test_every_filter_has_its_share_in_the_curve_of_a_large_layer() -> None:
    kernel = np.full((5, 5, 1000, 256), -1, np.float32)
    kernel[..., 0] = 1
    chart = named(told(kernel), "filter_statistics:distribution")
    assert chart.series[0].values[-1] == pytest.approx(1 / 256, rel=0.1)


def test_doubles_are_counted_in_pairs_and_opposites_are_none() -> None:
    kernel = RNG.normal(size=(3, 3, 4, 6))
    kernel[..., 2] = kernel[..., 4] = kernel[..., 0] * 3
    kernel[..., 5] = -kernel[..., 0]
    blocks = told(kernel)
    assert table(blocks, "filter_statistics_table")["c"]["Doubles"] == 3
    assert any(words.startswith("3 pairs of filters among 6") for words in findings(blocks))


def test_how_alike_doubles_must_be_is_up_to_the_reader() -> None:
    kernel = RNG.normal(size=(3, 3, 4, 2))
    one, noise = kernel[..., 0], kernel[..., 1]
    noise = noise - one * (one * noise).sum() / (one**2).sum()
    noise *= np.linalg.norm(one) / np.linalg.norm(noise)
    kernel[..., 1] = 0.8 * one + 0.6 * noise
    assert "No two filters of a layer are alike (cosine of at least 0.95)." in findings(told(kernel))
    assert table(told(kernel, alike=0.79), "filter_statistics_table")["c"]["Doubles"] == 1


def test_empty_filters_are_those_far_below_the_median_and_are_no_doubles() -> None:
    kernel = RNG.normal(size=(3, 3, 4, 9))
    kernel[..., [2, 7]] = 1e-5
    blocks = told(kernel)
    assert table(blocks, "filter_statistics_table")["c"]["Empty"] == 2
    assert table(blocks, "filter_statistics_table")["c"]["Doubles"] == 0
    assert findings(blocks, "info") == ["Empty filters of `c`: 2, 7."]
    assert any(words.startswith("2 filters of 9 are empty") for words in findings(blocks))


def test_all_zeros_are_all_empty() -> None:
    assert table(told(np.zeros((3, 3, 4, 5))), "filter_statistics_table")["c"]["Empty"] == 5


def test_a_long_list_is_cut() -> None:
    kernel = RNG.normal(size=(3, 3, 4, 60))
    kernel[..., :25] = 0
    assert findings(told(kernel), "info")[0].endswith("18, 19, ….")


def test_filters_of_very_few_weights_are_not_compared() -> None:
    blocks = told(np.ones((1, 1, 3, 5)))
    assert table(blocks, "filter_statistics_table")["c"]["Doubles"] is None
    assert any(words.startswith("Not compared") and words.endswith(": c.") for words in findings(blocks, "info"))
    assert not any("No two filters" in words for words in findings(blocks))


@pytest.mark.parametrize("shape", [(1, 1, 4, 64), (1, 1, 6, 64), (3, 3, 1, 64), (3, 3, 3, 64)])
def test_random_filters_have_hardly_any_doubles(shape: tuple[int, ...]) -> None:
    """40 layers of each size: whether they are compared or not, fewer than one in two has a double."""
    found = sum(
        table(told(np.random.default_rng(seed).normal(size=shape)), "filter_statistics_table")["c"]["Doubles"] not in (None, 0)
        for seed in range(40)
    )
    assert found <= 16


def test_weights_that_are_no_numbers_are_neither_trained_nor_hide_the_others() -> None:
    probe = FakeProbe()
    broken = RNG.normal(size=(3, 3, 3, 4)).astype(np.float32)
    broken[0, 0, 0, 0] = np.nan
    whole = RNG.normal(size=(3, 3, 4, 8)).astype(np.float32)
    probe.layers = Layers([
        probe.layers[0],
        Layer("a", "Conv2D", "convolution", (8, 8, 4), ("image",), initializer="HeNormal"),
        Layer("b", "Conv2D", "convolution", (8, 8, 8), ("a",), initializer="HeNormal"),
    ])
    probe._weights = {"a": {"kernel": broken}, "b": {"kernel": whole}}
    blocks = list(FilterStatistics().blocks(fake_study(probe=probe)))
    rows = table(blocks, "filter_statistics_table")
    assert (str(rows["a"]["Looks"]), str(rows["b"]["Looks"])) == ("cannot be told", "moved by training")
    assert sum(named(blocks, "filter_statistics:distribution").series[1].values) > 0.9
    words = _("words")
    codec.dumps(Section("s", "s", "filters", words, words, words, tuple(blocks)))


def test_an_unknown_initializer_cannot_be_told() -> None:
    probe = FakeProbe()
    probe.layers = Layers([
        probe.layers[0], Layer("edges", "Conv2D", "convolution", (8, 8, 4), ("image",), initializer="Orthogonal"),
    ])
    row = table(list(FilterStatistics().blocks(fake_study(probe=probe))), "filter_statistics_table")["edges"]
    assert (str(row["Looks"]), row["Distance to fresh"]) == ("cannot be told", None)


def test_a_network_without_convolutions_is_skipped_with_a_reason() -> None:
    probe = FakeProbe()
    probe.layers = Layers([probe.layers[0], Layer("d", "Dense", "dense", (3,), ("image",))])
    with pytest.raises(NotApplicable, match="no convolution"):
        list(FilterStatistics().blocks(fake_study(probe=probe)))
