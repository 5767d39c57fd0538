"""The Markdown summary: complete, escaped, of bounded size."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from reportgen.render import Output, markdown
from reportgen.report.blocks import Chart, Column, Series, Table
from reportgen.report.document import Report, Section
from reportgen.text import _
from tests.render.sample_report import CYRILLIC, LONG, SCRIPT, sample_report, speaker


def said(report: Report, language: str = "en", formats: tuple[str, ...] = ("html",)) -> str:
    output = Output(Path(), language, "markdown", ("uk", "en"), formats)
    return markdown.summary(report, output, speaker(language))


def one_section(*blocks: object) -> Report:
    section = Section("one", "one", "overview", _("One"), _("About."), _("Read."), blocks)  # type: ignore[arg-type]
    return Report("title", (section,))


def outside_code(text: str) -> str:
    return re.sub(r"(`+).+?\1", "", text)


def test_it_has_every_fact_finding_note_and_table_of_the_report() -> None:
    text = said(sample_report())
    for piece in (
        "# Two textures: the network texture-unet",
        "467,905",
        "93.5%",
        "4 layers have weights",
        "Sparsity grows from 15.2% to 35.1%",
        "| `bottleneck` | Conv2D | 32 × 32 × 32 | 4,640 | 38.6% |",
        "**Failed.**",
        "**Not shown.**",
        "tabby cat",
        "0123456789ab",
    ):
        assert piece in text, piece


def test_it_speaks_ukrainian() -> None:
    text = said(sample_report(), "uk")
    assert "Розрідженість зростає з\u00a0глибиною від 15,2\u00a0% до 35,1\u00a0%." in text


@pytest.mark.parametrize("name", [SCRIPT, LONG, CYRILLIC, "a|b", "`x` *y* _z_ [a](b)"])
def test_no_name_becomes_mark_up(name: str) -> None:
    text = said(
        one_section(
            Table("t", (Column(_("Name")), Column(_("Code"), code=True)), ((name, name),), _("Names.")),
        )
    )
    row = next(
        line
        for line in text.splitlines()
        if line.startswith("| ") and line not in ("| Name | Code |",) and "---" not in line
    )
    assert "<script" not in outside_code(text)
    assert len(re.findall(r"(?<!\\)\|", row)) == 3
    assert re.search(r"(?<!\\)[*_\[]", outside_code(row)) is None


def test_pictures_are_named_and_never_embedded() -> None:
    text = said(sample_report())
    assert "data:" not in text
    assert "![" not in text
    assert "*Picture:* Every channel of `bottleneck`." in text


def test_links_lead_into_the_site_only_where_there_is_one() -> None:
    assert "](en/architecture.html)" in said(sample_report())
    assert ".html" not in said(sample_report(), formats=("markdown",))


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = tuple((f"layer {number}", number) for number in range(1000))
    text = said(one_section(Table("t", (Column(_("A")), Column(_("B"), ",d")), rows, _("Long."))))
    assert "layer 39" in text
    assert "layer 40" not in text
    assert "The first 40 of 1,000 rows." in text


def test_a_long_chart_is_cut_by_its_whole_length() -> None:
    chart = Chart("c", "columns", tuple(map(str, range(500))), (Series(_("S"), tuple(range(500))),), _("Long."))
    assert "The first 40 of 500 rows." in said(one_section(chart))


def test_the_summary_stays_below_its_largest_size_and_says_what_is_left_out() -> None:
    section = sample_report().sections[1]
    words = "слово " * 4000
    many = tuple(
        dataclasses.replace(section, name=f"s{number}", blocks=(), about=_("{words}", words=words))
        for number in range(40)
    )
    text = said(Report("title", many))
    assert len(text.encode()) <= markdown.LARGEST
    left_out = 40 - text.count("](en/s")
    assert left_out > 0
    assert f"{left_out} sections did not fit here" in text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("1. item", r"1\. item"),
        ("- item", r"\- item"),
        ("0.5", "0.5"),
        ("# title", r"\# title"),
        ("a\nb", "a b"),
        ("a & <b>", "a &amp; &lt;b&gt;"),
        ("..", ".."),
        ("x_1", r"x\_1"),
        ("===", r"\==="),
        ("-5", "-5"),
    ],
)
def test_escaping(text: str, escaped: str) -> None:
    assert markdown.escaped(text) == escaped


@pytest.mark.parametrize(("text", "code"), [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "")])
def test_code_with_backticks_in_it(text: str, code: str) -> None:
    assert markdown.code(text) == code
