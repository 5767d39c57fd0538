"""A report made by hand, with all eight kinds of block and names that nobody should give.

Every renderer is tested on it. `speaker("uk")` knows the Ukrainian of its sentences too.
"""

from __future__ import annotations

import copy
import functools
from pathlib import Path

import numpy as np
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from reportgen import imaging, scales
from reportgen.render.language import Speaker, read_catalogue
from reportgen.report.blocks import (
    Chart,
    Column,
    Diagram,
    Fact,
    Figure,
    Gallery,
    Node,
    Note,
    Picture,
    Prose,
    Scale,
    Series,
    Table,
)
from reportgen.report.document import Formula, Provenance, Report, Section, Source
from reportgen.report.lab import Lab, Person
from reportgen.text import Message, _

SCRIPT = "<script>alert(1)</script>"
DOTS = ".."
LONG = "дуже_довга_назва_" * 14 + "ії"
CYRILLIC = "згортка ½ / «нова»"
HOSTILE = (SCRIPT, DOTS, LONG, CYRILLIC)
assert len(LONG) == 240

LAYERS = (
    ("image", "InputLayer", "input", 64, 3, 0),
    ("enc_conv1", "Conv2D", "convolution", 64, 16, 448),
    ("pool1", "MaxPooling2D", "pooling", 32, 16, 0),
    ("bottleneck", "Conv2D", "convolution", 32, 32, 4640),
    ("up1", "UpSampling2D", "upsampling", 64, 32, 0),
    ("skip1", "Concatenate", "merge", 64, 48, 0),
    (SCRIPT, "Conv2D", "convolution", 64, 16, 6928),
    ("output_conv", "Conv2D", "convolution", 64, 1, 17),
)
EDGES = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (1, 5), (5, 6), (6, 7))


def waves(size: int, channels: int) -> np.ndarray:
    """Gratings of growing frequency and turning angle, in −1…1: a picture one can recognise."""
    rows, columns = np.mgrid[0:size, 0:size] / size
    turns = np.linspace(0, np.pi, channels, endpoint=False)
    steps = 2 + np.arange(channels) % 7
    phase = rows[..., None] * np.sin(turns) + columns[..., None] * np.cos(turns)
    return np.sin(2 * np.pi * phase * steps).astype(np.float32)


@functools.cache
def photograph() -> Picture:
    """Something with colours in it."""
    return imaging.photo(waves(224, 3) / 2 + 0.5)


@functools.cache
def maps(size: int, channels: int, extent: str = "block") -> tuple[Picture, Scale]:
    """A mosaic of response maps with its scale."""
    answers = np.maximum(waves(size, channels), 0)
    scale = scales.shared(answers, _("Response"))
    scale = Scale(scale.colours, scale.low, scale.high, extent, scale.label, extent == "block")  # type: ignore[arg-type]
    return imaging.mosaic(answers, scale), scale


def _section(name: str, chapter: str, title: Message, *blocks: object, **more: object) -> Section:
    about = more.pop("about", _("What the network makes of the picture at this place, told step by step."))
    reading = more.pop(
        "reading", _("Look for bright places first. Then compare `{layer}` with the input.", layer=SCRIPT)
    )
    artifact = str(more.pop("artifact", name.split("-")[0]))
    return Section(name, artifact, chapter, title, about, reading, blocks, **more)  # type: ignore[arg-type]


def _summary() -> Section:
    return _section(
        "summary",
        "overview",
        _("Summary"),
        Fact("parameters", _("Parameters"), 467_905, ",d"),
        Fact("weights", _("Size of the weights"), 1.8251, ".2f", _("MB")),
        Fact("trained", _("Trained"), True),
        Fact("iou", _("Overlap with the true mask"), 0.9347, ".1%"),
        Fact("loss", _("Loss"), float("nan"), ".3g"),
        Fact("name", _("The network's name for itself"), SCRIPT),
        Fact("kind", _("What it answers"), _("a mask: one number for each pixel")),
        Prose(_("The network `{name}` sorts every pixel of the picture into one of two textures.", name=CYRILLIC)),
        Note(_("The values were taken to lie in 0…1, because the file does not say."), "warning"),
        about=_(
            "A network of {count} layer that tells two textures apart. Here is what it is made of.",
            "A network of {count} layers that tells two textures apart. Here is what it is made of.",
            count=len(LAYERS),
        ),
    )


