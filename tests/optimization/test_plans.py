"""How many images in how many steps: by effort, by what a step costs, and by what the user names."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.class_images import ClassImages
from reportgen.artifacts.deep_dream import DeepDream
from reportgen.artifacts.inversion import Inversion
from reportgen.artifacts.optimal_inputs import OptimalInputs
from reportgen.artifacts.penalty_sweep import PenaltySweep
from reportgen.artifacts.wanted import LEANER, unit_plan, units
from reportgen.optimization import plans
from reportgen.optimization.plans import planned, step_work
from reportgen.report.blocks import Gallery, Note
from reportgen.study import Study, WishSettings
from tests.artifacts.scripted import facts, named
from tests.attention.studies import study_of
from tests.optimization.test_climbing import network
from tests.probe.probing import picture


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that pays for the least alone."""
    monkeypatch.setitem(plans.IMAGES, "standard", 1.0)  # type: ignore[index]


def wishing(keras: Any, **settings: Any) -> Study:
    return dataclasses.replace(study_of(network(keras), picture(16, 16, 3)), wishes=WishSettings(**settings))


def cut(blocks: list[Any]) -> bool:
    return any("than usual" in str(block.text) for block in blocks if isinstance(block, Note))


def test_a_small_network_gets_what_the_effort_says(keras: Any) -> None:
    plan, less = unit_plan(wishing(keras))
    assert (plan.layers, plan.units, plan.steps, less) == (2, 8, 128, False)


def test_a_large_network_gets_the_least(keras: Any, poor: None) -> None:
    study = wishing(keras)
    plan, less = unit_plan(study)
    assert less
    assert (plan.units, plan.steps, plan.opposite) == (LEANER[-1].units, LEANER[-1].steps, False)
    assert len(units(study)) == 2 * plan.units
    blocks = list(OptimalInputs().blocks(study))
    assert cut(blocks)
    assert facts(blocks)["steps"] == plan.steps
    assert not any(isinstance(block, Gallery) and block.name.startswith("opposite") for block in blocks)


def test_what_the_user_names_holds(keras: Any, poor: None) -> None:
    study = wishing(keras, steps=5, units=3, layers=("one",))
    plan, _less = unit_plan(study)
    assert (plan.layers, plan.units, plan.steps) == (1, 3, 5)
    assert facts(list(ClassImages(classes=2, seeds=3).blocks(study)))["steps"] == 5
    sheet = named(list(ClassImages(classes=2, seeds=3).blocks(study)), "class_images")
    assert len(sheet.pictures) == 6
    assert facts(list(PenaltySweep().blocks(study)))["steps"] == 5
    assert facts(list(Inversion(depths=1).blocks(study, study.samples[0])))["inversion_steps"] == 5
    dreamt = list(DeepDream(depths=2, octaves=1, steps=2).blocks(study, study.samples[0]))
    assert facts(dreamt)["dream_steps"] == 2


def test_thorough_knows_no_budget(keras: Any, poor: None) -> None:
    plan, less = unit_plan(wishing(keras, effort="thorough"))
    assert (plan.layers, plan.units, plan.steps, less) == (2, 24, 512, False)


def test_every_section_says_that_it_was_cut(keras: Any, poor: None) -> None:
    study = wishing(keras)
    classes = list(ClassImages().blocks(study))
    assert cut(classes)
    assert len(named(classes, "class_images").pictures) == 1
    assert cut(list(DeepDream().blocks(study, study.samples[0])))
    assert cut(list(Inversion().blocks(study, study.samples[0])))
    with pytest.raises(NotApplicable, match="--effort thorough"):
        list(PenaltySweep().blocks(study))


def test_the_richest_plan_that_fits_is_taken(keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    study = wishing(keras)
    monkeypatch.setitem(plans.IMAGES, "standard", 100 / plans.SHARES["inversion"])  # type: ignore[index]
    for wanted, less in ((100, False), (101, True), (250, True)):
        found = planned(study, "inversion", [wanted, wanted // 2, wanted // 3, 1], float)
        assert found == (max(plan for plan in (wanted, wanted // 2, wanted // 3, 1) if plan <= 100), less)
    assert planned(study, "inversion", [900, 800], float) == (800, True)


def test_a_step_costs_more_the_deeper_and_the_larger(keras: Any) -> None:
    study = wishing(keras)
    shallow, deep, whole = (step_work(study, layer) for layer in ("one", "inner/relu", ""))
    assert 0 < shallow < deep < whole
    assert step_work(study, "one", (8, 16)) == pytest.approx(shallow / 2)
    assert step_work(dataclasses.replace(study, samples=(), memory={}), "one") == pytest.approx(shallow)
