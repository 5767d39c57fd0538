"""The sections on attention: what they show, count and conclude, on a network known in closed form."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.class_activation import ClassActivationMaps
from reportgen.artifacts.class_activation_by_layer import ClassActivationByLayer
from reportgen.artifacts.faithfulness import Faithfulness
from reportgen.artifacts.gradient_maps import BackpropRules, GradientMaps
from reportgen.artifacts.hiding_maps import HidingMaps
from reportgen.artifacts.looking_where import LookingWhere
from reportgen.artifacts.map_agreement import MapAgreement, by_chance, correlations
from reportgen.artifacts.sanity import Sanity
from reportgen.attention.chance import Range, smooth
from reportgen.attention.evidence import rank_correlation
from reportgen.attention.goals import goals_of
from reportgen.attention.maps import Heat, Maps, maps_of
from reportgen.attention.methods import METHODS
from reportgen.probe import Layer
from reportgen.render.verdicts import verdicts
from reportgen.report.blocks import Block, Download, Gallery, Table
from reportgen.report.document import Report, Section
from reportgen.study import MapSettings, Study
from tests.artifacts.scripted import check_words, facts, findings, look, named, scripted_study, table
from tests.fakes import NAMES, SIZE, FakeProbe, fake_study

EVERY: tuple[ImageArtifact, ...] = (
    ClassActivationMaps(), ClassActivationByLayer(), GradientMaps(), BackpropRules(), HidingMaps(), Faithfulness(),
    Sanity(), MapAgreement(),
)


def study_with(**settings: Any) -> Study:
    """The fake network with settings for its maps that are quick."""
    quick = {"samples": 4, "steps": 16, "masks": 40, "patch": 2, **settings}
    return dataclasses.replace(fake_study(), maps=MapSettings(**quick), memory={})


def with_mask(study: Study, mask: np.ndarray | None) -> Study:
    """The study with a mask for its image."""
    return dataclasses.replace(study, samples=(dataclasses.replace(study.samples[0], mask=mask),), memory={})


def rows_of(blocks: Sequence[Block], name: str) -> tuple[tuple[Any, ...], ...]:
    """The rows of a table."""
    return next(block.rows for block in blocks if isinstance(block, Table) and block.name == name)


@pytest.mark.parametrize("artifact", EVERY, ids=lambda artifact: artifact.name)
def test_every_section_has_words_for_all_it_shows(artifact: ImageArtifact) -> None:
    blocks = look(artifact, study_with())
    check_words(blocks)
    assert findings(blocks)


@pytest.mark.parametrize("artifact", EVERY, ids=lambda artifact: artifact.name)
def test_an_answer_that_is_no_number_is_not_explained(artifact: ImageArtifact) -> None:
    last = Layer("answer", "Dense", "dense", (2,), ("image",), 1)
    with pytest.raises(NotApplicable, match="no numbers"):
        look(artifact, scripted_study([last], {"answer": np.array([0.5, np.nan])}))


@pytest.mark.parametrize("artifact", EVERY, ids=lambda artifact: artifact.name)
def test_a_black_image_breaks_nothing(artifact: ImageArtifact) -> None:
    black = dataclasses.replace(
        fake_study(np.zeros((SIZE, SIZE, 3), np.float32)), maps=MapSettings(samples=2, steps=2, masks=8, patch=4)
    )
    try:
        blocks = look(artifact, black)
    except NotApplicable:
        return
    check_words(blocks)
    for block in blocks:
        cells = [cell for row in block.rows for cell in row] if isinstance(block, Table) else []
        assert all(np.isfinite(cell) for cell in cells if isinstance(cell, float))


def test_the_sheet_has_a_row_for_each_method_and_a_column_for_each_class() -> None:
    study = study_with()
    blocks = look(ClassActivationMaps(), study)
    sheet = named(blocks, "attention_cam")
    goals = maps_of(study, study.samples[0]).goals
    assert sheet.columns == len(goals) == 3
    assert len(sheet.pictures) == 9 * 3
    assert [str(label) for label in sheet.labels[:3]] == [f"Grad-CAM: {goal.label}" for goal in goals]
    assert facts(blocks)["cam_layer"] == "mix"
    assert facts(blocks)["cam_size"] == "4 × 4"
    assert "raw score, before softmax" in findings(blocks, "info")[1]


def test_the_numbers_of_the_sheet_are_those_of_the_papers_sum() -> None:
    study = study_with()
    blocks = look(ClassActivationMaps(), study)
    trace = study.probe.trace(study.samples[0].pixels)
    kernel = study.probe.weights("scores")["kernel"]
    best = int(np.argmax(trace.scores))
    weights = kernel[:, best].reshape(4, 4, 2).mean(axis=(0, 1))
    expected = np.maximum((trace.outputs["mix"] * weights).sum(axis=-1), 0)
    row = next(row for row in rows_of(blocks, "cam_numbers") if row[0] == "Grad-CAM" and row[1] == NAMES[best])
    assert row[2] == pytest.approx(expected.max(), rel=1e-5)


def test_a_figure_for_each_class_bears_the_layer_and_the_class_in_its_name() -> None:
    study = study_with()
    names = [block.name for block in look(ClassActivationMaps(detailed=("layercam",)), study)
             if isinstance(block, Gallery)]
    said = {goal.name for goal in maps_of(study, study.samples[0]).goals
            if not maps_of(study, study.samples[0]).heat("layercam", goal).reason}
    assert set(names[1:]) == {f"layercam_mix_{name}" for name in said}
    assert said


def test_only_the_methods_that_were_asked_for_are_shown() -> None:
    blocks = look(ClassActivationMaps(methods=("hirescam", "eigencam"), detailed=()), study_with(classes=2))
    assert len(named(blocks, "attention_cam").pictures) == 2 * 2
    assert {row[0] for row in rows_of(blocks, "cam_methods")} == {"HiResCAM", "EigenCAM"}


def test_a_map_that_says_nothing_is_gray_and_has_its_reason() -> None:
    dark = dataclasses.replace(
        fake_study(np.zeros((SIZE, SIZE, 3), np.float32)), maps=MapSettings(samples=2, steps=2, masks=8)
    )
    blocks = look(ClassActivationMaps(), dark)
    assert all("`mix`" in str(note) and "…" not in str(note) for note in named(blocks, "attention_cam").notes[:3])
    assert any("Grad-CAM" in text and "nothing to show" in text for text in findings(blocks, "info"))


def test_raw_maps_are_saved_as_computed_on_request() -> None:
    assert not [block for block in look(GradientMaps(), study_with()) if isinstance(block, Download)]
    study = study_with(raw_maps=True)
    maps = maps_of(study, study.samples[0])
    found = [block for artifact in EVERY[:5] for block in look(artifact, study) if isinstance(block, Download)]
    saved: dict[str, np.ndarray] = {}
    for download in found:
        with np.load(io.BytesIO(download.file.data), allow_pickle=False) as arrays:
            saved |= {key: arrays[key] for key in arrays.files if "." in key}
    assert {key.partition(".")[0] for key in saved} == set(METHODS)
    for goal in maps.goals:
        for method in METHODS:
            assert np.array_equal(saved[f"{method}.{goal.name}"], maps.heat(method, goal).values.astype(np.float32))


def test_signed_maps_have_zero_in_the_middle_of_their_scale() -> None:
    blocks = look(GradientMaps(), study_with())
    assert named(blocks, "attributions").scale.colours == "diverging"
    assert named(blocks, "saliency").scale.colours == "viridis"
    for note in named(blocks, "attributions").notes:
        if "…" in str(note):
            low, high = (float(part) for part in str(note).replace("−", "-").split(" … "))
            assert low == -high


def test_completeness_is_printed_and_true() -> None:
    study = study_with(steps=64)
    blocks = look(GradientMaps(), study)
    black = np.zeros((SIZE, SIZE, 3), np.float32)
    maps = maps_of(study, study.samples[0])
    for goal, row in zip(maps.goals, rows_of(blocks, "completeness"), strict=True):
        here, there = study.probe.evaluate(np.stack([study.samples[0].pixels, black]), [goal.target])[:, 0]
        assert row[1] == pytest.approx(here - there, abs=1e-4)
        assert row[2] == pytest.approx(maps.heat("integrated_gradients", goal).values.sum(), abs=1e-4)
        assert row[2] == pytest.approx(row[1], rel=0.02, abs=1e-3)
    assert any("from a black image" in text and "with 64 steps" in text for text in findings(blocks))


def test_too_few_steps_are_told() -> None:
    class Bent(FakeProbe):
        """Its gradients have nothing to do with its scores."""

        def gradients(self, batch: np.ndarray, target: Any, rule: Any = "plain") -> np.ndarray:
            """Far too large."""
            return 9 * super().gradients(batch, target, rule)

    study = dataclasses.replace(fake_study(probe=Bent()), maps=MapSettings(steps=2, samples=2))
    assert any("too few steps" in text for text in findings(look(GradientMaps(), study), "info"))


def test_the_rules_say_on_how_many_rectifiers_they_act() -> None:
    blocks = look(BackpropRules(), study_with())
    assert any("2 ReLUs" in text for text in findings(blocks, "info"))
    study = study_with()
    study.probe.model = dataclasses.replace(study.probe.model, rectifiers=0)  # type: ignore[misc]
    assert any("no ReLU" in text for text in findings(look(BackpropRules(), study), "warning"))


def test_hiding_says_how_it_hides() -> None:
    found = facts(look(HidingMaps(), study_with(patch=4, stride=2, masks=16)))
    assert found["patch"] == "4 × 4"
    assert (found["stride"], found["windows"], found["masks"]) == (2, 9, 16)
    assert str(found["fill"]) == "the image's mean colour"


def test_all_convolutions_are_on_the_sheet_by_layer() -> None:
    blocks = look(ClassActivationByLayer(), study_with())
    assert list(named(blocks, "gradcam_all_layers").labels) == ["edges", "mix"]
    assert len(named(blocks, "cam_all_layers").pictures) == 2 * 6
    assert table(blocks, "cam_layers")["mix"]["Agreement with the final map"] == pytest.approx(1)


def test_of_many_layers_the_sheet_has_a_choice_over_depth() -> None:
    blocks = look(ClassActivationByLayer(methods=("gradcam",), most=1), study_with())
    assert [str(label) for label in named(blocks, "cam_all_layers").labels] == ["Grad-CAM: `edges`", "Grad-CAM: `mix`"]


def test_pointing_against_a_mask_by_hand() -> None:
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[:, :4] = 1
    study = with_mask(study_with(), mask)
    blocks = look(LookingWhere(methods=("saliency",)), study)
    check_words(blocks)
    assert facts(blocks)["object_share"] == 0.5
    maps = maps_of(study, study.samples[0])
    heat = maps.heat("saliency", maps.goals[0]).values
    row = rows_of(blocks, "pointing")[0]
    assert row[0] == METHODS["saliency"].title
    assert row[2] == pytest.approx(heat[:, :4].sum() / heat.sum(), rel=1e-5)


class Corner(FakeProbe):
    """Only the upper left pixel counts; once anything was learned, or always."""

    def __init__(self, learned: bool) -> None:
        super().__init__()
        self._learned, self._shuffled = learned, 0

    @contextmanager
    def randomized(self, layers: Sequence[str], seed: int) -> Iterator[None]:
        """What was learned is lost."""
        self._shuffled = seed + 1
        yield
        self._shuffled = 0

    def gradients(self, batch: np.ndarray, target: Any, rule: Any = "plain") -> np.ndarray:
        """One at the corner; anywhere where nothing was learned."""
        found = np.zeros(batch.shape, np.float32)
        found[:, 0, 0] = 1
        if self._learned and self._shuffled:
            found[:] = np.random.default_rng(self._shuffled).random(batch.shape[1:])
        return found

    def trace(self, pixels: np.ndarray, target: Any = None) -> Any:
        """With such a gradient."""
        trace = super().trace(pixels, target)
        if target is None:
            return trace
        return dataclasses.replace(trace, input_gradient=self.gradients(pixels[None], target)[0])


def corner(mask: np.ndarray, learned: bool = True) -> list[Block]:
    """What is said of a network that looks at the corner, and an object there or elsewhere."""
    study = dataclasses.replace(fake_study(probe=Corner(learned)), maps=MapSettings())
    return look(LookingWhere(methods=("saliency",)), with_mask(study, mask))


def test_a_network_looks_at_the_object_where_it_has_learned_to() -> None:
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[:2, :2] = 1
    inside, outside = corner(mask), corner(1 - mask)
    assert "the network looks at the object" in findings(inside)[0]
    assert facts(inside)["looks"] is True
    assert rows_of(inside, "pointing")[0][1] is True
    assert "the network does not aim at the object" in findings(outside)[0]
    assert facts(outside)["looks"] is False
    assert rows_of(outside, "pointing")[0][1] is False


def marking_study(mask: np.ndarray | None) -> Study:
    """A network that marks the upper half of its image."""
    layers = [
        Layer("conv", "Conv2D", "convolution", (8, 8, 2), ("image",), 10, 10, "relu", (3, 3), (1, 1), (1, 1), "same"),
        Layer("answer", "Conv2D", "convolution", (8, 8, 1), ("conv",), 3, 3, "sigmoid", (1, 1), (1, 1), (1, 1), "same"),
    ]
    marked = np.zeros((8, 8, 1), np.float32)
    marked[:4] = 1
    study = scripted_study(layers, {"answer": marked}, kind="mask", size=(8, 8), mask=mask)
    study.memory["maps", "image-0", study.maps] = Fixed(study, study.samples[0], goals_of(study, study.samples[0]))
    return study


class Fixed(Maps):
    """Every map is hot where the network marks."""

    def heat(self, method: str, goal: Any) -> Heat:
        """The region itself."""
        return Heat(goal.region.astype(np.float32))


@pytest.mark.parametrize(("mask", "why"), [
    (None, "what the network itself marks"), (np.eye(8, dtype=np.float32), "by construction"),
])
def test_a_prediction_is_no_object_and_a_region_no_choice(mask: np.ndarray | None, why: str) -> None:
    blocks = look(LookingWhere(), marking_study(mask))
    assert findings(blocks) == []
    assert any(why in text and "no verdict" in text for text in findings(blocks, "info"))
    section = Section(
        "pointing", "pointing", "attention", LookingWhere.title, LookingWhere.about, LookingWhere.reading, tuple(blocks)
    )
    assert not [card for card in verdicts(Report("", (section,))) if card.key == "attention"]


def test_maps_that_lie_on_the_object_without_learning_give_no_verdict() -> None:
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[:2, :2] = 1
    blocks = corner(mask, learned=False)
    assert "it cannot be told" in findings(blocks)[0]
    assert "looks" not in facts(blocks)


@pytest.mark.parametrize(("mask", "words"), [
    (None, "No mask was given"), (np.zeros((SIZE, SIZE)), "nothing or everything"),
    (np.ones((SIZE, SIZE)), "nothing or everything"),
])
def test_without_an_object_nothing_is_pointed_at(mask: np.ndarray | None, words: str) -> None:
    with pytest.raises(NotApplicable, match=words):
        look(LookingWhere(), with_mask(study_with(), mask))


def test_every_method_stands_beside_chance_of_its_grain() -> None:
    study = study_with()
    blocks = look(Faithfulness(), study)
    rows = rows_of(blocks, "faithfulness")
    maps = maps_of(study, study.samples[0])
    judged = {METHODS[name].title for name in METHODS if not maps.heat(name, maps.goals[0]).reason}
    assert {row[0] for row in rows} == judged
    assert all(" … " in str(row[2]) and " … " in str(row[5]) for row in rows)
    assert all(str(row[place]) in ("better", "worse", "None") for row in rows for place in (3, 6))
    gaps = [row[1] - row[4] for row in rows]
    assert gaps == sorted(gaps)
    chart = named(blocks, "faithfulness:deletion")
    assert all(series.values[0] == pytest.approx(facts(blocks)["confidence"]) for series in chart.series)
    assert chart.positions[1] < 0.01, "the first step is fine"
    bands = [series for series in chart.series if series.spread]
    assert bands
    assert all("chance" in str(series.label) for series in bands)


def test_drop_and_increase_are_those_of_the_predicted_class() -> None:
    study = study_with()
    rows = rows_of(look(Faithfulness(methods=("saliency",)), study), "confidence_changes")
    maps = maps_of(study, study.samples[0])
    pixels, heat = study.samples[0].pixels, maps.heat("saliency", maps.goals[0]).values
    seen = pixels.mean(axis=(0, 1)) + (heat / heat.max())[..., None] * (pixels - pixels.mean(axis=(0, 1)))
    channel = maps.goals[0].target.channel
    before, after = study.probe.scores(np.stack([pixels, seen]))[:, channel]
    assert rows[0][1] == pytest.approx(max(0, before - after) / before, abs=1e-5)
    assert rows[0][3] == float(after > before)
    assert 0 <= rows[0][2] <= 1
    other = dataclasses.replace(study, maps=dataclasses.replace(
        study.maps, targets=(f"#{(channel + 1) % 3}",)
    ), memory={})
    blocks = look(Faithfulness(methods=("saliency",)), other)
    assert not [block for block in blocks if isinstance(block, Table) and block.name == "confidence_changes"]
    assert any("predicted class only" in text for text in findings(blocks, "info"))


def test_a_network_too_slow_for_chance_gets_curves_and_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.attention.trial.JUDGING", {"standard": 1.0})
    blocks = look(Faithfulness(), study_with())
    assert not findings(blocks)
    assert any("takes so long" in text for text in findings(blocks, "info"))
    assert {str(row[0]) for row in rows_of(blocks, "faithfulness")} <= {"Grad-CAM", "Integrated gradients", "Occlusion"}


def test_where_hiding_takes_nothing_away_no_verdict_is_given() -> None:
    class Sure(FakeProbe):
        """Gives the same answer to everything."""

        def scores(self, batch: np.ndarray) -> np.ndarray:
            """Always sure."""
            return np.tile(np.array([0.9, 0.06, 0.04], np.float32), (len(batch), 1))

    study = dataclasses.replace(fake_study(probe=Sure()), maps=MapSettings(samples=2, steps=2, masks=8))
    blocks = look(Faithfulness(methods=("saliency",)), study)
    assert any("hiding does not take it away" in text for text in findings(blocks, "warning"))
    assert not findings(blocks)


class Deaf(FakeProbe):
    """Its weights cannot be shuffled, so no map of it ever changes."""

    @contextmanager
    def randomized(self, layers: Sequence[str], seed: int) -> Iterator[None]:
        """Nothing happens."""
        yield


def test_maps_that_do_not_change_with_the_network_are_flagged() -> None:
    study = dataclasses.replace(fake_study(probe=Deaf()), maps=MapSettings(samples=2, steps=2))
    blocks = look(Sanity(methods=("gradcam", "saliency"), stages=2), study)
    assert "2 methods keep most of their maps when every weight is shuffled" in findings(blocks, "warning")[0]
    assert [row[1:] for row in rows_of(blocks, "sanity")] == [(1.0, 1.0, None)] * 2


class Mute(FakeProbe):
    """Says nothing once its weights are shuffled."""

    @contextmanager
    def randomized(self, layers: Sequence[str], seed: int) -> Iterator[None]:
        """All weights are zero."""
        kept = self._weights
        self._weights = {layer: {name: 0 * w for name, w in weights.items()} for layer, weights in kept.items()}
        yield
        self._weights = kept


def test_an_empty_map_of_a_shuffled_network_passes_no_test() -> None:
    study = dataclasses.replace(fake_study(probe=Mute()), maps=MapSettings(samples=2, steps=2))
    blocks = look(Sanity(methods=("gradcam", "saliency"), stages=2), study)
    assert [row[1:] for row in rows_of(blocks, "sanity")] == [(None, None, None)] * 2
    assert "cannot be told" in findings(blocks)[0]
    assert any("12 of 12 maps" in text for text in findings(blocks, "info"))
    assert not findings(blocks, "warning")


class Edges(FakeProbe):
    """Its gradients are the image's own edges until the first layer is shuffled."""

    @contextmanager
    def randomized(self, layers: Sequence[str], seed: int) -> Iterator[None]:
        """Remembers whether the first layer is."""
        self._lost = seed + 1 if "edges" in layers else 0
        yield
        self._lost = 0

    def gradients(self, batch: np.ndarray, target: Any, rule: Any = "plain") -> np.ndarray:
        """Edges, or noise."""
        lost = getattr(self, "_lost", 0)
        if lost:
            return np.random.default_rng(lost).random(batch.shape).astype(np.float32)
        return np.abs(batch - np.roll(batch, 1, axis=1)) + 1e-3 * np.arange(batch.size).reshape(batch.shape)

    def trace(self, pixels: np.ndarray, target: Any = None) -> Any:
        """With such a gradient."""
        trace = super().trace(pixels, target)
        if target is None:
            return trace
        return dataclasses.replace(trace, input_gradient=self.gradients(pixels[None], target)[0])


