"""Every section over networks of all kinds: none fails, whatever the input's axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.artifacts import CATALOGUE
from reportgen.artifacts.base import ModelArtifact
from reportgen.probe.memo import MemoProbe
from reportgen.report.blocks import Note
from reportgen.report.document import Section
from reportgen.run import Look, look
from reportgen.study import MapSettings, Sample, Study, WishSettings
from tests.probe.odd_models import ODD, made
from tests.probe.probing import picture, probe_of

pytestmark = pytest.mark.tf
LEAST = MapSettings(classes=2, channels=3, samples=2, steps=2, masks=4)
QUICK = WishSettings(effort="quick", steps=1, units=1)


def study_of(model: Any, **wishes: Any) -> Study:
    """The least that every section can be asked for, over a picture of no more than 24 pixels."""
    probe = probe_of(model, **wishes)
    size = [side or probe.input.nearest(24) for side in probe.input.size]
    pixels = picture(*size, probe.input.channels)
    sample = Sample("odd", "odd.png", "0" * 64, pixels, pixels)
    return Study(MemoProbe(probe), (sample,), (), LEAST, wishes=QUICK)  # type: ignore[arg-type]


def section_of(study: Study, name: str) -> Section:
    """One section of the catalogue, as a build makes it."""
    artifact = CATALOGUE[name]
    sample = None if issubclass(artifact, ModelArtifact) else 0
    return look(study, Look(name, artifact.chapter, artifact(), sample, "key"))


def words_of(section: Section, *levels: str) -> list[str]:
    """What the section's notes say."""
    return [str(block.text) for block in section.blocks if isinstance(block, Note) and block.level in levels]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.filterwarnings("ignore")
def test_no_section_fails(name: str) -> None:
    study = study_of(made(name))
    assert np.shape(study.probe.scores(study.samples[0].pixels[None]))[0] == 1
    failed = {artifact: said for artifact in CATALOGUE if (said := words_of(section_of(study, artifact), "failed"))}
    assert not failed


@pytest.mark.parametrize("name", ["recoloured", "frames_under_lstm"])
def test_the_first_layer_is_read_behind_what_only_rescales_and_inside_frames(name: str) -> None:
    section = section_of(study_of(made(name)), "filter_reading")
    assert not words_of(section, "skipped")
    assert any(block.kind == "table" for block in section.blocks)


def test_a_network_that_takes_whole_numbers_is_said_to_be_not_differentiable() -> None:
    study = study_of(made("bytes_in"))
    for name in ("saliency", "backprop_rules"):
        (said,) = words_of(section_of(study, name), "skipped")
        assert "cannot be differentiated" in said
        assert "Hiding parts" in said
    assert not words_of(section_of(study, "occlusion"), "skipped")
    everything = [str(block) for name in CATALOGUE for block in section_of(study, name).blocks]
    assert not any("does not change with any pixel" in said for said in everything)


def test_a_stopped_gradient_is_not_told_as_a_score_that_does_not_change() -> None:
    (said,) = words_of(section_of(study_of(made("stopped")), "saliency"), "skipped")
    assert "the score does change with the image" in said


def test_a_score_that_never_changes_is_told_as_such() -> None:
    (said,) = words_of(section_of(study_of(made("silent")), "saliency"), "skipped")
    assert "the score does not change with any pixel" in said


def test_a_linear_network_has_no_vargrad_because_its_gradient_is_the_same_everywhere() -> None:
    section = section_of(study_of(made("linear")), "saliency")
    (said,) = [said for said in words_of(section, "info") if "nothing to show" in said]
    assert said.startswith("VarGrad has nothing to show for")
    assert "linear in the pixels" in said


@pytest.mark.parametrize("name", ["optimal_inputs", "unit_rows", "class_images", "penalty_sweep", "deep_dream",
                                  "inversion"])
def test_no_image_is_made_where_nothing_can_be_differentiated(name: str) -> None:
    (said,) = words_of(section_of(study_of(made("bytes_in")), name), "skipped")
    assert "whole numbers" in said


def test_tokens_that_attend_are_told_to_see_the_whole_image() -> None:
    (said,) = words_of(section_of(study_of(made("tokens")), "receptive_field"), "finding")
    assert said.startswith("Of the layers with maps none sees the whole image")
    assert "The units of `attend` take in all places" in said


def test_numbers_beside_the_image_are_no_place_to_see_from() -> None:
    (said,) = words_of(section_of(study_of(made("several")), "receptive_field"), "finding")
    assert "`global_average_pooling2d" in said


