"""`reportgen check`: every rule is seen to fire, and a complete report to pass."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportgen.authoring import LabTable
from reportgen.checking import check
from reportgen.cli import main
from reportgen.render import render
from reportgen.report import codec
from reportgen.report.blocks import Figure, Note
from reportgen.report.document import Report, Section
from reportgen.text import _
from tests.render.test_figures import figure

WORDS = _("Summary")
COMPLETE: dict[str, object] = {
    "ministry": "М", "university": "У", "department": "К", "discipline": "Д", "topic": "Т", "number": 1, "city": "Львів",
    "year": 2026, "student": "Їжак Ї.", "group": "КН-1", "gender": "f", "teacher": "Петренко П. П.",
    "text": {"goal": "Побачити.", "conclusions": "Побачено."}, "own_conclusions": True,
}


def section(*blocks: object) -> Section:
    return Section("s", "s", "overview", WORDS, WORDS, WORDS, tuple(blocks))  # type: ignore[arg-type]


def rules(folder: Path, report: Report, *, submission: bool = False) -> list[str]:
    codec.save(report, folder)
    return [problem.rule for problem in check(folder / "report.json", submission=submission)]


def lab(**changes: object) -> object:
    return LabTable.model_validate({**COMPLETE, **changes}).lab()


def test_a_complete_report_passes(tmp_path: Path) -> None:
    assert rules(tmp_path, Report("Звіт", (section(),), lab=lab()), submission=True) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        *(({field: ""}, f"cover-{field}") for field in ("ministry", "university", "department", "topic", "city", "year")),
        ({"student": ""}, "cover-student"), ({"group": ""}, "cover-group"), ({"gender": ""}, "cover-gender"),
        ({"teacher": ""}, "cover-teacher"), ({"text": {"conclusions": "x"}}, "goal"),
        ({"text": {"goal": "x"}}, "conclusions"), ({"text": {"goal": "x", "conclusions": "TODO"}}, "unfinished"),
        ({"style": {"size": 11}}, "font-size"), ({"style": {"left": 20}}, "margins"),
        ({"style": {"spacing": 1}}, "line-spacing"), ({"style": {"unnumbered": []}}, "headings"),
    ],
)
def test_what_is_missing_for_a_submission_is_told(tmp_path: Path, changes: dict[str, object], rule: str) -> None:
    report = Report("Звіт", (section(),), lab=lab(**changes))  # type: ignore[arg-type]
    assert rules(tmp_path, report, submission=True) == [rule]
    assert rules(tmp_path, report) == []


def test_what_is_wrong_in_any_report_is_told(tmp_path: Path) -> None:
    text = {"goal": "[@nobody] {s/nothing} ![a](b.png)", "conclusions": "x"}
    source = [{"key": "lonely", "kind": "book", "title": "B"}]
    short = dataclasses.replace(figure("a"), alt=_("Map"))
    assert isinstance(short, Figure)
    again = dataclasses.replace(figure("b"), alt=_("Map"))
    report = Report(
        "Звіт",
        (section(Note(_("It broke."), "failed"), short, again, Note(_("A sentence that nobody has translated."))),),
        lab=lab(text=text, source=source),  # type: ignore[arg-type]
    )
    found = rules(tmp_path, report)
    assert set(found) == {"section-failed", "alt-short", "alt-repeated", "source-unknown", "source-uncited", "text-mark",
                          "untranslated"}


def test_the_texts_of_every_language_are_looked_through(tmp_path: Path) -> None:
    text = {"goal": {"uk": "Побачити.", "en": "To see {s/nothing} and {figure:plot.png}.\n\nWord ![p](plot.png)."}}
    codec.save(Report("Звіт", (section(),), lab=lab(text=text)), tmp_path)  # type: ignore[arg-type]
    found = check(tmp_path / "report.json")
    assert [(one.rule, one.where, one.text.partition(":")[0]) for one in found] == [
        ("text-mark", "en", "![p]"), ("text-mark", "en", "{figure"), ("text-mark", "en", "{s/nothing}")
    ]


def test_a_figure_that_no_sentence_names_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = tuple(dataclasses.replace(figure(f"f{number}"), alt=_(f"A map of stripes, number {number}.")) for number in range(3))  # type: ignore[type-var]
    from reportgen.render import pdf

    report = Report("Звіт", (section(*figures),), lab=lab())  # type: ignore[arg-type]
    assert "unreferenced" not in rules(tmp_path, report)
    monkeypatch.setattr(pdf, "pointer", lambda _section, _paper: None)
    assert rules(tmp_path, report).count("unreferenced") == 3


def test_changed_files_and_a_missing_pdf_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    render(Report("Звіт", (), lab=lab()), folder, languages=("uk",), formats=("html", "json"))  # type: ignore[arg-type]
    assert [problem.rule for problem in check(folder)] == []
    (folder / "uk" / "index.html").write_text("x")
    (folder / "index.html").unlink()
    (problem,) = check(folder)
    assert problem.rule == "files"
    assert "2 files" in problem.text
    assert [one.rule for one in check(folder, submission=True)] == ["files", "pdf-missing"]


def test_the_command_answers_with_its_exit_code_and_in_json(tmp_path: Path) -> None:
    codec.save(Report("Звіт", (section(),), lab=lab()), tmp_path)  # type: ignore[arg-type]
    file = str(tmp_path / "report.json")
    good = CliRunner().invoke(main, ["check", file, "--submission", "--json"])
    assert (good.exit_code, json.loads(good.stdout)) == (0, {"passed": True, "problems": []})
    codec.save(Report("Звіт", (section(),)), tmp_path)
    bad = CliRunner().invoke(main, ["check", file, "--submission"])
    assert bad.exit_code == 1
    assert "cover-student: uk: the cover page names no student. [the department's instruction]" in bad.stdout
    assert CliRunner().invoke(main, ["check", str(tmp_path / "none")]).exit_code == 3