def test_a_map_that_ignores_the_upper_layers_is_named_with_the_layer() -> None:
    blocks = look(Sanity(methods=("saliency",), stages=3), dataclasses.replace(fake_study(probe=Edges()), memory={}))
    assert "keeps most of its map while the last 2 of 3 layers with weights, back to `mix`" in findings(blocks, "warning")[0]
    row = rows_of(blocks, "sanity")[0]
    assert row[1] == row[2] == 1
    assert row[-1] == "edges"


def test_maps_are_compared_with_those_of_the_shuffled_network() -> None:
    study = study_with()
    before = {name: array.copy() for name, array in study.probe.weights("scores").items()}
    blocks = look(Sanity(methods=("saliency",), stages=1, shuffles=1), study)
    true = maps_of(study, study.samples[0])
    goal = true.goals[0]
    with study.probe.randomized(["scores", "mix", "edges"], 0):
        shuffled = np.abs(study.probe.gradients(study.samples[0].pixels[None], goal.target)[0]).max(axis=-1)
    expected = rank_correlation(true.heat("saliency", goal).values, shuffled)
    assert rows_of(blocks, "sanity")[0][1] == pytest.approx(expected)
    assert facts(blocks)["shuffles"] == 1
    assert all(np.array_equal(study.probe.weights("scores")[name], before[name]) for name in before)
    labels = [str(label) for label in named(blocks, "sanity").labels]
    assert labels == ["none", "edges"]