def _architecture() -> Section:
    nodes = tuple(
        Node(name, title, family, f"{size} × {size} × {channels}", size, channels, parameters)
        for name, title, family, size, channels, parameters in LAYERS
    )
    columns = (
        Column(_("Layer"), code=True),
        Column(_("Kind")),
        Column(_("Output")),
        Column(_("Parameters"), ",d"),
        Column(_("Share"), ".1%"),
    )
    total = sum(layer[5] for layer in LAYERS)
    rows = tuple(
        (name, kind, f"{size} × {size} × {channels}", parameters, parameters / total if parameters else None)
        for name, kind, _family, size, channels, parameters in LAYERS
    )
    return _section(
        "architecture",
        "overview",
        _("Architecture"),
        Diagram(
            "network",
            nodes,
            EDGES,
            _("The network from input to output."),
            _("A diagram: an encoder, a bottleneck and a decoder with one skip connection."),
        ),
        Table("layers", columns, rows, _("Layers in the order in which they run.")),
        Note(_("{count} layer has weights.", "{count} layers have weights.", count=4)),
    )


def _input() -> Section:
    words = _("The picture as the network sees it.")
    return _section(
        "input", "overview", _("Input image"),
        Gallery("fed", (photograph(), photograph()), (_("Original"), _("What is fed")), words, words), sample="кіт.jpg",
    )


def _prediction() -> Section:
    heat = scales.shared(np.abs(waves(56, 1)))
    return _section(
        "prediction",
        "overview",
        _("Prediction"),
        Gallery(
            "mask",
            (photograph(), imaging.picture_of_map(np.abs(waves(56, 1))[..., 0], heat)),
            (_("the input"), CYRILLIC),
            _("The picture and what the network said about it."),
            _("Two pictures side by side: the input and the mask."),
            "compare",
            heat,
            ("224 × 224", "56 × 56"),
        ),
        Chart(
            "classes",
            "bars",
            ("tabby cat", SCRIPT, LONG[:60]),
            (Series(_("Probability"), (0.712, 0.201, 0.087)),),
            _("The three likeliest classes."),
            _("Probability"),
            marked=(0,),
            format=".1%",
        ),
        sample="кіт.jpg",
    )


def _filters() -> Section:
    kernels = waves(3, 16)
    scale = scales.symmetric(kernels, _("Weight"))
    return _section(
        "filters",
        "filters",
        _("Filters"),
        Figure(
            f"filters/{SCRIPT}",
            imaging.mosaic(kernels, scale),
            _("All filters of `{layer}`.", layer=SCRIPT),
            _("A mosaic of sixteen filters of three by three weights."),
            scale,
            "enc_conv1",
            (Series(_("Norm"), tuple(float(v) for v in np.abs(kernels).sum((0, 1)))),),
        ),
        Chart(
            "norms",
            "columns",
            tuple(str(n) for n in range(16)),
            (Series(_("Norm"), tuple(float(v) for v in np.abs(kernels).sum((0, 1)))),),
            _("The norm of each filter."),
            _("Filter"),
            _("Norm"),
            marked=(3,),
        ),
        Note(
            _("No filter of `{layer}` is dead: the smallest norm is {norm:.3g}.", layer="enc_conv1", norm=0.034521)
        ),
        formulas=(
            Formula(r"\Vert w \Vert_1 = \sum_{i,j} |w_{ij}|", _("where `w` is the filter.")),
            Formula(r"y = \max(0, x)"),
        ),
        about=_(
            "A filter is a small pattern of weights that slides over its input. It answers where the two are alike."
        ),
    )


