"""Several images are one report: what differs stands side by side."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.artifacts.side_by_side import SideBySide, sparsity
from reportgen.config import validate
from reportgen.report.blocks import Fact, Gallery, Table
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings
from tests.fakes import fake_study, half_image


@pytest.fixture
def three() -> Study:
    images = [half_image(), half_image()[::-1].copy(), np.full_like(half_image(), 0.5)]
    return fake_study(*images)


def test_every_image_stands_beside_its_map_and_in_the_table(three: Study) -> None:
    blocks = list(SideBySide().blocks(three))
    check_words(blocks)
    sheet = next(block for block in blocks if isinstance(block, Gallery))
    assert len(sheet.pictures) == 6
    assert [str(label) for label in sheet.labels[::2]] == ["image-1", "image-2", "image-3"]
    table = next(block for block in blocks if isinstance(block, Table))
    assert [row[0] for row in table.rows] == ["image-1", "image-2", "image-3"]
    assert "Predicted class" in [str(column.title) for column in table.columns]


def test_numbers_of_the_table_are_those_of_each_image(three: Study) -> None:
    table = next(block for block in SideBySide().blocks(three) if isinstance(block, Table))
    column = [str(one.title) for one in table.columns].index("Its probability")
    for sample, row in zip(three.samples, table.rows, strict=True):
        scores = np.asarray(three.probe.trace(sample.pixels).scores).reshape(-1)
        assert row[column] == pytest.approx(float(scores.max()), rel=1e-5)


def test_how_many_are_right_is_told_with_their_number_and_as_no_measure(three: Study) -> None:
    blocks = list(SideBySide().blocks(three))
    facts = {block.name: block.value for block in blocks if isinstance(block, Fact)}
    truth = [three.label(int(np.argmax(three.probe.trace(one.pixels).scores))) == "cat" for one in three.samples]
    assert (facts["images"], facts["told"], facts["right"]) == (3, 3, sum(truth))
    assert any(f"{sum(truth)} of 3 images" in text and "no measure" in text for text in findings(blocks))
    unknown = dataclasses.replace(three, samples=tuple(dataclasses.replace(one, label="") for one in three.samples))
    assert not [text for text in findings(list(SideBySide().blocks(unknown))) if "right" in text]


def test_exact_zeros_are_counted_over_all_layers_with_a_relu(three: Study) -> None:
    sample = three.samples[0]
    outputs = three.probe.trace(sample.pixels).outputs
    counted = [outputs[layer.name] for layer in three.probe.layers if layer.rectified]
    zeros = sum((answer == 0).sum() for answer in counted) / sum(answer.size for answer in counted)
    assert sparsity(three, sample) == pytest.approx(zeros)


def test_it_is_planned_for_several_images_alone() -> None:
    assert "side_by_side" in [artifact.name for _chapter, artifact in validate({}, "test").chosen()]
    assert SideBySide.least_images == 2
