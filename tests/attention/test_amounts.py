"""How many samples, steps, masks and windows: what the user names, else by effort and by what a pass costs."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.artifacts.gradient_maps import BackpropRules, GradientMaps
from reportgen.artifacts.hiding_maps import HidingMaps
from reportgen.attention import amounts
from reportgen.attention.amounts import LEAST, USUAL, amounts_of
from reportgen.attention.hiding import windows
from reportgen.attention.maps import maps_of
from reportgen.effort import BACK, MAPS, work_of
from reportgen.probe import Array, Layer, Rule, Target, Trace
from reportgen.report.blocks import Note, Table
from reportgen.study import MapSettings, Study
from tests.artifacts.scripted import facts, named
from tests.fakes import FakeProbe, fake_study

COUNTED = ("samples", "steps", "masks", "channels")
HUGE = 1e15


def numbers(settings: MapSettings) -> dict[str, int]:
    return {name: getattr(settings, name) for name in COUNTED}


def count_of_windows(settings: MapSettings, size: tuple[int, int]) -> int:
    down, across = (len(windows(side, settings.patch, settings.stride)) for side in size)
    return down * across


@pytest.mark.parametrize("effort", ["quick", "standard", "thorough"])
def test_a_small_network_gets_what_the_effort_says(effort: Any) -> None:
    found = amounts_of(MapSettings(effort=effort), (64, 64), 1e7, 3)
    assert numbers(found.settings) == {name: USUAL[name][effort] for name in COUNTED}
    assert count_of_windows(found.settings, (64, 64)) == USUAL["windows"][effort] ** 2
    assert (found.every, found.less) == (True, ())


def test_a_large_network_gets_what_the_budget_pays_for() -> None:
    work = 1.7e10
    found = amounts_of(MapSettings(), (224, 224), work, 3)
    told = found.settings
    passes = BACK * (told.samples + told.steps) + told.masks + 1.5 * told.channels + count_of_windows(told, (224, 224))
    assert passes * work <= MAPS["standard"]
    assert set(found.less) == {"samples", "steps", "masks", "channels", "windows"}
    assert not found.every


def test_nothing_is_cut_so_short_that_it_says_nothing() -> None:
    found = amounts_of(MapSettings(), (224, 224), HUGE, 3).settings
    assert numbers(found) == {name: LEAST[name] for name in COUNTED}
    assert count_of_windows(found, (224, 224)) == LEAST["windows"] ** 2


def test_thorough_knows_no_budget() -> None:
    found = amounts_of(MapSettings(effort="thorough"), (224, 224), HUGE, 3)
    assert numbers(found.settings) == {name: USUAL[name]["thorough"] for name in COUNTED}
    assert found.every


def test_what_the_user_names_holds() -> None:
    named_by_user = MapSettings(samples=33, steps=44, masks=555, channels=66, patch=7, stride=3)
    found = amounts_of(named_by_user, (224, 224), HUGE, 3)
    assert found.settings == named_by_user
    assert (found.every, found.less) == (True, ())


@pytest.mark.parametrize("work", [1e6, 1e9, 1e10, 5e10, HUGE])
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (7, 7), (32, 32), (224, 97), (300, 512)])
@pytest.mark.parametrize("effort", ["quick", "standard", "thorough"])
def test_windows_leave_no_pixel_out(size: tuple[int, int], work: float, effort: Any) -> None:
    told = amounts_of(MapSettings(effort=effort), size, work, 3).settings
    for side in size:
        hidden = np.zeros(side, bool)
        for start in windows(side, told.patch, told.stride):
            hidden[start : start + told.patch] = True
        assert hidden.all()


def test_more_work_for_a_pass_never_means_more_passes() -> None:
    rows = [list(numbers(amounts_of(MapSettings(), (224, 224), 10.0**power, 3).settings).values()) for power in range(6, 15)]
    assert all(late <= early for before, after in zip(rows, rows[1:], strict=False)
               for early, late in zip(before, after, strict=True))


def test_the_work_of_a_pass_is_parameters_times_places() -> None:
    conv = Layer("conv", "Conv2D", "convolution", (5, 5, 8), parameters=224)
    dense = Layer("dense", "Dense", "dense", (10,), parameters=2010)
    outputs = {"conv": np.zeros((5, 5, 8), np.float32), "dense": np.zeros(10, np.float32)}
    assert work_of([conv, dense], outputs) == 224 * 25 + 2010 + 100 * 210


class Asked(FakeProbe):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.traces: list[Target | None] = []
        self.slopes: list[tuple[Rule, int]] = []

    def trace(self, pixels: Array, target: Target | None = None) -> Trace:
        self.traces.append(target)
        return super().trace(pixels, target)

    def gradients(self, batch: Array, target: Target, rule: Rule = "plain") -> Array:
        self.slopes.append((rule, len(batch)))
        return super().gradients(batch, target, rule)


def large_study(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> tuple[Study, Asked, list[str]]:
    """The fake network, so costly that the budget pays for the least alone."""
    monkeypatch.setitem(amounts.MAPS, "standard", 1.0)  # type: ignore[index]
    probe, told = Asked(), list[str]()
    return dataclasses.replace(
        fake_study(probe=probe), maps=MapSettings(**settings), memory={}, notice=told.append
    ), probe, told


def test_the_recorded_pass_serves_plain_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    study, probe, _told = large_study(monkeypatch)
    maps = maps_of(study, study.samples[0])
    for goal in maps.goals:
        assert not maps.heat("saliency", goal).reason
        assert not maps.heat("gradient_input", goal).reason
    assert probe.slopes == []


def test_averages_are_made_for_the_first_class_where_the_budget_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    study, probe, told = large_study(monkeypatch)
    blocks = list(GradientMaps().blocks(study, study.samples[0]))
    assert sum(count for rule, count in probe.slopes if rule == "plain") == LEAST["samples"] + LEAST["steps"]
    sheet = named(blocks, "saliency")
    assert len(sheet.pictures) == len(sheet.labels) == 3 + 1 + 1
    assert len(next(block for block in blocks if isinstance(block, Table) and block.name == "completeness").rows) == 1
    assert facts(blocks)["noisy_copies"] == LEAST["samples"]
    assert any("alone" in str(block.text) for block in blocks if isinstance(block, Note))
    assert len(told) == 1
    assert "4 noisy copies" in told[0]


def test_a_user_who_names_them_gets_averages_for_every_class(monkeypatch: pytest.MonkeyPatch) -> None:
    study, probe, _told = large_study(monkeypatch, samples=3, steps=5)
    blocks = list(GradientMaps().blocks(study, study.samples[0]))
    assert sum(count for _rule, count in probe.slopes) == 3 * (3 + 5)
    assert len(named(blocks, "saliency").pictures) == 9


def test_sections_say_how_many_they_took(monkeypatch: pytest.MonkeyPatch) -> None:
    study, _probe, _told = large_study(monkeypatch)
    blocks = list(HidingMaps().blocks(study, study.samples[0]))
    assert facts(blocks)["masks"] == LEAST["masks"]
    assert any("so long that fewer" in str(block.text) for block in blocks if isinstance(block, Note))


def test_no_map_is_made_twice_for_several_sections() -> None:
    probe = Asked()
    study = dataclasses.replace(fake_study(probe=probe), maps=MapSettings(samples=3, steps=4), memory={})
    first = list(GradientMaps().blocks(study, study.samples[0]))
    asked = list(probe.slopes)
    list(BackpropRules().blocks(study, study.samples[0]))
    assert {rule for rule, _count in probe.slopes[len(asked):]} == {"guided", "rectified"}
    assert list(GradientMaps().blocks(study, study.samples[0])) == first
    assert len(probe.slopes) == len(asked) + 2 * len(maps_of(study, study.samples[0]).goals)


def test_the_definitions_tell_the_numbers_that_are_used() -> None:
    text = (Path(__file__).parents[2] / "docs" / "attention.md").read_text(encoding="utf-8")
    titles = {"windows": "windows along the shorter side", **{name: f"`{name}`" for name in COUNTED}}
    for name, title in titles.items():
        numbers_told = " | ".join(map(str, (*USUAL[name].values(), LEAST[name])))
        assert f"| {title} | {numbers_told} |" in text
    assert f"| `classes` | {' | '.join(map(str, amounts.CLASSES.values()))} | |" in text


def test_no_clock_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> float:
        raise AssertionError("a clock was asked")

    for name in ("time", "perf_counter", "process_time", "monotonic"):
        monkeypatch.setattr(time, name, asked)
    study, _probe, _told = large_study(monkeypatch)
    assert maps_of(study, study.samples[0]).settings.samples == LEAST["samples"]
