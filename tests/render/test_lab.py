"""The lab report as a university expects it: parts, references before figures, appendices, the author's own words."""

from __future__ import annotations

import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pypdf
import pytest
from click.testing import CliRunner
from markupsafe import Markup
from PIL import Image

from reportgen import imaging
from reportgen.authoring import LabTable, profiles
from reportgen.cli import main
from reportgen.config import read_config, validate
from reportgen.errors import InputError, UsageError
from reportgen.render import Output, pdf
from reportgen.render.choice import pages_of
from reportgen.render.citations import bibtex, short, written
from reportgen.render.language import Speaker
from reportgen.render.paper import Paper
from reportgen.render.prose import Prose, citations
from reportgen.render.typography import spaced, typeset
from reportgen.report import codec
from reportgen.report.blocks import Column, Gallery, Note, Table
from reportgen.report.document import Formula, Report, Section
from reportgen.report.lab import Illustration, Lab, Person, Question
from reportgen.report.references import METHODS, Reference
from reportgen.text import _
from tests.render.pages import pages
from tests.render.sample_report import sample_report, speaker
from tests.render.test_figures import figure
from tests.render.test_pdf import LAB, text_of

NBSP = "\u00a0"


@pytest.fixture(scope="module")
def text() -> str:
    return text_of(pdf.document(dataclasses.replace(sample_report(), lab=LAB), speaker("uk"))[0])


def test_the_parts_come_in_the_order_of_the_profile(text: str) -> None:
    body = text[text.index("1 Мета роботи", text.index("ПЕРЕЛІК РИСУНКІВ")) :]
    found = [body.index(title) for title in (
        "1 Мета роботи", "Теоретичні відомості", "Хід роботи", "Результати", "ВИСНОВКИ", "Контрольні запитання",
        "ПЕРЕЛІК ДЖЕРЕЛ ПОСИЛАННЯ", "ДОДАТОК А",
    )]
    assert found == sorted(found)


def test_the_cover_has_what_was_filled_in(text: str) -> None:
    cover = text.split("\f")[0]
    for piece in ("Університет «Ґанок»", "лабораторної роботи № 4", "Виконала:", "ст. гр. КН-31", "Перевірила:", "доцентка"):
        assert piece in cover.replace(NBSP, " ")


def test_names_on_the_cover_are_typeset_as_all_words_are() -> None:
    lab = Lab((("city", (("", "Кам'янець"),)),), students=(Person("Дем'янчук_Лук'ян *О*", "m"),),
              teachers=(Person("О'Ніл", position='"доцент"'),))
    text = pdf.page(dataclasses.replace(sample_report(), lab=lab), speaker("uk"), pdf._Shelf())
    for told in ("Дем’янчук_Лук’ян *О*", "О’Ніл", "«доцент»", "Кам’янець"):
        assert told in text


def test_every_figure_and_table_is_named_before_it_appears() -> None:
    report = dataclasses.replace(sample_report(), lab=LAB)
    shelf = pdf._Shelf()
    page = pdf.page(report, speaker("uk"), shelf)
    page = page[page.index('<section class="part results">') :]
    for anchor in re.findall(r'id="((?:figure|table)-[^"]+)"', page):
        before = page[: page.index(f'id="{anchor}"')]
        kind, _dash, number = anchor.partition("-")
        ends = re.findall(rf'href="#{kind}-([^"]+)">[^<]*</a>(?:–<a[^>]*href="#{kind}-([^"]+)")?', before)
        last = [int(number.rpartition(".")[2])]
        assert any(
            first == number or (second and int(first.rpartition(".")[2]) <= last[0] <= int(second.rpartition(".")[2]))
            for first, second in ends
        ), anchor


def test_the_authors_words_are_set_with_numbers_and_sources(text: str) -> None:
    plain = " ".join(text.replace(NBSP, " ").split())
    assert "Побачити – числами – що робить мережа [1, 2]." in plain
    assert "Мережа має 467 905 параметрів." in plain
    assert "1. Скільки параметрів? Їх 467 905 [1]." in plain
    assert "1. Їжак Ї. Ї. Зір машин. Львів : Ґанок, 2020. 212 с." in plain


