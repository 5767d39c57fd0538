"""One row for a unit: its filter, what it found in the image, what of it the network kept, what it wants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.geometry import Field, fields
from reportgen.artifacts.kernels import kernels_of
from reportgen.artifacts.wanted import Unit, photo_of, refuse_whole_numbers, sizes_of, units
from reportgen.probe import Array, Places, Target
from reportgen.report.blocks import Block, Cell, Column, Gallery, Note, Picture, Table
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Text, _

ORDERS = 3
"""In so many random orders the image's pixels are shown too."""


@dataclass(frozen=True)
class UnitRows(ImageArtifact):
    """Shows, for each unit: its filter, the place of the image that excites it most, the deconvnet projection of that
    answer, and the image that was made for it. `units` is how many of each layer."""

    name = "unit_rows"
    chapter = "optimization"
    uses = ("optimization",)
    references = ("deconvnet",)
    title = _("What a unit wants and what it found")
    about = _(
        "Four looks at the same unit: the filter itself, the part of the image that excites it most, which pixels of "
        "that part reached it (projected back by the rule of the deconvnet), and the image that was made for it."
    )
    reading = _(
        "Where the found part looks like a piece of the made image, the unit has found what it looks for. Where "
        "it does "
        "not, the image holds nothing better. Filters of first layers are shown in colour, deeper ones as the "
        "mean over "
        "their inputs (red positive, blue negative), those of one place as their weights over the inputs, row by row."
    )
    units: int = 3

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """A sheet of four columns for each layer, the table of places."""
        refuse_whole_numbers(study)
        chosen: list[Unit] = []
        for unit in units(study):
            if sum(other.layer.name == unit.layer.name for other in chosen) < max(1, self.units):
                chosen.append(unit)
        if not chosen:
            raise NotApplicable(_("no convolution before the network's answer gives flat maps (height × width)"))
        seen = fields(study.probe.layers, sizes_of(study))
        rows: list[tuple[Cell, ...]] = []
        shuffled = _in_any_order(study, sample, chosen)
        for layer in dict.fromkeys(unit.layer.name for unit in chosen):
            pictures: list[Picture] = []
            labels: list[Text] = []
            notes: list[Text] = []
            for unit in (unit for unit in chosen if unit.layer.name == layer):
                y, x, value = _strongest(study, sample, unit)
                rows.append((unit.label, value, shuffled[unit.label], x, y))
                box = _box(seen[layer], sample.pixels.shape, _answer(study, sample, unit).shape, (y, x))
                pictures += [
                    _kernel(study, unit), photo_of(sample.pixels[box]), _projection(study, sample, unit, (y, x), box),
                    photo_of(unit.made.image),
                ]
                name = str(unit.number)
                labels += [
                    _("{unit}: filter", unit=name), _("{unit}: found", unit=name),
                    _("{unit}: what reached it", unit=name), _("{unit}: wanted", unit=name),
                ]
                notes += ["", _("answer {value:.3g}", value=value), "", ""]
            yield Gallery(
                f"units_{slug(layer)}", tuple(pictures), tuple(labels),
                _("Channels of `{layer}`: the filter, the part of `{image}` that excites it most, which pixels reached "
                  "it, and the image made for it.", layer=layer, image=sample.file),
                _("Rows of four pictures for channels of {layer}: filter, part of {image}, projection, made image.",
                  layer=layer, image=sample.name),
                notes=tuple(notes), columns=4, layer=layer,
            )
        yield Table(
            "unit_rows",
            (Column(_("Unit"), code=True), Column(_("Strongest answer"), ".3g"), Column(_("To shuffled pixels"), ".3g"),
             Column(_("Column of its place")),
             Column(_("Row of its place"))),
            tuple(rows), _("Where in `{image}` each unit answers most strongly.", image=sample.file),
        )
        found = sum(isinstance(row[1], float) and isinstance(row[2], float) and row[1] > row[2] for row in rows)
        yield Note(_(
            "{found} of {total} shown units answer somewhere in `{image}` more strongly than anywhere in its pixels in "
            "random order ({orders} orders): these found an arrangement, not only colours.", found=found,
            total=len(rows), image=sample.file, orders=ORDERS,
        ))


def _answer(study: Study, sample: Sample, unit: Unit) -> Array:
    """The unit's layer after its activation: height × width × channels."""
    return study.probe.trace(sample.pixels).outputs[study.probe.layers.rectifier_of(unit.layer).name]


def _in_any_order(study: Study, sample: Sample, units: Sequence[Unit]) -> dict[str, float]:
    """The strongest answer of each unit to the image's pixels in random order, the largest of a few orders."""
    height, width, channels = sample.pixels.shape
    random = np.random.Generator(np.random.PCG64(study.wishes.seed))
    found = {unit.label: -math.inf for unit in units}
    for _order in range(ORDERS):
        pixels = random.permutation(sample.pixels.reshape(-1, channels)).reshape(height, width, channels)
        outputs = study.probe.trace(pixels).outputs
        for unit in units:
            answer = outputs[study.probe.layers.rectifier_of(unit.layer).name][..., unit.number]
            found[unit.label] = max(found[unit.label], float(np.nan_to_num(answer.astype(np.float64)).max()))
    return found


def _strongest(study: Study, sample: Sample, unit: Unit) -> tuple[int, int, float]:
    answer = np.nan_to_num(_answer(study, sample, unit)[..., unit.number].astype(np.float64))
    y, x = np.unravel_index(int(answer.argmax()), answer.shape)
    return int(y), int(x), float(answer[y, x])


def _box(field: Field, image: tuple[int, ...], answer: tuple[int, ...], place: tuple[int, int]) -> tuple[slice, slice]:
    """The pixels that the unit at a place sees: those of the middle unit, moved."""
    if field.size is None or field.jump is None:
        return slice(0, image[0]), slice(0, image[1])
    ends = []
    for axis, interval in enumerate((field.rows, field.columns)):
        move = (place[axis] - answer[axis] // 2) * field.jump
        low = max(0, math.floor(interval[0] + move))
        ends.append(slice(min(low, image[axis] - 1), max(low + 1, min(image[axis], math.ceil(interval[1] + move) + 1))))
    return ends[0], ends[1]


def _kernel(study: Study, unit: Unit) -> Picture:
    """The filter in colour where it sees colours, else the mean over its inputs; of one place all inputs, in rows."""
    found = next(kernels for kernels in kernels_of(study.probe) if kernels.layer.name == unit.layer.name)
    array = found.array[..., min(unit.number, found.count - 1)]
    if array.shape[:2] == (1, 1):
        side = math.ceil(math.sqrt(array.size))
        plane = np.pad(array.reshape(-1), (0, -array.size % side)).reshape(-1, side)
    elif array.shape[-1] == 3:
        return photo_of(imaging.stretch(array))
    else:
        plane = array.mean(axis=-1)
    return imaging.picture_of_map(plane, scales.symmetric(plane))


def _projection(
    study: Study, sample: Sample, unit: Unit, place: tuple[int, int], box: tuple[slice, slice]
) -> Picture:
    """The answer at one place, sent back to the pixels by the rule of the deconvnet (Zeiler and Fergus 2014)."""
    one = np.zeros(_answer(study, sample, unit).shape[:2], np.float32)
    one[place] = 1
    layer = study.probe.layers.rectifier_of(unit.layer).name
    slopes = study.probe.gradients(
        sample.pixels[None], Target(unit.number, layer, places=Places.of(one)), "rectified"
    )[0]
    signed = np.nan_to_num(slopes).sum(axis=-1)[box]
    return imaging.picture_of_map(signed, scales.symmetric(signed))
