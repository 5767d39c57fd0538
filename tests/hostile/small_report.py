"""A report of every kind of block and every table of an author's, small enough to be rendered two thousand times."""

from __future__ import annotations

from reportgen.report.blocks import (
    Attachment,
    Block,
    Chart,
    Column,
    Diagram,
    Download,
    Fact,
    Figure,
    Gallery,
    Grid,
    Node,
    Note,
    Picture,
    Prose,
    Scale,
    Series,
    Table,
)
from reportgen.report.document import Formula, Provenance, Report, Section, Source
from reportgen.report.lab import Illustration, Lab, Listing, Person, Question, Style
from reportgen.report.references import Reference
from reportgen.text import _
from tests.report_values import pixels

LAYERS = ("image", "conv1", "conv2")
MOSAIC = Picture(pixels(19, 9, 90), 19, 9, "map", Grid(2, 9, 9, 1, (0, 1)))
SCALE = Scale("viridis", 0, 1.5, "block", _("Response"), True)
WORDS = _("The map of `{layer}`.", layer="conv1")


def section(name: str, chapter: str, *blocks: Block, sample: str = "", **more: object) -> Section:
    """A section of an artifact of the same name."""
    title, about = _("Section"), _("What the network makes of the picture at this place.")
    return Section(name, name, chapter, title, about, about, blocks, sample=sample, **more)  # type: ignore[arg-type]


def overview() -> tuple[Section, ...]:
    """What the cards, the layers' pages and the steps of the procedure are made from."""
    nodes = tuple(Node(name, "Conv2D", "convolution" if place else "input", "9 × 9", 9, 2, place)
                  for place, name in enumerate(LAYERS))
    columns = (Column(_("layer"), code=True), Column(_("kind"), code=True), Column(_("weights"), ",d"))
    rows = tuple((name, "Conv2D", place * 1000) for place, name in enumerate(LAYERS))
    return (
        section("summary", "overview", Fact("parameters", _("Parameters"), 1234, ",d"), Fact("layers", _("Layers"), 3),
                Fact("weights", _("Weights"), 1.25, ".2f", _("MB")), Fact("name", _("Name"), "small"),
                Fact("input", _("Input"), "9 × 9"), Fact("preprocessing", _("Preprocessing"), _("none"))),
        section("architecture", "overview", Diagram("network", nodes, ((0, 1), (1, 2)), _("The network."), WORDS),
                Table("architecture_layers", columns, rows, _("The layers."))),
        section("input", "overview", Gallery("fed", (MOSAIC, MOSAIC), ("one", _("two")), WORDS, WORDS), sample="cat"),
        section("prediction", "overview", Fact("predicted", _("Class"), "cat"), Fact("probability", _("P"), 0.7, ".1%"),
                Prose(_("The network is {share:.1%} sure.", share=0.7)), sample="cat",
                question=_("What is it?"), references=("gradcam",)),
        section("pointing", "attention", Fact("energy", _("Energy"), 0.5, ".0%"),
                Fact("object_share", _("Share"), 0.25, ".0%"), Note(_("the network has no score"), "info")),
    )


def activations() -> Section:
    """Mosaics, charts of every form, numbers to take away, a formula."""
    labels = ("conv1", "conv2", "output")
    numbers = (Series(_("Zeros"), (0.1, None, 0.3), (0.01, None, 0.0)), Series(_("Near zeros"), (0.2, 0.25, float("nan"))))
    charts = tuple(
        Chart(f"activation_statistics:{name}", form, labels if form != "curves" else (), numbers, _("By depth."),
              _("Layer"), _("Share"), (0.0, 0.5, 1.0) if form == "curves" else (), (1,), ".1%")
        for name, form in (("sparsity", "lines"), ("bars", "bars"), ("columns", "columns"), ("curve", "curves"))
    )
    return section(
        "activation_statistics", "activations",
        Fact("silent", _("Silent"), 1), Fact("channels", _("Channels"), 4), *charts,
        Figure("activations/conv1", MOSAIC, WORDS, WORDS, SCALE, "conv1", (Series(_("Mean"), (0.5, 1)),)),
        Gallery("sheet", (MOSAIC,) * 3, labels, WORDS, WORDS, "grid", SCALE, ("a", "b", "c"), 2),
        Table("units", (Column(_("unit")), Column(_("mean"), ".3g")), (("conv1:0", 0.5), ("=1+1", None)), WORDS),
        Note(_("{count} channel is silent.", "{count} channels are silent.", count=1)),
        Download("maps", Attachment(b"numbers", "npz"), _("The maps as numbers")), sample="cat",
        formulas=(Formula(r"y = \max(0, x)", _("where `x` is what comes in"), _("Rectifier")),),
    )


def lab() -> Lab:
    """Everything that an author may write."""
    text = "See {figure:own.png}, {summary/parameters} and [@own].\n\n![Own *picture*](own.png \"what it shows\")\n\n> Note[^1]\n\n[^1]: *Here*."
    return Lab(
        (("topic", (("uk", "Тема"), ("en", "Topic"))), ("year", (("", "2026"),))),
        (Person("Олена Приклад", "f", "КН-31"),), (Person("Іван Приклад", "m", position="доцент"),),
        (("goal", (("", text),)), ("conclusions", (("", "Written by *hand*."),))), (Question("Why?", "So [@own]."),), False,
        (Reference("own", "article", "A title", ("Surname, A. B.",), "Journal", "2020", pages="1–2"),),
        (Listing("train.py", "print('x')\n"),), (Illustration("own.png", MOSAIC),), True,
        (("en", Style("plain-a4", running_header=True)), ("uk", Style())),
    )


def small_report() -> Report:
    """The report."""
    further = section("other-summary", "overview", Fact("name", _("Name"), "other"), network="other")
    failed = section("dream", "optimization", Note(_("DivisionByZero: {text}", text="0 / 0"), "failed"))
    skipped = section("attention", "attention", Note(_("the network has no class scores"), "skipped"))
    return Report(
        _("The network `{name}`", name="small"), (*overview(), activations(), failed, skipped, further),
        Provenance((Source("model", "small.keras", "01" * 32, 4096), Source("image", "cat.png", "23" * 32, 512)),
                   (("reportgen", "0.1.0"),), "reportgen build --model small.keras", "[model]\nfile = 'x'\n", "ab" * 20),
        lab(), "lab1_",
    )
