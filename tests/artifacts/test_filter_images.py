"""Every filter as a picture: the pixels are the weights."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen import imaging
from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.filter_images import FilterImages
from reportgen.probe import Layer, Layers
from reportgen.report.blocks import Figure, Gallery, Note, Picture, Prose
from reportgen.study import Study
from tests.artifacts.scripted import check_words, table
from tests.artifacts.test_filters import with_kernel
from tests.fakes import FakeProbe, fake_study


def drawn(study: Study, **parameters) -> list:  # type: ignore[no-untyped-def]
    blocks = list(FilterImages(**parameters).blocks(study))
    check_words(blocks)
    return blocks


def figures(blocks: list) -> list[Figure]:
    return [block for block in blocks if isinstance(block, Figure)]


def tile(block: Figure | Gallery, number: int, picture: Picture | None = None) -> np.ndarray:
    """The palette positions (or colours) of one tile, cut out by the grid's own definition."""
    picture = picture or block.picture  # type: ignore[union-attr]
    grid = picture.grid
    assert grid is not None
    left = number % grid.columns * (grid.tile_width + grid.gap)
    top = number // grid.columns * (grid.tile_height + grid.gap)
    pixels = np.asarray(Image.open(io.BytesIO(picture.data)))
    return pixels[top : top + grid.tile_height, left : left + grid.tile_width]


def test_tiles_of_a_deep_layer_are_the_means_over_inputs_on_one_scale() -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 5, 8, 6)).astype(np.float32)
    (figure,) = figures(drawn(with_kernel("c", kernel)))
    means = kernel.mean(axis=2)
    assert figure.scale is not None
    assert figure.scale.high == -figure.scale.low == pytest.approx(np.abs(means).max())
    for number in range(6):
        assert np.array_equal(tile(figure, number), imaging.levels(means[..., number], figure.scale))


def test_colours_are_half_plus_half_the_weight_over_its_filters_largest() -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 7)).astype(np.float32)
    kernel[..., 4] = 0
    (figure,) = figures(drawn(with_kernel("c", kernel)))
    for number in range(7):
        bound = np.abs(kernel[..., number]).max() or 1
        expected = (0.5 + 0.5 * kernel[..., number] / bound) * 255
        assert np.abs(tile(figure, number) - expected).max() <= 0.51


def test_a_matrix_has_a_row_for_each_input_and_a_column_for_each_filter() -> None:
    matrix = np.array([[1, 0, -1], [0.5, 0, 0]])
    (figure,) = figures(drawn(with_kernel("c", matrix[None, None])))
    pixels = np.asarray(Image.open(io.BytesIO(figure.picture.data)))
    assert pixels.tolist() == [[126, 63, 0], [94, 63, 63]]


def galleries(blocks: list) -> list[Gallery]:
    return [block for block in blocks if isinstance(block, Gallery)]


@pytest.mark.parametrize(("asked", "shown"), [(6, 5), (3, 3), (0, 5)])
def test_the_grid_of_channels_has_a_picture_for_each_filter_and_in_it_a_numbered_tile_for_each_channel(asked: int, shown: int) -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 5)).astype(np.float32)
    (grid,) = galleries(drawn(with_kernel("c", kernel), channels=4, filters=asked))
    assert grid.scale is not None
    assert [str(label) for label in grid.labels] == [f"filter {number}" for number in range(shown)]
    for number, picture in enumerate(grid.pictures):
        assert picture.grid is not None
        assert (picture.grid.columns, picture.grid.numbers) == (4, (0, 1, 2, 3))
        for channel in range(4):
            assert np.array_equal(tile(grid, channel, picture), imaging.levels(kernel[..., channel, number], grid.scale))


def test_more_channels_than_there_are_is_all_of_them() -> None:
    (grid,) = galleries(drawn(with_kernel("c", np.ones((3, 3, 2, 5))), channels=9))
    assert "first 2 of 2 input channels" in str(grid.caption)


def test_depthwise_tiles_are_ordered_by_input_then_multiplier() -> None:
    kernel = np.arange(12, dtype=np.float32).reshape(1, 1, 6, 2) * np.ones((3, 3, 1, 1), np.float32)
    (figure,) = figures(drawn(with_kernel("c", kernel, "DepthwiseConv2D")))
    assert figure.scale is not None
    for number in range(12):
        assert (tile(figure, number) == imaging.levels(np.full((3, 3), number), figure.scale)).all()


def test_both_kernels_of_a_separable_convolution_are_drawn_and_listed() -> None:
    study = with_kernel("c", np.ones((3, 3, 6, 1)), "SeparableConv2D", "depthwise_kernel")
    study.probe._weights["c"]["pointwise_kernel"] = np.ones((1, 1, 6, 5), np.float32)  # type: ignore[attr-defined]
    blocks = drawn(study)
    assert [figure.name for figure in figures(blocks)] == ["filters_c_depthwise", "filters_c_pointwise"]
    assert set(table(blocks, "filter_images_table")) == {"c (depthwise)", "c (pointwise)"}


def test_a_volume_gives_its_middle_slice_and_says_so() -> None:
    kernel = np.zeros((3, 5, 5, 2, 4))
    kernel[1] = 1
    blocks = drawn(with_kernel("c", kernel, "Conv3D"))
    assert (tile(figures(blocks)[0], 0) == 126).all()
    assert ["middle slice is shown" in str(block.text) for block in blocks if isinstance(block, Prose)] == [True]


def test_a_sequences_kernel_lies_on_its_side() -> None:
    kernel = np.zeros((5, 4, 2))
    kernel[3, :, 0] = 1
    (figure,) = figures(drawn(with_kernel("c", kernel, "Conv1D")))
    assert tile(figure, 0).tolist() == [[63, 63, 63, 126, 63]]


def test_layers_are_chosen_by_pattern(study: Study) -> None:
    assert [figure.name for figure in figures(drawn(study, layers=("m*",)))] == ["filters_mix"]
    assert len(figures(drawn(study, layers=("edges", "mix")))) == 2
    with pytest.raises(NotApplicable, match="no convolution called oops"):
        drawn(study, layers=("oops",))


def test_a_network_without_convolutions_is_skipped_with_a_reason() -> None:
    probe = FakeProbe()
    probe.layers = Layers([probe.layers[0], Layer("d", "Dense", "dense", (3,), ("image",))])
    for parameters in ({}, {"layers": ("d",)}):
        with pytest.raises(NotApplicable, match="^the network has no convolution$"):
            drawn(fake_study(probe=probe), **parameters)


def test_the_count_and_the_table_are_those_of_the_weights(study: Study) -> None:
    blocks = drawn(study)
    notes = [str(block.text) for block in blocks if isinstance(block, Note)]
    assert notes == ["6 filters in 2 convolution(s) were drawn."]
    row = table(blocks, "filter_images_table")["edges"]
    kernel = study.probe.weights("edges")["kernel"]
    assert (row["Filters"], row["Size"], row["Inputs"], row["Largest weight"]) == (4, "3 × 3", 3, 1.0)
    assert row["Standard deviation"] == pytest.approx(kernel.std())