def test_appendices_skip_the_letters_that_the_standard_leaves_out() -> None:
    words = _("words")
    long = Table("long", (Column("a"),), tuple((row,) for row in range(70)), words)
    wide = Table("wide", tuple(Column(str(place)) for place in range(10)), ((1,) * 10,), words)
    section = Section("s", "s", "overview", words, words, words, (wide, long))
    paper = Paper(Report("t", (section,), lab=LAB), "uk")
    assert [(one.kind, one.letter) for one in paper.appendices] == [("tables", "А"), ("listings", "Б"), ("origin", "В")]
    assert [paper.of(long), paper.of(wide)] == ["А.1", "А.2"], "the tall one first"
    assert [len(rows) for rows in pages_of(long)] == [30, 30, 10]
    for count, sheets in ((0, [0]), (30, [30]), (32, [32]), (33, [30, 3]), (61, [31, 30]), (64, [32, 32])):
        assert [len(rows) for rows in pages_of(dataclasses.replace(long, rows=long.rows[:count]))] == sheets
    report = Report("Звіт", (section,), lab=LAB)
    data, complaints = pdf.document(report, Speaker("uk"))
    assert complaints == []
    text = text_of(data)
    assert "Продовження таблиці А.1" in text
    assert "Кінець таблиці А.1" in text
    sizes = {tuple(round(float(side)) for side in page.mediabox[2:]) for page in pypdf.PdfReader(io.BytesIO(data)).pages}
    assert sizes == {(595, 842), (842, 595)}


def test_formulas_and_figures_may_be_counted_straight_through() -> None:
    words = _("words")
    lab = LabTable.model_validate({"style": {"numbering": "straight", "order": ["results"]}}).lab()
    section = Section("s", "s", "overview", words, words, words, (figure("f"), figure("g")), (Formula("x=1"),))
    paper = Paper(Report("t", (section,), lab=lab), "en")
    assert [paper.of(block) for block in section.blocks] == ["1", "2"]
    assert paper.formula(section, 0) == "1"
    assert paper.appendices == ()


def test_a_section_that_cannot_be_shown_is_told_once_and_has_no_heading() -> None:
    words = _("words")
    skipped = Section("s", "s", "overview", _("Dense layers"), words, words, (Note(_("There are none."), "skipped"),))
    paper = Paper(Report("t", (skipped,)), "en")
    assert paper.sections == ()
    assert paper.left_out == (skipped,)


def test_control_questions_belong_to_lab_reports_and_are_answered_by_findings() -> None:
    words = _("words")
    section = Section("s", "s", "overview", words, words, words, (Note(_("Seven.")),), question=_("How many?"))
    assert Paper(Report("t", (section,)), "en").answers == ()
    lab = LabTable.model_validate({"topic": "x"}).lab()
    (answer,) = Paper(Report("t", (section,), lab=lab), "en").answers
    assert (answer.question, answer.findings) == (section.question, (section.blocks[0].text,))  # type: ignore[union-attr]


@pytest.mark.parametrize("name", profiles())
def test_every_profile_sets_a_document_without_complaints(name: str) -> None:
    lab = dataclasses.replace(LAB, styles=LabTable.model_validate({"profile": name}).lab().styles)
    sections = sample_report().sections[:3]
    data, complaints = pdf.document(dataclasses.replace(sample_report(), sections=sections, lab=lab), speaker("uk"))
    assert complaints == []
    style = lab.style("uk")
    page = pypdf.PdfReader(io.BytesIO(data)).pages[2]
    assert (round(float(page.mediabox[2])) == 595) == (style.page == "A4")