def _activations() -> Section:
    one, scale = maps(64, 16)
    many, own = maps(14, 256, "tile")
    heat, heat_scale = maps(28, 1)
    steps = [maps(size, 1)[0] for size in (64, 32, 16)]
    return _section(
        "activations",
        "activations",
        _("Activations"),
        Figure(
            "activations/enc_conv1",
            one,
            _("Every channel of `{layer}`.", layer="enc_conv1"),
            _("Sixteen maps of gratings; bright stripes turn from channel to channel."),
            scale,
            "enc_conv1",
            (Series(_("Mean"), tuple(n / 100 for n in range(16))), Series(_("Largest"), (None, *(1.0,) * 15))),
        ),
        Figure(
            "activations/bottleneck",
            many,
            _("Every channel of `{layer}`.", layer="bottleneck"),
            _("Two hundred and fifty-six small maps of gratings."),
            own,
            "bottleneck",
        ),
        Figure(
            "heat",
            heat,
            _("The mean over all channels."),
            _("One map of stripes, standing for the mean."),
            heat_scale,
        ),
        Gallery(
            "steps",
            tuple(steps),
            ("enc_conv1", "pool1", "bottleneck"),
            _("From layer to layer."),
            _("Three maps that become smaller."),
            "strip",
            Scale("viridis", 0, 1, "picture"),
            ("64 × 64 × 16", "32 × 32 × 16", "16 × 16 × 32"),
        ),
        Chart(
            "sparsity",
            "lines",
            ("enc_conv1", "pool1", "bottleneck", "output_conv"),
            (
                Series(_("Zeros"), (0.152, None, 0.351, 0.02), (0.01, None, 0.02, 0.0)),
                Series(_("Near zeros"), (0.2, 0.25, 0.4, float("nan"))),
            ),
            _("The share of zeros by depth."),
            _("Layer"),
            _("Share"),
            format=".1%",
        ),
        Chart(
            "spread",
            "curves",
            (),
            (Series(_("Density"), tuple(float(v) for v in np.exp(-(np.linspace(-3, 3, 61) ** 2)))),),
            _("How the answers are spread."),
            _("Value"),
            _("Density"),
            tuple(float(v) for v in np.linspace(-3, 3, 61)),
        ),
        Note(_("Sparsity grows from {low:.1%} to {high:.1%} with depth.", low=0.152, high=0.351)),
        Note(
            _(
                "`{layer}` has {count} channel that is silent for this image.",
                "`{layer}` has {count} channels that are silent for this image.",
                layer="pool1",
                count=2,
            ),
            "info",
        ),
        sample="кіт.jpg",
    )


def _hostile() -> tuple[Section, ...]:
    small, scale = maps(16, 1)
    return tuple(
        _section(
            name,
            "увага <b>",
            _("The layer `{layer}` alone", layer=name),
            Fact(name, _("Name"), name),
            Figure(
                name,
                small,
                _("The map of `{layer}`.", layer=name),
                _("A map with a hostile name: {layer}.", layer=name),
                scale,
            ),
            Figure(
                name, small, _("The map of `{layer}` again.", layer=name), _("The same map, the same name."), scale
            ),
            Table(
                name,
                (Column(_("Layer"), code=True), Column(_("Name"))),
                ((name, name), (f"`|`{name}", f"|{name}\n`*_")),
                _("A table for `{layer}`.", layer=name),
            ),
            Note(_("The layer `{layer}` was found under the name {layer}.", layer=name), level),
            artifact="layer",
            sample=name,
        )
        for name, level in zip(HOSTILE, ("finding", "info", "warning", "finding"), strict=True)
    )


@functools.cache
def sample_report() -> Report:
    """The report."""
    skipped = _section(
        "attention", "attention", _("Attention"), Note(_("the network has no class scores"), "skipped")
    )
    failed = _section(
        "dream", "optimization", _("Dream"), Note(_("DivisionByZero: {text}", text="0 / 0"), "failed")
    )
    return Report(
        _("Two textures: the network `{name}`", name="texture-unet"),
        (_summary(), _architecture(), _prediction(), _filters(), _activations(), *_hostile(), skipped, failed, _input()),
        Provenance(
            (
                Source("model", "texture & unet.keras", "0123456789abcdef" * 4, 1_912_345),
                Source("image", "кіт.jpg", "fedcba9876543210" * 4, 51_200),
            ),
            (("reportgen", "0.1.0"), ("keras", "3.15.0")),
            "reportgen build --model 'texture & unet.keras' --image кіт.jpg",
            '[model]\nfile = "texture & unet.keras"\n\n[[image]]\nfile = "кіт.jpg"\n',
            "0123456789abcdef0123456789abcdef01234567",
        ),
        lab=Lab(students=(Person("Олена Приклад", group="КН-31"),)),
    )


def speaker(language: str) -> Speaker:
    """A speaker who knows the sentences of the sample too."""
    if language == "en":
        return Speaker("en")
    catalogue = copy.deepcopy(read_catalogue(language)) or Catalog(language)
    with (Path(__file__).parent / "sample.uk.po").open("rb") as file:
        for message in read_po(file, locale=language):
            if message.id:
                catalogue.delete(message.id, message.context)
                catalogue.add(message.id, message.string, context=message.context)
    return Speaker(language, catalogue)
