"""What the network is, in numbers, and what was assumed about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.artifacts.base import ModelArtifact
from reportgen.artifacts.broken import broken_weights
from reportgen.probe import InputFacts, OutputFacts
from reportgen.report.blocks import Block, Fact, Note
from reportgen.study import Study
from reportgen.text import Message, Text, _

KINDS: dict[str, Message] = {
    "classes": _("one class of several"),
    "binary": _("one of two classes (a sigmoid)"),
    "labels": _("any number of labels (sigmoids)"),
    "mask": _("a mask of the object"),
    "classmap": _("a class for every pixel"),
    "picture": _("a picture"),
    "values": _("numbers"),
}
PREPROCESSINGS: dict[str, Message] = {
    "none": _("none: bytes as they are"),
    "unit": _("0…1"),
    "caffe": _("BGR minus the mean of ImageNet (caffe)"),
    "tf": _("from −1 to 1 (tf)"),
    "torch": _("mean and deviation of ImageNet (torch)"),
    "custom": _("as configured"),
}


@dataclass(frozen=True)
class Summary(ModelArtifact):
    """Facts of the model as a whole; the findings of all sections are gathered by the renderers."""

    name = "summary"
    chapter = "overview"
    title = _("Summary")
    about = _(
        "The network as a whole: how large it is, what goes in and what comes out. What was found in it is "
        "gathered from all sections of the report."
    )
    reading = _(
        "Parameters are the numbers that training sets; non-trainable ones are kept as they are (for instance the "
        "running means of batch normalization). Read the value range before anything else: a network that is fed "
        "other values than in training answers nonsense, and no picture shows it."
    )

    def blocks(self, study: Study) -> Iterator[Block]:
        """Facts, then what the reader should mind."""
        probe = study.probe
        model = probe.model
        yield Fact("name", _("Network"), model.title)
        yield Fact("kind", _("Kind of model"), model.kind)
        yield Fact("layers", _("Layers"), sum(layer.family != "input" for layer in probe.layers))
        yield Fact("convolutions", _("Convolutions"), len(probe.layers.convolutions))
        yield Fact("parameters", _("Parameters"), model.parameters)
        yield Fact("trainable", _("Trainable"), model.trainable)
        yield Fact("frozen", _("Non-trainable"), model.parameters - model.trainable)
        yield Fact("weights", _("Weights in memory"), model.weights_bytes / 1e6, ",.2f", _("MB"))
        yield Fact("dtype", _("Computes in"), model.dtype)
        yield from _input_facts(probe.input)
        yield from _output_facts(probe.output, study.labels)
        yield from broken_weights(study)
        for remark in model.remarks:
            yield Note(remark, "warning")
        for assumption in probe.input.assumptions:
            yield Note(assumption, "info")


def _input_facts(facts: InputFacts) -> Iterator[Block]:
    size = " × ".join("…" if side is None else str(side) for side in (*facts.size, facts.channels))
    yield Fact("input", _("Input"), size)
    yield Fact("range", _("Values fed"), _("{low:.4g} … {high:.4g}", low=facts.low, high=facts.high))
    yield Fact("preprocessing", _("Preprocessing"), PREPROCESSINGS.get(facts.preprocessing, facts.preprocessing))


def _output_facts(facts: OutputFacts, labels: tuple[Text, ...]) -> Iterator[Block]:
    yield Fact("output", _("The answer is"), KINDS[facts.kind])
    if facts.kind in ("classes", "labels", "classmap") and facts.shape[-1]:
        yield Fact("classes", _("Classes"), facts.shape[-1])
    if len(facts.names) > 1:
        yield Fact("outputs", _("Output looked at"), _several(facts))
    if labels and facts.kind == "classes" and facts.shape[-1] not in (None, len(labels)):
        yield Note(
            _(
                "The list of class names has {names} entries, the network has {classes} classes: the names may be "
                "wrong.",
                names=len(labels), classes=facts.shape[-1] or 0,
            ),
            "warning",
        )


def _several(facts: OutputFacts) -> Text:
    return _("{name}, one of {names}", name=facts.name, names=", ".join(facts.names))