def test_values_of_a_style_beat_the_profile_and_reach_the_page() -> None:
    lab = LabTable.model_validate({"profile": "kpi", "style": {"left": 33, "size": 13}}).lab()
    shelf = pdf._Shelf()
    pdf.page(Report("t", (), lab=lab), Speaker("uk"), shelf)
    css = shelf.files["page.css"].decode()
    assert "margin: 20.0mm 15.0mm 20.0mm 33.0mm" in css
    assert "font: 13.0pt/1.5" in css
    assert "@bottom-right { content: counter(page)" in css


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"profile": "kpj"}, "there is no profile 'kpj'. Did you mean 'kpi'?"),
        ({"style": {"lef": 3}}, "unknown style 'lef'. Did you mean 'left'?"),
        ({"style": {"left": 300}}, "it must be from 5 to 60"),
        ({"style": {"page": "A5"}}, "style 'page'"),
        ({"studnt": "x"}, "Did you mean 'student'?"),
        ({"source": [{"key": "a", "knd": "book", "title": "x", "kind": "book"}]}, "Did you mean 'kind'?"),
        ({"source": [{"key": "a", "title": "x", "kind": "book"}] * 2}, "two sources have the same key"),
    ],
)
def test_a_wrong_lab_table_is_told_in_one_sentence(table: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        validate({"lab": table}, "lab.toml")


def test_texts_and_listings_are_read_from_the_folder_of_the_config(tmp_path) -> None:
    (tmp_path / "end.md").write_text("Кінець.", encoding="utf-8")
    (tmp_path / "code.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "ours.toml").write_text('base = "kpi"\nsize = 13\n', encoding="utf-8")
    (tmp_path / "lab.toml").write_text(
        '[lab]\nprofile = "ours.toml"\nlisting = ["code.py"]\n[lab.text]\nconclusions = {uk = "end.md", en = "The end."}\n',
        encoding="utf-8",
    )
    lab = read_config(tmp_path / "lab.toml", {}).lab.lab()
    assert (lab.text("conclusions", "uk"), lab.text("conclusions", "en")) == ("Кінець.", "The end.")
    assert lab.listings[0].text == "x = 1\n"
    assert (lab.style("uk").size, lab.style("uk").page_number, lab.style("uk").profile) == (13, "bottom-right", "ours")
    (tmp_path / "end.md").unlink()
    with pytest.raises(InputError, match=r"end\.md"):
        read_config(tmp_path / "lab.toml", {}).lab.lab()


# The author's Markdown

def prose() -> Prose:
    return Prose(sample_report(), speaker("uk"), lambda key: None)


def test_no_html_of_the_authors_gets_through() -> None:
    html = prose().html('<script>alert(1)</script> **a** [x](javascript:alert(1)) ![p](http://x/y.png) <b>c</b>')
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html
    assert "<strong>a</strong>" in html


@pytest.fixture
def illustrated(tmp_path: Path) -> Lab:
    """A lab report with pictures and footnotes of its author's."""
    Image.new("RGB", (3000, 1500), "red").save(tmp_path / "plot.png")
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "photo.jpg")
    (tmp_path / "goal.md").write_text("Див. рис. {figure:plot.png}[^1].\n\n![Втрати](plot.png \"Втрати спадають до нуля\")\n\n[^1]: А *це* – виноска.")
    (tmp_path / "lab.toml").write_text(
        '[lab.text]\ngoal = "goal.md"\nprocedure = "Фото: {figure:photo.jpg}.\\n\\n![Зразок](photo.jpg)"\n'
        'conclusions = "Усе видно^[На рис. {figure:plot.png}.]."\n', encoding="utf-8",
    )
    return read_config(tmp_path / "lab.toml", {}).lab.lab()


def test_an_authors_pictures_are_figures_with_numbers(illustrated: Lab) -> None:
    assert [(one.name, one.picture.width, one.picture.suffix) for one in illustrated.illustrations] == [
        ("plot.png", 1600, "png"), ("photo.jpg", 40, "jpg")
    ]
    report = dataclasses.replace(sample_report(), lab=illustrated)
    data, complaints = pdf.document(report, speaker("uk"))
    text = text_of(data).replace(NBSP, " ")
    assert not complaints
    for told in ("рис. 1.1", "Рисунок 1.1 – Втрати", "Рисунок 3.1 – Зразок", "Фото: 3.1."):
        assert told in text
    assert "Рисунок 1.1 – Втрати" in text[text.index("ПЕРЕЛІК РИСУНКІВ") : text.index("1 Мета роботи", text.index("ПЕРЕЛІК РИСУНКІВ"))]
    straight = dataclasses.replace(illustrated, styles=LabTable.model_validate({"style": {"numbering": "straight"}}).lab().styles)
    paper = Paper(dataclasses.replace(report, lab=straight), "uk")
    assert [paper.of(one) for one in paper.figures] == [str(number) for number in range(1, len(paper.figures) + 1)]


def test_footnotes_stand_at_the_foot_of_the_page(illustrated: Lab) -> None:
    report = dataclasses.replace(sample_report(), lab=illustrated)
    pages = text_of(pdf.document(report, speaker("uk"))[0], "-layout").split("\f")
    first = next(page for page in pages if "1) А це – виноска." in page)
    assert first.index("Рисунок 1.1") < first.index("1) А це")
    assert any("2) На рис." in page.replace(NBSP, " ") for page in pages)


def test_the_site_shows_an_authors_picture_with_its_description(illustrated: Lab) -> None:
    report = dataclasses.replace(sample_report(), lab=illustrated)
    page = pages(report, "uk")["uk/index.html"]
    address = f"../assets/{codec.asset_name(illustrated.illustrations[0].picture)}"
    assert f'src="{address}" alt="Втрати спадають до нуля" width="1600" height="800"' in page
    assert "Див. рис.\u00a0«Втрати»" in page
    assert '<span class="footnote">А <em>це</em> – виноска.</span>' in page


def test_a_report_keeps_its_authors_pictures(illustrated: Lab, tmp_path: Path) -> None:
    report = dataclasses.replace(sample_report(), lab=illustrated)
    codec.save(report, tmp_path / "kept")
    assert codec.load(tmp_path / "kept").lab == illustrated


@pytest.mark.parametrize(
    ("markdown", "told"),
    [("![a](http://example.org/a.png)", "must be a file"), ("![a](none.png)", "there is no such file"),
     ("![a](bad.png)", "not an image")],
)
def test_a_picture_that_cannot_be_had_is_told(tmp_path: Path, markdown: str, told: str) -> None:
    (tmp_path / "bad.png").write_text("no image")
    (tmp_path / "lab.toml").write_text(f'[lab.text]\ngoal = "{markdown}"\n')
    with pytest.raises(InputError, match=told):
        read_config(tmp_path / "lab.toml", {}).lab.lab()


def test_two_pictures_of_one_name_are_told(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / folder / "plot.png")
        (tmp_path / folder / "text.md").write_text("![p](plot.png)")
    (tmp_path / "lab.toml").write_text('[lab.text]\ngoal = "a/text.md"\ntask = "b/text.md"\n')
    with pytest.raises(InputError, match="is called plot.png too"):
        read_config(tmp_path / "lab.toml", {}).lab.lab()


def test_a_picture_named_twice_is_one_figure() -> None:
    picture = figure("p").picture
    text = "![One](a.png)\n\n![Again](a.png)\n\n![Two](b.png)"
    lab = dataclasses.replace(
        LabTable().lab(),
        illustrations=(Illustration("a.png", picture), Illustration("b.png", picture)),
        texts=(("goal", (("", "Перше."),)), ("task", (("", text),)), ("procedure", (("", text),))),
        questions=(Question("Чому?", text), Question("Як?", text)),
    )
    report = dataclasses.replace(sample_report(), lab=lab)
    paper = Paper(report, "uk")
    assert [(paper.of(one), one.name) for one in paper.figures[:2]] == [("2.1", "a.png"), ("2.2", "b.png")]
    data, complaints = pdf.document(report, speaker("uk"))
    assert complaints == []
    assert text_of(data).count("Рисунок 2.1") == 2, "in the list and under the picture"


def test_a_caption_is_markdown_too(illustrated: Lab) -> None:
    told = {"goal": 'x\n\n![Втрати `loss` - 5 x 5 "разом" [@gradcam]](plot.png)'}
    lab = dataclasses.replace(illustrated, texts=LabTable.model_validate({"text": told | {"goal": "x"}}).lab().texts)
    lab = dataclasses.replace(lab, texts=(("goal", (("", told["goal"]),)),))
    report = dataclasses.replace(sample_report(), lab=lab)
    text = " ".join(text_of(pdf.document(report, speaker("uk"))[0]).replace(NBSP, " ").split())
    assert "Рисунок 1.1 – Втрати loss – 5 × 5 «разом» [1]" in text
    assert "<code>loss</code>" in pages(report, "uk")["uk/index.html"]


def test_a_long_picture_keeps_its_shape(illustrated: Lab) -> None:
    wide = Illustration("plot.png", imaging.photo(np.zeros((100, 400, 3), np.float32)))
    report = dataclasses.replace(sample_report(), lab=dataclasses.replace(illustrated, illustrations=(wide,)))
    shelf = pdf._Shelf()
    assert '<figure id="figure-1.1" class="photo long">' in pdf.page(report, speaker("uk"), shelf)
    assert "figure.photo.long > img { width: 100%; height: auto; }" in shelf.files["lab.css"].decode()


def test_a_document_without_results_has_the_tables_that_it_prints() -> None:
    words = _("words")
    table = Table("t", (Column("a"),), ((1,),), words)
    lab = LabTable.model_validate({"style": {"order": ["goal", "conclusions"]}, "text": {"goal": "x"}}).lab()
    report = Report("t", (Section("s", "s", "overview", words, words, words, (table,)),), lab=lab)
    data, complaints = pdf.document(report, Speaker("uk"))
    assert complaints == []
    assert list(pypdf.PdfReader(io.BytesIO(data)).attachments) == ["report.json"]


@pytest.mark.parametrize(
    ("markdown", "told"),
    [
        ("a^[b ^[c]]", '<p>a<span class="footnote">b  (c)</span></p>'),
        ("a[^1]\n\n[^1]: see [^1]", '<p>a<span class="footnote">see </span></p>'),
        ("a[^1]\n\n[^1]: x[^2]\n[^2]: y[^1]", '<p>a<span class="footnote">x (y)</span></p>'),
        ("a[^1]\n\n[^1]:\n        code <b>", '<p>a<span class="footnote"><code>code &lt;b&gt;</code></span></p>'),
        ("a[^1]\n\n[^1]: ![p](plot.png)", '<p>a<span class="footnote"><i>p</i></span></p>'),
    ],
)
def test_footnotes_may_be_strange(markdown: str, told: str) -> None:
    assert str(prose().html(markdown)).strip() == told


def test_notes_that_call_each_other_come_to_an_end() -> None:
    notes = "".join(f"\n[^{number}]: words [^{number + 1}] [^{number + 1}]\n" for number in range(40))
    assert len(prose().html(f"a[^0]\n{notes}\n[^40]: end")) < 40_000_000


def test_a_text_may_hold_many_numbers() -> None:
    one = prose().line("{summary/parameters}")
    assert prose().line("{summary/parameters}; " * 20_000).count(f"{one};") == 20_000


def test_what_is_put_in_stands_where_it_was_named() -> None:
    made = Prose(sample_report(), speaker("uk"), lambda key: Markup("<a>1</a>"))
    assert made.line("0[@a]0") == "0[<a>1</a>]0"
    assert made.line("100[@a]{summary/parameters}") == f"100[<a>1</a>]{made.line('{summary/parameters}')}"
    assert made.line("\U000f0000[@a]") == "[<a>1</a>]"


@pytest.mark.parametrize("name", ["a%00b.png", "a" * 300 + ".png"])
def test_a_name_that_no_file_can_have_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "lab.toml").write_text(f'[lab.text]\ngoal = "![x]({name})"\n')
    with pytest.raises(InputError, match="cannot be (opened|read)"):
        read_config(tmp_path / "lab.toml", {}).lab.lab()


