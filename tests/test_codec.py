"""A report survives its JSON."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from reportgen.errors import InputError
from reportgen.report import codec
from reportgen.report.blocks import Attachment, Download, Fact, Figure, Picture
from reportgen.report.document import Report, Section
from reportgen.text import _
from tests.report_values import pixels, reports


@settings(max_examples=60, deadline=None)
@given(report=reports)
def test_what_is_saved_is_what_is_loaded(report: Report) -> None:
    with tempfile.TemporaryDirectory() as name:
        codec.save(report, Path(name))
        loaded = codec.load(Path(name))
        assert loaded == report
        assert codec.dumps(loaded) == codec.dumps(report)


def one_fact(value: float) -> Report:
    words = _("words")
    return Report(words, (Section("s", "s", "overview", words, words, words, (Fact("f", words, value),)),))


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_numbers_without_json_keep_their_meaning(value: float, tmp_path: Path) -> None:
    codec.save(one_fact(value), tmp_path)
    json.loads((tmp_path / "report.json").read_text(), parse_constant=lambda text: pytest.fail(text))
    assert repr(codec.load(tmp_path).sections[0].blocks[0].value) == repr(value)  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', '{"format": 999}', "[" * 99999, '{"format":1,"title":"t","sections":[{"blocks":[{"block":"evil"}]}]}'])
def test_a_file_that_is_no_report_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(InputError) as told:
        codec.load(tmp_path)
    assert "\n" not in told.value.message


def test_a_picture_outside_the_assets_is_refused(tmp_path: Path) -> None:
    words = _("words")
    figure = Figure("f", Picture(pixels(1, 1), 1, 1), words, words)
    codec.save(Report(words, (Section("s", "s", "overview", words, words, words, (figure,)),)), tmp_path)
    path = tmp_path / "report.json"
    path.write_text(path.read_text().replace('"asset":"', '"asset":"../../etc/'))
    with pytest.raises(InputError, match="no file in the assets folder"):
        codec.load(tmp_path)


def test_a_file_to_take_away_is_kept_beside_the_report(tmp_path: Path) -> None:
    words = _("words")
    numbers = Download("maps", Attachment(b"\x00numbers", "npz"), words)
    report = Report(words, (Section("s", "s", "overview", words, words, words, (numbers,)),))
    codec.save(report, tmp_path)
    assert [path.suffix for path in (tmp_path / "assets").iterdir()] == [".npz"]
    assert codec.load(tmp_path) == report
