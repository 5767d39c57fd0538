"""Letters that are none, and words without an end, whatever they come from."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from reportgen.render import Output, html, markdown, pdf
from reportgen.render.language import Speaker
from reportgen.render.letters import LONGEST_WORD, for_paper, printable
from reportgen.report.blocks import Column, Fact, Note, Table
from reportgen.report.document import Report, Section
from reportgen.text import _
from tests.render.sample_report import sample_report

STRANGE = "conv\0\x1b[31m\x7f\x9f\u202e\ufffe1"
CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\ufffe]")


def about(name: str) -> Report:
    columns = (Column(name, code=True), Column(_("kind")))
    blocks = (
        Fact(name, _("Name"), name), Note(_("The layer `{layer}` is silent.", layer=name)),
        Table(name, columns, ((name, _("words of {layer}", layer=name)),), _("The layer {layer}.", layer=name)),
    )
    section = Section(name, "layer", name, _("The layer `{layer}`", layer=name), _("About."), _("Read."), blocks, sample=name)
    return dataclasses.replace(sample_report(), title=name, sections=(section,))


def test_no_control_character_gets_into_a_file(tmp_path: Path) -> None:
    report, speaker = about(STRANGE), Speaker("en")
    html.render(report, Output(tmp_path, "en", "html", ("en",), ("html",)))
    markdown.render(report, Output(tmp_path, "en", "markdown", ("en",), ("html",)))
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in (".html", ".md", ".js", ".csv", ".toml")]
    assert len(written) >= 6
    for path in written:
        text = path.read_bytes().decode()
        assert not CONTROL.search(text), path
        assert not re.search(r"\\u00[01]", text), path
    assert not CONTROL.search(pdf.page_of(report, speaker).text)
    assert printable("a\tb\nc — «ї»") == "a\tb\nc — «ї»"


@pytest.mark.parametrize("length", [2_000, 10_000])
def test_a_name_of_any_length_is_shortened_on_paper(length: int) -> None:
    name = "enc" + "x" * length + "conv1"
    text = pdf.page_of(about(name), Speaker("en")).text
    words = re.findall(r"\S+", re.sub(r"<[^>]*>", " ", text))
    assert max(map(len, words)) <= LONGEST_WORD + 2  # a bracket or a full stop may follow
    assert "enc" in text
    assert "…" in text


def test_words_stay_whole_that_are_not_too_long() -> None:
    kept = f'<p>{"x" * LONGEST_WORD} &amp; a<b>b</b></p><td>short</td><td class="number">1</td>'
    assert for_paper(kept) == kept


def test_a_cell_of_many_words_is_not_broken_within_them() -> None:
    cell = for_paper(f'<td class="text"><code>{"слово " * 100}{"y" * 90}</code></td><th>{"title " * 100}</th>')
    assert cell.startswith('<td class="words text"><code>слово')
    assert '<th class="words">' in cell
    assert max(map(len, re.sub(r"<[^>]*>", " ", cell).split())) <= 30


def test_letters_told_by_marks_are_not_cut_in_two() -> None:
    cut = for_paper(f"<p>{'&lt;' * 500}</p>")
    assert re.fullmatch(r"<p>(&lt;)+…(&lt;)+</p>", cut)
