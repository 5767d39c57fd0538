"""From the input to the output: one picture a step, and whether the three textbook claims hold here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.responses import Drawn, answers_of, is_vector, with_exact_zeros
from reportgen.artifacts.trends import channels_grow, size_falls, sparsity_grows
from reportgen.probe import Array, Layers
from reportgen.report.blocks import Block, Cell, Chart, Column, Gallery, Note, Picture, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _

LARGEST = 320
"""The longest side of a picture in the strip."""


@dataclass(frozen=True)
class Progression(ImageArtifact):
    """Follows the longest way through the network. `steps` is the most pictures shown.

    `shown` "mean" draws the mean over a layer's channels, "strongest" its channel with the largest mean.
    """

    name = "progression"
    chapter = "activations"
    question = _("How do the size of the maps, their number and their sparsity change on the way to the output?")
    title = _("From input to output")
    about = _(
        "A convolutional network trades places for meanings: step by step the maps become smaller and the channels "
        "more, so that it knows less exactly where something is and more exactly what it is. Textbooks say that the "
        "size falls, the channels grow in number and the answers become sparser. Here this is measured, not assumed."
    )
    reading = _(
        "Read from left to right. Under each picture stand its size and the number of channels; every picture is "
        "stretched over its own range, and maps larger than 320 pixels are shown smaller. Where branches meet, the "
        "longest way is followed; in a U-Net that is the way through the bottleneck, down and up again."
    )
    formulas = (
        Formula(
            r"\rho=\frac{\mathrm{cov}(r_i,\,r_a)}{\sigma_{r_i}\,\sigma_{r_a}}",
            _(
                "where r are the ranks of a step's number i and of its sparsity a, and ρ is Spearman's correlation: 1 "
                "if sparsity grows at every step, −1 if it falls at every step. A trend is told where at most 5 % of "
                "all orders of the same values have a ρ as far from 0"
            ),
        ),
    )
    steps: int = 20
    shown: Literal["mean", "strongest"] = "mean"

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The strip of pictures, the table of steps, the charts behind the claims, and the claims."""
        trace = study.probe.trace(sample.pixels)
        path = main_path(study.probe.layers, study.probe.output.layer)
        answers = {one.layer.name: one for one in answers_of(study.probe.layers, trace)}
        on_path = [answers[name] for name in path if name in answers]
        maps = [one for one in on_path if not is_vector(one.answer) and one.answer.ndim in (2, 3, 4)]
        if len(maps) < 2:
            raise NotApplicable(
                _("Fewer than two layers of this network answer with maps: there is no way to follow.")
            )
        exact = with_exact_zeros(study.probe.layers)
        yield self._strip(maps, sample)
        if any(one.answer.ndim == 4 for one in maps):
            yield Note(_("Of volumes and sequences of maps the middle slice or frame is drawn."), "info")
        yield _table(on_path, exact, sample)
        shapes = [trace.input.shape, *(one.answer.shape for one in maps)]
        names = [path[0], *(one.layer.name for one in maps)]
        yield _sizes(shapes, names)
        yield from _zeros(maps, exact, sample)
        sides = [" × ".join(str(side) for side in shape[:-1]) for shape in shapes]
        yield Note(size_falls([_area(shape) for shape in shapes], sides, names))
        choosing = [one for one in maps if one.layer.family == "convolution" or one.layer.kind == "Concatenate"]
        if len(choosing) > 1:
            yield Note(channels_grow(
                [one.response.channels for one in choosing], [_area(one.answer.shape) for one in choosing],
                [one.layer.name for one in choosing],
            ))
        yield Note(sparsity_grows([(one.layer.name, one.response.sparsity) for one in on_path if one.layer.rectified]))

    def _strip(self, maps: list[Drawn], sample: Sample) -> Gallery:
        flat = [one for one in maps if one.answer.ndim == 3] or maps
        chosen = evenly(flat, max(1, self.steps - 1))
        pictures = [imaging.photo(sample.pixels)]
        labels: list[Text] = [_("Input")]
        notes: list[Text] = [_dimensions(sample.pixels)]
        for one in chosen:
            picture, channel = self._picture(one)
            pictures.append(picture)
            labels.append(one.layer.name)
            notes.append(_dimensions(one.answer) if channel is None else _(
                "{size}, channel {channel}", size=_dimensions(one.answer), channel=channel
            ))
        left = len(flat) - len(chosen)
        return Gallery(
            "layer_progression", tuple(pictures), tuple(labels), _caption(self.shown, sample, left),
            _(
                "The image {image} and {count} map after it, from {first} ({first_size}) to {last} ({last_size}).",
                "The image {image} and {count} maps after it in running order, from {first} ({first_size}) to {last} "
                "({last_size}).",
                image=sample.name, count=len(chosen), first=chosen[0].layer.name, first_size=chosen[0].size,
                last=chosen[-1].layer.name, last_size=chosen[-1].size,
            ),
            "strip", scales.sequential(extent="picture", label=_("Response, from least to largest")), tuple(notes),
        )

    def _picture(self, one: Drawn) -> tuple[Picture, int | None]:
        """The step's map, and which channel it is if it is one."""
        channel = int(np.argmax(one.response.means)) if self.shown == "strongest" else None
        chosen = one.response.mean_map if channel is None else one.answer[..., channel]
        if chosen.ndim == 3:
            chosen = chosen[chosen.shape[0] // 2]
        if chosen.ndim == 1:
            chosen = chosen[None]
        chosen = imaging.shrunk(chosen, LARGEST)
        low, high = scales.extremes(chosen)
        return imaging.picture_of_map(chosen, scales.sequential(low, high)), channel


def main_path(layers: Layers, output: str) -> list[str]:
    """The names on the longest way from an input to the output, in running order."""
    known = {layer.name: layer for layer in layers}
    depth: dict[str, int] = {}
    before: dict[str, str] = {}
    for layer in layers:
        parents = [parent for parent in layer.parents if parent in depth]
        deepest = max(parents, key=lambda parent: depth[parent], default="")
        depth[layer.name] = depth[deepest] + 1 if deepest else 0
        before[layer.name] = deepest
    at = output if output in known else (layers[-1].name if len(layers) else "")
    path = []
    while at:
        path.append(at)
        at = before[at]
    return path[::-1]


def evenly(items: list[Drawn], most: int) -> list[Drawn]:
    """All items, or so many at even distances with the first and the last among them."""
    if len(items) <= most:
        return items
    if most == 1:
        return items[-1:]
    return [items[round(k * (len(items) - 1) / (most - 1))] for k in range(most)]


def _caption(shown: str, sample: Sample, left: int) -> Message:
    if left:
        return _(
            "`{image}` on its way through the network: the mean over the channels at each step ({count} step between "
            "them is left out).",
            "`{image}` on its way through the network: the mean over the channels at each step ({count} steps"
            " between them are left out).", image=sample.file, count=left,
        ) if shown == "mean" else _(
            "`{image}` on its way through the network: the strongest channel of each step ({count} step between them "
            "is left out).",
            "`{image}` on its way through the network: the strongest channel of each step ({count} steps"
            " between them are left out).", image=sample.file, count=left,
        )
    if shown == "mean":
        return _(
            "`{image}` on its way through the network: the mean over the channels at each step.", image=sample.file
        )
    return _("`{image}` on its way through the network: the strongest channel of each step.", image=sample.file)


def _area(shape: tuple[int, ...]) -> float:
    """The number of places of a map."""
    return float(np.prod(shape[:-1]))


def _dimensions(answer: Array) -> str:
    return " × ".join(str(side) for side in answer.shape)


def _table(path: list[Drawn], exact: frozenset[str], sample: Sample) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for number, one in enumerate(path, start=1):
        vector = is_vector(one.answer)
        rows.append((
            number, one.layer.name, one.layer.kind, None if vector else one.size, one.response.channels,
            one.answer.size, one.response.mean, one.response.sparsity if one.layer.name in exact else None,
        ))
    return Table(
        "layer_progression",
        (Column(_("Step"), "d"), Column(_("Layer"), code=True), Column(_("Kind"), code=True), Column(_("Size")),
         Column(_("Channels or units"), ",d"), Column(_("Values"), ",d"), Column(_("Mean"), ".4g"),
         Column(_("Exact zeros"), ".1%")),
        tuple(rows),
        _("The steps of the longest way through the network for `{image}`; exact zeros where a ReLU makes them.",
          image=sample.file),
    )


def _sizes(shapes: list[tuple[int, ...]], names: list[str]) -> Chart:
    sides = tuple(float(np.prod(shape[:-1])) ** (1 / max(1, len(shape) - 1)) for shape in shapes)
    return Chart(
        "layer_progression:size", "lines", tuple(names),
        (Series(_("side of a map"), sides), Series(_("channels"), tuple(shape[-1] for shape in shapes))),
        _("Side of the maps (the geometric mean of height and width) and number of channels, step by step."),
        _("Layer"), _("Count"), logarithmic=True,
    )


def _zeros(maps: list[Drawn], exact: frozenset[str], sample: Sample) -> Iterator[Chart]:
    counted = [one for one in maps if one.layer.name in exact]
    if len(counted) >= 2:
        yield Chart(
            "layer_progression:sparsity", "lines", tuple(one.layer.name for one in counted),
            (Series(_("exact zeros"), tuple(one.response.sparsity for one in counted)),),
            _("Share of exact zeros in the answers to `{image}`, step by step.", image=sample.file),
            _("Layer"), _("Sparsity"), format=".1%",
        )
