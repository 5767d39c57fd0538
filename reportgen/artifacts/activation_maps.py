"""Every channel of every layer as a picture: where in the image it answers, and how strongly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.broken import spoilt
from reportgen.artifacts.responses import Drawn, Left, maps_of, unknown_layers
from reportgen.probe import Array
from reportgen.report.blocks import Block, Cell, Column, Figure, Note, Scale, Series, Table
from reportgen.report.document import Formula
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Message, _


@dataclass(frozen=True)
class ActivationMaps(ImageArtifact):
    """Draws every layer's answer as a mosaic of its channels.

    `layers` are names or patterns (`block1_*`); none means all. `scale` "layer" gives all channels of
    a layer the same colours, "channel" stretches each by itself. Of a layer with more than `channels`
    the first so many are drawn; a mosaic of more than `megapixels` (a page shows about one) is made smaller.
    `alone` are channels, as layer:number, that are also drawn by themselves and large.
    """

    name = "activation_maps"
    chapter = "activations"
    title = _("Activation maps")
    about = _(
        "Each channel of a layer looks for one pattern everywhere in the image and answers with a map: bright where "
        "the pattern was found, dark where not. Early layers answer to edges and colours and their maps resemble the "
        "image; deep layers answer to parts of objects, with few bright places on a coarse grid."
    )
    reading = _(
        "A mosaic shows all channels of one layer; the number of a tile is the channel's number, from 0. Unless the "
        "caption says otherwise, all tiles of a mosaic share one scale, so brightness may be compared between channels "
        "of a layer, but not between layers. Where the scale is clipped, the strongest 0.2% of the values all have the "
        "last colour. Without a ReLU there are answers of both signs: red is positive, blue negative, white zero. A "
        "tile of one even dark colour is a channel that did not answer to this image."
    )
    formulas = (
        Formula(
            r"a_{y,x,k}=f\left(b_k+\sum_{i,j,c}w_{i,j,c,k}\;v_{y+i,\,x+j,\,c}\right)",
            _(
                "where a is the answer of channel k at the place (y, x), w and b are its kernel and bias, v are the "
                "values that enter the layer and f is the activation function (at stride 1)"
            ),
        ),
    )
    layers: tuple[str, ...] = ()
    scale: Literal["layer", "channel"] = "layer"
    channels: int = 4096
    megapixels: float = 1.5
    alone: tuple[str, ...] = ()

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """A mosaic for each layer, a table of them, and what was not drawn."""
        trace = study.probe.trace(sample.pixels)
        drawn, left = maps_of(study.probe.layers, trace, self.layers)
        for name in unknown_layers(study.probe.layers, self.layers):
            yield Note(_("The network has no layer `{layer}`.", layer=name), "warning")
        if not drawn:
            raise NotApplicable(_("No layer of this network answers with maps, so there is nothing to draw."))
        rows = []
        for one in drawn:
            figure = self._figure(one, sample)
            yield figure
            if one.response.broken:
                yield _broken(one)
            rows.append(_row(one, figure.scale))
        if spoilt_one := next((one.layer.name for one in drawn if one.response.broken), ""):
            yield from spoilt(study, spoilt_one)
        for wanted in self.alone:
            yield _alone(wanted, maps_of(study.probe.layers, trace)[0], sample)
        yield _table(rows, sample)
        yield _finding(drawn, sample)
        if left:
            yield _not_drawn(left)

    def _figure(self, one: Drawn, sample: Sample) -> Figure:
        answer = one.answer[..., : max(1, self.channels)]
        remarks = []
        if answer.shape[-1] < one.answer.shape[-1]:
            remarks.append(_("Only the first {shown} channels are drawn.", shown=answer.shape[-1]))
        if answer.ndim == 4:
            middle = answer.shape[0] // 2
            depth = answer.shape[0]
            remarks.append(_("Drawn is slice {slice} of {depth}, the middle one.", slice=middle + 1, depth=depth))
            answer = answer[middle]
        scale = scales.shared(answer, _("Response"))
        if answer.ndim == 2:
            picture = imaging.picture_of_map(answer.T, scale)
        else:
            scale = scales.sequential(extent="tile", label=_OF_TILES) if self.scale == "channel" else scale
            shrink = max(1, math.ceil(math.sqrt(answer.size / (max(0.01, self.megapixels) * 1e6)) - 1e-9))
            picture = imaging.mosaic(answer, scale, shrink=shrink)
            if shrink > 1:
                remarks.append(_("Every pixel is the mean of {side} × {side} places.", side=shrink))
        caption = _caption(one, scale, answer, sample)
        for remark in remarks:
            caption = _("{caption} {remark}", caption=caption, remark=remark)
        name = f"activations_{one.number:02d}_{slug(one.layer.name)}"
        tiles = _numbers(one, answer.shape[-1]) if picture.grid else ()
        return Figure(name, picture, caption, _alt(one, sample), scale, one.layer.name, tiles)


def _alone(wanted: str, drawn: list[Drawn], sample: Sample) -> Block:
    """One channel of a layer by itself."""
    layer, _colon, number = wanted.rpartition(":")
    one = next((one for one in drawn if one.layer.name == layer and one.answer.ndim >= 3), None)
    if one is None or not number.isdecimal() or int(number) >= one.answer.shape[-1]:
        return Note(_("`{wanted}` is no channel of a layer with maps.", wanted=wanted), "warning")
    answer = one.answer[..., int(number)]
    answer = answer[answer.shape[0] // 2] if answer.ndim == 3 else answer
    scale = scales.shared(answer[..., None], _("Response"))
    return Figure(
        f"activations_{one.number:02d}_{slug(layer)}_channel_{number}", imaging.picture_of_map(answer, scale),
        _("Channel {number} of `{layer}`: its answer to `{image}`.", number=int(number), layer=layer,
          image=sample.file),
        _("The map of channel {number} of `{layer}`, {size}; the largest answer is {high:.3g}.", number=int(number),
          layer=layer, size=one.size, high=float(np.nan_to_num(answer).max())),
        scale, layer,
    )


def _numbers(one: Drawn, shown: int) -> tuple[Series, ...]:
    """What each drawn channel answers: its mean, its largest value, its share of zeros."""
    numbers = one.response
    zeros = numbers.zeros / np.maximum(numbers.counts, 1)
    return tuple(
        Series(label, tuple(float(f"{value:.4g}") for value in values[:shown]))
        for label, values in (
            (_("Mean"), numbers.means), (_("Largest"), numbers.highs), (_("Share of zeros"), zeros),
        )
    )


_OF_TILES = _("Response, each channel from its least to its largest value")


def _caption(one: Drawn, scale: Scale, answer: Array, sample: Sample) -> Message:
    if answer.ndim == 2:
        return _(
            "`{layer}`: the answer to `{image}`, one row a channel ({channels}), one column a place ({places}).",
            layer=one.layer.name, image=sample.file, channels=answer.shape[1], places=answer.shape[0],
        )
    values: dict[str, Any] = {
        "layer": one.layer.name, "image": sample.file, "size": one.size,
        "high": one.response.high, "low": one.response.low,
    }
    count = one.answer.shape[-1]
    if scale.extent == "tile":
        return _(
            "`{layer}`: {count} channel of {size}, each on a scale of its own; values from {low:.3g} to {high:.3g}.",
            "`{layer}`: {count} channels of {size}, each on a scale of its own; values from {low:.3g} to {high:.3g}.",
            count=count, **values,
        )
    if scale.clipped:
        return _(
            "`{layer}`: {count} channel of {size} for `{image}`. The colours end at the 99.8th percentile; the values "
            "go from {low:.3g} to {high:.3g}.",
            "`{layer}`: {count} channels of {size} for `{image}`, all on one scale. The colours end at the 99.8th "
            "percentile; the values go from {low:.3g} to {high:.3g}.",
            count=count, **values,
        )
    return _(
        "`{layer}`: {count} channel of {size} for `{image}`; values from {low:.3g} to {high:.3g}.",
        "`{layer}`: {count} channels of {size} for `{image}`, all on one scale; values from {low:.3g} to {high:.3g}.",
        count=count, **values,
    )


def _alt(one: Drawn, sample: Sample) -> Message:
    numbers = one.response
    silent = len(numbers.silent())
    strongest = int(np.argmax(numbers.means))
    values: dict[str, Any] = {
        "layer": one.layer.name, "image": sample.name, "strongest": strongest, "zeros": numbers.sparsity,
    }
    return _(
        "Response map of layer {layer} for {image}: {count} channel, number {strongest}; {zeros:.1%} of the values are "
        "zero; channels without any answer: {silent}.",
        "Response maps of layer {layer} for {image}: {count} channels, the strongest on average is number {strongest}; "
        "{zeros:.1%} of the values are zero; channels without any answer: {silent}.",
        count=numbers.channels, silent=silent, **values,
    )


def _broken(one: Drawn) -> Note:
    return Note(_(
        "{count} value of `{layer}` is no number or infinite; it is shown as the lowest.",
        "{count} values of `{layer}` are no numbers or infinite; they are shown as the lowest.",
        count=one.response.broken, layer=one.layer.name,
    ), "warning")


def _row(one: Drawn, scale: Scale | None) -> tuple[Cell, ...]:
    numbers = one.response
    return (
        one.number, one.layer.name, one.layer.kind, one.size, numbers.channels, numbers.low, numbers.high,
        scale.high if scale is not None and scale.extent == "block" else None, int(np.argmax(numbers.means)),
    )


def _table(rows: list[tuple[Cell, ...]], sample: Sample) -> Table:
    return Table(
        "activation_maps",
        (Column(_("No.")), Column(_("Layer"), code=True), Column(_("Kind"), code=True), Column(_("Size of a map")),
         Column(_("Channels"), "d"), Column(_("Least"), ".3g"), Column(_("Largest"), ".3g"),
         Column(_("Colours end at"), ".3g"), Column(_("Strongest channel on average"), "d")),
        tuple(rows), _("The layers drawn, with the range of their answers to `{image}`.", image=sample.file),
    )


def _finding(drawn: list[Drawn], sample: Sample) -> Note:
    constant = [one for one in drawn if one.response.high == one.response.low]
    total = sum(one.response.channels for one in drawn)
    if constant:
        return Note(_(
            "{total} maps of {layers} layers were drawn for `{image}`; {count} layer answers with one value "
            "everywhere, the first is `{first}`.",
            "{total} maps of {layers} layers were drawn for `{image}`; {count} layers answer with one value "
            "everywhere, the first is `{first}`.",
            total=total, layers=len(drawn), image=sample.file, count=len(constant), first=constant[0].layer.name,
        ))
    first, last = drawn[0], drawn[-1]
    if first is last:
        return Note(_(
            "{count} map of `{layer}` was drawn for `{image}`: {size}.",
            "{count} maps of `{layer}` were drawn for `{image}`: {size} each.",
            count=total, layer=first.layer.name, image=sample.file, size=first.size,
        ))
    return Note(_(
        "{total} maps of {layers} layers were drawn for `{image}`: from {size} in `{first}` to {last_size} in "
        "`{last}`.",
        total=total, layers=len(drawn), image=sample.file, size=first.size, first=first.layer.name,
        last_size=last.size, last=last.layer.name,
    ))


def _not_drawn(left: list[Left]) -> Table:
    return Table(
        "activation_maps_not_drawn", (Column(_("Layer"), code=True), Column(_("Why it is not drawn"))),
        tuple((one.layer, one.reason) for one in left), _("Layers without a picture here."),
    )


