"""The network drawn as a graph, and the table of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.artifacts.base import ModelArtifact
from reportgen.artifacts.geometry import Field, fields
from reportgen.artifacts.skips import skips
from reportgen.probe import Layer, Layers
from reportgen.report.blocks import Block, Cell, Column, Diagram, Fact, Node, Note, Table
from reportgen.report.document import Formula
from reportgen.study import Study
from reportgen.text import Message, _


@dataclass(frozen=True)
class Architecture(ModelArtifact):
    """Diagram and layer table."""

    name = "architecture"
    chapter = "overview"
    question = _("Which layer holds the most parameters?")
    title = _("Architecture")
    about = _(
        "How the layers are joined: every box is a layer, every line carries the answer of one layer to the next. "
        "The table lists the same layers with their sizes."
    )
    reading = _(
        "Follow the data from the input. Convolutions look for patterns, pooling makes the map smaller, "
        "upsampling makes it larger again. A line that leads past layers with weights to one where the same answer is "
        "added or joined again is a skip connection: it carries fine detail past them. Branches side by side are none. "
        "The receptive field is the part of the image, in pixels, that one unit of "
        "the layer can see."
    )
    formulas = (
        Formula(
            r"p = (k_h \cdot k_w \cdot c_{in} + 1) \cdot c_{out}",
            _(
                "where p is the number of parameters of a convolution with a bias, k the sides of its kernel, c "
                "the channels that go in and come out."
            ),
        ),
    )

    def blocks(self, study: Study) -> Iterator[Block]:
        """Diagram, table, what stands out."""
        layers = study.probe.layers
        place = {layer.name: number for number, layer in enumerate(layers)}
        edges = tuple(
            (place[parent], place[layer.name]) for layer in layers for parent in layer.parents if parent in place
        )
        depth = sum(layer.family != "input" for layer in layers)
        yield Diagram(
            "network_architecture", tuple(map(_node, layers)), edges,
            _("The network `{name}`: {depth} layers from the input to the output.", name=study.probe.model.title,
              depth=depth),
            _alt(study.probe.model.title, layers),
        )
        seen = fields(layers)
        rows = tuple(
            (number, *_row(layer, seen[layer.name]))
            for number, layer in enumerate(layers) if layer.family != "input"
        )
        yield Table("architecture_layers", _COLUMNS, rows, _("The layers in the order in which they run."))
        leaps = len(skips(layers))
        yield Fact("skips", _("Skip connections"), leaps)
        yield from _findings(layers, leaps)


_COLUMNS = (
    Column(_("No.")), Column(_("Layer"), code=True), Column(_("Kind"), code=True), Column(_("Output")),
    Column(_("Kernel, stride")), Column(_("Activation"), code=True), Column(_("Parameters"), ",d"),
    Column(_("Receptive field")),
)


def _node(layer: Layer) -> Node:
    size = layer.spatial[0] if layer.spatial else None
    return Node(layer.name, _title(layer), layer.family, shape_of(layer), size, layer.channels, layer.parameters)


def _title(layer: Layer) -> str:
    """What stands on the box: the last part of the path."""
    return layer.name.rsplit("/", 1)[-1]


def shape_of(layer: Layer) -> str:
    """A layer's output size as people write it."""
    return " × ".join("…" if side is None else str(side) for side in layer.shape)


def _row(layer: Layer, field: Field) -> tuple[Cell, ...]:
    activation = layer.activation if layer.activation != "linear" else None
    return (
        layer.name, layer.kind, shape_of(layer), _kernel(layer), activation, layer.parameters, field_text(field),
    )


def _kernel(layer: Layer) -> str | None:
    if layer.factor:
        return "× " + " × ".join(map(str, layer.factor))
    if not layer.kernel:
        return None
    text = " × ".join(map(str, layer.kernel))
    if any(stride != 1 for stride in layer.strides):
        text += " / " + " × ".join(map(str, layer.strides))
    return text


def field_text(field: Field) -> str | Message:
    """A receptive field in a cell."""
    if not field.known:
        return _("cannot be told")
    return _("whole image") if field.size is None else f"{field.size[1]} × {field.size[0]}"


def _alt(name: str, layers: Layers) -> Message:
    sizes = [layer for layer in layers if layer.spatial]
    if not sizes:
        return _("Diagram of the network `{name}` with {count} layers.", name=name, count=len(layers))
    smallest = min(sizes, key=lambda layer: layer.spatial[0] or 1 << 30)
    return _(
        "Diagram of the network `{name}`: {count} layers, from {first} at the input through {middle} in "
        "`{deepest}` to {last}.",
        name=name, count=len(layers), first=shape_of(layers[0]), middle=shape_of(smallest), deepest=smallest.name,
        last=shape_of(layers[-1]),
    )


def _findings(layers: Layers, leaps: int) -> Iterator[Note]:
    total = sum(layer.parameters for layer in layers)
    if total:
        largest = max(layers, key=lambda layer: layer.parameters)
        yield Note(_(
            "{share:.1%} of the {total:d} parameters are in one layer, `{layer}`.",
            share=largest.parameters / total, total=total, layer=largest.name,
        ))
        inside = sum(layer.parameters for layer in layers.of("convolution"))
        yield Note(_("Convolutions hold {share:.1%} of the parameters.", share=inside / total))
    if leaps:
        yield Note(_(
            "The network has {count} skip connection past deeper layers.",
            "The network has {count} skip connections past deeper layers.", count=leaps,
        ))
