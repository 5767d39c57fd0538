"""The lab report: tagged, numbered, complete, closed to the outside, and the same bytes each time."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
from PIL import Image

from reportgen.authoring import LabTable
from reportgen.render import Output, Wishes, choice, fonts, pdf
from reportgen.render.language import Speaker
from reportgen.render.print_pictures import FINEST, prepare
from reportgen.report import codec
from reportgen.report.blocks import Column, Fact, Figure, Note, Table
from reportgen.report.document import Formula, Report, Section
from reportgen.text import _
from tests.render.sample_report import sample_report, speaker
from tests.render.test_figures import figure

LAB = LabTable.model_validate({
    "ministry": "Міністерство освіти і науки України",
    "university": {"uk": "Університет \"Ґанок\"", "en": "Porch University"},
    "discipline": "Зір", "topic": "Мережі", "number": 4, "city": "Львів", "year": 2026,
    "student": "Їжакевич Є.", "gender": "f", "group": "КН-31",
    "teachers": [{"name": "Петренко П. П.", "gender": "f", "position": "доцентка"}],
    "text": {
        "goal": "Побачити - числами - що робить *мережа* [@book; @gradcam].",
        "conclusions": "Мережа має {summary/parameters} параметрів.\n\n| Міра | Число |\n|---|---|\n| IoU | {summary/iou} |",
    },
    "question": [{"question": "Скільки параметрів?", "answer": "Їх {summary/parameters} [@book]."}],
    "source": [{"key": "book", "kind": "book", "title": "Зір машин", "authors": ["Їжак, Ї. Ї."], "city": "Львів",
                "publisher": "Ґанок", "year": 2020, "pages": 212}],
    "listing": [str(Path(__file__).with_name("pages.py"))],
}).lab()


@pytest.fixture(scope="module", params=["uk", "en"])
def made(request: pytest.FixtureRequest) -> tuple[str, bytes, list[str]]:
    """The sample report as a document, with its language and WeasyPrint's complaints."""
    report = dataclasses.replace(sample_report(), lab=LAB)
    data, complaints = pdf.document(report, speaker(request.param))
    return request.param, data, complaints


