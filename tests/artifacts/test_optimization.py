"""The sections on optimization: what they show and conclude, on a small network with real slopes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from reportgen.artifacts.base import Artifact, ImageArtifact, ModelArtifact, NotApplicable
from reportgen.artifacts.class_images import ClassImages
from reportgen.artifacts.deep_dream import DeepDream
from reportgen.artifacts.geometry import fields
from reportgen.artifacts.inversion import Inversion
from reportgen.artifacts.made_to_order import MadeToOrder
from reportgen.artifacts.optimal_inputs import OptimalInputs
from reportgen.artifacts.penalty_sweep import PenaltySweep
from reportgen.artifacts.unit_rows import UnitRows
from reportgen.artifacts.wanted import chosen_layers, chosen_units, image_size, natural, units
from reportgen.optimization.objectives import channel, logit
from reportgen.report.blocks import Block, Gallery, Table
from reportgen.study import Study, WishSettings
from tests.artifacts.scripted import check_words, facts, findings, named
from tests.attention.studies import study_of
from tests.optimization.test_climbing import network
from tests.probe.probing import picture

EVERY: tuple[Artifact, ...] = (
    OptimalInputs(), UnitRows(), ClassImages(), PenaltySweep(), DeepDream(), Inversion(),
    MadeToOrder(("one:1 - one:2", "#1")),
)
NAMES = ("ball", "star", "ring", "cross")


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def wishing(model: Any, images: int = 1, **settings: Any) -> Study:
    """A study with quick settings."""
    study = study_of(model, *(picture(16, 16, 3, seed=seed) for seed in range(images)), labels=NAMES)
    return dataclasses.replace(study, wishes=WishSettings(effort="quick", **{"steps": 6, "units": 2, **settings}))


@pytest.fixture(scope="module")
def study(keras: Any) -> Study:
    return wishing(network(keras))


def look(artifact: Artifact, study: Study) -> list[Block]:
    """All that the artifact says of the first image."""
    if isinstance(artifact, ImageArtifact):
        return list(artifact.blocks(study, study.samples[0]))
    assert isinstance(artifact, ModelArtifact)
    return list(artifact.blocks(study))


def rows_of(blocks: Sequence[Block], name: str) -> tuple[tuple[Any, ...], ...]:
    return next(block.rows for block in blocks if isinstance(block, Table) and block.name == name)


@pytest.mark.parametrize("artifact", EVERY, ids=lambda artifact: artifact.name)
def test_every_section_has_words_for_all_it_shows(study: Study, artifact: Artifact) -> None:
    blocks = look(artifact, study)
    check_words(blocks)
    assert findings(blocks)


@pytest.mark.parametrize("artifact", EVERY, ids=lambda artifact: artifact.name)
def test_a_network_of_dense_layers_says_what_it_has_not(keras: Any, artifact: Artifact) -> None:
    start = keras.Input((16, 16, 3))
    answer = keras.layers.Dense(4, activation="softmax", name="one")(keras.layers.Flatten()(start))
    dense = wishing(keras.Model(start, answer))
    if isinstance(artifact, ClassImages | PenaltySweep | MadeToOrder):
        assert findings(look(artifact, dense))
        return
    with pytest.raises(NotApplicable, match="no convolution"):
        look(artifact, dense)


def test_the_strongest_channels_are_chosen_or_any_by_seed(keras: Any, study: Study) -> None:
    layer = study.probe.layers["one"]
    means = study.probe.trace(study.samples[0].pixels).outputs["one"].mean(axis=(0, 1))
    assert chosen_units(study, layer, 2) == sorted(np.argsort(-means)[:2])
    by_seed = [chosen_units(wishing(network(keras), choice="seed", seed=seed), layer, 2) for seed in (0, 0, 1, 2, 3)]
    assert by_seed[0] == by_seed[1]
    assert len({tuple(chosen) for chosen in by_seed}) > 1


def test_without_an_image_units_are_chosen_by_seed_and_nothing_is_compared(keras: Any) -> None:
    blocks = look(OptimalInputs(opposite=False), wishing(network(keras), images=0))
    assert {row[3] for row in rows_of(blocks, "optimal_inputs")} == {None}


def test_layers_are_those_that_were_asked_for(keras: Any) -> None:
    assert [layer.name for layer in chosen_layers(wishing(network(keras)))] == ["one", "inner/two"]
    assert [layer.name for layer in chosen_layers(wishing(network(keras), layers=("inner/*",)))] == ["inner/two"]


def test_an_image_is_as_large_as_its_unit_needs(keras: Any) -> None:
    start = keras.Input((128, 128, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="near")(start)
    for number in range(3):
        x = keras.layers.Conv2D(4, 3, strides=2, padding="same", name=f"down{number}")(x)
    x = keras.layers.Conv2D(4, 5, padding="same", name="far")(x)
    model = keras.Model(start, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    study = study_of(model, picture(128, 128, 3))
    seen = fields(study.probe.layers, {})
    assert image_size(study, seen["near"]) == (48, 48)
    reach = seen["far"].size
    assert reach is not None
    side = image_size(study, seen["far"])[0]
    assert reach[0] * 1.5 <= side < 128
    assert side % 8 == 0
    larger = dataclasses.replace(study, wishes=WishSettings(size=999))
    assert image_size(larger, seen["near"]) == (128, 128)


def test_natural_values_are_the_best_of_the_images(keras: Any) -> None:
    study = wishing(network(keras), images=3)
    layer = study.probe.layers["inner/relu"]
    found = natural(study, [channel(layer, number) for number in (1, 5)])
    answers = [study.probe.trace(sample.pixels).outputs["inner/relu"].mean(axis=(0, 1)) for sample in study.samples]
    for value, number in zip(found, (1, 5), strict=True):
        assert value is not None
        assert value <= max(answer[number] for answer in answers) + 1e-5
    logits = natural(study, [logit(study.probe, 0)])[0]
    scores = np.log(study.probe.scores(np.stack([sample.pixels for sample in study.samples])))
    assert logits is not None
    assert np.isfinite(scores).all()


def test_the_made_image_is_the_one_that_is_shown(study: Study) -> None:
    blocks = look(OptimalInputs(opposite=False), study)
    made = units(study)
    sheet = named(blocks, "optimal_inputs_one")
    import io

    from PIL import Image

    shown = np.asarray(Image.open(io.BytesIO(sheet.pictures[0].data)).convert("RGB"), float) / 255
    assert np.abs(shown - made[0].made.image).max() <= 0.5 / 255 + 1e-6


def test_the_table_says_what_the_network_says(study: Study) -> None:
    blocks = look(OptimalInputs(), study)
    rows = rows_of(blocks, "optimal_inputs")
    assert [row[0] for row in rows] == [unit.label for unit in units(study)]
    first = units(study)[0]
    value = study.probe.climb(first.made.image[None], [
        dataclasses.replace(pull, directions=pull.directions[None])  # type: ignore[index]
        for pull in channel(first.layer, first.number).pulls
    ])[0][0, 0]
    assert rows[0][2] == pytest.approx(value, rel=1e-4)


def test_opposites_stand_in_pairs(study: Study) -> None:
    blocks = look(OptimalInputs(), study)
    pairs = next(block for block in blocks if isinstance(block, Gallery) and block.name.startswith("opposite"))
    assert len(pairs.pictures) == 4
    most, least = (float(str(note).replace("−", "-")) for note in pairs.notes[:2])
    assert most > least
    assert least >= 0, "a channel after a ReLU cannot answer less than nothing"


def test_a_flat_network_is_told_not_to_converge(keras: Any) -> None:
    model = network(keras)
    for layer in model.layers:
        if layer.name == "one":
            layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    blocks = look(OptimalInputs(opposite=False), wishing(model))
    assert any("did not converge" in text for text in findings(blocks, "warning"))
    assert all("did not converge" in str(row[-1]) for row in rows_of(blocks, "optimal_inputs"))


def test_one_row_for_a_unit_has_four_pictures(study: Study) -> None:
    blocks = look(UnitRows(units=1), study)
    sheet = named(blocks, "units_one")
    assert sheet.columns == len(sheet.pictures) == 4
    unit = units(study)[0]
    answer = study.probe.trace(study.samples[0].pixels).outputs["one"][..., unit.number]
    row = rows_of(blocks, "unit_rows")[0]
    assert row[1] == pytest.approx(answer.max(), rel=1e-5)
    assert answer[row[4], row[3]] == answer.max()


def test_what_a_unit_found_is_compared_with_pixels_in_random_order(keras: Any) -> None:
    """In noise there is no arrangement to be found: of many units about as many as chance gives beat all orders."""
    found = total = 0
    for seed in range(3):
        rows = rows_of(look(UnitRows(units=2), wishing(network(keras), seed=seed)), "unit_rows")
        found += sum(row[1] > row[2] for row in rows)
        total += len(rows)
    assert found <= total / 2


def test_the_network_is_asked_about_its_own_classes(study: Study) -> None:
    blocks = look(ClassImages(classes=3, seeds=2), study)
    sheet = named(blocks, "class_images")
    assert sheet.columns == 3
    assert len(sheet.pictures) == 6
    scores = study.probe.trace(study.samples[0].pixels).scores
    assert [str(label) for label in sheet.labels[:3]] == [f"{NAMES[k]}, start 1" for k in np.argsort(-scores)[:3]]
    assert any("from different starts" in text for text in findings(blocks))
    assert any("of 6 made images for the class" in text for text in findings(blocks))


def test_both_sides_of_a_single_sigmoid_are_made(keras: Any) -> None:
    keras.utils.set_random_seed(2)
    start = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu")(start)
    model = keras.Model(start, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(x)))
    study = dataclasses.replace(wishing(model), labels=("cat", "dog"))
    rows = rows_of(look(ClassImages(), study), "class_images")
    assert [str(row[0]) for row in rows] == ["dog", "cat"]
    shares = [float(str(row[4]).rstrip("%")) for row in rows]
    assert shares[0] > shares[1]


def test_the_sweep_grows_smoother_with_the_weight(keras: Any) -> None:
    blocks = look(PenaltySweep(weights=(0.001, 10.0)), wishing(network(keras), steps=25))
    rough, smooth = (row[2] for row in rows_of(blocks, "penalty_sweep"))
    assert smooth < rough
    assert len(named(blocks, "penalty_sweep").pictures) == 2


def test_a_dream_says_how_much_louder_each_layer_became(study: Study) -> None:
    blocks = look(DeepDream(depths=1, steps=8), study)
    assert facts(blocks)["octaves"] >= 1
    row = rows_of(blocks, "deep_dream")[0]
    assert row[4] == pytest.approx(row[3] / row[2])
    assert row[4] > 1


def test_deeper_layers_are_inverted_layer_by_layer(study: Study) -> None:
    blocks = look(Inversion(), study)
    strip = next(block for block in blocks if isinstance(block, Gallery))
    assert len(strip.pictures) == 1 + len(rows_of(blocks, "inversion"))
    assert all(row[2] < row[1] for row in rows_of(blocks, "inversion"))


def test_an_inversion_is_compared_with_a_flat_picture(study: Study) -> None:
    blocks = look(Inversion(), study)
    pixels = study.samples[0].pixels
    flat = np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape)
    apart = np.sqrt(((pixels - flat) ** 2).mean())
    table = next(block for block in blocks if isinstance(block, Table) and block.name == "inversion")
    assert f"{apart:.3f} apart" in str(table.caption)
    for name, _start, _error, plain, difference in table.rows:
        true, other = (study.probe.trace(picture).outputs[name] for picture in (pixels, np.array(flat, np.float32)))
        assert plain == pytest.approx(np.linalg.norm(other - true) / np.linalg.norm(true), rel=1e-4)
        told = [text for text in findings(blocks) if f"`{name}`" in text and "clearly better" in text]
        assert not told or difference < 0.8 * apart


def test_nothing_is_made_to_order_without_an_order(study: Study) -> None:
    with pytest.raises(NotApplicable, match="no objectives were asked for"):
        look(MadeToOrder(), study)


def test_the_cure_can_be_asked_for_unit_by_unit(study: Study) -> None:
    blocks = look(MadeToOrder(("#1",), cured=("one:1",)), study)
    check_words(blocks)
    labels = [str(row[0]) for row in rows_of(blocks, "made_to_order")]
    assert labels == ["#1", "one:1, before the cure", "one:1, after it"]
    gallery = next(block for block in blocks if isinstance(block, Gallery))
    assert gallery.pictures[1] != gallery.pictures[2], "both were really made"
    assert any("“one:1” reaches" in text and "by the cure" in text for text in findings(blocks))