def test_what_cannot_be_found_stays_visible_and_is_remembered() -> None:
    made = prose()
    assert "{summary/nothing}" in made.html("x {summary/nothing} [@nobody]")
    assert made.unknown == {"{summary/nothing}", "[@nobody]"}


def test_headings_stand_below_those_of_the_document_and_code_is_left_alone() -> None:
    assert "<h4>Досліди</h4>" in prose().html("# Досліди")
    assert '<code>"a" - b</code>' in prose().html('`"a" - b`').unescape()


def test_citations_are_found_in_order() -> None:
    assert citations("a [@x; @y-2], [z], [@q]") == ("x", "y-2", "q")


# Typography

@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ('Мережа "VGG" - це 3x3', f"Мережа «VGG»{NBSP}– це 3{NBSP}×{NBSP}3"),
        ("об'єкт у шарі №5 (рис. 3)", f"об’єкт у{NBSP}шарі №{NBSP}5 (рис.{NBSP}3)"),
        ("від -5 до 63,4 % і 12 мс...", f"від −5 до 63,4{NBSP}% і{NBSP}12{NBSP}мс…"),
        ('"а "б" в"', f"«а{NBSP}„б“ в»"),
        ("ResNet-50, 2026-11-21, conv-1", "ResNet-50, 2026-11-21, conv-1"),
    ],
)
def test_ukrainian_words_are_set_as_a_typesetter_would(typed: str, set_: str) -> None:
    assert typeset(typed, "uk") == set_