def text_of(data: bytes, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode()


def test_weasyprint_has_nothing_to_complain_of(made: tuple[str, bytes, list[str]]) -> None:
    assert made[2] == []


def test_language_title_and_tags_are_set(made: tuple[str, bytes, list[str]]) -> None:
    language, data, _complaints = made
    root = pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pypdf.PdfReader(io.BytesIO(data)).metadata.title


def test_every_figure_says_what_it_shows(made: tuple[str, bytes, list[str]]) -> None:
    found = []

    def walk(node: object) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for item in node:
                walk(item)
        elif isinstance(node, dict):
            if node.get("/S") == "/Figure":
                found.append(node.get("/Alt"))
            walk(node.get("/K", []))

    walk(pypdf.PdfReader(io.BytesIO(made[1])).trailer["/Root"]["/StructTreeRoot"]["/K"])
    assert len(found) >= 8
    assert all(found)


def test_the_cover_is_counted_and_not_numbered(made: tuple[str, bytes, list[str]]) -> None:
    pages = text_of(made[1], "-layout").split("\f")
    assert "2026" in pages[0]
    assert not re.search(r"^\s*1\s*$", pages[0], re.M)
    lines = pages[1].strip().splitlines()
    assert lines[0 if made[0] == "uk" else -1].strip() == "2"


def test_the_cover_speaks_of_a_woman_where_one_did_the_work(made: tuple[str, bytes, list[str]]) -> None:
    if made[0] == "uk":
        assert "Виконала:" in text_of(made[1])


def test_captions_are_numbered_by_part(made: tuple[str, bytes, list[str]]) -> None:
    words = {"uk": r"Рисунок (\d+)\.(\d+) –", "en": r"Figure (\d+)\.(\d+)\."}[made[0]]
    seen = re.findall(words, text_of(made[1]))
    numbers = seen[len(seen) // 2 :]  # the first half stands in the list of figures
    assert seen[: len(seen) // 2] == numbers
    assert len({part for part, _number in numbers}) == 1
    assert [int(number) for _part, number in numbers] == list(range(1, len(numbers) + 1))


def test_the_outline_leads_through_chapters_and_sections(made: tuple[str, bytes, list[str]]) -> None:
    outline = pypdf.PdfReader(io.BytesIO(made[1])).outline
    assert sum(isinstance(item, list) for item in outline) >= 2


def test_every_word_can_be_taken_out_again(made: tuple[str, bytes, list[str]]) -> None:
    language, data, _complaints = made
    said = speaker(language)
    letters = re.compile(r"[^\W\d_]{4,}")
    taken = set(letters.findall(text_of(data).replace("-\n", "")))
    for section in sample_report().sections:
        for message in (section.about, section.reading, *(note.text for note in section.notes)):
            for word in letters.findall(said.say(message)):
                assert word in taken or any(word in other for other in taken), word


def test_only_the_faces_that_come_along_are_used(made: tuple[str, bytes, list[str]]) -> None:
    done = subprocess.run(["pdffonts", "-"], input=made[1], capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()[2:]
    assert lines
    for line in lines:
        assert re.search("Report-(Serif|Mono)|DejaVu|STIX", line), line
        assert re.search(r"\s(yes|no)\s+(yes|no)\s+(yes|no)\s", line), line
        assert line.split()[-5] == "yes", "embedded"


def test_the_same_report_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    script = (
        "import sys, hashlib; from reportgen.render import pdf; from tests.render.sample_report import sample_report, speaker\n"
        "print(hashlib.sha256(pdf.document(sample_report(), speaker('uk'))[0]).hexdigest())"
    )
    root = Path(__file__).parent.parent.parent
    digests = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True, cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "TMPDIR": str(tmp_path)},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1/", "https://report.invalid/../etc/hostname", "data:,x"])
def test_the_door_opens_to_the_shelf_only(url: str) -> None:
    fonts.import_weasyprint()
    with pytest.raises(ValueError, match="refused"):
        pdf._fetcher(pdf._Shelf()).fetch(url)


def test_a_style_sheet_of_the_users_cannot_reach_out(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "lab.css.j2").write_text("body { background: url('file:///etc/passwd') }")
    _data, complaints = pdf.document(sample_report(), speaker("en"), [tmp_path])
    assert any("refused" in complaint for complaint in complaints)


def test_many_figures_are_chosen_from_evenly() -> None:
    words = _("words")
    blocks = (*(figure(f"f{number}") for number in range(50)), Fact("x", words, 1))
    paper = choice.few_figures(Section("s", "s", "overview", words, words, words, blocks), 5)
    kept = [block.name for block in paper.blocks if isinstance(block, Figure)]
    assert len(kept) == 5
    assert (kept[0], kept[-1]) == ("f0", "f49")
    assert isinstance(paper.blocks[0], Note)
    assert paper.blocks[-1] == blocks[-1]


def test_a_large_mosaic_is_cut_to_its_first_tiles_and_the_rest_is_told() -> None:
    import numpy as np

    from reportgen import imaging, scales

    maps = np.random.default_rng(0).random((4, 4, 200)).astype(np.float32)
    scale = scales.shared(maps)
    ready = prepare(imaging.mosaic(maps, scale))
    assert (ready.shown, ready.tiles) == (64, 200)
    first = np.asarray(Image.open(io.BytesIO(ready.data)).convert("RGB"))[:4, :4]
    expected = imaging.palette("viridis")[imaging.levels(maps[..., 0], scale)]
    assert np.array_equal(first, expected)


def test_a_picture_is_not_finer_than_paper() -> None:
    import numpy as np

    from reportgen import imaging

    ready = prepare(imaging.photo(np.random.default_rng(0).random((900, 2400, 3)).astype(np.float32)))
    assert ready.width == FINEST["normal"]
    assert ready.data[:2] == b"\xff\xd8"


def test_without_cover_fields_the_title_is_the_cover(tmp_path: Path) -> None:
    pdf.render(Report("Назва", ()), Output(tmp_path, "uk", "pdf"))
    assert "Назва" in text_of((tmp_path / "report.uk.pdf").read_bytes())


def test_a_date_is_written_only_where_one_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report("t", ())
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert "/CreationDate" not in pypdf.PdfReader(io.BytesIO(pdf.document(report, Speaker("en"))[0])).metadata
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    reader = pypdf.PdfReader(io.BytesIO(pdf.document(report, Speaker("en"))[0]))
    written = str(reader.metadata) + str(reader.xmp_metadata.stream.get_data() if reader.xmp_metadata else "")
    assert re.search("2023-?11-?14", written)


def test_the_numbers_travel_in_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    report = sample_report()
    data, complaints = pdf.document(report, speaker("uk"))
    files = {name: found[0] for name, found in pypdf.PdfReader(io.BytesIO(data)).attachments.items()}
    assert not complaints
    assert files["report.json"].decode() == codec.dumps(report)
    assert files["reportgen.toml"].decode() == report.provenance.settings
    tables = [name for name in files if name.startswith("table-")]
    assert tables
    text = text_of(data).replace("\u00a0", " ")
    assert all(f"Таблиця {name[6:-4]} –" in text for name in tables)
    assert data == pdf.document(report, speaker("uk"))[0], "the same bytes every time"
    bare = pdf.document(report, speaker("uk"), wishes=Wishes(pdf_attachments=False))[0]
    assert not pypdf.PdfReader(io.BytesIO(bare)).attachments


def test_a_further_image_is_printed_with_its_first_figure_and_what_was_found() -> None:
    words = _("words")
    blocks = (Fact("x", words, 1), *(figure(f"f{number}") for number in range(5)), Note(_("Found it.")))
    first, second = (
        Section(f"maps-{image}", "maps", "overview", words, words, words, blocks, sample=image) for image in ("cat", "dog")
    )
    whole, short = choice.shortened([first, second])
    assert whole is first
    assert [block.name for block in short.blocks if isinstance(block, Figure)] == ["f0"]
    assert short.findings == second.findings
    assert "all 5 figures and tables" in str(short.blocks[2].text)  # type: ignore[union-attr]
    alike = dataclasses.replace(second, blocks=blocks[:3])
    assert choice.shortened([first, alike])[1] is alike


def test_what_an_artifact_is_about_is_told_once_and_equal_tables_stand_once() -> None:
    table = Table("methods", (Column("a"),), (("one",),), _("what they do"))
    other = Table("methods", (Column("a"),), (("two",),), _("what they do"))
    formula = Formula("x=1", _("where it stands"), "The rule")
    sections = tuple(
        Section(f"maps-{image}", "maps", "overview", _("maps"), _("About maps."), _("Read them."), blocks, (formula,), image)
        for image, blocks in (("cat", (table,)), ("dog", (table, other)))
    )
    assert [len(section.blocks) for section in choice.told_once(sections)] == [1, 1]
    text = text_of(pdf.document(Report("Title", sections), Speaker("en"))[0])
    assert text.count("About maps.") == 1
    assert text.count("The rule:") == 1
    assert text.count("(1.1)") == 2, "the formula and what points to it"
    assert "Table 3.1" in text
    assert "Table 3.2" in text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # WeasyPrint leaves a file to be closed
@pytest.mark.parametrize("variant", ["pdf/ua-1", "pdf/a-3a", "none"])
def test_the_standard_that_is_asked_for_is_declared(variant: str) -> None:
    report = Report("t", (dataclasses.replace(sample_report().sections[2]),))
    data, complaints = pdf.document(report, speaker("en"), wishes=Wishes(pdf_variant=variant))  # type: ignore[arg-type]
    assert complaints == []
    metadata = pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"].get("/Metadata")
    told = metadata.get_object().get_data() if metadata else b""
    assert (b"pdfuaid" in told, b"pdfaid" in told) == (variant == "pdf/ua-1", variant == "pdf/a-3a")


def test_a_draft_is_smaller_than_a_print() -> None:
    report = Report("t", (dataclasses.replace(sample_report().sections[2]),))
    draft, fine = (
        len(pdf.document(report, speaker("en"), wishes=Wishes(pdf_quality=quality))[0])  # type: ignore[arg-type]
        for quality in ("draft", "print")
    )
    assert draft < fine
