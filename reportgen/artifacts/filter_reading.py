"""The first layer's filters named from their own weights, and found again in the image.

This answers the lab's exercise: find a filter for horizontal edges, one for vertical edges, one
that is sensitive to red and one that is sensitive to blue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.kernels import LEAST_BLUR, LEAST_COLOUR, LEAST_EDGE, Kernels, Reading, kernels_of, read
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Column, Gallery, Note, Picture, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _

CLASSES: dict[str, Message] = {
    "edge": _("edge", context="filter"),
    "colour": _("colour contrast", context="filter"),
    "blur": _("blur", context="filter"),
    "surround": _("centre against surround", context="filter"),
    "none": _("unstructured", context="filter"),
}
TONES: dict[str, Message] = {"red-green": _("red against green"), "blue-yellow": _("blue against yellow")}
PRIMARY = 0.4
"""From this share on a filter counts as sensitive to a colour."""
ORIENTED = 0.5
"""From this share of a filter's energy on it counts as one for horizontal or vertical edges."""
FAINT = 0.01
"""Up to this share of the layer's median norm a filter counts as dead."""


@dataclass(frozen=True)
class FilterReading(ImageArtifact):
    """What every filter of the first convolution looks for. `shown` is how many are drawn beside their maps."""

    name = "filter_reading"
    chapter = "filters"
    title = _("Reading the first layer")
    about = _(
        "What each filter of the first convolution looks for, read from its weights alone, and the map in which "
        "the network answers with it to this image: the exercise “find a filter for horizontal edges, for "
        "vertical edges, for red and for blue”, answered."
    )
    reading = _(
        "The evidence is a share from 0 to 1: how much of the filter is explained by what it is called. The angle "
        "is that of the edge's line: 0° is horizontal, 90° vertical, counted anticlockwise. Compare filter and "
        "map: an edge filter must answer along edges of its direction, a colour filter on surfaces of its colour."
    )
    formulas = (
        Formula(
            r"E_{edge} = \frac{\langle w, x \rangle^2 + \langle w, y \rangle^2}{\Vert w - \bar{w} \Vert^2}, \qquad "
            r"E_{colour} = \frac{\Vert w - w_{gray} \Vert^2}{\Vert w \Vert^2}",
            _(
                "where w are the filter's weights, x and y slopes of unit length to the right and downwards, and "
                "the gray part is the mean over red, green and blue."
            ),
        ),
    )

    shown: int = 12

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """Answers to the exercise, filters beside their maps, the table of all filters."""
        kernels = _first(study)
        readings = _readings(kernels)
        maps = study.probe.trace(sample.pixels).outputs[study.probe.layers.rectifier_of(kernels.layer).name]
        if maps.ndim == 4:
            maps = maps[len(maps) // 2]
            yield Note(_("Of volumes and sequences of maps the middle slice or frame is drawn."), "info")
        coloured = kernels.array.shape[2] == 3
        answers = _exercise(readings, coloured)
        yield _answers(kernels, answers)
        best = [number for _question, number, _evidence, _good in answers]
        chosen = list(dict.fromkeys([*best, *_clearest(readings)]))[: self.shown]
        yield _beside(kernels, readings, maps, chosen, sample)
        rows = tuple(_row(number, reading, maps[..., number], coloured) for number, reading in enumerate(readings))
        yield Table(
            "filter_readings", _columns(coloured), rows,
            _("Every filter of `{layer}`, read from its weights, and its answer to `{file}`.", layer=kernels.name,
            file=sample.file),
        )
        yield from _findings(kernels, readings, answers)


def _readings(kernels: Kernels) -> list[Reading]:
    """What every filter looks for; the faint rest of a dead one is not read."""
    norms = np.sqrt((kernels.array.astype(np.float64) ** 2).sum(axis=(0, 1, 2)))
    alive = norms > FAINT * np.median(norms)
    return [
        read(kernels.array[..., number]) if alive[number] else Reading("none", 0.0)
        for number in range(kernels.count)
    ]


def _first(study: Study) -> Kernels:
    """The kernels of the convolution that sees the image itself."""
    for kernels in kernels_of(study.probe):
        if kernels.array.shape[2] in (1, 3) and study.probe.layers.sees_input(kernels.layer):
            if kernels.array.shape[0] * kernels.array.shape[1] == 1:
                raise NotApplicable(_("the first convolution is 1 × 1 and sees no shapes"))
            if len(kernels.layer.shape) < 3:
                raise NotApplicable(_("the first convolution runs along a row of numbers and sees no shapes"))
            return kernels
    raise NotApplicable(_("no convolution of this network looks at the image's colours directly"))


Answer = tuple[Message, int, float, bool]


def _exercise(readings: Sequence[Reading], coloured: bool) -> list[Answer]:
    """The best filter for each question, its evidence, and whether that is enough."""
    questions: list[tuple[Message, list[float], float]] = [
        (_("horizontal edge"), [reading.horizontal for reading in readings], ORIENTED),
        (_("vertical edge"), [reading.vertical for reading in readings], ORIENTED),
    ]
    if coloured:
        questions += [
            (_("sensitive to red"), [reading.primaries[0] for reading in readings], PRIMARY),
            (_("sensitive to blue"), [reading.primaries[2] for reading in readings], PRIMARY),
        ]
    found = []
    for question, shares, least in questions:
        number = int(np.argmax(shares))
        found.append((question, number, shares[number], shares[number] >= least))
    return found


def _answers(kernels: Kernels, answers: Sequence[Answer]) -> Block:
    rows = tuple(
        (question, number, evidence, _("found") if good else _("the best one, but too weak to be called so"))
        for question, number, evidence, good in answers
    )
    columns = (Column(_("Looked for")), Column(_("Filter")), Column(_("Evidence"), ".2f"), Column(_("Answer")))
    caption = _("The exercise: the best filter of `{layer}` for each question.", layer=kernels.name)
    return Table("filter_exercise", columns, rows, caption)


def _clearest(readings: Sequence[Reading]) -> list[int]:
    named = [number for number, reading in enumerate(readings) if reading.kind != "none"]
    return sorted(named, key=lambda number: -readings[number].evidence)


def _beside(
    kernels: Kernels, readings: Sequence[Reading], maps: Array, chosen: Sequence[int], sample: Sample
) -> Block:
    pictures: list[Picture] = []
    labels: list[Text] = []
    notes: list[Text] = []
    for number in chosen:
        answer = maps[..., number]
        drawn = imaging.picture_of_map(answer, scales.shared(answer))
        pictures += [_kernel(kernels.array[..., number]), drawn]
        labels += [_("filter {number}", number=number), _("map {number}", number=number)]
        extent = _("{low:.3g} … {high:.3g}", low=float(answer.min()), high=float(answer.max()))
        notes += [describe(readings[number]), extent]
    return Gallery(
        "filter_reading", tuple(pictures), tuple(labels),
        _("Filters of `{layer}` and, beside each, the map with which it answers to `{file}`.", layer=kernels.name,
          file=sample.file),
        _("Pairs of a filter of `{layer}` and its map for `{file}`.", layer=kernels.name, file=sample.file),
        "grid", notes=tuple(notes),
    )


def _kernel(kernel: Array) -> Picture:
    if kernel.shape[-1] == 3:
        bound = float(np.abs(kernel).max()) or 1.0
        return imaging.colour_mosaic((0.5 + 0.5 * kernel / bound)[None])
    return imaging.picture_of_map(kernel[..., 0], scales.symmetric(kernel))


def describe(reading: Reading) -> Message:
    """A reading in words, with its evidence."""
    if reading.kind == "edge":
        angle = _degrees(reading)
        return _("edge at {angle:.0f}°, evidence {evidence:.2f}", angle=angle, evidence=reading.evidence)
    if reading.kind == "colour":
        return _("{tone}, evidence {evidence:.2f}", tone=TONES[reading.tone], evidence=reading.evidence)
    return _("{kind}, evidence {evidence:.2f}", kind=CLASSES[reading.kind], evidence=reading.evidence)


def _degrees(reading: Reading) -> int:
    """The angle as it is shown: 180° is 0° again."""
    return round(reading.angle) % 180


def _columns(coloured: bool) -> tuple[Column, ...]:
    columns = [
        Column(_("Filter")), Column(_("Looks for")), Column(_("Evidence"), ".2f"), Column(_("Angle, °"), ".0f"),
        Column(_("Colours")), Column(_("Horizontal"), ".2f"), Column(_("Vertical"), ".2f"),
    ]
    if coloured:
        columns += [Column(_("Red"), ".2f"), Column(_("Green"), ".2f"), Column(_("Blue"), ".2f")]
    return (*columns, Column(_("Mean answer"), ".3g"), Column(_("Answers at"), ".1%"))


def _row(number: int, reading: Reading, answer: Array, coloured: bool) -> tuple[Cell, ...]:
    angle = _degrees(reading) if reading.kind == "edge" else None
    tone = TONES[reading.tone] if reading.tone else None
    shares = (reading.horizontal, reading.vertical, *(reading.primaries if coloured else ()))
    return (
        number, CLASSES[reading.kind], reading.evidence, angle, tone, *shares,
        float(answer.mean()), float((answer > 0).mean()),
    )


def _findings(kernels: Kernels, readings: Sequence[Reading], answers: Sequence[Answer]) -> Iterator[Note]:
    for question, number, evidence, good in answers:
        if good:
            yield Note(_(
                "Filter {number} of `{layer}` answers the question “{question}” (evidence {evidence:.2f}).",
                number=number, layer=kernels.name, question=question, evidence=evidence,
            ))
        else:
            yield Note(_(
                "No filter of `{layer}` is clearly one for “{question}”; the best, {number}, has an evidence of "
                "{evidence:.2f}.",
                number=number, layer=kernels.name, question=question, evidence=evidence,
            ))
    counts = Counter(reading.kind for reading in readings)
    yield Note(_(
        "Of {count} filters {edges} are edges (evidence from {edge:.1f}), {colours} colour contrasts (from "
        "{colour:.1f}), {blurs} blurs (from {blur:.1f}), {surrounds} centres against their surround and {others} "
        "unstructured.",
        count=kernels.count, edges=counts["edge"], colours=counts["colour"], blurs=counts["blur"],
        surrounds=counts["surround"], others=counts["none"], edge=LEAST_EDGE, colour=LEAST_COLOUR, blur=LEAST_BLUR,
    ))