def test_english_words_too() -> None:
    assert typeset('don\'t "stop" - now, Fig. 3', "en") == f"don’t “stop”{NBSP}– now, Fig.{NBSP}3"


def test_setting_twice_changes_nothing() -> None:
    once = spaced("у шарі – 5 %", "uk")
    assert spaced(once, "uk") == once


# Sources

@pytest.mark.parametrize(
    ("source", "dstu", "ieee"),
    [
        (
            Reference("a", "book", "Глибоке навчання : навч. посіб.", ("Іваненко, І. І.", "Петренко, П. П."), year="2018",
                      pages="212", city="Львів", publisher="Вид-во ЛП", language="uk"),
            "Іваненко І. І., Петренко П. П. Глибоке навчання : навч. посіб. Львів : Вид-во ЛП, 2018. 212 с.",
            "І. І. Іваненко and П. П. Петренко, <i>Глибоке навчання : навч. посіб.</i>, Львів: Вид-во ЛП, 2018.",
        ),
        (
            Reference("b", "article", "Стаття", ("А, Б. В.", "В, Г. Д.", "Д, Е. Ж.", "Е, Є. Є."), "Вісник", "2020", "3", "2",
                      "5–9", language="uk"),
            "А Б. В. та ін. Стаття. Вісник. 2020. Т. 3, № 2. С. 5–9.",
            "Б. В. А, Г. Д. В, Е. Ж. Д, and Є. Є. Е, “Стаття,” <i>Вісник</i>, vol. 3, no. 2, pp. 5–9, 2020.",
        ),
        (
            Reference("c", "web", "Документація", (), "Keras", url="https://keras.io", accessed="12.11.2018", language="uk"),
            "Документація. Keras. URL: https://keras.io (дата звернення: 12.11.2018).",
            "“Документація,” <i>Keras</i>. Accessed: 12.11.2018. [Online]. Available: https://keras.io",
        ),
        (
            Reference("d", "standard", "Звіти у сфері науки і техніки. Структура та правила оформлювання", (), year="2016",
                      city="Київ", publisher="УкрНДНЦ", number="ДСТУ 3008:2015", language="uk"),
            "ДСТУ 3008:2015 Звіти у сфері науки і техніки. Структура та правила оформлювання. Київ : УкрНДНЦ, 2016.",
            "<i>Звіти у сфері науки і техніки. Структура та правила оформлювання</i>, ДСТУ 3008:2015, Київ: УкрНДНЦ, 2016.",
        ),
        (
            METHODS[5],
            "Jiang P.-T. et al. LayerCAM: exploring hierarchical class activation maps for localization. IEEE "
            "Transactions on Image Processing. 2021. Vol. 30. P. 5875–5888. DOI: 10.1109/TIP.2021.3089943.",
            "P.-T. Jiang, C.-B. Zhang, Q. Hou, M.-M. Cheng, and Y. Wei, “LayerCAM: exploring hierarchical class activation "
            "maps for localization,” <i>IEEE Transactions on Image Processing</i>, vol. 30, pp. 5875–5888, 2021, doi: "
            "10.1109/TIP.2021.3089943.",
        ),
    ],
)
def test_sources_are_written_as_the_styles_ask(source: Reference, dstu: str, ieee: str) -> None:
    assert str(written(source, "dstu-8302")).replace(NBSP, " ") == dstu
    assert str(written(source, "ieee")).replace(NBSP, " ") == ieee


