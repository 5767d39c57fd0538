"""The facts of the model as a whole, and what the reader is warned of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reportgen.artifacts.summary import Summary
from reportgen.probe import InputFacts, OutputFacts
from reportgen.report import codec
from reportgen.report.blocks import Note
from reportgen.report.document import Section
from reportgen.study import Study
from reportgen.text import _
from tests.artifacts.scripted import facts, findings
from tests.fakes import FakeProbe


def summary(probe: FakeProbe, labels: tuple[str, ...] = ()) -> list:
    return list(Summary().blocks(Study(probe, (), labels)))  # type: ignore[arg-type]


def test_the_numbers_are_those_of_the_network() -> None:
    told = facts(summary(FakeProbe()))
    assert told["name"] == "tiny"
    assert told["trainable"] + told["frozen"] == told["parameters"] == 112 + 10 + 99
    assert told["weights"] == pytest.approx(884 / 1e6)
    assert told["input"] == "8 × 8 × 3"
    assert str(told["range"]) == "0 … 1"


def test_an_open_size_is_a_row_of_dots() -> None:
    probe = FakeProbe()
    probe.input = InputFacts("image", (None, None), 1, "custom-name")
    told = facts(summary(probe))
    assert told["input"] == "… × … × 1"
    assert told["preprocessing"] == "custom-name"


def test_remarks_warn_and_assumptions_inform() -> None:
    probe = FakeProbe()
    probe.model = replace(probe.model, remarks=(_("The optimizer was left out."),))
    probe.input = replace(probe.input, assumptions=(_("Values are taken to be 0…1."),))
    blocks = summary(probe)
    assert findings(blocks, "warning") == ["The optimizer was left out."]
    assert findings(blocks, "info") == ["Values are taken to be 0…1."]


@pytest.mark.parametrize(("kind", "counted"), [
    ("classes", True), ("labels", True), ("classmap", True), ("binary", False), ("mask", False), ("values", False),
])
def test_classes_are_counted_only_where_there_are_some(kind: str, counted: bool) -> None:
    probe = FakeProbe()
    probe.output = OutputFacts("scores", "scores", kind, (8, 8, 3))  # type: ignore[arg-type]
    assert ("classes" in facts(summary(probe))) == counted


def test_one_output_of_several_is_named() -> None:
    probe = FakeProbe()
    probe.output = replace(probe.output, names=("scores", "boxes"))
    assert str(facts(summary(probe))["outputs"]) == "scores, one of scores, boxes"


def test_names_that_fit_are_not_complained_about() -> None:
    assert not [block for block in summary(FakeProbe(), ("a", "b", "c")) if isinstance(block, Note)]


def test_the_section_comes_back_from_json_as_it_was() -> None:
    words = _("words")
    section = Section("summary", "summary", "overview", words, words, words, tuple(summary(FakeProbe())))
    assert codec.loads(codec.dumps(section), Section, lambda _name: b"") == section
