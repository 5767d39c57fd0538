"""Layers of units as bars."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.dense_layers import DenseLayers, strongest
from reportgen.probe import Layer
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings, look, named, scripted_study, table
from tests.fakes import NAMES


def test_the_output_is_drawn_with_the_names_of_its_classes(study: Study) -> None:
    blocks = look(DenseLayers(), study)
    chart = named(blocks, "dense_layers:scores")
    scores = study.probe.trace(study.samples[0].pixels).scores
    assert (chart.form, chart.labels) == ("columns", NAMES)
    assert chart.series[0].values == pytest.approx(scores)
    check_words(blocks)


def hidden(units: object) -> Study:
    array = np.asarray(units, np.float32)
    return scripted_study(
        [Layer("fc", "Dense", "dense", array.shape, ("image",), 9, activation="relu"),
         Layer("answer", "Dense", "dense", (1,), ("fc",), 9)],
        {"fc": array, "answer": np.ones(1, np.float32)},
    )


def test_sparsity_and_the_strongest_units_are_listed() -> None:
    blocks = look(DenseLayers(strongest=2), hidden([0, 3, 0, 1, 0, 6, 0, 0]))
    row = table(blocks, "dense_layers")["fc"]
    assert row["Sparsity"] == pytest.approx(5 / 8)
    assert str(row["Strongest units"]) == "5; 1"
    assert named(blocks, "dense_layers:fc").marked == (1, 5)
    assert findings(blocks)[0] == (
        "`fc`: 62.5% of 8 units are exactly zero; the strongest (5; 1) hold 90.0% of the layer's whole answer."
    )


def test_a_silent_layer_has_no_strongest_unit() -> None:
    assert "no unit answers" in findings(look(DenseLayers(), hidden(np.zeros(4))))[0]
    assert strongest(np.array([0, -1, np.nan]), 3) == []


def test_a_map_of_one_place_is_a_list_of_units() -> None:
    blocks = look(DenseLayers(), hidden(np.ones((1, 1, 6))))
    assert table(blocks, "dense_layers")["fc"]["Units"] == 6


def test_flattened_maps_are_not_drawn_again(study: Study) -> None:
    assert set(table(look(DenseLayers(), study), "dense_layers")) == {"scores"}


def test_a_network_of_maps_alone_is_skipped() -> None:
    study = scripted_study([Layer("conv", "Conv2D", "convolution", (4, 4, 2), ("image",), 9)],
                           {"conv": np.ones((4, 4, 2))})
    with pytest.raises(NotApplicable, match="no layer of units"):
        look(DenseLayers(), study)