def test_a_hostile_source_is_escaped() -> None:
    assert "<script" not in written(Reference("a", "book", "<script>", ("<b>, X.",)), "ieee")


def test_bibtex_has_an_entry_for_each_source() -> None:
    assert bibtex(METHODS).count("\n@") + 1 == len(METHODS)
    assert "author = {Selvaraju, R. R. and Cogswell, M." in bibtex(METHODS)


def test_every_source_of_a_method_is_known() -> None:
    from reportgen.artifacts import CATALOGUE

    known = {source.key for source in METHODS}
    for artifact in CATALOGUE.values():
        assert set(artifact.references) <= known, artifact.name


def test_sources_are_numbered_in_the_order_in_which_they_are_named() -> None:
    words = _("words")
    lab = LabTable.model_validate({
        "text": {"goal": "As [@mine] says."},
        "source": [{"key": "unused", "kind": "book", "title": "B"}, {"key": "mine", "kind": "book", "title": "A"}],
    }).lab()
    section = Section("s", "s", "overview", words, words, words, (), (Formula("x"),), references=("he", "glorot"))
    paper = Paper(Report("t", (section,), lab=lab), "en")
    assert [one.key for one in paper.references] == ["mine", "he", "glorot", "keras", "tensorflow", "unused"]


def test_an_empty_lab_is_the_default() -> None:
    assert Report("t", ()).lab == Lab()