def test_the_agreement_of_maps_is_a_symmetric_matrix_of_rank_correlations() -> None:
    study = study_with()
    blocks = look(MapAgreement(methods=("saliency", "occlusion", "gradcam")), study)
    rows = rows_of(blocks, "map_agreement")
    matrix = np.array([row[1:] for row in rows], float)
    assert np.allclose(matrix, matrix.T)
    assert np.allclose(np.diag(matrix), 1)
    maps = maps_of(study, study.samples[0])
    first, second = (np.maximum(maps.heat(name, maps.goals[0]).values, 0) for name in ("saliency", "occlusion"))
    assert matrix[0, 1] == pytest.approx(rank_correlation(first, second))
    assert any("with hiding parts of the image" in text for text in findings(blocks))
    assert facts(blocks)["compared_methods"] == 3
    assert "3 maps agree" in findings(blocks)[0]
    assert "unrelated maps of this grain would have" in findings(blocks)[0]


def test_a_map_without_differences_agrees_with_nothing() -> None:
    matrix = correlations([np.arange(4.0).reshape(2, 2), np.ones((2, 2))])
    assert np.isnan(matrix[0, 1])


def test_unrelated_maps_are_as_alike_as_unrelated_maps_are() -> None:
    random = np.random.default_rng(0)
    told = 0
    for _try in range(40):
        fields = [smooth((32, 32), 8, random) for _map in range(6)]
        apart = ~np.eye(6, dtype=bool)
        mean = correlations(fields)[apart].mean()
        told += Range.of([one[apart].mean() for one in by_chance(fields, 0)]).side(mean) != 0
    assert told <= 2
    same = smooth((32, 32), 8, random)
    fields = [same + 0.3 * smooth((32, 32), 8, random) for _map in range(6)]
    mean = correlations(fields)[apart].mean()
    assert Range.of([one[apart].mean() for one in by_chance(fields, 0)]).side(mean) == 1


def test_one_map_cannot_agree() -> None:
    with pytest.raises(NotApplicable, match="not two maps"):
        look(MapAgreement(methods=("gradcam",)), study_with())