def test_an_autoencoder_answers_with_a_picture_beside_the_input_and_its_error() -> None:
    study = study_of(made("autoencoder"))
    section = section_of(study, "prediction")
    gallery = next(block for block in section.blocks if block.kind == "gallery")
    assert [str(label) for label in gallery.labels] == ["Input", "The network's answer"]
    pixels = study.samples[0].pixels
    answer = study.probe.scores(pixels[None])[0]
    told = {block.name: block.value for block in section.blocks if block.kind == "fact"}
    assert told["error"] == pytest.approx(np.sqrt(((answer - pixels) ** 2).mean()), rel=1e-5)
    assert told["flat_error"] == pytest.approx(np.sqrt(((pixels - pixels.mean(axis=(0, 1))) ** 2).mean()), rel=1e-5)
    (why,) = words_of(section_of(study, "saliency"), "skipped")
    assert "is a picture" in why


def test_a_regression_answers_with_one_number() -> None:
    study = study_of(made("regression"))
    (said,) = words_of(section_of(study, "prediction"), "finding")
    assert said == f"The network answers to `odd.png` with the number {study.probe.scores(study.samples[0].pixels[None])[0, 0]:.4g}."


def test_of_a_detector_the_scores_are_looked_at_and_the_boxes_said_to_be_left() -> None:
    study = study_of(made("detector"))
    assert (study.probe.output.name, study.probe.output.kind) == ("scores", "classmap")
    assert any("left out: `boxes`" in said for said in words_of(section_of(study, "summary"), "info"))
    assert any("left out: `boxes`" in said for said in words_of(section_of(study, "prediction"), "info"))
    assert study_of(made("detector"), output="boxes").probe.output.kind == "values"


@pytest.mark.parametrize("name", ["dense_layers", "activation_statistics", "prediction", "filter_statistics"])
def test_weights_that_are_no_numbers_are_said_first_and_mark_what_follows(name: str) -> None:
    study = study_of(made("broken"))
    summary = words_of(section_of(study, "summary"), "warning")
    assert summary[0].startswith("`m_conv` holds weights that are no numbers: of 148 NaN are 1, infinite 0.")
    section = section_of(study, name)
    first = section.blocks[0]
    assert isinstance(first, Note)
    assert "`m_conv` holds weights that are no numbers" in str(first.text)
    assert not any("hold 0" in said for said in words_of(section, "finding"))


@pytest.mark.filterwarnings("ignore")
def test_softmax_over_one_unit_is_said_to_be_always_one() -> None:
    study = study_of(made("one_unit_softmax"))
    assert study.probe.output.constant == 1
    assert any("as for every other" in said for said in words_of(section_of(study, "prediction"), "warning"))
    explained = words_of(section_of(study, "saliency"), "info")[0]
    assert "the raw score, before softmax" in explained


def test_a_table_that_is_looked_up_is_not_asked_for_more_than_it_has() -> None:
    import keras

    from reportgen.probe.beginning import beginning_of
    from reportgen.probe.preprocessing import apply, choose_preprocessing
    from reportgen.probe.source import ModelSource

    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Embedding(20, 2)])
    chosen, said = choose_preprocessing(ModelSource("net.keras"), "", model, beginning_of(model))
    assert apply(np.ones((1, 1, 1)), chosen, 1).max() == 19
    assert "20 entries" in str(said[0])


def test_a_generator_answers_with_a_picture() -> None:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((16,)), layers.Dense(48), layers.Reshape((4, 4, 3)),
                              layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh")])
    study = study_of(model)
    assert study.probe.output.kind == "picture"
    assert any("of another size" in said for said in words_of(section_of(study, "prediction"), "finding"))


@pytest.mark.parametrize(("name", "kind"), [
    ("landmarks", "values"), ("box_head", "values"), ("head", "classes"), ("flowers", "classes"), ("depthwise", "classes"),
])
def test_measures_are_numbers_and_no_classes(name: str, kind: str) -> None:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10, name=name)], name="box")
    assert study_of(model).probe.output.kind == kind


def test_of_an_answer_of_slices_the_middle_one_is_drawn() -> None:
    study = study_of(made("volume_mask"))
    section = section_of(study, "prediction")
    figure = next(block for block in section.blocks if block.kind == "figure")
    assert (figure.picture.height, figure.picture.width) == (12, 12)
    assert any("middle slice" in said for said in words_of(section, "info"))


def test_a_convolution_with_a_memory_has_class_activation_maps() -> None:
    section = section_of(study_of(made("moving_pictures")), "cam")
    assert not words_of(section, "skipped", "failed")
    assert any(block.kind == "fact" and "conv_lstm2d" in str(block.value) for block in section.blocks)
