"""How much of the image one unit of each layer sees, drawn on the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.geometry import Field, fields
from reportgen.probe import Layer, Layers
from reportgen.report.blocks import Block, Cell, Column, Gallery, Note, Picture, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, _

FRAME = np.array([1.0, 0.85, 0.1], np.float32)
SHADE = 0.35
LARGE = 128
"""Images with a longer side than this are kept as JPEG."""


@dataclass(frozen=True)
class ReceptiveField(ImageArtifact):
    """The theoretical field of the middle unit, layer by layer; `pictures` is how many layers are drawn."""

    name = "receptive_field"
    chapter = "overview"
    references = ("receptive-fields",)
    question = _("Does any unit of the network see the whole image?")
    title = _("Receptive field")
    about = _(
        "The part of the image that one unit in the middle of a layer can see. Everything outside the frame has no "
        "influence on that unit at all."
    )
    reading = _(
        "The field grows with depth: first layers see a few pixels (edges, spots), deep ones see parts of things. "
        "A pattern that is larger than the field cannot be recognised in that layer. This is the theoretical "
        "field; most of the influence comes from its middle."
    )
    formulas = (
        Formula(
            r"r_l = r_{l-1} + (k_l - 1)\, d_l\, j_{l-1}, \qquad j_l = j_{l-1}\, s_l",
            _(
                "where r is the side of the field, k the kernel's side, d its dilation, s the stride, and j the "
                "distance in pixels between the middles of neighbouring units (Araujo, Norris and Sim, 2019, "
                "https://distill.pub/2019/computing-receptive-fields)."
            ),
        ),
    )

    pictures: int = 8

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """Frames on the image, the table, where the whole image is seen first."""
        layers = study.probe.layers
        sizes = {name: array.shape[:-1] for name, array in study.probe.trace(sample.pixels).outputs.items()}
        seen = fields(layers, sizes)
        spatial = [layer for layer in layers if len(sizes.get(layer.name, ())) == 2 and layer.family != "input"]
        if not spatial:
            raise NotApplicable(_(
                "no layer of this network answers with a flat map (height × width), so there is no place to see from"
            ))
        height, width = sample.pixels.shape[:2]
        told = [layer for layer in spatial if seen[layer.name].known]
        if not told:
            raise NotApplicable(_("what the layers do to the places of the image cannot be followed"))
        drawn = _chosen(told, seen, self.pictures)
        yield Gallery(
            "receptive_fields", tuple(_framed(sample.pixels, seen[layer.name]) for layer in drawn),
            tuple(layer.name for layer in drawn),
            _("What the unit in the middle of each layer sees of `{file}`.", file=sample.file),
            _("The image `{file}` with a frame around the part that the middle unit of the layer sees.",
              file=sample.file),
            "strip", notes=tuple(_size(seen[layer.name]) for layer in drawn),
        )
        rows = tuple(_row(layer, seen[layer.name], height, width) for layer in spatial)
        yield Table("receptive_field_table", _COLUMNS, rows, _("The receptive field of every layer with a map."))
        if len(told) < len(spatial):
            first = next(layer for layer in spatial if layer not in told)
            yield Note(_(
                "From `{layer}` on the field cannot be told: what happens to places there cannot be followed.",
                layer=first.name,
            ), "info")
        yield from _findings(told, seen, height, width, mixing(layers, sizes, study.probe.input.name))


_COLUMNS = (
    Column(_("Layer"), code=True), Column(_("Width, pixels")), Column(_("Height, pixels")),
    Column(_("Step between units, pixels"), ".4g"), Column(_("Share of the image"), ".1%"),
)


def _chosen(layers: list[Layer], seen: dict[str, Field], most: int) -> list[Layer]:
    """Layers where the field has grown, evenly over depth."""
    grown: list[Layer] = []
    for layer in layers:
        if not grown or seen[layer.name].size != seen[grown[-1].name].size:
            grown.append(layer)
    if len(grown) <= most:
        return grown
    places = np.unique(np.linspace(0, len(grown) - 1, most).round().astype(int))
    return [grown[place] for place in places]


def _framed(pixels: np.ndarray, field: Field) -> Picture:
    """The image, dark outside the field, with a frame around it."""
    height, width = pixels.shape[:2]
    image = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels.copy()
    top, bottom = _clip(field.rows, height)
    left, right = _clip(field.columns, width)
    outside = np.ones((height, width), bool)
    outside[top : bottom + 1, left : right + 1] = False
    image[outside] *= SHADE
    line = max(1, round(max(height, width) / 128))
    for row in (slice(top, top + line), slice(max(bottom + 1 - line, top), bottom + 1)):
        image[row, left : right + 1] = FRAME
    for column in (slice(left, left + line), slice(max(right + 1 - line, left), right + 1)):
        image[top : bottom + 1, column] = FRAME
    return imaging.photo(image, lossy=max(height, width) > LARGE)


def _clip(interval: tuple[float, float], side: int) -> tuple[int, int]:
    return int(min(max(interval[0], 0), side - 1)), int(max(min(interval[1], side - 1), 0))


def _size(field: Field) -> Message:
    if not field.known:
        return _("cannot be told")
    if field.size is None:
        return _("whole image")
    return _("{width} × {height} px", width=field.size[1], height=field.size[0])


def _row(layer: Layer, field: Field, height: int, width: int) -> tuple[Cell, ...]:
    if not field.known:
        return (layer.name, _("cannot be told"), _("cannot be told"), None, None)
    if field.size is None:
        return (layer.name, _("whole image"), _("whole image"), field.jump, 1.0)
    return (layer.name, field.size[1], field.size[0], field.jump, _share(field, height, width))


def _share(field: Field, height: int, width: int) -> float:
    (top, bottom), (left, right) = _clip(field.rows, height), _clip(field.columns, width)
    return (bottom - top + 1) * (right - left + 1) / (height * width)


def mixing(layers: Layers, sizes: Mapping[str, tuple[int | None, ...]], image: str) -> Layer | None:
    """The first layer without a map whose every unit takes in all places of the image: attention, a memory, a mean
    over all places, or a dense layer over a row of all values."""
    from_image = {image}
    for layer in layers:
        if not from_image.intersection(layer.parents):
            continue
        from_image.add(layer.name)
        if len(sizes.get(layer.name, ())) == 2:
            continue
        flat = not any(sizes.get(parent) for parent in layer.parents)
        everywhere = layer.family == "pooling" and "Global" in layer.kind
        if layer.family in ("attention", "recurrent") or everywhere or (layer.family == "dense" and flat):
            return layer
    return None


def _findings(
    layers: list[Layer], seen: dict[str, Field], height: int, width: int, mixer: Layer | None
) -> Iterator[Note]:
    covering = [layer for layer in layers if _share(seen[layer.name], height, width) >= 1]
    largest = max(layers, key=lambda layer: _share(seen[layer.name], height, width))
    if covering:
        yield Note(_(
            "The first layer whose middle unit sees the whole image ({width} × {height}) is `{layer}`.",
            width=width, height=height, layer=covering[0].name,
        ))
        return
    field = seen[largest.name]
    assert field.size is not None
    if mixer is not None:
        yield Note(_(
            "Of the layers with maps none sees the whole image: the largest field, in `{layer}`, is {field_width} × "
            "{field_height} pixels of {width} × {height}, {share:.1%} of the image. The units of `{mixer}` take in "
            "all places.",
            layer=largest.name, field_width=field.size[1], field_height=field.size[0], width=width, height=height,
            share=_share(field, height, width), mixer=mixer.name,
        ))
        return
    yield Note(_(
        "No unit of a map sees the whole image: the largest field, in `{layer}`, is {field_width} × {field_height} "
        "pixels of {width} × {height}, {share:.1%} of the image.",
        layer=largest.name, field_width=field.size[1], field_height=field.size[0], width=width, height=height,
        share=_share(field, height, width),
    ))
