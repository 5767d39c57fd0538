"""The frames around what a unit sees."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.receptive_field import SHADE, ReceptiveField
from reportgen.probe import Layer
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings, look, named, scripted_study, table


def network(count: int, side: int = 32, kernel: int = 3) -> Study:
    """A chain of convolutions over a gray image of one value."""
    names = ["image", *(f"c{number}" for number in range(count))]
    layers = [
        Layer(name, "Conv2D", "convolution", (side, side, 2), (parent,), kernel=(kernel, kernel), strides=(1, 1),
              dilation=(1, 1), padding="same")
        for parent, name in zip(names, names[1:], strict=False)
    ]
    answers = {name: np.zeros((side, side, 3 if name == "image" else 2), np.float32) for name in names}
    return scripted_study(layers, answers, size=(side, side))


def image(picture) -> np.ndarray:  # type: ignore[no-untyped-def]
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB"), float) / 255


def test_the_frame_encloses_exactly_the_field_and_the_rest_is_dark() -> None:
    study = network(2)
    study.samples[0].pixels[:] = 0.0
    study.samples[0].pixels[0, 0] = 0  # the scripted answers are told by the first pixel
    study.samples[0].pixels[1:] = 0.8
    blocks = look(ReceptiveField(), study)
    shown = image(named(blocks, "receptive_fields").pictures[1])
    framed = np.isclose(shown, (1, 217 / 255, 26 / 255), atol=1 / 255).all(axis=-1)
    rows, columns = np.nonzero(framed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (14, 18, 14, 18), "5 × 5 around pixel 16"
    assert framed.sum() == 16, "one pixel thick"
    assert shown[16, 16] == pytest.approx(0.8, abs=1 / 255)
    assert shown[5, 5] == pytest.approx(0.8 * SHADE, abs=1 / 255)
    check_words(blocks)


def test_shares_are_those_of_the_pixels_and_no_unit_sees_everything() -> None:
    blocks = look(ReceptiveField(), network(4))
    rows = table(blocks, "receptive_field_table")
    assert [rows[f"c{n}"]["Share of the image"] for n in range(4)] == [(3 + 2 * n) ** 2 / 32**2 for n in range(4)]
    assert findings(blocks) == [
        "No unit of a map sees the whole image: the largest field, in `c3`, is 9 × 9 pixels of 32 × 32, 7.9% of the image."
    ]


def test_the_first_layer_that_sees_everything_is_named() -> None:
    assert findings(look(ReceptiveField(), network(20))) == [
        "The first layer whose middle unit sees the whole image (32 × 32) is `c15`."
    ], "unit 16 sees 16 pixels up and 15 down from the sixteenth layer on"


def test_only_so_many_pictures_evenly_over_depth() -> None:
    gallery = named(look(ReceptiveField(pictures=3), network(9)), "receptive_fields")
    assert gallery.labels == ("c0", "c4", "c8")
    assert [str(note) for note in gallery.notes] == ["3 × 3 px", "11 × 11 px", "19 × 19 px"]


def test_layers_that_see_no_more_are_not_drawn_again() -> None:
    assert named(look(ReceptiveField(), network(5, kernel=1)), "receptive_fields").labels == ("c0",)


def test_a_network_without_maps_is_skipped_with_a_reason() -> None:
    study = scripted_study(
        [Layer("d", "Dense", "dense", (2,), ("image",))], {"image": np.zeros((4, 4, 3)), "d": np.zeros(2)}
    )
    with pytest.raises(NotApplicable, match="no place to see from"):
        look(ReceptiveField(), study)
