"""What is explained: defaults for every kind of answer, and what a user may ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.attention.goals import confidences, goals_of
from reportgen.attention.wishes import check_wishes, read_wish
from reportgen.errors import UsageError
from reportgen.probe import Places, Target
from reportgen.study import MapSettings, Study
from tests.attention.studies import study_of
from tests.fakes import fake_study
from tests.probe.probing import picture


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def with_settings(study: Study, **settings: Any) -> Study:
    return Study(study.probe, study.samples, study.labels, MapSettings(**settings))


def head(keras: Any, units: int, activation: str | None) -> Any:
    keras.utils.set_random_seed(1)
    start = keras.Input((8, 10, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(start)
    return keras.Model(start, keras.layers.Dense(units, activation=activation)(keras.layers.Flatten()(maps)))


def segmenter(keras: Any, classes: int, activation: str) -> Any:
    keras.utils.set_random_seed(2)
    start = keras.Input((8, 10, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(start)
    return keras.Model(start, keras.layers.Conv2D(classes, 1, activation=activation, name="out")(maps))


def test_the_likeliest_classes_come_first() -> None:
    study = fake_study()
    goals = goals_of(study, study.samples[0])
    scores = study.probe.trace(study.samples[0].pixels).scores
    assert [goal.target.channel for goal in goals] == np.argsort(-scores).tolist()
    assert [str(goal.label) for goal in goals] == [study.labels[k] for k in np.argsort(-scores)]
    assert len(goals_of(with_settings(study, classes=1), study.samples[0])) == 1


def test_both_sides_of_a_binary_sigmoid_the_predicted_one_first(keras: Any) -> None:
    model = head(keras, 1, "sigmoid")
    study = study_of(model, picture(8, 10, 3), labels=("no", "yes"))
    goals = goals_of(study, study.samples[0])
    share = float(study.probe.trace(study.samples[0].pixels).scores[0])
    expected = ["yes", "no"] if share >= 0.5 else ["no", "yes"]
    assert [goal.label for goal in goals] == expected
    assert {goal.label: goal.target.sign for goal in goals} == {"yes": 1, "no": -1}
    found = confidences(study.probe, study.samples[0].pixels[None], goals)[0]
    assert dict(zip(expected, found, strict=True)) == pytest.approx({"yes": share, "no": 1 - share}, abs=1e-6)


def test_a_sigmoid_is_never_squashed_twice(keras: Any) -> None:
    """A single output near 1 stays what it is, and its score is what comes before the sigmoid."""
    model = head(keras, 1, "sigmoid")
    model.layers[-1].bias.assign([4.0])
    study = study_of(model, picture(8, 10, 3))
    goals = goals_of(study, study.samples[0])
    share = float(study.probe.trace(study.samples[0].pixels).scores[0])
    assert confidences(study.probe, study.samples[0].pixels[None], goals)[0, 0] == pytest.approx(share, abs=1e-6)
    raw = study.probe.evaluate(study.samples[0].pixels[None], [goals[0].target])[0, 0]
    assert raw == pytest.approx(np.log(share / (1 - share)), rel=1e-3)


def test_labels_that_exclude_nothing_are_explained_each(keras: Any) -> None:
    study = study_of(head(keras, 5, "sigmoid"), picture(8, 10, 3), labels=tuple("abcde"), classes=2)
    shares = study.probe.trace(study.samples[0].pixels).scores
    assert [goal.target.channel for goal in goals_of(study, study.samples[0])] == np.argsort(-shares)[:2].tolist()


def test_numbers_are_explained_by_size(keras: Any) -> None:
    study = study_of(head(keras, 4, "tanh"), picture(8, 10, 3), classes=2)
    goals = goals_of(study, study.samples[0])
    scores = study.probe.trace(study.samples[0].pixels).scores
    assert [goal.target.channel for goal in goals] == np.argsort(-np.abs(scores))[:2].tolist()
    assert confidences(study.probe, study.samples[0].pixels[None], goals)[0] == pytest.approx(
        np.sort(np.abs(scores))[::-1][:2] * np.sign(scores[np.argsort(-np.abs(scores))[:2]]), abs=1e-5
    )


def test_a_mask_is_explained_by_its_regions(keras: Any) -> None:
    true = np.zeros((8, 10))
    true[:2, :3] = 1
    model = segmenter(keras, 1, "sigmoid")
    pixels = picture(8, 10, 3)
    raw = model.predict(pixels[None], verbose=0)[0, ..., 0]
    model.layers[-1].bias.assign([-float(np.median(np.log(raw / (1 - raw))))])
    study = study_of(model, pixels, mask=true)
    goals = {goal.name: goal for goal in goals_of(study, study.samples[0])}
    assert list(goals) == ["marked", "rest", "true-mask"]
    marked = study.probe.trace(pixels).scores[..., 0] >= 0.5
    assert (goals["marked"].region == marked).all()
    assert goals["marked"].target == Target(0, places=Places.of(marked))
    assert goals["rest"].target == Target(0, places=Places.of(~marked), sign=-1)
    assert (goals["true-mask"].region == (true > 0)).all()
    found = confidences(study.probe, pixels[None], list(goals.values()))[0]
    shares = study.probe.trace(pixels).scores[..., 0]
    assert found == pytest.approx([shares[marked].mean(), 1 - shares[~marked].mean(), shares[true > 0].mean()], abs=1e-5)


def test_classes_by_pixel_are_explained_on_their_own_areas(keras: Any) -> None:
    pixels = picture(8, 10, 3)
    study = study_of(segmenter(keras, 4, "softmax"), pixels, labels=("sky", "road", "tree", "car"))
    numbers = study.probe.trace(pixels).scores.argmax(axis=-1)
    goals = goals_of(study, study.samples[0])
    areas = [int((numbers == goal.target.channel).sum()) for goal in goals]
    assert areas == sorted(areas, reverse=True)
    assert all((goal.region == (numbers == goal.target.channel)).all() for goal in goals)


@pytest.mark.parametrize(("text", "channel", "sign", "name"), [
    ("dog", 1, 1, "dog"), ("DOG", 1, 1, "dog"), ("#2", 2, 1, "owl"), ("2", 2, 1, "owl"), ("not cat", 0, -1, "not-cat"),
])
def test_a_class_by_name_or_number(text: str, channel: int, sign: int, name: str) -> None:
    study = with_settings(fake_study(), targets=(text,))
    (goal,) = goals_of(study, study.samples[0])
    assert (goal.target, goal.name) == (Target(channel, sign=sign), name)


def test_a_class_by_one_of_its_names() -> None:
    study = Study(fake_study().probe, fake_study().samples, ("tabby, tabby cat", "tiger cat", "crane"),
                  MapSettings(targets=("tabby cat",)))
    (goal,) = goals_of(study, study.samples[0])
    assert (goal.target.channel, goal.label, goal.name) == (0, "tabby", "tabby")


def test_a_unit_of_a_layer_and_a_goal_asked_for_twice() -> None:
    study = with_settings(fake_study(), targets=("mix:1", "edges:2", "mix:1"))
    goals = goals_of(study, study.samples[0])
    assert [goal.target for goal in goals] == [Target(1, "mix"), Target(2, "edges")]
    assert len({goal.name for goal in goals}) == 2
    found = confidences(study.probe, study.samples[0].pixels[None], goals)[0]
    outputs = study.probe.trace(study.samples[0].pixels).outputs
    assert found == pytest.approx([outputs["mix"][..., 1].mean(), outputs["edges"][..., 2].mean()], abs=1e-6)


@pytest.mark.parametrize(("text", "rows", "columns"), [
    ("@point:4,2", slice(2, 3), slice(4, 5)), ("@box:1,2,5,6", slice(2, 6), slice(1, 5)),
    ("@box:0%,50%,100%,100%", slice(4, 8), slice(0, 10)), ("@all", slice(0, 8), slice(0, 10)),
])
def test_a_point_and_a_box(keras: Any, text: str, rows: slice, columns: slice) -> None:
    study = study_of(segmenter(keras, 1, "sigmoid"), picture(8, 10, 3), targets=(text,))
    (goal,) = goals_of(study, study.samples[0])
    expected = np.zeros((8, 10), bool)
    expected[rows, columns] = True
    assert (goal.region == expected).all()
    assert goal.target.sign == 1


def test_the_other_side_on_a_region(keras: Any) -> None:
    study = study_of(segmenter(keras, 1, "sigmoid"), picture(8, 10, 3), labels=("road",), targets=("not road@all",))
    assert read_wish(study, "not road@all").against
    (goal,) = goals_of(study, study.samples[0])
    assert goal.target == Target(0, sign=-1)


@pytest.mark.parametrize("text", [
    "cow", "#3", "99", "mix:2", "mix:x", "nowhere:1", "cat@box:1,2,3,4", "", "not", "not cow", "cat@", "mix:-1",
])
def test_what_names_nothing_is_refused_in_one_sentence(text: str) -> None:
    study = with_settings(fake_study(), targets=(text,))
    with pytest.raises(UsageError) as caught:
        check_wishes(study)
    assert caught.value.slug == "unknown-target"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("text", [
    "@mask", "@point:1", "@box:1,2,3", "@point:a,b", "@point:nan,1", "@box:5,5,2,2", "@point:40,2", "@circle:1,2",
    "@point:-1,2", "grass@all",
])
def test_a_region_that_cannot_be_is_refused(keras: Any, text: str) -> None:
    study = study_of(segmenter(keras, 1, "sigmoid"), picture(8, 10, 3), labels=("road",), targets=(text,))
    with pytest.raises(UsageError) as caught:
        check_wishes(study)
    assert caught.value.slug == "unknown-target"


def test_an_unknown_layer_for_the_maps_is_refused() -> None:
    with pytest.raises(UsageError, match="no layer 'block9'"):
        check_wishes(with_settings(fake_study(), layer="block9"))


def test_a_class_without_an_area_is_left_out(keras: Any) -> None:
    model = segmenter(keras, 3, "softmax")
    model.layers[-1].bias.assign([50.0, 0, -50])
    study = study_of(model, picture(8, 10, 3), labels=("a", "b", "c"), targets=("c", "a"))
    assert [goal.name for goal in goals_of(study, study.samples[0])] == ["a"]


@pytest.mark.parametrize(("name", "value"), [
    ("classes", -1), ("samples", 1), ("noise", 0), ("noise", 2), ("steps", -1), ("masks", -1), ("patch", -1),
])
def test_settings_that_cannot_be(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        MapSettings(**{name: value})  # type: ignore[arg-type]
