"""The strongest filters of each layer side by side, from the first layer to the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.kernels import Kernels, kernels_of
from reportgen.report.blocks import Block, Chart, Gallery, Note, Picture, Series
from reportgen.study import Study
from reportgen.text import _


@dataclass(frozen=True)
class FilterComparison(ModelArtifact):
    """A few filters of every layer; `filters` is how many of each."""

    name = "filter_comparison"
    chapter = "filters"
    question = _("How do the sizes of the weights change with depth?")
    title = _("Filters across depth")
    about = _(
        "The strongest filters of each convolution (those with the largest norm), layer under layer, so that "
        "early and deep ones can be compared."
    )
    reading = _(
        "Early filters are smooth and of few kinds; deep ones are more alike noise to the eye, for they mix many "
        "channels. Each filter is stretched over its own range: compare shapes here, sizes in the chart."
    )

    filters: int = 16

    def blocks(self, study: Study) -> Iterator[Block]:
        """A strip of filters for each layer and how the weights change with depth."""
        found = [kernels for kernels in kernels_of(study.probe) if max(kernels.array.shape[:2]) > 1]
        if not found:
            raise NotApplicable(_("the network has no convolution with a kernel larger than 1 × 1"))
        pictures, labels, notes = [], [], []
        for kernels in found:
            strongest = _strongest(kernels, self.filters)
            pictures.append(_strip(kernels, strongest))
            labels.append(kernels.name)
            notes.append(_("filters {numbers}", numbers=", ".join(map(str, strongest))))
        yield Gallery(
            "filters_comparison:filters", tuple(pictures), tuple(labels),
            _("The {count} strongest filters of each convolution, each over its own range.", count=self.filters),
            _("Strips of the strongest filters of {layers} convolutions, from the first to the last.",
              layers=len(found)),
            "grid", notes=tuple(notes),
        )
        means = [float(np.abs(kernels.array).mean()) for kernels in found]
        deviations = [float(kernels.array.std()) for kernels in found]
        yield Chart(
            "filters_comparison:sizes", "lines", tuple(kernels.name for kernels in found),
            (Series(_("mean absolute weight"), tuple(means)), Series(_("standard deviation"), tuple(deviations))),
            _("How large the weights are, layer by layer."), _("convolution"), _("weight"),
        )
        if len(found) > 1 and means[0] > 0 and np.isfinite(means).all():
            yield Note(_(
                "The mean absolute weight goes from {first:.3g} in `{first_layer}` to {last:.3g} in "
                "`{last_layer}`, {ratio:.2f} times as large.",
                first=means[0], first_layer=found[0].name, last=means[-1], last_layer=found[-1].name,
                ratio=means[-1] / means[0],
            ))


def _strongest(kernels: Kernels, count: int) -> list[int]:
    norms = np.sqrt((kernels.array**2).sum(axis=(0, 1, 2)))
    return [int(number) for number in np.argsort(-norms, kind="stable")[:count]]


def _strip(kernels: Kernels, chosen: list[int]) -> Picture:
    array = kernels.array[..., chosen]
    if array.shape[2] == 3:
        tiles = np.moveaxis(array, -1, 0)
        bound = np.abs(tiles).max(axis=(1, 2, 3), keepdims=True)
        images = 0.5 + 0.5 * np.divide(tiles, bound, out=np.zeros_like(tiles), where=bound > 0)
        return imaging.colour_mosaic(images, numbers=chosen, columns=8)
    means = array.mean(axis=2)
    bound = np.abs(means).max(axis=(0, 1), keepdims=True)
    unit = np.divide(means, bound, out=np.zeros_like(means), where=bound > 0)
    return imaging.mosaic(unit, scales.symmetric(np.ones(1)), numbers=chosen, columns=8)
