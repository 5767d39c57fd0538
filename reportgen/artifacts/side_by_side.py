"""The images of a study beside each other: what the network says to each, on what it rests, how much stays silent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import Sheet, explained
from reportgen.artifacts.prediction import Prediction, true_class
from reportgen.artifacts.responses import with_exact_zeros
from reportgen.probabilities import probabilities
from reportgen.report.blocks import Block, Cell, Column, Fact, Gallery, Note, Picture, Table
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _, listed

METHOD = "gradcam"
FACTS = ("predicted", "probability", "margin", "iou", "accuracy", "area", "labels", "classes", "error", "value")
"""What of the prediction stands in the table, where the network's answer has it."""


@dataclass(frozen=True)
class SideBySide(ModelArtifact):
    """Sets the images beside each other. `side` is the longer side of a picture in pixels, `opacity` how much of the
    map is seen (0…1)."""

    name = "side_by_side"
    chapter = "overview"
    uses = ("attention",)
    compares_samples = True
    least_images = 2
    references = ("gradcam",)
    question = _("What does the network answer to different images?")
    title = _("The images side by side")
    about = _(
        "Each image, and beside it the Grad-CAM of what the network takes it for: the part of the image that its "
        "answer rests on. The table has the numbers of all images."
    )
    reading = _(
        "Look for what is the same and what differs: whether the map follows the object from image to image, whether "
        "the network is equally sure. A few images are examples and no measure of how often the network is right."
    )
    side: int = 240
    opacity: float = 0.5

    def blocks(self, study: Study) -> Iterator[Block]:
        """The sheet, the table, what differs most."""
        answers = [_answer(study, sample) for sample in study.samples]
        yield Fact("images", _("Images"), len(study.samples))
        yield self._sheet(study, answers)
        yield _table(study, answers)
        yield from _rights(study)
        yield from _findings(study, answers)

    def _sheet(self, study: Study, answers: list[dict[str, Fact]]) -> Gallery:
        pictures: list[Picture] = []
        labels: list[Text] = []
        notes: list[Text] = []
        for sample, answer in zip(study.samples, answers, strict=True):
            drawn = Sheet(sample, self.side, self.opacity)
            pictures.append(imaging.photo(drawn.base(), lossy=True))
            labels.append(sample.name)
            notes.append(_said(answer))
            found, why = _map(study, sample, drawn)
            pictures.append(found)
            labels.append(_("what it rests on"))
            notes.append(why)
        return Gallery(
            "side_by_side", tuple(pictures), tuple(labels),
            _("Each image and beside it the Grad-CAM of the network's answer to it, each map over its own range."),
            _("{count} image with a map of what the answer rests on.",
              "{count} images, each with a map of what the answer rests on.", count=len(study.samples)),
            scale=scales.sequential(extent="picture", label=_("What the score rests on")), notes=tuple(notes),
            columns=4,
        )


def _answer(study: Study, sample: Sample) -> dict[str, Fact]:
    """What the section on the prediction measures of an image."""
    return {block.name: block for block in Prediction().blocks(study, sample) if isinstance(block, Fact)}


def _said(answer: dict[str, Fact]) -> Text:
    """The answer in a few words."""
    predicted, probability = answer.get("predicted"), answer.get("probability")
    if predicted is not None and probability is not None:
        return _("“{label}”, {share:.1%}", label=_text(predicted.value), share=probability.value or 0.0)
    first = next((answer[name] for name in FACTS if name in answer), None)
    if first is None or not isinstance(first.value, int | float):
        return ""
    if first.format.endswith("%"):
        return _("{what}: {share:.1%}", what=first.label, share=first.value)
    return _("{what}: {value:.3g}", what=first.label, value=first.value)


def _map(study: Study, sample: Sample, drawn: Sheet) -> tuple[Picture, Text]:
    """The map of the first thing explained and what it is for; the gray image where there is none, and why."""
    try:
        maps = explained(study, sample)
    except NotApplicable as answer:
        return imaging.photo(imaging.gray(drawn.base()), lossy=True), answer.reason
    goal = maps.goals[0]
    heat = maps.heat(METHOD, goal)
    return drawn.picture(METHOD, heat), heat.reason or goal.label


