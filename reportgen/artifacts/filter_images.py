"""The filters of every convolution as pictures."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.kernels import Kernels, kernels_of
from reportgen.report.blocks import Block, Column, Figure, Gallery, Note, Prose, Scale, Series, Table
from reportgen.report.names import slug
from reportgen.study import Study
from reportgen.text import Message, _


@dataclass(frozen=True)
class FilterImages(ModelArtifact):
    """Every filter of every convolution, at native resolution.

    `layers` are names or patterns (empty: all); `channels` above 0 adds, for each layer, a grid of the first
    `filters` filters (0: all) × that many single input channels.
    """

    name = "filter_images"
    chapter = "filters"
    title = _("Filters")
    about = _(
        "The weights of every convolution as pictures: each small tile is one filter, the pattern that it looks "
        "for. Filters of the first layer see red, green and blue and are shown in colour; deeper ones see many "
        "channels, and the mean over these is shown."
    )
    reading = _(
        "In a trained first layer one finds edges, stripes and colour contrasts; tiles that look like noise in "
        "every layer are a sign of a network that has not learned. In deeper layers red is a positive mean "
        "weight, blue a negative one, white is zero; single tiles say little there, since a filter is the sum "
        "over all its inputs."
    )

    layers: tuple[str, ...] = ()
    channels: int = 0
    filters: int = 6

    def blocks(self, study: Study) -> Iterator[Block]:
        """A mosaic for each layer, a grid of single channels where asked for, the table."""
        found = [kernels for kernels in kernels_of(study.probe) if self._wanted(kernels)]
        if not found and self.layers and study.probe.layers.convolutions:
            raise NotApplicable(_("the network has no convolution called {names}", names=", ".join(self.layers)))
        if not found:
            raise NotApplicable(_("the network has no convolution"))
        rows = []
        for kernels in found:
            yield from self._pictures(kernels)
            height, width, inputs, count = kernels.array.shape
            rows.append((
                kernels.name, count, f"{width} × {height}", inputs, float(np.abs(kernels.array).max()),
                float(kernels.array.std()),
            ))
        yield Table("filter_images_table", _COLUMNS, tuple(rows), _("The filters that are shown."))
        total = sum(kernels.count for kernels in found)
        yield Note(_(
            "{count} filter in {layers} convolution(s) was drawn.",
            "{count} filters in {layers} convolution(s) were drawn.",
            count=total, layers=len(found),
        ), "info")

    def _wanted(self, kernels: Kernels) -> bool:
        return not self.layers or any(fnmatch.fnmatchcase(kernels.layer.name, pattern) for pattern in self.layers)

    def _pictures(self, kernels: Kernels) -> Iterator[Block]:
        array = kernels.array
        height, width, inputs, count = array.shape
        stem = f"filters_{slug(kernels.layer.name)}" + (f"_{kernels.part}" if kernels.part else "")
        if kernels.remark:
            yield Prose(_("`{layer}`: {remark}.", layer=kernels.name, remark=kernels.remark))
        if height == width == 1 and inputs > 1:
            yield _matrix(stem, kernels)
        elif inputs == 3:
            yield _colours(stem, kernels)
        else:
            yield _means(stem, kernels)
        if self.channels and inputs > 1 and height * width > 1:
            yield _single_channels(stem, kernels, min(self.filters or count, count), min(self.channels, inputs))


_COLUMNS = (
    Column(_("Layer"), code=True), Column(_("Filters"), ",d"), Column(_("Size")), Column(_("Inputs"), ",d"),
    Column(_("Largest weight"), ".3g"), Column(_("Standard deviation"), ".3g"),
)


def _colours(stem: str, kernels: Kernels) -> Block:
    """Kernels over red, green and blue: 0 is middle gray, a filter's largest absolute weight is full colour."""
    tiles = np.moveaxis(kernels.array, -1, 0)
    bound = np.abs(tiles).max(axis=(1, 2, 3), keepdims=True)
    images = 0.5 + 0.5 * np.divide(tiles, bound, out=np.zeros_like(tiles), where=bound > 0)
    return Figure(
        stem, imaging.colour_mosaic(images),
        _(
            "The {count} filters of `{layer}` ({width} × {height}) over red, green and blue. A weight of 0 is "
            "middle gray; each filter is stretched over its own largest weight.",
            **_facts(kernels),
        ),
        _alt(kernels), layer=kernels.layer.name, tiles=_norms(kernels),
    )


def _means(stem: str, kernels: Kernels) -> Block:
    """Kernels over many channels: their mean over the inputs, white at zero."""
    means = kernels.array.mean(axis=2)
    inputs = kernels.array.shape[2]
    scale = scales.symmetric(means, _("weight") if inputs == 1 else _("mean weight over the inputs"))
    caption = (
        _("The {count} filters of `{layer}` ({width} × {height}), each over one input channel.", **_facts(kernels))
        if inputs == 1
        else _(
            "The {count} filters of `{layer}` ({width} × {height}), mean over {inputs} inputs.", **_facts(kernels)
        )
    )
    picture = imaging.mosaic(means, scale)
    return Figure(stem, picture, caption, _alt(kernels), scale, kernels.layer.name, _norms(kernels))


def _matrix(stem: str, kernels: Kernels) -> Block:
    """A 1 × 1 convolution only mixes channels: its weights are a matrix."""
    matrix = kernels.array[0, 0]
    scale = scales.symmetric(matrix, _("weight"))
    return Figure(
        stem, imaging.picture_of_map(matrix, scale),
        _(
            "The 1 × 1 convolution `{layer}` as a matrix: a column for each of its {count} filters, a row for each "
            "of {inputs} inputs.",
            **_facts(kernels),
        ),
        _alt(kernels), scale, kernels.layer.name,
    )


def _single_channels(stem: str, kernels: Kernels, filters: int, channels: int) -> Block:
    """Filters × input channels: one picture for each filter, a tile in it for each channel."""
    first = kernels.array[:, :, :channels, :filters]
    scale: Scale = scales.symmetric(first, _("weight"))
    return Gallery(
        f"{stem}_channels",
        tuple(imaging.mosaic(first[..., number], scale, columns=channels) for number in range(filters)),
        tuple(_("filter {number}", number=number) for number in range(filters)),
        _("`{layer}`: the first {filters} of {count} filters over each of the first {channels} of {inputs} input "
          "channels. The number in the corner is the channel's.",
          filters=filters, channels=channels, **_facts(kernels)),
        _("The single kernels of `{layer}`: {count} filters by {channels} input channels.",
          layer=kernels.name, count=filters, channels=channels),
        "grid", scale=scale, layer=kernels.layer.name,
    )


def _norms(kernels: Kernels) -> tuple[Series, ...]:
    """How large each filter is."""
    norms = np.sqrt((kernels.array.astype(np.float64) ** 2).sum(axis=(0, 1, 2)))
    return (Series(_("Norm of the filter"), tuple(float(f"{norm:.4g}") for norm in norms)),)


def _facts(kernels: Kernels) -> dict[str, Any]:
    height, width, inputs, count = kernels.array.shape
    return {"layer": kernels.name, "height": height, "width": width, "inputs": inputs, "count": count}


def _alt(kernels: Kernels) -> Message:
    height, width, inputs, count = kernels.array.shape
    return _(
        "Mosaic of the {count} filters of `{layer}`, {width} × {height} weights over {inputs} inputs; the largest "
        "absolute weight is {bound:.3g}.",
        layer=kernels.name, count=count, width=width, height=height, inputs=inputs,
        bound=float(np.abs(kernels.array).max()),
    )
