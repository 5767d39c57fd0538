"""A report.json from a stranger is as hostile as a model file: it is shown, or refused in one sentence."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reportgen.checking import check
from reportgen.cli import main
from reportgen.errors import InputError
from reportgen.output import made_of
from reportgen.render import render
from reportgen.report import codec, limits, reader
from reportgen.report.blocks import KINDS
from reportgen.report.document import Report, Section
from tests.hostile.small_report import small_report
from tests.render.sample_report import sample_report
from tests.report_values import pixels

Change = Callable[[dict[str, Any], Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    codec.save(small_report(), tmp_path)
    return tmp_path


def change(folder: Path, how: Change) -> None:
    path = folder / "report.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    how(document, folder)
    path.write_text(json.dumps(document), encoding="utf-8")


def block(document: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one for section in document["sections"] for one in section["blocks"] if one["block"] == kind)


def put(folder: Path, data: bytes, suffix: str = "png") -> str:
    """A file into the assets, under the name that its bytes call for."""
    name = f"{hashlib.sha256(data).hexdigest()[:32]}.{suffix}"
    (folder / "assets" / name).write_bytes(data)
    return name


def picture(data: bytes, width: int, height: int) -> Change:
    def how(document: dict[str, Any], folder: Path) -> None:
        block(document, "figure")["picture"] = {"asset": put(folder, data), "width": width, "height": height, "kind": "map"}

    return how


def value(kind: str, field: str, what: Any) -> Change:
    def how(document: dict[str, Any], _folder: Path) -> None:
        block(document, kind)[field] = what

    return how


def instead_of_asset(make: Callable[[Path, Path], None]) -> Change:
    def how(document: dict[str, Any], folder: Path) -> None:
        path = folder / "assets" / block(document, "figure")["picture"]["asset"]
        kept = path.rename(folder / "kept")
        make(path, kept)

    return how


def attached(suffix: str) -> Change:
    def how(document: dict[str, Any], folder: Path) -> None:
        block(document, "download")["file"] = {"asset": put(folder, b"<script>alert(1)</script>", suffix), "suffix": suffix}

    return how


def huge_png() -> bytes:
    """A PNG that declares 170 megapixels."""
    header = struct.pack(">IIBBBBB", 17_000, 10_000, 8, 2, 0, 0, 0)
    return pixels(1, 1)[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + pixels(1, 1)[33:]


def many_scans() -> bytes:
    """A JPEG of so many empty scans that each would be gone through."""
    start = b"\xff\xd8\xff\xc2\x00\x11\x08\x20\x00\x20\x00\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    return start + b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x7f\xff" * 5000 + b"\xff\xd9"


DOUBLED: dict[str, Any] = {"say": "ha"}
for _level in range(40):
    DOUBLED = {"say": "{x}{x}", "with": {"x": DOUBLED}}

REFUSED: dict[str, Change] = {
    "a link for a picture": instead_of_asset(lambda path, kept: path.symlink_to(kept)),
    "a device for a picture": instead_of_asset(lambda path, kept: path.symlink_to("/dev/zero")),
    "a pipe for a picture": instead_of_asset(lambda path, kept: os.mkfifo(path)),
    "a folder for a picture": instead_of_asset(lambda path, kept: path.mkdir()),
    "no picture": instead_of_asset(lambda path, kept: None),
    "another picture under that name": instead_of_asset(lambda path, kept: path.write_bytes(pixels(19, 9, 7)) and None),
    "a picture of 170 megapixels": picture(huge_png(), 17_000, 10_000),
    "a picture that is larger than told": picture(pixels(40, 40), 20, 20),
    "a picture of another format": picture(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 9, 9),
    "a GIF": picture(b"GIF89a\x09\x00\x09\x00\x00\x00\x00;", 9, 9),
    "a JPEG of thousands of scans": picture(many_scans(), 8192, 8192),
    "a page to take away": attached("html"),
    "a drawing with a script to take away": attached("svg"),
    "a format of a wide number": value("fact", "format", ">999999999"),
    "a format of many digits": value("fact", "format", ".500000000f"),
    "a format of three digits": value("fact", "format", ".100f"),
    "a number for a name": value("fact", "name", 5),
    "a word for a number of a chart": value("chart", "series", [{"label": "x", "values": ["many"]}]),
    "a word for the places of a chart": value("chart", "positions", ["x"]),
    "an edge that leads nowhere": value("diagram", "edges", [[0, 99]]),
    "a level that there is not": value("note", "level", "shouting"),
    "a row that is too short": value("table", "rows", [["one"]]),
    "a table of a million rows": value("table", "rows", [["a", "b", 1]] * 120_000),
    "a table of a thousand columns": value("table", "columns", [{"title": "x"}] * 1001),
    "more bars than paper": lambda document, _folder: block(document, "chart").update(form="bars", labels=["x"] * 20_000),
    "a field that has no value": value("note", "text", {"say": "There are {count}."}),
    "a field that is no name": value("note", "text", {"say": "{x.__class__}", "with": {"x": "y"}}),
    "a field that shows its inside": value("note", "text", {"say": "{x!r}", "with": {"x": "y"}}),
    "a field with a width": value("note", "text", {"say": "{x:>999999999}", "with": {"x": 1}}),
    "a number asked of words": value("note", "text", {"say": "{x:.1%}", "with": {"x": "half"}}),
    "a plural without a number": value("note", "text", {"say": "one", "plural": "{count}", "with": {"count": "many"}}),
    "a brace alone": value("note", "text", {"say": "{"}),
    "a sentence that doubles itself": value("note", "text", DOUBLED),
    "more columns than paper": lambda document, _folder: block(document, "chart").update(
        form="columns", labels=[], series=[{"label": "x", "values": [1] * 700}] * 500),
    "a diagram of too many layers": lambda document, _folder: block(document, "diagram").update(
        nodes=block(document, "diagram")["nodes"] * 1001),
    "more formulas than can be set in a while": lambda document, _folder: document["sections"][5].update(
        formulas=[{"tex": f"a_{{{number}}}" + "+b" * 400} for number in range(60)]),
    "an unknown key": value("note", "colour", "red"),
    "half a letter": value("prose", "text", {"say": "\ud800"}),
    "a formula without an end": lambda document, _folder: document["sections"][5].update(
        formulas=[{"tex": "\\frac{a}{" * 900 + "b" + "}" * 900}]
    ),
    "a formula that is none": lambda document, _folder: document["sections"][5].update(formulas=[{"tex": "\\undefined"}]),
    "two sections of one name": lambda document, _folder: document["sections"].append(document["sections"][0]),
    "a section that takes a page of ours": lambda document, _folder: document["sections"][0].update(artifact="*layers"),
    "a margin of a kilometre": lambda document, _folder: document["lab"].update(styles=[["uk", {"top": 1e6}]]),
    "a style without figures": lambda document, _folder: document["lab"].update(styles=[["uk", {"figures": 0}]]),
    "no title": lambda document, _folder: document.pop("title"),
    "a list for sections": lambda document, _folder: document.update(sections={}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_report_ends_with_a_sentence_and_3(folder: Path, name: str) -> None:
    change(folder, REFUSED[name])
    arguments = ["render", str(folder), "-o", str(folder / "site"), "--format", "html", "--jobs", "1"]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.exception.__class__) == (3, SystemExit), done.output
    assert done.stderr.startswith("Error: ")
    assert "unforeseen" not in done.stderr
    assert len(done.stderr) < 1500
    assert not (folder / "site").exists()


def test_a_file_beside_the_report_that_is_not_small_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "LARGEST_ASSET", 50)
    with pytest.raises(InputError, match="larger than"):
        codec.load(folder)


def test_assets_that_lie_elsewhere_are_refused(folder: Path) -> None:
    (folder / "assets").rename(folder / "elsewhere")
    (folder / "assets").symlink_to(folder / "elsewhere")
    with pytest.raises(InputError, match="refused"):
        codec.load(folder)


@pytest.mark.parametrize("make", [
    lambda path: path.symlink_to("/dev/zero"), os.mkfifo, lambda path: path.mkdir(), lambda path: path.write_bytes(b"\xff\xfe"),
], ids=["device", "pipe", "folder", "bytes"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_report_must_be_a_plain_file(tmp_path: Path, make: Callable[[Path], None], whole: bool) -> None:
    make(tmp_path / "report.json")
    with pytest.raises(InputError, match="no report can be read there"):
        codec.load(tmp_path if whole else tmp_path / "report.json")


@pytest.mark.parametrize("command", ["render", "check", "serve"])
def test_a_name_that_no_file_can_have_is_told(command: str) -> None:
    done = CliRunner().invoke(main, [command, "x" * 300])
    assert done.exit_code == 3, done.output


@pytest.mark.parametrize("name", ["manifest.json", "index.html", "en/index.html"])
def test_a_folder_with_links_in_it_is_checked_without_following_them(folder: Path, name: str) -> None:
    render(codec.load(folder), folder / "site", languages=("en",), formats=("html",))
    (folder / "site" / name).unlink()
    (folder / "site" / name).symlink_to("/dev/zero")
    rule = "manifest" if name == "manifest.json" else "files"
    assert rule in [problem.rule for problem in check(folder / "site")]
    assert made_of(folder / "site")["outputs"] in (("html", "json"), ("json",))


def test_a_document_that_would_fill_the_memory_is_not_taken_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec.json, "loads", lambda *_args, **_more: pytest.fail("it was taken apart"))
    (folder / "report.json").write_text("[" + "[]," * (limits.MOST_CONTAINERS + 1) + "[]]")
    with pytest.raises(InputError, match="more than a report can"):
        codec.load(folder)


def test_a_picture_named_many_times_is_read_once(folder: Path) -> None:
    change(folder, lambda document, _folder: block(document, "gallery").update(
        pictures=block(document, "gallery")["pictures"] * 400, labels=["x"] * 800))
    report = codec.load(folder)
    gallery = report.sections[2].blocks[0]
    assert len({id(one.data) for one in gallery.pictures}) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("make", [small_report, sample_report])
def test_what_the_program_writes_is_read(make: Callable[[], Report], tmp_path: Path) -> None:
    report = make()
    codec.save(report, tmp_path)
    assert codec.dumps(codec.load(tmp_path)) == codec.dumps(report)
    for section in report.sections:
        kept = {codec.asset_name(asset): asset.data for asset in codec.assets_of(section)}
        read = codec.loads(codec.dumps(section), Section, kept.__getitem__)
        assert codec.dumps(read) == codec.dumps(section)


def test_the_small_report_has_every_kind_of_block() -> None:
    assert {type(one) for section in small_report().sections for one in section.blocks} == set(KINDS)


def test_every_annotation_of_a_report_can_be_read() -> None:
    assert callable(reader.reader_of(Report))


@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_mutated_reports_are_shown_or_refused(first: int) -> None:
    """No traceback, none over 10 s of processor time, none over 500 MB."""
    command = [sys.executable, "-m", "tests.hostile.run", str(first), str(first + 250), "10", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["wrong"] == []
    assert outcome["refused"] > 50
    assert outcome["accepted"] > 50
    assert outcome["megabytes"] < 500


def test_a_stranger_s_name_does_nothing_to_the_terminal(folder: Path) -> None:
    change(folder, lambda document, _folder: document["sections"][6].update(name="dream\x1b[2J\x1b]0;owned\x07"))
    checked = CliRunner().invoke(main, ["check", str(folder)])
    shown = CliRunner().invoke(main, ["render", str(folder), "-o", str(folder / "site"), "--format", "markdown", "--jobs", "1"])
    assert "section-failed" in checked.stdout
    assert "Failed: dream" in shown.stderr
    assert "\x1b" not in checked.output + shown.output
    assert "\x07" not in checked.output + shown.output
