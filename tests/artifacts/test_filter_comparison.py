"""The strongest filters side by side."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.filter_comparison import FilterComparison
from reportgen.probe import Layer, Layers
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings, named
from tests.artifacts.test_filters import with_kernel
from tests.fakes import FakeProbe, fake_study


def two(first: np.ndarray, second: np.ndarray) -> Study:
    probe = FakeProbe()
    probe.layers = Layers([
        probe.layers[0], Layer("a", "Conv2D", "convolution", (8, 8, first.shape[-1]), ("image",)),
        Layer("b", "Conv2D", "convolution", (8, 8, second.shape[-1]), ("a",)),
    ])
    probe._weights = {"a": {"kernel": first.astype(np.float32)}, "b": {"kernel": second.astype(np.float32)}}
    return fake_study(probe=probe)


def test_the_chart_holds_the_means_and_deviations_of_the_weights() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(size=(3, 3, 3, 8)), random.normal(size=(3, 3, 8, 4)) * 0.5
    blocks = list(FilterComparison().blocks(two(first, second)))
    means, deviations = named(blocks, "filters_comparison:sizes").series
    assert means.values == pytest.approx((np.abs(first).mean(), np.abs(second).mean()), rel=1e-5)
    assert deviations.values == pytest.approx((first.std(), second.std()), rel=1e-5)
    (told,) = findings(blocks)
    assert f"{np.abs(second).mean() / np.abs(first).mean():.2f} times as large" in told
    check_words(blocks)


def test_each_filter_is_stretched_over_its_own_range() -> None:
    kernel = np.ones((3, 3, 4, 2))
    kernel[..., 1] = -0.01
    gallery = named(list(FilterComparison().blocks(with_kernel("c", kernel))), "filters_comparison:filters")
    pixels = np.asarray(Image.open(io.BytesIO(gallery.pictures[0].data)))
    assert (pixels[:, :3] == 126).all()
    assert (pixels[:, 4:7] == 0).all()
    assert str(gallery.notes[0]) == "filters 0, 1"


def test_a_layer_of_zeros_is_drawn_and_no_ratio_is_made_of_it() -> None:
    blocks = list(FilterComparison().blocks(two(np.zeros((3, 3, 3, 4)), np.ones((3, 3, 4, 2)))))
    assert len(named(blocks, "filters_comparison:filters").pictures) == 2
    assert findings(blocks) == []


def test_convolutions_of_one_pixel_are_left_out(study: Study) -> None:
    assert named(list(FilterComparison().blocks(study)), "filters_comparison:filters").labels == ("edges",)
    with pytest.raises(NotApplicable, match="larger than 1 × 1"):
        list(FilterComparison().blocks(with_kernel("c", np.ones((1, 1, 4, 2)))))


def test_a_sequences_convolution_is_not_left_out() -> None:
    blocks = list(FilterComparison().blocks(with_kernel("c", np.ones((5, 4, 2)), "Conv1D")))
    assert named(blocks, "filters_comparison:filters").labels == ("c",)
