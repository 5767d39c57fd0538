"""Every channel of every layer as a picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen import imaging
from reportgen.artifacts.activation_maps import ActivationMaps
from reportgen.artifacts.base import NotApplicable
from reportgen.probe import Layer
from reportgen.report.blocks import Figure, Note
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings, look, named, scripted_study, table
from tests.fakes import FakeProbe, fake_study


def conv(answer: np.ndarray, name: str = "conv", activation: str = "relu") -> Study:
    layer = Layer(name, "Conv", "convolution", answer.shape, ("image",), 9, activation=activation)
    return scripted_study([layer], {name: answer})


def test_every_map_layer_has_a_figure_under_its_classic_name(study: Study) -> None:
    blocks = look(ActivationMaps(), study)
    figures = [block for block in blocks if isinstance(block, Figure)]
    names = [figure.name for figure in figures]
    assert names == ["activations_00_edges", "activations_01_pool", "activations_02_mix"]
    numbers = [figure.picture.grid.numbers for figure in figures if figure.picture.grid]
    assert numbers == [(0, 1, 2, 3), (0, 1, 2, 3), (0, 1)]
    check_words(blocks)


def test_tiles_hold_the_maps_at_native_resolution_on_one_scale(study: Study) -> None:
    answer = study.probe.trace(study.samples[0].pixels).outputs["edges"]
    figure = named(look(ActivationMaps(), study), "activations_00_edges")
    drawn = np.asarray(Image.open(io.BytesIO(figure.picture.data)))
    grid = figure.picture.grid
    for channel in range(4):
        top, left = channel // grid.columns * 9, channel % grid.columns * 9
        expected = imaging.levels(answer[..., channel], figure.scale)
        assert np.array_equal(drawn[top : top + 8, left : left + 8], expected)
    assert figure.scale.extent == "block"
    assert figure.scale.low == 0


def test_a_channel_may_have_a_scale_of_its_own(study: Study) -> None:
    figure = named(look(ActivationMaps(scale="channel"), study), "activations_00_edges")
    assert (figure.scale.extent, figure.scale.low, figure.scale.high) == ("tile", 0.0, 1.0)
    assert "each on a scale of its own" in str(figure.caption)


def test_the_table_tells_the_range_and_the_rest_why_it_is_missing(study: Study) -> None:
    blocks = look(ActivationMaps(), study)
    outputs = study.probe.trace(study.samples[0].pixels).outputs
    rows = table(blocks, "activation_maps")
    assert rows["mix"]["Largest"] == pytest.approx(outputs["mix"].max())
    assert rows["mix"]["Size of a map"] == "4 × 4"
    assert rows["edges"]["Strongest channel on average"] == int(outputs["edges"].mean(axis=(0, 1)).argmax())
    assert set(table(blocks, "activation_maps_not_drawn")) == {"image", "flat", "scores"}
    assert "10 maps of 3 layers" in findings(blocks)[0]


def test_all_artifacts_share_one_pass() -> None:
    from reportgen.artifacts.activation_heatmaps import ActivationHeatmaps
    from reportgen.artifacts.activation_statistics import ActivationStatistics
    from reportgen.artifacts.dense_layers import DenseLayers
    from reportgen.artifacts.input import InputImage
    from reportgen.artifacts.prediction import Prediction
    from reportgen.artifacts.progression import Progression
    from reportgen.probe.memo import MemoProbe

    probe = FakeProbe()
    study = fake_study(probe=MemoProbe(probe))  # type: ignore[arg-type]
    for artifact in (
        InputImage(), Prediction(), ActivationMaps(), ActivationHeatmaps(), ActivationStatistics(), DenseLayers(),
        Progression(),
    ):
        look(artifact, study)
    assert probe.passes == 1


def test_only_some_layers_on_demand_and_a_wrong_name_is_told(study: Study) -> None:
    blocks = look(ActivationMaps(layers=("mix", "mox")), study)
    assert [block.name for block in blocks if isinstance(block, Figure)] == ["activations_02_mix"]
    assert findings(blocks, "warning") == ["The network has no layer `mox`."]
    with pytest.raises(NotApplicable):
        look(ActivationMaps(layers=("mox",)), study)


def test_a_network_without_maps_is_skipped_with_a_reason() -> None:
    study = scripted_study([Layer("dense", "Dense", "dense", (5,), ("image",), 9)], {"dense": np.ones(5)})
    with pytest.raises(NotApplicable, match="nothing to draw"):
        look(ActivationMaps(), study)


def test_a_huge_mosaic_is_made_smaller_and_says_so() -> None:
    study = conv(np.random.default_rng(0).random((50, 50, 16), np.float32))
    figure = named(look(ActivationMaps(megapixels=0.01), study), "activations_00_conv")
    assert (figure.picture.grid.tile_width, figure.picture.grid.tile_height) == (25, 25)
    assert "Every pixel is the mean of 2 × 2 places." in str(figure.caption)
    whole = named(look(ActivationMaps(megapixels=0.04), study), "activations_00_conv")
    assert whole.picture.grid.tile_width == 50


def test_more_channels_than_wanted_are_cut_and_said() -> None:
    figure = named(look(ActivationMaps(channels=3), conv(np.ones((2, 2, 9), np.float32))), "activations_00_conv")
    assert figure.picture.grid.numbers == (0, 1, 2)
    assert "Only the first 3 channels are drawn." in str(figure.caption)


def test_a_sequence_is_one_strip_and_a_volume_its_middle_slice() -> None:
    strip = named(look(ActivationMaps(), conv(np.ones((7, 3), np.float32))), "activations_00_conv")
    assert (strip.picture.width, strip.picture.height) == (7, 3)
    volume = np.zeros((5, 4, 4, 2), np.float32)
    volume[2] = 1
    figure = named(look(ActivationMaps(), conv(volume)), "activations_00_conv")
    assert "slice 3 of 5, the middle one" in str(figure.caption)
    assert (np.asarray(Image.open(io.BytesIO(figure.picture.data)))[:4, :4] == 126).all()


def test_silent_constant_and_broken_maps_are_drawn_without_complaint() -> None:
    dead = look(ActivationMaps(), conv(np.zeros((3, 3, 2), np.float32)))
    figure = named(dead, "activations_00_conv")
    assert figure.scale.low < figure.scale.high
    assert "channels without any answer: 2" in str(figure.alt)
    assert "1 layer answers with one value" in findings(dead)[0]
    broken = np.ones((3, 3, 2), np.float32)
    broken[0, 0, 0] = np.nan
    assert "1 value of `conv` is no number" in findings(look(ActivationMaps(), conv(broken)), "warning")[0]


def test_answers_of_both_signs_are_centred_at_white() -> None:
    answer = np.linspace(-1, 3, 16, dtype=np.float32).reshape(4, 4, 1)
    scale = named(look(ActivationMaps(), conv(answer, activation="linear")), "activations_00_conv").scale
    assert (scale.colours, scale.low) == ("diverging", -scale.high)


def test_a_layer_may_be_called_anything() -> None:
    study = conv(np.ones((2, 2, 1), np.float32), "base/../<b> згортка")
    figures = [block for block in look(ActivationMaps(), study) if isinstance(block, Figure)]
    assert figures[0].name.startswith("activations_00_")
    assert not set(figures[0].name) & set("/<> .")


def test_a_channel_can_be_drawn_alone_and_large(study: Study) -> None:
    answer = study.probe.trace(study.samples[0].pixels).outputs["edges"]
    blocks = look(ActivationMaps(alone=("edges:3", "edges:99", "nothing:1")), study)
    check_words(blocks)
    figure = named(blocks, "activations_00_edges_channel_3")
    drawn = np.asarray(Image.open(io.BytesIO(figure.picture.data)))
    assert np.array_equal(drawn, imaging.levels(answer[..., 3], figure.scale))
    told = [str(block.text) for block in blocks if isinstance(block, Note) and block.level == "warning"]
    assert told == ["`edges:99` is no channel of a layer with maps.", "`nothing:1` is no channel of a layer with maps."]
