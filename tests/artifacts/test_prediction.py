"""What the network answers, in every form that an answer can have."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from reportgen.artifacts.prediction import Prediction, entropy
from reportgen.probabilities import sigmoid, softmax
from reportgen.probe import Layer
from reportgen.report.blocks import Block
from reportgen.study import Study
from tests.artifacts.scripted import check_words, facts, findings, look, named, scripted_study, table
from tests.fakes import NAMES, fake_study, half_image


def said(scores: object, kind: str = "classes", labels: tuple[str, ...] = (), **more: object) -> list[Block]:
    """What is said of these scores."""
    array = np.asarray(scores, np.float32)
    last = Layer("answer", "Dense", "dense", array.shape, ("image",), 1)
    artifact = more.pop("artifact", Prediction())
    return look(artifact, scripted_study([last], {"answer": array}, kind=kind, labels=labels, **more))  # type: ignore[arg-type]


def test_all_of_a_few_classes_are_shown_the_likeliest_first(study: Study) -> None:
    scores = study.probe.trace(half_image()).scores
    blocks = look(Prediction(), study)
    order = np.argsort(-scores)
    chart = named(blocks, "prediction")
    assert chart.series[0].values == pytest.approx(scores[order])
    assert chart.marked == (0,)
    assert facts(blocks)["predicted"] == NAMES[order[0]]
    assert facts(blocks)["margin"] == pytest.approx(scores[order[0]] - scores[order[1]])
    assert facts(blocks)["entropy"] == pytest.approx(-(scores * np.log2(scores)).sum(), rel=1e-5)
    check_words(blocks)


def test_of_many_classes_the_best_are_shown_and_the_true_one_beside_them() -> None:
    scores = np.linspace(0.1, 1, 20) / np.linspace(0.1, 1, 20).sum()
    blocks = said(scores, labels=tuple(f"class {k}" for k in range(20)), label="class 3")
    chart = named(blocks, "prediction")
    assert [str(label) for label in chart.labels] == [
        "class 19 (predicted)", "class 18", "class 17", "class 16", "class 15", "class 3 (true)",
    ]
    assert "place 17 of 20" in findings(blocks)[-1]
    assert len(named(said(scores, artifact=Prediction(classes=2)), "prediction").labels) == 2


def test_the_right_answer_is_called_right() -> None:
    blocks = said([0.1, 0.9], labels=("cat", "tabby, tabby cat"), label="Tabby")
    assert str(named(blocks, "prediction").labels[0]) == "tabby, tabby cat (predicted, true)"
    assert "the answer is right" in findings(blocks)[-1]


def test_a_true_class_nobody_named_is_told() -> None:
    blocks = said([0.1, 0.9], labels=("cat", "dog"), label="owl")
    assert "none of the named classes" in findings(blocks, "warning")[0]


@pytest.mark.parametrize("told", ["1", "#1", " 1 "])
def test_the_truth_may_be_told_by_its_number(told: str) -> None:
    assert "the answer is right" in findings(said([0.1, 0.9], label=told))[-1]
    assert "the answer is right" in findings(said([0.1, 0.9], labels=("cat", "dog"), label=told))[-1]
    named = "right" if "#" in told else "wrong"  # a class that is called 1 comes first
    assert f"the answer is {named}" in findings(said([0.1, 0.9], labels=("1", "7"), label=told))[-1]


def test_without_names_a_true_class_by_name_cannot_be_compared() -> None:
    assert "No names of classes were given" in findings(said([0.1, 0.9], label="owl"), "warning")[0]


def test_raw_scores_become_probabilities_and_that_is_said() -> None:
    blocks = said([0.0, math.log(3)], from_logits=True)
    assert named(blocks, "prediction").series[0].values == pytest.approx((0.75, 0.25))
    assert "softmax was applied" in findings(blocks, "info")[0]
    binary = said([math.log(4)], "binary", from_logits=True)
    assert facts(binary)["score"] == pytest.approx(0.8)


def test_softmax_and_sigmoid_do_not_overflow() -> None:
    assert softmax(np.array([1000.0, 0])).tolist() == [1, 0]
    assert sigmoid(np.array([-1000.0, 0, 1000])).tolist() == [0, 0.5, 1]


def test_entropy_is_zero_when_certain_and_greatest_when_blind() -> None:
    assert entropy(np.array([1.0, 0, 0])) == 0
    assert entropy(np.full(8, 1 / 8)) == pytest.approx(3)


def test_a_binary_answer_has_two_sides() -> None:
    blocks = said([0.2], "binary", ("cat", "dog"), label="dog")
    assert named(blocks, "prediction").series[0].values == pytest.approx((0.8, 0.2))
    assert named(blocks, "prediction").marked == (0,)
    assert facts(blocks)["predicted"] == "cat"
    assert "the answer is wrong" in findings(blocks)[-1]
    one_name = said([0.7], "binary", ("tumour",))
    assert [str(label) for label in named(one_name, "prediction").labels] == ["not “tumour”", "tumour"]


def test_labels_are_judged_each_for_itself() -> None:
    blocks = said([0.9, 0.2, 0.6], "labels", ("sky", "sea", "sand"))
    chart = named(blocks, "prediction")
    assert chart.labels == ("sky", "sand", "sea")
    assert chart.marked == (0, 1)
    assert findings(blocks) == ["2 of 3 labels reach the threshold of 50%: sky, sand."]
    assert "the nearest is “sea” with 40.0%" in findings(said([0.1, 0.4], "labels", ("sky", "sea")))[0]


def mask_study(mask: np.ndarray | None) -> list[Block]:
    scores = np.zeros((4, 4, 1))
    scores[:2] = 0.9
    return said(scores, "mask", mask=mask)


def test_a_mask_is_laid_over_the_image_with_its_area() -> None:
    blocks = mask_study(None)
    assert facts(blocks)["area"] == 0.5
    assert facts(blocks)["unsure"] == 0.0
    assert len(named(blocks, "prediction").pictures) == 2
    assert named(blocks, "prediction:probability").scale.high == 1.0
    check_words(blocks)


def test_a_mask_is_compared_with_the_true_one() -> None:
    true = np.zeros((4, 4), np.float32)
    true[1:4] = 1
    blocks = mask_study(true)
    assert facts(blocks)["iou"] == pytest.approx(4 / 16)
    assert facts(blocks)["dice"] == pytest.approx(2 * 4 / (8 + 12))
    assert facts(blocks)["accuracy"] == pytest.approx(4 / 16)
    assert [str(label) for label in named(blocks, "prediction:agreement").labels] == [
        "in both", "predicted, but not there", "there, but not predicted", "in neither",
    ]
    shares = [str(note) for note in named(blocks, "prediction:agreement").notes]
    assert shares == ["25.0%", "25.0%", "50.0%", "0.0%"]
    assert "IoU 0.250" in findings(blocks)[-1]
    check_words(blocks)


def test_a_perfect_mask_has_full_marks_and_two_empty_ones_none() -> None:
    perfect = np.zeros((4, 4), np.float32)
    perfect[:2] = 1
    assert facts(mask_study(perfect))["iou"] == 1.0
    blocks = said(np.zeros((4, 4, 1)), "mask", mask=np.zeros((4, 4), np.float32))
    assert facts(blocks)["iou"] is None
    assert "not defined" in findings(blocks)[-1]


def test_a_map_of_classes_has_a_legend_of_areas() -> None:
    scores = np.zeros((4, 4, 3))
    scores[..., 0], scores[:1, :, 0], scores[:1, :, 2] = 0.9, 0.2, 0.8
    blocks = said(scores, "classmap", ("road", "car", "sky"))
    legend = named(blocks, "prediction:legend")
    assert legend.labels == ("road", "sky")
    assert [str(note) for note in legend.notes] == ["75.0%", "25.0%"]
    rows = table(blocks, "prediction_areas")
    assert rows["sky"]["Mean probability there"] == pytest.approx(0.8)
    assert "2 of 3 classes" in findings(blocks)[0]
    check_words(blocks)


def test_plain_values_are_a_table() -> None:
    blocks = said([1.5, -2.5], "values", ("age", "weight"))
    assert table(blocks, "prediction_values")["weight"]["Value"] == -2.5
    assert "between -2.5 and 1.5" in findings(blocks)[0]
    many = said(np.arange(50), "values")
    assert len(named(many, "prediction").labels) == 50
    picture = said(np.random.default_rng(0).random((4, 4, 3)), "values")
    assert named(picture, "prediction").picture.grid.numbers == (0, 1, 2)


def test_an_answer_of_no_numbers_is_told_and_not_drawn() -> None:
    blocks = said([np.nan, 1])
    assert "no numbers" in findings(blocks, "warning")[0]
    assert len(blocks) == 1


def test_one_of_several_outputs_is_named() -> None:
    study = fake_study()
    study.probe.output = dataclasses.replace(study.probe.output, names=("scores", "mask"))  # type: ignore[misc]
    assert findings(look(Prediction(), study), "info") == ["The network gives 2 outputs; shown here is `scores`, left out: `mask`."]
