"""The section that states what the network was fed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.artifacts.input import FIGURE, InputImage
from reportgen.probe import InputFacts, Trace
from reportgen.report.blocks import Table
from reportgen.study import Study
from reportgen.text import _
from tests.artifacts.scripted import check_words, facts, findings, look, named
from tests.fakes import FakeProbe, fake_study, half_image


class CaffeProbe(FakeProbe):
    """Feeds 0…255 in blue, green, red order minus a mean."""

    def __init__(self) -> None:
        super().__init__()
        assumption = _("The network's name was taken for granted.")
        self.input = InputFacts("image", (8, 8), 3, "caffe", -120.0, 155.0, assumptions=(assumption,))

    def trace(self, pixels: np.ndarray, target: object = None) -> Trace:
        return dataclasses.replace(super().trace(pixels), input=pixels[..., ::-1] * 255 - 100)


def test_the_image_is_shown_as_given_and_as_fed(study: Study) -> None:
    blocks = look(InputImage(), study)
    gallery = named(blocks, FIGURE)
    assert [(picture.width, picture.height) for picture in gallery.pictures] == [(8, 8), (8, 8)]
    assert gallery.layout == "compare"
    assert gallery.notes[1] == "8 × 8"
    check_words(blocks)


def test_the_value_range_and_the_image_s_own_are_stated(study: Study) -> None:
    blocks = look(InputImage(), study)
    assert facts(blocks)["low"] == 0.0
    assert facts(blocks)["high"] == 1.0
    assert facts(blocks)["fed"] == "8 × 8 × 3"
    mean = half_image().mean()
    assert f"with the mean {mean:.4g}" in findings(blocks)[0]


def test_channels_have_their_own_numbers(study: Study) -> None:
    rows = next(block for block in look(InputImage(), study) if isinstance(block, Table)).rows
    pixels = half_image().astype(np.float64)
    assert [str(row[1]) for row in rows] == ["red", "green", "blue"] * 2
    for channel in range(3):
        plane = pixels[..., channel]
        assert rows[channel][2:] == pytest.approx((plane.mean(), plane.std(), plane.min(), plane.max()))


def test_blue_comes_first_where_it_is_fed_first() -> None:
    blocks = look(InputImage(), fake_study(probe=CaffeProbe()))
    rows = next(block for block in blocks if isinstance(block, Table)).rows
    assert [str(row[1]) for row in rows[3:]] == ["blue", "green", "red"]
    assert rows[3][2] == pytest.approx(half_image()[..., 2].mean() * 255 - 100, rel=1e-5)
    assert findings(blocks, "warning")[0] == "The network's name was taken for granted."


def test_values_outside_the_stated_range_are_told() -> None:
    probe = CaffeProbe()
    probe.input = InputFacts("image", (8, 8), 3)
    assert "Some of the values fed lie outside the stated range." in findings(
        look(InputImage(), fake_study(probe=probe)), "warning"
    )


def test_an_image_of_one_colour_is_told() -> None:
    blocks = look(InputImage(), fake_study(np.full((8, 8, 3), 0.5, np.float32)))
    assert any("one colour only" in words for words in findings(blocks, "warning"))


def test_the_histogram_counts_every_pixel_once(study: Study) -> None:
    chart = named(look(InputImage(bins=4), study), f"{FIGURE}:histogram")
    assert chart.positions == pytest.approx((0.125, 0.375, 0.625, 0.875))
    for series in chart.series:
        channel = ("red", "green", "blue").index(str(series.label))
        assert sum(series.values) == pytest.approx(1)
        assert series.values[3] == pytest.approx((half_image()[..., channel] == 1).mean())


def test_a_gray_image_has_one_channel() -> None:
    class Gray(FakeProbe):
        def trace(self, pixels: np.ndarray, target: object = None) -> Trace:
            return Trace({}, np.zeros(1), pixels)

    study = fake_study(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8, 1), probe=Gray())
    chart = named(look(InputImage(), study), f"{FIGURE}:histogram")
    assert [str(series.label) for series in chart.series] == ["brightness"]
