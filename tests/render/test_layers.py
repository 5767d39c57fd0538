"""Pages by layer, cards, search, downloads: the report turned and gathered, nothing computed."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pytest

from reportgen import imaging, scales
from reportgen.render import Output, downloads, html
from reportgen.render.language import Speaker
from reportgen.render.layers import Channels, layer_pages, neighbours, window
from reportgen.render.search import entries
from reportgen.render.verdicts import sparkline, verdicts
from reportgen.report.blocks import (
    Chart,
    Column,
    Diagram,
    Fact,
    Figure,
    Gallery,
    Node,
    Note,
    Series,
    Table,
)
from reportgen.report.document import Report, Section
from reportgen.text import _
from tests.render.sample_report import sample_report

WORDS = _("Summary")


def section(name: str, chapter: str, *blocks: object, sample: str = "", network: str = "", artifact: str = "") -> Section:
    return Section(name, artifact or name, chapter, WORDS, WORDS, WORDS, tuple(blocks), (), sample, network)  # type: ignore[arg-type]


def mosaic(channels: int, side: int = 4) -> tuple[object, object]:
    maps = np.random.default_rng(0).random((side, side, channels)).astype(np.float32)
    scale = scales.shared(maps, WORDS)
    return imaging.mosaic(maps, scale), scale


def network(name: str = "", prefix: str = "") -> tuple[Section, ...]:
    answers, scale = mosaic(5)
    kernels, _scale = mosaic(5, 3)
    nodes = (Node("image", "image", "input"), Node("conv", "conv", "convolution", "4 × 4 × 5"), Node("flat", "flat", "reshape"),
             Node("conv2", "conv2", "convolution"))
    photo = imaging.photo(np.zeros((4, 4, 3), np.float32))
    return (
        section(f"{prefix}architecture", "overview", Diagram("d", nodes, ((0, 1),), WORDS, WORDS), Table(
            "architecture_layers", (Column(_("No.")), Column(_("Layer"), code=True), Column(_("Kind"), code=True)),
            ((1, "conv", "Conv2D"), (2, "conv2", "Conv2D")), WORDS), network=name, artifact="architecture"),
        section(f"{prefix}input", "overview", Gallery("g", (photo,), ("x",), WORDS, WORDS), sample="cat", network=name,
                artifact="input"),
        section(f"{prefix}filters", "filters", Figure("f", kernels, WORDS, WORDS, None, "conv",  # type: ignore[arg-type]
                (Series(_("Norm of the filter"), (1.0, 2.0, 3.0, 4.0, 5.0)),)), network=name),
        section(f"{prefix}maps", "activations", Figure("a", answers, WORDS, WORDS, scale, "conv",  # type: ignore[arg-type]
                (Series(_("Mean"), (0.5, None, 0.25, 0.0, 1e-9)),)), sample="cat", network=name),
        section(f"{prefix}sheet", "attention", Gallery("s", (photo, photo), ("conv2", "other"), WORDS, WORDS, notes=("n1", "n2")),
                Table("t", (Column(_("Layer"), code=True), Column("v", ".2f")), (("conv2", 0.5), ("nobody", 1.0)), WORDS),
                sample="cat", network=name),
    )


def test_a_page_gathers_what_every_section_shows_of_a_layer() -> None:
    conv, conv2 = layer_pages(Report("t", network()))
    assert (conv.page, conv.kind, [shown.home.name for shown in conv.shown]) == ("conv", "Conv2D", ["filters", "maps"])
    assert [cell for _column, cell in conv.facts] == [1, "Conv2D"]
    assert [block.name for block in conv2.section.blocks] == ["s_1"]  # type: ignore[union-attr]
    assert [(row.table.name, row.cells[0][1]) for row in conv2.rows] == [("t", 0.5)]
    assert "Here: n1." in Speaker("en").say(conv2.section.blocks[0].caption)  # type: ignore[union-attr]
    assert neighbours(conv, (conv, conv2)) == (None, conv2)
    assert window(conv2, (conv, conv2)) == (conv, conv2)


def test_channels_are_shown_with_their_filters_their_numbers_and_the_image() -> None:
    (view,) = layer_pages(Report("t", network()))[0].channels
    assert (view.answers.name, view.filters.name if view.filters else "", view.sample) == ("a", "f", "cat")
    assert view.image is not None
    assert view.rows[:2] == ((0, (0.5, 1.0)), (1, (None, 2.0)))


def test_layers_of_two_networks_do_not_meet() -> None:
    pages = layer_pages(Report("t", (*network(), *network("other", "other-"))))
    assert [page.page for page in pages] == ["conv", "conv2", "other-conv", "other-conv2"]
    assert {shown.home.network for shown in pages[2].shown} == {"other"}
    assert neighbours(pages[2], pages) == (None, pages[3])


def test_layers_whose_names_differ_only_in_case_have_pages_of_their_own() -> None:
    photo = imaging.photo(np.zeros((4, 4, 3), np.float32))
    nodes = tuple(Node(name, name, "convolution") for name in ("Conv", "conv"))
    report = Report("t", (section("a", "overview", Diagram("d", nodes, (), WORDS, WORDS), Gallery(
        "s", (photo, photo), ("Conv", "conv"), WORDS, WORDS)),))
    one, other = (page.page for page in layer_pages(report))
    assert one.casefold() != other.casefold()


def test_the_pages_link_to_each_other_and_to_what_they_show() -> None:
    output = Output(Path(), "en", "html", ("en",), ("html",))
    pages = dict(html.pages(Report("t", network()), output, Speaker("en")))
    layer = pages["en/layers/conv.html"]
    assert 'href="../maps.html"' in layer
    assert 'href="../../static/site.css"' in layer
    assert 'id="ch-4"' in layer
    assert 'href="../layers/index.html"' in layer
    assert 'href="layers/conv.html"' in pages["en/architecture.html"]
    assert '<a href="layers/conv.html"' in pages["en/index.html"]
    assert pages["en/layers/index.html"].count("<tr>") == 3
    for path, text in pages.items():
        base = Path(path).parent
        for address in re.findall(r'href="([^"#:]+\.html)', text):
            target = (base / address).as_posix()
            parts: list[str] = []
            for part in target.split("/"):
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in pages, (path, address)


def test_search_knows_sections_layers_units_and_findings() -> None:
    found = section("found", "overview", Note(_("Seven of them.")), Table(
        "units", (Column(_("Unit"), code=True),), (("conv:3",), ("nowhere:1",)), WORDS))
    report = Report("t", (*network(), found))
    known = list(entries(report, Speaker("en"), layer_pages(report)))
    assert ("conv", "layer · conv", "layers/conv.html") in known
    assert ("conv:3", "unit", "layers/conv.html#ch-3") in known
    assert ("nowhere:1", "unit", "found.html#units") in known
    assert ("Seven of them.", "finding · Summary", "found.html") in known


def test_the_search_index_is_a_script_that_holds_nothing_but_data() -> None:
    import json

    report = Report("t", (section("</script>", "overview", Note(_("“</script>”"))),))
    text = html.search_index(report, Speaker("en"), ())
    assert text.startswith("var reportgenIndex = [[")
    assert json.loads(text.removeprefix("var reportgenIndex = ").rstrip().removesuffix(";"))


# The cards

def facts(**values: object) -> list[Fact]:
    return [Fact(name, WORDS, value) for name, value in values.items()]  # type: ignore[arg-type]


def test_the_cards_tell_what_was_measured_and_link_to_it() -> None:
    chart = Chart("activation_statistics:sparsity", "lines", ("a", "b", "c"), (Series(WORDS, (0.2, None, 0.6)),), WORDS)
    report = Report("t", (
        section("summary", "overview", *facts(parameters=10, layers=3, weights=0.5)),
        section("prediction", "overview", *facts(predicted="cat", probability=0.9)),
        section("activation_statistics", "activations", chart, *facts(silent=2, channels=8)),
        section("pointing", "attention", *facts(looks=False, energy_judged=0.2, energy_untrained=0.5)),
        section("broken", "attention", Note(_("It broke."), "failed")),
    ))
    cards = {card.key: card for card in verdicts(report)}
    say = Speaker("en")
    assert list(cards) == ["prediction", "parameters", "sparsity", "silent", "attention", "health"]
    assert (cards["prediction"].value, say.say(cards["prediction"].detail)) == ("cat", "with a probability of 90.0%")  # type: ignore[arg-type]
    assert say.number(cards["sparsity"].value) == "20% → 60%"
    assert cards["sparsity"].trend == (0.2, 0.6)
    assert (cards["attention"].mood, cards["health"].mood) == ("mind", "mind")
    assert say.number(cards["health"].value) == "1 section failed"
    assert cards["silent"].section is report.sections[2]


def test_what_was_not_measured_has_no_card() -> None:
    heat_alone = section("pointing", "attention", *facts(energy=0.9, object_share=0.5))
    (health,) = verdicts(Report("t", (section("other", "overview"), heat_alone)))
    assert (health.key, health.mood) == ("health", "good")


@pytest.mark.parametrize("values", [(0.0, 0.0), (0.5,), tuple(np.linspace(0, 1, 50))])
def test_a_sparkline_stays_within_its_box(values: tuple[float, ...]) -> None:
    for point in sparkline(values).split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= 96
        assert 0 <= y <= 26


# Downloads

@pytest.mark.parametrize(("language", "separator", "number"), [("uk", ";", "0,125"), ("en", ",", "0.125")])
def test_tables_are_saved_as_a_spreadsheet_of_the_language_reads_them(language: str, separator: str, number: str) -> None:
    table = Table("t", (Column(_("Layer")), Column("v"), Column("w"), Column("x")),
                  (("=cmd()", 0.125, None, True), ("-x", 1200, -3, False)), WORDS)
    ((path, text),) = downloads.tables(Report("t", (section("s", "overview", table),)), Speaker(language))
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    assert path == "tables/s-t.csv"
    yes, no = ("так", "ні") if language == "uk" else ("yes", "no")
    assert rows[0] == ["Шар" if language == "uk" else "Layer", "v", "w", "x"]
    assert rows[1:] == [["'=cmd()", number, "", yes], ["'-x", "1200", "-3", no]]


def test_the_files_beside_the_pages() -> None:
    assert downloads.names(sample_report()) == ("references.bib", "reportgen.toml")
    assert downloads.names(Report("t", ())) == ("references.bib",)


def test_the_bibliography_names_the_sources_of_the_methods() -> None:
    one = dataclasses.replace(section("s", "overview"), references=("gradcam",))
    assert downloads.bibliography(Report("t", (one,))).startswith("@inproceedings{gradcam,")


def test_the_strongest_channel_is_shown_first() -> None:
    maps = np.zeros((4, 4, 3), np.float32)
    tiles = (Series(_("Mean"), (0.1, float("nan"), 0.7)),)
    answers = Figure("a", imaging.mosaic(maps, scales.shared(maps)), WORDS, WORDS, tiles=tiles)
    assert Channels(answers).first_shown == 2
    assert Channels(dataclasses.replace(answers, tiles=(Series(_("Mean"), (None, None, None)),))).first_shown == 0
    assert Channels(dataclasses.replace(answers, tiles=())).first_shown == 0


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("words", ["=1+1", "x;=1+1", "x,=1+1", ' =cmd|"/c calc"!A1', "\t=1", "-2+3", "@SUM(A1)", "＝1", 'a"b', "a\nb", "+1"])
def test_words_are_never_a_formula_nor_two_cells(words: str, separator: str) -> None:
    table = Table("t", (Column(_("words")), Column(_("more"))), ((words, "-"),), _("Words."))
    text = downloads.numbers(table, Speaker("en"))
    line = text.split("\r\n", 1)[1].removesuffix("\r\n")
    cells = next(csv.reader(io.StringIO(line, newline=""), delimiter=separator))
    head = cells[0] if separator == "," else cells[0].removesuffix(",-")
    assert head.removeprefix("'").startswith(words[:1])
    assert not any(cell.lstrip().startswith(("=", "+", "@", "-2", "＝")) for cell in cells)
