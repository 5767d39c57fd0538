"""A report of several images says once what is the same and sets side by side what differs."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen import imaging
from reportgen.render.choice import of_first_image
from reportgen.render.outline import beside, caveats, findings
from reportgen.render.paper import Paper
from reportgen.render.verdicts import verdicts
from reportgen.report.blocks import Block, Fact, Gallery, Note
from reportgen.report.document import Report, Section
from reportgen.text import Message, _
from tests.render.pages import pages, tree

IMAGES = ("cat", "dog", "owl", "hen", "cow")


def section(artifact: str, sample: str, *blocks: Block) -> Section:
    name = f"{artifact}-{sample}" if sample else artifact
    title: Message = _("Title of {artifact}", artifact=artifact)
    return Section(name, artifact, "overview", title, _("About it."), Message(""), blocks, sample=sample)


def side_by_side() -> Section:
    picture = imaging.photo(np.ones((4, 4, 3), np.float32) / 2)
    sheet = Gallery(
        "side_by_side", (picture,) * 10, tuple(label for name in IMAGES for label in (name, _("map"))), _("The sheet."), _("Alt."),
        notes=tuple(note for name in IMAGES for note in (_("said of {name}", name=name), "")), columns=2,
    )
    facts = (Fact("images", _("Images"), 5), Fact("told", _("T"), 5), Fact("right", _("R"), 4))
    return section("side_by_side", "", *facts, sheet, Note(_("Four are right.")))


@pytest.fixture
def report() -> Report:
    def told(name: str) -> tuple[Section, ...]:
        prediction = section(
            "prediction", name, Fact("predicted", _("P"), name), Fact("probability", _("S"), 0.5),
            Note(_("It is a {name}.", name=name)), Note(_("Softmax was left out."), "warning"),
        )
        progression = section("progression", name, Note(_("Maps get smaller.")), Note(_("Nothing to see."), "skipped"))
        return prediction, progression

    images = [told(name) for name in IMAGES]
    return Report("T", (section("summary", "", Fact("parameters", _("N"), 5)), *(pair[0] for pair in images), side_by_side(),
                        *(pair[1] for pair in images)))


def test_equal_warnings_are_gathered_with_their_count(report: Report) -> None:
    assert [(str(one.note.text), one.count, one.section.name) for one in caveats(report)] == [
        ("Softmax was left out.", 5, "prediction-cat"), ("Nothing to see.", 5, "progression-cat"),
    ]


def test_findings_are_those_of_the_network_of_the_first_image_and_of_all_together(report: Report) -> None:
    assert [(str(one.note.text), one.count) for one in findings(report)] == [
        ("It is a cat.", 1), ("Four are right.", 1), ("Maps get smaller.", 5),
    ]


def test_the_first_page_shows_every_image_with_its_answer(report: Report) -> None:
    found = beside(report, "")
    assert found is not None
    assert [(image[0], str(image[1])) for image in found.images] == [(name, f"said of {name}") for name in IMAGES]
    page = tree(pages(report, "uk")["uk/index.html"])
    (sheet,) = page.of_class("beside")
    assert len(list(sheet.all("img"))) == 10
    assert [name for name in IMAGES if f"said of {name}" in sheet.text] == list(IMAGES)
    assert page.text.count("Softmax was left out.") == 1
    assert "5 зображень" in page.of_class("caveats")[0].text


def test_the_card_speaks_of_all_images(report: Report) -> None:
    (card,) = [one for one in verdicts(report) if one.key == "prediction"]
    assert str(card.value) == "4 of 5 right"
    health = next(one for one in verdicts(report) if one.key == "health")
    assert str(health.value) == "1 warning"


def test_paper_prints_the_first_image_and_the_sheet_and_says_where_the_others_are(report: Report) -> None:
    paper = Paper(report, "en")
    assert {one.sample for one in paper.sections} == {"", "cat"}
    assert "owl" in str(paper.unprinted_images)
    assert "cat" not in str(paper.unprinted_images)
    alone = Report("T", tuple(one for one in report.sections if one.artifact != "side_by_side"))
    assert of_first_image(alone.sections) == alone.sections, "where nothing sets them side by side, all are printed"


def test_a_report_of_one_image_has_no_sheet(report: Report) -> None:
    one = Report("T", tuple(each for each in report.sections if each.sample in ("", "cat") and each.artifact != "side_by_side"))
    assert beside(one, "") is None
    assert not tree(pages(one)["en/index.html"]).of_class("beside")
