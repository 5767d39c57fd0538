"""Mean answers laid over the image."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen.artifacts.activation_heatmaps import ActivationHeatmaps, busiest_area, whereabouts
from reportgen.artifacts.base import NotApplicable
from reportgen.probe import Layer
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings, look, named, scripted_study, table


def test_every_layer_lies_over_the_image_with_its_range(study: Study) -> None:
    blocks = look(ActivationHeatmaps(), study)
    gallery = named(blocks, "activation_heatmaps")
    assert gallery.labels == ("edges", "pool", "mix")
    assert gallery.scale.extent == "picture"
    means = study.probe.trace(study.samples[0].pixels).outputs["pool"].mean(axis=-1)
    assert str(gallery.notes[1]) == f"4 × 4 · {means.min():.3g} … {means.max():.3g}"
    rows = table(blocks, "activation_heatmaps")
    assert rows["pool"]["Largest"] == pytest.approx(means.max())
    check_words(blocks)


def test_pictures_have_the_proportions_of_the_original_not_of_the_map(study: Study) -> None:
    import dataclasses

    wide = dataclasses.replace(study.samples[0], original=np.zeros((300, 600, 3), np.float32))
    study = Study(study.probe, (wide,), study.labels)
    gallery = named(look(ActivationHeatmaps(side=100), study), "activation_heatmaps")
    assert {(picture.width, picture.height) for picture in gallery.pictures} == {(100, 50)}


def test_the_brightest_place_is_where_the_mean_is_largest() -> None:
    answer = np.zeros((8, 8, 2), np.float32)
    answer[6, 7, 0] = 4
    study = scripted_study([Layer("conv", "Conv2D", "convolution", (8, 8, 2), ("image",), 9)], {"conv": answer},
                           size=(64, 64))
    blocks = look(ActivationHeatmaps(), study)
    assert str(table(blocks, "activation_heatmaps")["conv"]["Brightest place"]) == "at the lower right"
    picture = named(blocks, "activation_heatmaps").pictures[0]
    pixels = np.asarray(Image.open(io.BytesIO(picture.data))).astype(int)
    assert pixels[52, 60].sum() > pixels[10, 10].sum() + 100
    assert findings(blocks) == ["Half of the answer of `conv` to `image-0.png` lies on 1.6% of the area."]


def test_a_constant_map_is_a_note_and_never_a_division_by_zero() -> None:
    layers = [Layer("dead", "Conv2D", "convolution", (4, 4, 2), ("image",), 9),
              Layer("even", "Conv2D", "convolution", (4, 4, 2), ("image",), 9)]
    answers = {"dead": np.zeros((4, 4, 2), np.float32), "even": np.full((4, 4, 2), 0.3, np.float32)}
    study = scripted_study(layers, answers)
    blocks = look(ActivationHeatmaps(), study)
    assert findings(blocks, "info") == [
        "`dead` is not shown: its mean answer is 0 at every place.",
        "`even` is not shown: its mean answer is 0.3 at every place.",
    ]
    assert table(blocks, "activation_heatmaps")["even"]["Area that holds half"] is None


def test_without_flat_maps_there_is_nothing_to_lay_over() -> None:
    layer = Layer("conv", "Conv1D", "convolution", (9, 4), ("image",), 9)
    study = scripted_study([layer], {"conv": np.ones((9, 4))})
    with pytest.raises(NotApplicable, match="flat maps"):
        look(ActivationHeatmaps(), study)


def test_the_busiest_area_is_the_least_one_that_holds_half() -> None:
    assert busiest_area(np.array([[0, 1.0], [1, 2]])) == 0.25
    assert busiest_area(np.array([[0, 1.0], [1, 1]])) == 0.5
    assert busiest_area(np.ones((2, 2))) == 1.0


@pytest.mark.parametrize(("place", "words"), [((0, 0), "at the upper left"), ((4, 4), "in the middle"),
                                              ((8, 4), "at the bottom"), ((3, 8), "at the right")])
def test_a_place_is_told_as_one_of_nine_parts(place: tuple[int, int], words: str) -> None:
    heat = np.zeros((9, 9))
    heat[place] = 1
    assert str(whereabouts(heat)) == words
