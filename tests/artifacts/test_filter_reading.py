"""The exercise: which filter is for what, read from the weights."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.filter_reading import FilterReading
from reportgen.artifacts.filter_words import describe
from reportgen.measures.filter_forms import noise, read
from reportgen.probe import Layer, Layers
from reportgen.report.blocks import Table
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings, look, named
from tests.fakes import FakeProbe, fake_study


def rows(blocks: list, name: str) -> list[dict[str, object]]:
    found = next(block for block in blocks if isinstance(block, Table) and block.name == name)
    return [
        {str(column.title): cell for column, cell in zip(found.columns, row, strict=True)} for row in found.rows
    ]


def first_layer(kernel: np.ndarray) -> FakeProbe:
    """The fake network with another kernel of four filters."""
    probe = FakeProbe()
    probe._weights["edges"] = {"kernel": kernel.astype(np.float32), "bias": np.zeros(4, np.float32)}
    return probe


def test_every_filter_is_named_from_its_weights(study: Study) -> None:
    blocks = look(FilterReading(), study)
    told = rows(blocks, "filter_readings")
    assert [str(row["Looks for"]) for row in told] == ["edge", "edge", "colour", "unstructured"]
    assert [row["Angle, °"] for row in told] == [0, 90, None, None]
    assert str(told[2]["Colours"]) == "red against green"
    check_words(blocks)


def test_the_answers_are_those_of_the_map(study: Study) -> None:
    told = rows(look(FilterReading(), study), "filter_readings")
    edges = study.probe.trace(study.samples[0].pixels).outputs["edges"]
    for number, row in enumerate(told):
        assert row["Mean answer"] == pytest.approx(edges[..., number].mean())
        assert row["Answers at"] == (edges[..., number] > 0).mean()


def test_a_filter_stands_beside_its_map_best_ones_first(study: Study) -> None:
    gallery = named(look(FilterReading(), study), "filter_reading")
    assert [str(label) for label in gallery.labels][:6] == [
        "filter 0", "map 0", "filter 1", "map 1", "filter 2", "map 2",
    ]
    assert [(picture.width, picture.height) for picture in gallery.pictures][:2] == [(3, 3), (8, 8)]
    few = named(look(FilterReading(shown=1), study), "filter_reading")
    assert [str(label) for label in few.labels] == ["filter 0", "map 0"]


def test_what_is_missing_is_said_to_be_missing(study: Study) -> None:
    told = findings(look(FilterReading(), study))
    assert any("Filter 0 of `edges` answers the question “horizontal edge” (evidence 1.00, needed" in words for words in told)
    assert any("No filter of `edges` is clearly one for “sensitive to blue”" in words for words in told)
    assert "3 of 4 filters of `edges` got a name (edge: 2, colour: 1), where noise of the same size" in told[-1]


def test_the_faint_rest_of_a_dead_filter_is_not_called_an_edge(study: Study) -> None:
    kernel = np.array(study.probe.weights("edges")["kernel"])
    kernel[..., 3] = kernel[..., 0] * 1e-3
    told = rows(look(FilterReading(), fake_study(probe=first_layer(kernel))), "filter_readings")
    assert str(told[3]["Looks for"]) == "unstructured"


def test_a_network_of_small_weights_is_read_as_one_of_large_ones(study: Study) -> None:
    small = first_layer(study.probe.weights("edges")["kernel"] * 1e-5)
    told = rows(look(FilterReading(), fake_study(probe=small)), "filter_readings")
    assert [str(row["Looks for"]) for row in told] == ["edge", "edge", "colour", "unstructured"]


def test_an_angle_close_to_180_is_shown_as_0() -> None:
    rows, columns = np.mgrid[:5, :5] - 2.0
    angle = np.deg2rad(179.8)
    reading = read((columns * np.sin(angle) + rows * np.cos(angle))[..., None, None])[0]
    assert min(reading.angle, 180 - reading.angle) <= 0.5
    assert str(describe(reading)).startswith("edge at 0°")


def test_a_gray_network_is_not_asked_about_colours() -> None:
    probe = FakeProbe()
    probe.layers = Layers([
        Layer("image", "InputLayer", "input", (8, 8, 1)),
        Layer("edges", "Conv2D", "convolution", (8, 8, 4), ("image",), activation="relu"),
    ])
    probe._weights["edges"]["kernel"] = probe._weights["edges"]["kernel"].mean(axis=2, keepdims=True)
    blocks = look(FilterReading(), fake_study(np.ones((8, 8, 3), np.float32), probe=_only_edges(probe)))
    assert [str(row["Looked for"]) for row in rows(blocks, "filter_exercise")] == ["horizontal edge", "vertical edge"]
    assert "Red" not in rows(blocks, "filter_readings")[0]


def _only_edges(probe: FakeProbe) -> FakeProbe:
    probe._run = lambda pixels: {  # type: ignore[method-assign]
        "edges": np.ones((8, 8, 4), np.float32), "scores": np.ones(3, np.float32),
    }
    return probe


def test_scaling_before_the_first_layer_does_not_hide_it(study: Study) -> None:
    probe = FakeProbe()
    image, edges, *others = probe.layers
    scaled = Layer("scale", "Rescaling", "normalization", image.shape, ("image",))
    edges = Layer("edges", "Conv2D", "convolution", edges.shape, ("scale",), activation="relu")
    probe.layers = Layers([image, scaled, edges, *others])
    assert rows(look(FilterReading(), fake_study(probe=probe)), "filter_exercise")[0]["Filter"] == 0


def test_a_first_convolution_of_one_pixel_sees_no_shapes() -> None:
    with pytest.raises(NotApplicable, match="sees no shapes"):
        look(FilterReading(), fake_study(probe=first_layer(np.ones((1, 1, 3, 4)))))


@pytest.mark.parametrize("side", [3, 7])
def test_a_layer_of_noise_answers_no_question(side: int) -> None:
    """Over 40 layers of 4 random filters: an answer is found in at most one of twenty, a name far beyond chance never."""
    found = names = 0
    for seed in range(40):
        kernel = np.random.default_rng(seed).uniform(-0.1, 0.1, (side, side, 3, 4))
        blocks = look(FilterReading(), fake_study(probe=first_layer(kernel)))
        found += sum(str(row["Answer"]) == "found" for row in rows(blocks, "filter_exercise"))
        names += "cannot be told from noise" not in findings(blocks)[-1]
    assert found <= 40 * 4 * 0.05
    assert names <= 2


def test_what_is_needed_grows_with_the_number_of_filters() -> None:
    null = noise(3, 3, 3)
    assert null.reached(null.primaries, 0.05) < null.reached(null.primaries, 0.05 / 64)


def test_a_slanting_edge_is_no_answer_for_an_upright_one() -> None:
    """An edge at 118° explains much of a vertical one, and is told as what it is."""
    rows_, columns = np.mgrid[:3, :3] - 1.0
    angle = np.deg2rad(118)
    slanting = (columns * np.sin(angle) + rows_ * np.cos(angle))[..., None, None] * np.ones((3, 4))
    kernel = slanting + np.random.default_rng(0).normal(size=(3, 3, 3, 4)) * 0.01
    exercise = rows(look(FilterReading(), fake_study(probe=first_layer(kernel))), "filter_exercise")
    assert [(str(row["Answer"]) == "found", row["Evidence"]) for row in exercise[:2]] == [(False, 0.0), (False, 0.0)]