def _table(study: Study, answers: list[dict[str, Fact]]) -> Table:
    shown = [name for name in FACTS if all(name in answer for answer in answers)]
    columns = [Column(_("Image"))]
    columns += [Column(answers[0][name].label, answers[0][name].format) for name in shown]
    truths = [sample.label for sample in study.samples]
    columns += [Column(_("True class"))] if any(truths) else []
    sparse = [sparsity(study, sample) for sample in study.samples]
    columns += [Column(_("Exact zeros"), ".1%")] if any(one is not None for one in sparse) else []
    rows: list[tuple[Cell, ...]] = []
    for sample, answer, zeros in zip(study.samples, answers, sparse, strict=True):
        row: list[Cell] = [sample.name, *(answer[name].value for name in shown)]
        row += [sample.label or None] if any(truths) else []
        row += [zeros] if any(one is not None for one in sparse) else []
        rows.append(tuple(row))
    return Table(
        "side_by_side", tuple(columns), tuple(rows),
        _("The images in numbers; exact zeros are counted over all layers with a ReLU."),
    )


def sparsity(study: Study, sample: Sample) -> float | None:
    """The share of exact zeros in the answers of all layers with a ReLU; None where there is none."""
    outputs = study.probe.trace(sample.pixels).outputs
    exact = with_exact_zeros(study.probe.layers)
    counted = [outputs[layer.name] for layer in study.probe.layers if layer.rectified and layer.name in exact]
    total = sum(answer.size for answer in counted)
    return sum(int(answer.size - np.count_nonzero(answer)) for answer in counted) / total if total else None


def _rights(study: Study) -> Iterator[Block]:
    """How many of the images whose class was told are answered right."""
    if study.probe.output.kind != "classes":
        return
    told = right = 0
    for sample in study.samples:
        scores = np.asarray(study.probe.trace(sample.pixels).scores, np.float64).reshape(-1)
        shares = probabilities(scores, study.probe.output)
        true = true_class(study, sample, shares)
        if true is not None and np.isfinite(shares).all():
            told, right = told + 1, right + int(true == int(np.argmax(shares)))
    if not told:
        return
    yield Fact("told", _("Images with a true class"), told)
    yield Fact("right", _("Answered right"), right)
    yield Note(_(
        "{right} of {count} image whose class was told is answered right. So few are examples, no measure.",
        "{right} of {count} images whose class was told are answered right. So few are examples, no measure.",
        count=told, right=right,
    ))


def _findings(study: Study, answers: list[dict[str, Fact]]) -> Iterator[Note]:
    names = [sample.name for sample in study.samples]
    predicted = [str(answer["predicted"].value) for answer in answers if "predicted" in answer]
    if len(predicted) == len(names):
        classes = list(dict.fromkeys(predicted))
        if len(classes) == 1:
            label = _text(answers[0]["predicted"].value)
            yield Note(_("{count} image is taken for “{label}”.", "All {count} images are taken for “{label}”.",
                         count=len(names), label=label))
        else:
            values = list(dict.fromkeys(answer["predicted"].value for answer in answers))
            yield Note(_("{count} image is taken for {different} different classes: {labels}.",
                         "The {count} images are taken for {different} different classes: {labels}.",
                         count=len(names), different=len(classes), labels=listed([_text(one) for one in values])))
    yield from _range(names, answers)


def _text(value: Cell) -> Text:
    return value if isinstance(value, str | Message) else str(value)


def _range(names: Sequence[str], answers: list[dict[str, Fact]]) -> Iterator[Note]:
    """Between which images the first number of the answers differs most."""
    for name in ("probability", "iou", "area", "value"):
        found = [answer[name].value for answer in answers if name in answer]
        values = [value for value in found if isinstance(value, int | float)]
        if len(values) < len(names):
            continue
        least, most = int(np.argmin(values)), int(np.argmax(values))
        if values[least] == values[most]:
            return
        one = answers[0][name]
        said = _(
            "The network is least sure of its answer to `{first}` ({low:.1%}) and surest of that to `{last}` "
            "({high:.1%}).", low=values[least], first=names[least], high=values[most], last=names[most],
        ) if name == "probability" else (
            _("{what}: from {low:.1%} (`{first}`) to {high:.1%} (`{last}`).", what=one.label, low=values[least],
              first=names[least], high=values[most], last=names[most])
            if one.format.endswith("%") else
            _("{what}: from {low:.3g} (`{first}`) to {high:.3g} (`{last}`).", what=one.label, low=values[least],
              first=names[least], high=values[most], last=names[most])
        )
        yield Note(said)
        return