def test_the_text_may_be_set_in_a_face_of_the_system(caplog: pytest.LogCaptureFixture) -> None:
    from reportgen.render import fonts

    found = fonts.faces("DejaVu Serif")
    assert [face.path.name for face in found[:4]] == [
        "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSerif-Italic.ttf", "DejaVuSerif-BoldItalic.ttf"
    ]
    assert all(face.family == fonts.SERIF for face in found[:4])
    assert fonts.faces("No Such Face") == fonts.FACES
    assert "No Such Face is not on this system" in caplog.text
    assert fonts.faces() == fonts.FACES


def test_of_several_networks_the_first_alone_may_be_printed() -> None:
    words = _("words")
    one, other = (Section(name, "s", "overview", words, words, words, (), network=name) for name in ("", "second"))
    for which, printed, left in (("all", 2, ""), ("first", 1, "second")):
        lab = LabTable.model_validate({"style": {"networks": which}}).lab()
        paper = Paper(Report("t", (one, other), lab=lab), "en")
        assert (len(paper.sections), paper.unprinted) == (printed, left)


def test_tables_are_listed_and_the_site_is_named_where_that_is_asked_for() -> None:
    lab = dataclasses.replace(LAB, styles=LabTable.model_validate({"style": {"lists": ["figures", "tables"]}}).lab().styles)
    report = dataclasses.replace(sample_report(), lab=lab)
    page = pdf.page_of(report, speaker("uk"), site_url="https://a.example/b/").text
    assert "ПЕРЕЛІК ТАБЛИЦЬ" in page
    listed = re.findall(r'<li><a href="#(table-[^"]+)">', page)
    assert listed
    assert all(f'id="{anchor}"' in page for anchor in listed)
    assert '<a href="https://a.example/b/uk/index.html">' in page
    assert "a.example" not in pdf.page_of(report, speaker("uk")).text


