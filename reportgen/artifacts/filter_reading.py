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
from reportgen.artifacts.filter_words import CLASSES, TONES, degrees, describe, rule
from reportgen.artifacts.kernels import Kernels, kernels_of
from reportgen.measures.chance import at_least
from reportgen.measures.filter_forms import LEVEL, Noise, Reading, noise, read
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Column, Gallery, Note, Picture, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _, listed

PRIMARY = 0.3
"""From this share on a filter counts as sensitive to a colour, if noise gives less."""
ORIENTED = 0.5
"""From this share of what varies on a filter counts as one for horizontal or vertical edges, if noise gives less."""
NEAR = 22.5
"""So many degrees a filter's direction may be off the one that is looked for."""
CHANCE = 0.05
"""An answer must be better than what the best filter of a layer of noise reaches in all but this share of layers."""
UNLIKELY = 0.01
"""A layer in which noise would so rarely get as many names has structure."""
FAINT = 0.01
"""Up to this share of the layer's median norm a filter is too weak to be read."""


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
        "The evidence is a share from 0 to 1: how much of the filter is explained by what it is called. Of noise, too, "
        "a share can be explained, the more the smaller the filter; a name is given only where noise of the same size "
        "would hardly get it. The angle is that of the line: 0° is horizontal, 90° vertical, counted anticlockwise. "
        "Compare filter and map: an edge filter must answer along edges of its direction, a colour filter on surfaces "
        "of its colour."
    )
    formulas = (
        Formula(
            r"E = \max_{t}\;\frac{\sum_{c}\langle w_c, t \rangle^2}{\sum_{c}\Vert w_c - \bar{w}_c \Vert^2}",
            _(
                "where w are the filter's weights for the colours c and t are pictures of edges, lines, stripes and "
                "spots of every direction, place and size, of length 1 and without a mean."
            ),
        ),
    )

    shown: int = 12

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """Answers to the exercise, filters beside their maps, the table of all filters."""
        kernels = _first(study)
        layer = _Layer(kernels, _readings(kernels), noise(*kernels.array.shape[:3]))
        maps = study.probe.trace(sample.pixels).outputs[study.probe.layers.rectifier_of(kernels.layer).name]
        if maps.ndim > 3:
            maps = maps.reshape(-1, *maps.shape[-3:])
            maps = maps[len(maps) // 2]
            yield Note(_("Of volumes and sequences of maps the middle slice or frame is drawn."), "info")
        coloured = kernels.array.shape[2] == 3
        answers = _exercise(layer, coloured)
        yield _answers(kernels, answers)
        best = [one.number for one in answers]
        chosen = list(dict.fromkeys([*best, *_clearest(layer.readings)]))[: self.shown]
        yield _beside(kernels, layer.readings, maps, chosen, sample)
        rows = tuple(
            _row(number, reading, maps[..., number], coloured) for number, reading in enumerate(layer.readings)
        )
        yield Table(
            "filter_readings", _columns(coloured), rows,
            _("Every filter of `{layer}`, read from its weights, and its answer to `{file}`.", layer=kernels.name,
            file=sample.file),
        )
        yield from _findings(layer, answers)


@dataclass(frozen=True, slots=True)
class _Layer:
    """The first layer, what its filters look for, and what noise of their size gives."""

    kernels: Kernels
    readings: list[Reading]
    null: Noise


def _readings(kernels: Kernels) -> list[Reading]:
    """What every filter looks for; the faint rest of one without weights is not read."""
    norms = np.sqrt((kernels.array.astype(np.float64) ** 2).sum(axis=(0, 1, 2)))
    alive = norms > FAINT * np.median(norms)
    return [reading if good else Reading("none", 0.0) for reading, good in zip(read(kernels.array), alive, strict=True)]


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


@dataclass(frozen=True, slots=True)
class _Answer:
    """The best filter for a question, its evidence, what it needs, and whether it is one."""

    question: Message
    number: int
    evidence: float
    needed: float
    found: bool


def _exercise(layer: _Layer, coloured: bool) -> list[_Answer]:
    """The best filter for each question. Of many filters one is always the best: it must be better than the best of
    as many filters of noise."""
    level = CHANCE / layer.kernels.count
    edge = max(ORIENTED, layer.null.reached(layer.null.upright, level))
    primary = max(PRIMARY, layer.null.reached(layer.null.primaries, level))
    found = [
        _best(_("horizontal edge"), layer.readings, [one.horizontal for one in layer.readings], edge, angle=0),
        _best(_("vertical edge"), layer.readings, [one.vertical for one in layer.readings], edge, angle=90),
    ]
    if coloured:
        found += [
            _best(_("sensitive to red"), layer.readings, [one.primaries[0] for one in layer.readings], primary),
            _best(_("sensitive to blue"), layer.readings, [one.primaries[2] for one in layer.readings], primary),
        ]
    return found


def _best(
    question: Message, readings: Sequence[Reading], shares: Sequence[float], needed: float, angle: float | None = None
) -> _Answer:
    """The filter with the largest share; where a direction is asked for, of those that have no other name."""
    counted = [
        share if angle is None or one.kind == "none" or _points(one, angle) else 0.0
        for one, share in zip(readings, shares, strict=True)
    ]
    number = int(np.argmax(counted))
    right = angle is None or _points(readings[number], angle)
    return _Answer(question, number, counted[number], needed, right and counted[number] >= needed)


def _points(reading: Reading, angle: float) -> bool:
    """True for what has nearly this direction."""
    return reading.directed and abs((reading.angle - angle + 90) % 180 - 90) <= NEAR


def _answers(kernels: Kernels, answers: Sequence[_Answer]) -> Block:
    rows = tuple(
        (one.question, one.number, one.evidence, one.needed,
         _("found") if one.found else _("the best one, but too weak to be called so"))
        for one in answers
    )
    columns = (
        Column(_("Looked for")), Column(_("Filter")), Column(_("Evidence"), ".2f"), Column(_("Needed"), ".2f"),
        Column(_("Answer")),
    )
    caption = _(
        "The exercise: the best filter of `{layer}` for each question. What is needed is more than the best of {count} "
        "filters of noise reaches in 19 of 20 layers, and at least {edge:.1f} for an edge, {primary:.1f} for a colour.",
        layer=kernels.name, count=kernels.count, edge=ORIENTED, primary=PRIMARY,
    )
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


def _columns(coloured: bool) -> tuple[Column, ...]:
    columns = [
        Column(_("Filter")), Column(_("Looks for")), Column(_("Evidence"), ".2f"), Column(_("Angle, °"), ".0f"),
        Column(_("Colours")), Column(_("Horizontal edge"), ".2f"), Column(_("Vertical edge"), ".2f"),
    ]
    if coloured:
        columns += [Column(_("Red"), ".2f"), Column(_("Green"), ".2f"), Column(_("Blue"), ".2f")]
    return (*columns, Column(_("Mean answer"), ".3g"), Column(_("Answers at"), ".1%"))


def _row(number: int, reading: Reading, answer: Array, coloured: bool) -> tuple[Cell, ...]:
    angle = degrees(reading) if reading.directed else None
    tone = TONES[reading.tone] if reading.tone else None
    shares = (reading.horizontal, reading.vertical, *(reading.primaries if coloured else ()))
    return (
        number, CLASSES[reading.kind], reading.evidence, angle, tone, *shares,
        float(answer.mean()), float((answer > 0).mean()),
    )


def _findings(layer: _Layer, answers: Sequence[_Answer]) -> Iterator[Note]:
    kernels, readings = layer.kernels, layer.readings
    for one in answers:
        if one.found:
            yield Note(_(
                "Filter {number} of `{layer}` answers the question “{question}” (evidence {evidence:.2f}, needed "
                "{needed:.2f}).",
                number=one.number, layer=kernels.name, question=one.question, evidence=one.evidence, needed=one.needed,
            ))
        else:
            yield Note(_(
                "No filter of `{layer}` is clearly one for “{question}”; the best, {number}, has an evidence of "
                "{evidence:.2f}, needed are {needed:.2f}.",
                number=one.number, layer=kernels.name, question=one.question, evidence=one.evidence, needed=one.needed,
            ))
    counts = Counter(reading.kind for reading in readings)
    named = kernels.count - counts["none"]
    tests = 3 if kernels.array.shape[2] == 3 else 2
    if at_least(named, kernels.count, tests * LEVEL) > UNLIKELY:
        yield Note(_(
            "{named} of {count} filters of `{layer}` got a name, no more than among as many filters of noise: from "
            "their forms this layer cannot be told from noise.",
            named=named, count=kernels.count, layer=kernels.name,
        ))
        return
    forms = listed([
        _("{kind}: {count}", kind=name, count=counts[kind])
        for kind, name in CLASSES.items() if kind != "none" and counts[kind]
    ])
    yield Note(_(
        "{named} of {count} filters of `{layer}` got a name ({forms}), where noise of the same size would get about "
        "{expected:.1f}.",
        named=named, count=kernels.count, layer=kernels.name, forms=forms, expected=tests * LEVEL * kernels.count,
    ))
    yield rule(kernels, layer.null)
