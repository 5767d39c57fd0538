"""Where each layer answers most: the mean over its channels, laid over the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.responses import Drawn, maps_of
from reportgen.probe import Array
from reportgen.report.blocks import Block, Column, Gallery, Note, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, _


@dataclass(frozen=True)
class ActivationHeatmaps(ImageArtifact):
    """Lays each layer's mean map over the image.

    `layers` are names or patterns, none means all; `side` is the longer side of a picture in pixels, `opacity` how
    much of the map is seen (0…1).
    """

    name = "activation_heatmaps"
    chapter = "activations"
    question = _("How large is the part of the image on which the layers answer?")
    title = _("Activation heat maps")
    about = _(
        "The mean over all channels tells where in the image a layer is busy, whatever it looks for there. Laid over "
        "the image, layer by layer, it shows how the activity moves from edges all over the picture to a few places."
    )
    reading = _(
        "Light colours mark the places with the highest mean answer of the layer, dark ones those with the lowest; the "
        "image beneath is shown in gray, so every colour is the map's. Each picture has a scale of its own, whose ends "
        "stand below it, so compare places within a picture, not brightness between pictures. A busy place is not yet "
        "a reason for the network's answer."
    )
    formulas = (
        Formula(
            r"m_{y,x}=\frac{1}{K}\sum_{k=1}^{K}a_{y,x,k}",
            _("where a are the answers of the layer's K channels at the place (y, x), and m is the map shown"),
        ),
    )
    layers: tuple[str, ...] = ()
    side: int = 320
    opacity: float = 0.55

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The gallery of overlays, the numbers of the maps, and which map is the most concentrated."""
        drawn, _left = maps_of(study.probe.layers, study.probe.trace(sample.pixels), self.layers)
        drawn = [one for one in drawn if one.answer.ndim == 3]
        if not drawn:
            raise NotApplicable(_("No layer of this network answers with flat maps that fit over an image."))
        varied = [one for one in drawn if _varies(one.response.mean_map)]
        constant = [one for one in drawn if not _varies(one.response.mean_map)]
        if varied:
            yield self._gallery(varied, sample)
        for one in constant:
            yield Note(_(
                "`{layer}` is not shown: its mean answer is {value:.3g} at every place.",
                layer=one.layer.name, value=float(one.response.mean_map.flat[0]),
            ), "info")
        yield _table(drawn, sample)
        if varied:
            yield _finding(varied, sample)

    def _gallery(self, drawn: list[Drawn], sample: Sample) -> Gallery:
        height, width = sample.original.shape[:2]
        ratio = min(1.0, max(16, self.side) / max(height, width))
        size = (max(1, round(height * ratio)), max(1, round(width * ratio)))
        base = imaging.resize(sample.original, size, "area")
        pictures = []
        notes: list[Message] = []
        for one in drawn:
            low, high = scales.extremes(one.response.mean_map)
            pictures.append(imaging.overlay(base, one.response.mean_map, scales.sequential(low, high), self.opacity))
            notes.append(_("{size} · {low:.3g} … {high:.3g}", size=one.size, low=low, high=high))
        return Gallery(
            "activation_heatmaps", tuple(pictures), tuple(one.layer.name for one in drawn),
            _(
                "Mean answer of {count} layer to `{image}`, laid over the image. Below: the size of the map and the "
                "values of the darkest and the brightest colour.",
                "Mean answers of {count} layers to `{image}`, laid over the image. Below each: the size of the"
                " map and the values of the darkest and the brightest colour.", count=len(drawn), image=sample.file,
            ),
            _(
                "Heat map of {count} layer over the image {image}: `{last}` is brightest {where}.",
                "Heat maps of {count} layers over the image {image}, in running order; the last, `{last}`, is "
                "brightest {where}.",
                count=len(drawn), image=sample.name, last=drawn[-1].layer.name,
                where=whereabouts(drawn[-1].response.mean_map),
            ),
            scale=scales.sequential(extent="picture", label=_("Mean over channels, from least to largest")),
            notes=tuple(notes),
        )


def _varies(mean_map: Array) -> bool:
    low, high = scales.extremes(mean_map)
    return high - low > 1e-6 * max(abs(low), abs(high))


def whereabouts(mean_map: Array) -> Message:
    """Where the largest value lies, in words: one of nine parts of the picture."""
    row, column = np.unravel_index(int(np.argmax(mean_map)), mean_map.shape)
    return _NINE[min(2, int(3 * row / mean_map.shape[0]))][min(2, int(3 * column / mean_map.shape[1]))]


_NINE = (
    (_("at the upper left"), _("at the top"), _("at the upper right")),
    (_("at the left"), _("in the middle"), _("at the right")),
    (_("at the lower left"), _("at the bottom"), _("at the lower right")),
)


def busiest_area(mean_map: Array, share: float = 0.5) -> float:
    """The least part of the area that holds this share of the map's sum above its lowest value."""
    values = np.sort(mean_map.reshape(-1).astype(np.float64) - float(mean_map.min()))[::-1]
    sums = np.cumsum(values)
    return float((np.searchsorted(sums, share * sums[-1] * (1 - 1e-12)) + 1) / len(values)) if sums[-1] > 0 else 1.0


def _table(drawn: list[Drawn], sample: Sample) -> Table:
    rows = []
    for one in drawn:
        mean_map = one.response.mean_map
        varied = _varies(mean_map)
        low, high = scales.extremes(mean_map)
        rows.append((
            one.layer.name, one.size, low, high, whereabouts(mean_map) if varied else None,
            busiest_area(mean_map) if varied else None,
        ))
    return Table(
        "activation_heatmaps",
        (Column(_("Layer"), code=True), Column(_("Size of the map")), Column(_("Least"), ".3g"),
         Column(_("Largest"), ".3g"), Column(_("Brightest place")), Column(_("Area that holds half"), ".1%")),
        tuple(rows),
        _(
            "The mean maps for `{image}`: their ends, where they are brightest, and the least part of the area that"
            " holds half of the answer above the lowest value.", image=sample.file,
        ),
    )


def _finding(drawn: list[Drawn], sample: Sample) -> Note:
    areas = [busiest_area(one.response.mean_map) for one in drawn]
    first, last, least = 0, len(areas) - 1, int(np.argmin(areas))
    if first == last:
        return Note(_(
            "Half of the answer of `{layer}` to `{image}` lies on {area:.1%} of the area.",
            layer=drawn[0].layer.name, image=sample.file, area=areas[0],
        ))
    return Note(_(
        "Half of the answer to `{image}` lies on {first_area:.1%} of the area in `{first}` and on {last_area:.1%} in "
        "`{last}`; the most concentrated layer is `{least}` with {least_area:.1%}.",
        image=sample.file, first_area=areas[first], first=drawn[first].layer.name, last_area=areas[last],
        last=drawn[last].layer.name, least=drawn[least].layer.name, least_area=areas[least],
    ))
