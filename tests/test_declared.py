"""An artifact declares which of the tables that several share it uses; the keys of its sections hold these alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reportgen import artifacts, build
from reportgen.artifacts import CATALOGUE
from reportgen.artifacts.base import Artifact, ModelArtifact
from reportgen.artifacts.wanted import unit_plan, units
from reportgen.attention.goals import goals_of
from reportgen.attention.maps import maps_of
from reportgen.config import validate
from reportgen.declared import limited_to
from reportgen.report.blocks import Block, Fact
from reportgen.run import Look, look
from reportgen.store import Store
from reportgen.study import Study
from reportgen.text import _
from tests.fakes import fake_study
from tests.test_architecture import imports, modules_by_name

TABLES = {"maps": "attention", "wishes": "optimization"}


def looks_into(path: Path) -> set[str]:
    """The tables whose settings a module reads of a study."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in TABLES:
            owner = node.value
            if (owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else "") == "study":
                found.add(TABLES[node.attr])
    return found


def reached_from(module: str) -> set[Path]:
    """The modules that one imports, one through the other."""
    known, found, left = modules_by_name(), set(), [module]
    while left:
        path = known[left.pop()]
        if path not in found:
            found.add(path)
            left += {name if name in known else name.rpartition(".")[0] for name in imports(path)} & known.keys()
    return found


def test_the_reading_of_settings_is_seen() -> None:
    known = modules_by_name()
    assert looks_into(known["reportgen.attention.maps"]) == {"attention"}
    assert looks_into(known["reportgen.artifacts.wanted"]) == {"optimization"}


@pytest.mark.parametrize("artifact", CATALOGUE.values(), ids=lambda artifact: artifact.name)
def test_what_an_artifact_can_look_into_it_declares(artifact: type[Artifact]) -> None:
    read = {table for path in reached_from(artifact.__module__) for table in looks_into(path)}
    assert read <= {*artifact.uses}, f"{artifact.name} must name {sorted(read)} in its `uses`"
    assert {*artifact.uses} <= read, f"{artifact.name} is made anew for nothing"


@dataclass(frozen=True)
class Elsewhere(ModelArtifact):
    """An artifact of another chapter that shows what settings say."""

    name = "elsewhere"
    chapter = "overview"
    title = _("Summary")
    about = _("Summary")
    reading = _("Summary")

    def blocks(self, study: Study) -> Iterator[Block]:
        yield Fact("classes", _("Layers"), len(maps_of(study, study.samples[0]).goals))


@dataclass(frozen=True)
class Declaring(Elsewhere):
    """The same, and it says so."""

    name = "declaring"
    uses = ("attention",)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """The key of each section for a configuration with such tables."""
    for kind in (Elsewhere, Declaring):
        monkeypatch.setitem(artifacts.CATALOGUE, kind.name, kind)
    store = Store(tmp_path / "cache")

    def made(**tables: object) -> dict[str, str]:
        config = validate({
            "model": {"file": "lab:cifar10-cnn"}, "image": [{"file": "lab:shape-1.png"}],
            "select": ["summary", "cam", "optimal_inputs", "elsewhere", "declaring"], **tables,
        }, "here")
        return {plan.name: plan.key for plan in build.plan_of(config, store)}

    return made


def test_a_section_is_made_anew_when_a_table_changes_that_its_artifact_uses(keys: Callable[..., dict[str, str]]) -> None:
    before, attention, optimization = keys(), keys(attention={"classes": 2}), keys(optimization={"steps": 9})
    assert {name for name in before if before[name] != attention[name]} == {"cam", "declaring"}
    assert {name for name in before if before[name] != optimization[name]} == {"optimal_inputs"}


def test_what_is_not_declared_cannot_be_looked_into_even_when_it_is_there(study: Study) -> None:
    assert not look(study, Look("declaring", "overview", Declaring(), None, "")).failed
    section = look(study, Look("elsewhere", "overview", Elsewhere(), None, ""))
    assert section.failed
    assert "[attention]" in str(section.notes[0].text)


@pytest.mark.parametrize(
    "ask", [lambda study: maps_of(study, study.samples[0]), lambda study: goals_of(study, study.samples[0]), units, unit_plan],
    ids=["maps", "goals", "units", "plan"],
)
def test_what_was_made_for_others_is_not_given_out_either(ask: Callable[[Study], object]) -> None:
    study = fake_study()
    assert ask(study) is ask(study)
    with pytest.raises(RuntimeError, match="without naming it in its `uses`"):
        ask(limited_to(study, ()))


def test_declared_settings_are_those_of_the_study(study: Study) -> None:
    limited = limited_to(study, ("attention", "optimization"))
    assert (limited.maps, limited.wishes) == (study.maps, study.wishes)
    assert limited_to(study, ("attention",)) is limited_to(study, ("attention",)), "what hangs on a study is found again"