def test_on_the_site_a_source_is_named_in_passing() -> None:
    from reportgen.render import html

    output = Output(Path(), "uk", "html", ("uk",), ("html",))
    index = dict(html.pages(dataclasses.replace(sample_report(), lab=LAB), output, speaker("uk")))["uk/index.html"]
    assert '[Їжак 2020, <a href="https://doi.org/10.1109/ICCV.2017.74">Selvaraju 2017</a>]' in index
    assert "[@" not in index
    assert "javascript" not in str(short(Reference("a", "web", "T", url="javascript:alert(1)")))


def test_profiles_built_on_each_other_are_told(tmp_path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.toml").write_text(f'base = "{other}.toml"\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"the profile a\.toml is built on itself"):
        validate({"lab": {"profile": str(tmp_path / "a.toml")}}, "lab.toml")


def test_a_key_that_cannot_be_cited_is_told() -> None:
    with pytest.raises(UsageError, match="may hold letters"):
        validate({"lab": {"source": [{"key": "a b", "kind": "book", "title": "x"}]}}, "lab.toml")


def test_a_saved_report_is_printed_in_another_profile(tmp_path) -> None:
    codec.save(Report("Звіт", (), lab=LAB), tmp_path)
    done = CliRunner().invoke(main, [
        "render", str(tmp_path / "report.json"), "--profile", "plain-letter", "--format", "pdf", "--language", "uk", "-o", str(tmp_path / "out"),
    ])
    assert done.exit_code == 0, done.output
    page = pypdf.PdfReader(tmp_path / "out" / "report.uk.pdf").pages[0]
    assert round(float(page.mediabox[2])) == 612
    assert CliRunner().invoke(main, ["render", str(tmp_path / "report.json"), "--profile", "nowhere"]).exit_code == 2


@pytest.mark.parametrize("profile", ["dstu-3008", "kpi", "plain-a4"])
def test_a_row_of_a_sheet_holds_as_many_pictures_as_it_has_columns(profile: str) -> None:
    words = _("A sheet of pictures that belong together.")
    picture = figure("f").picture
    blocks = tuple(
        Gallery(f"g{columns}", (picture,) * (2 * columns), tuple(f"q{columns}n{place}" for place in range(2 * columns)), words,
                words, columns=columns)
        for columns in (1, 2, 3, 4, 5, 6)
    )
    lab = LabTable.model_validate({"profile": profile, "style": {"figures": 9}}).lab()
    data, complaints = pdf.document(Report("t", (Section("s", "s", "overview", words, words, words, blocks),), lab=lab), Speaker("en"))
    assert complaints == []
    heights: dict[int, list[str]] = {}
    for top, columns in re.findall(r'yMin="([\d.]+)"[^>]*>q(\d)n\d+<', text_of(data, "-bbox")):
        heights.setdefault(int(columns), []).append(top)
    for columns, tops in heights.items():
        assert len(set(tops[:columns])) == 1, f"{columns} columns"
        assert len(set(tops[columns:])) == 1, f"{columns} columns"
    assert set(heights) == {1, 2, 3, 4, 5, 6}


def test_short_words_of_a_table_are_not_broken() -> None:
    words = _("words")
    rows = (("HiResCAM", "Draelos and Carin 2020, arXiv:2011.08891", "block1_conv1"),) * 3 + (("x", "y" * 200, "z/" * 90),)
    columns = (Column("Method"), Column("What it does and where it was published, at length"), Column("Layer", code=True))
    table = Table("t", columns, rows, words)
    data, complaints = pdf.document(Report("t", (Section("s", "s", "overview", words, words, words, (table,)),)), Speaker("en"))
    assert complaints == []
    text = text_of(data, "-layout")
    for whole in ("HiResCAM", "arXiv:2011.08891", "block1_conv1"):
        assert text.count(whole) == 3
