"""Charts, diagrams and formulas: what is drawn is what was measured, and any page may hold it."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from reportgen.errors import ReportgenError
from reportgen.render import charts, diagram, formulas, raster
from reportgen.render.drawing import Box, Drawing, Group, Trail
from reportgen.render.language import Speaker
from reportgen.report.blocks import Chart, Diagram, Node, Series
from reportgen.text import _

ENGLISH, UKRAINIAN = Speaker("en"), Speaker("uk")
SVG = "{http://www.w3.org/2000/svg}"
WORDS = _("words")


def chart(form: str, values: tuple, **more) -> Chart:  # type: ignore[no-untyped-def]
    series = more.pop("series", (Series(WORDS, values),))
    labels = more.pop("labels", tuple(f"label {place}" for place in range(len(values))))
    return Chart("c", form, labels, series, WORDS, **more)  # type: ignore[arg-type]


def tree(markup: object) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


NAN = float("nan")
CASES = [
    chart("bars", (0.9, 0.05, 0.05), marked=(0,), format=".1%"),
    chart("bars", (-1.0, 2.0, None)),
    chart("columns", tuple(range(128)), labels=(), marked=(3,)),
    chart("columns", tuple(math.sin(n) for n in range(4096)), labels=()),
    chart("lines", tuple(range(60))),
    chart("lines", (1.0, None, NAN, 2.0), series=(Series(WORDS, (1.0, None, NAN, 2.0), (0.1, 0.1, 0.1, None)),)),
    chart("lines", (1e-6, 1e3, 5.0), logarithmic=True),
    chart("curves", (1.0, 2.0, 3.0), labels=(), positions=(0.0, 0.5, 1.0)),
    chart("bars", ()),
    chart("columns", (), labels=()),
    chart("lines", ()),
    chart("curves", (), labels=()),
    chart("lines", (0.0, 0.0)),
    chart("lines", (1e300, -1e300)),
    chart("bars", (1.0,), labels=("<script>alert(1)</script>" * 20,)),
    chart("lines", (5.0, 5.0), labels=("&", '"')),
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("speaker", [ENGLISH, UKRAINIAN], ids=["en", "uk"])
def test_a_chart_may_stand_in_any_page(case: Chart, speaker: Speaker) -> None:
    text = str(charts.svg(case, speaker))
    root = tree(text)
    for forbidden in ("style=", "<style", "<script", "onload", " id=", "nan", "inf,"):
        assert forbidden not in text
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert text == str(charts.svg(case, speaker))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for box in root.iter(SVG + "rect"):
        assert -1 <= float(box.get("x", 0)) <= width + 1
        assert -1 <= float(box.get("y", 0)) + float(box.get("height", 0)) <= height + 1
    raster.paint(charts.layout(case, speaker), 1.0)


def test_bars_are_as_long_as_their_values() -> None:
    lengths = [float(box.get("width", 0)) for box in tree(charts.svg(CASES[0], ENGLISH)).iter(SVG + "rect")]
    assert lengths[0] / lengths[1] == pytest.approx(0.9 / 0.05, rel=0.02)


def test_numbers_follow_the_language() -> None:
    assert "90,0\u00a0%" in str(charts.svg(CASES[0], UKRAINIAN))
    assert "90.0%" in str(charts.svg(CASES[0], ENGLISH))


def test_what_is_marked_is_not_told_by_colour_alone() -> None:
    assert "▸" in str(charts.svg(CASES[0], ENGLISH))
    assert "font-weight" in str(charts.svg(CASES[0], ENGLISH))


def test_a_gap_cuts_the_line() -> None:
    made = chart("lines", (1.0, 2.0, None, 3.0, 4.0))
    runs = [line for line in tree(charts.svg(made, ENGLISH)).iter(SVG + "polyline") if "series" in line.get("class", "")]
    assert len(runs) == 2


def unet() -> Diagram:
    sizes = [("in", 64), ("c1", 64), ("c2", 64), ("p1", 32), ("c3", 32), ("p2", 16), ("c4", 16), ("u1", 32), ("k1", 32),
             ("c5", 32), ("u2", 64), ("k2", 64), ("c6", 64)]
    nodes = tuple(Node(name, name, "convolution", f"{size} × {size}", size, 8) for name, size in sizes)
    edges = (*((n, n + 1) for n in range(len(nodes) - 1)), (4, 8), (2, 11))
    return Diagram("d", nodes, edges, WORDS, WORDS)


def chain(count: int, side: int = 224) -> Diagram:
    nodes = tuple(
        Node(f"block{n // 9}/conv_{n}", f"conv_{n}", "convolution", f"{side >> n // 40} px", side >> n // 40, 8)
        for n in range(count)
    )
    edges = (*((n, n + 1) for n in range(count - 1)), *((n, n + 4) for n in range(0, count - 4, 6)))
    return Diagram("d", nodes, edges, WORDS, WORDS)


def boxes(drawing: Drawing) -> list[Box]:
    return [
        shape.shapes[0] for shape in drawing.shapes
        if isinstance(shape, Group) and shape.role == "node" and isinstance(shape.shapes[0], Box)
    ]


def test_an_encoder_with_a_decoder_is_a_u() -> None:
    made = boxes(diagram.layout(unet(), ENGLISH))
    first, bottom, last = made[2], made[6], made[12]
    assert first.x < bottom.x < last.x
    assert bottom.y > first.y
    assert bottom.y > last.y
    assert max(box.y for box in made) == bottom.y


@pytest.mark.parametrize("made", [unet(), chain(3), chain(23), chain(200), chain(700), Diagram("d", (), (), WORDS, WORDS)])
def test_boxes_never_overlap_and_stay_on_the_sheet(made: Diagram) -> None:
    drawing = diagram.layout(made, ENGLISH)
    placed = boxes(drawing)
    assert len(placed) == len(made.nodes)
    for number, one in enumerate(placed):
        assert one.x >= 0
        assert one.x + one.width <= drawing.width + 0.5
        assert one.y + one.height <= drawing.height
        for other in placed[number + 1 : number + 60]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    tree(diagram.svg(made, ENGLISH))
    raster.paint(drawing, 1.0)


def test_activations_are_written_into_the_box_before_them() -> None:
    nodes = (Node("in", "in", "input", "", 8), Node("c", "c", "convolution", "", 8), Node("b", "bn", "normalization", "", 8),
             Node("r", "relu", "activation", "", 8), Node("d", "d", "convolution", "", 8))
    made = diagram.layout(Diagram("d", nodes, ((0, 1), (1, 2), (2, 3), (3, 4)), WORDS, WORDS), ENGLISH)
    assert len(boxes(made)) == 3
    assert "+ bn + relu" in str(diagram.svg(Diagram("d", nodes, ((0, 1), (1, 2), (2, 3), (3, 4)), WORDS, WORDS), ENGLISH))


def test_boxes_lead_to_their_layers_and_hostile_names_are_escaped() -> None:
    nodes = (Node("<b>", '"><script>', "input", "", 8), Node("c", "c", "convolution", "", 8))
    text = str(diagram.svg(Diagram("d", nodes, ((0, 1),), WORDS, WORDS), ENGLISH, {"c": "page.html#c"}.get))
    assert [link.get("href") for link in tree(text).iter(SVG + "a")] == ["page.html#c"]
    assert "<script>" not in text


@pytest.mark.parametrize("tex", [r"\frac{a}{b}", r"\sum_{i=1}^{N} x_i", r"\sqrt{\sigma}", "a < b & c".replace("&", r"\,")])
def test_a_formula_is_outlines_with_its_source_as_the_name(tex: str) -> None:
    root = tree(formulas.svg(tex))
    assert root.get("aria-label") == tex
    assert re.fullmatch(r"[\d.]+em", root.get("width", ""))
    assert len(list(root.iter(SVG + "path"))) == 1


def test_a_formula_that_cannot_be_set_is_told() -> None:
    with pytest.raises(ReportgenError, match="cannot be set"):
        formulas.svg(r"\frac{a}{")


def test_curves_are_told_apart_by_more_than_colour() -> None:
    series = tuple(Series(f"s{number}", tuple(float(number * step) for step in range(5))) for number in range(4))
    drawn = charts.layout(chart("curves", (), series=series, positions=(0.0, 1.0, 2.0, 3.0, 4.0)), ENGLISH)
    for number in range(4):
        trails = [shape for shape in drawn.shapes if isinstance(shape, Trail) and shape.role == f"series-{number}"]
        assert [trail.dashes for trail in trails] == [charts.DASHES[number]] * 2, "the line and its sample in the legend"
    assert len(set(charts.DASHES)) == 4
