"""Masks and maps of classes: shown, laid over the image, and compared with the truth where it is known."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.probe import Array
from reportgen.report.blocks import Block, Column, Fact, Figure, Gallery, Note, Picture, Table
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _

DISTINCT = ((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0),
            (240, 228, 66), (90, 90, 90))
"""Eight colours that people with any colour vision can tell apart (Okabe and Ito 2008)."""
BACKGROUND, BOTH, ONLY_PREDICTED, ONLY_TRUE = (225, 225, 225), (0, 158, 115), (213, 94, 0), (0, 114, 178)
SWATCH = 24
LARGE = 512
"""Photographs with a longer side than this are kept as JPEG."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many pixels are in both masks, in one of them only, and in neither."""

    both: int
    only_predicted: int
    only_true: int
    neither: int

    @property
    def iou(self) -> float | None:
        """Intersection over union; None where both masks are empty."""
        union = self.both + self.only_predicted + self.only_true
        return self.both / union if union else None

    @property
    def dice(self) -> float | None:
        """Twice the intersection over the sum of the areas."""
        total = 2 * self.both + self.only_predicted + self.only_true
        return 2 * self.both / total if total else None

    @property
    def accuracy(self) -> float:
        """The share of pixels on which the masks agree."""
        total = self.both + self.only_predicted + self.only_true + self.neither
        return (self.both + self.neither) / total


def agreement(predicted: Array, true: Array) -> Agreement:
    """Two masks of truth values, compared pixel by pixel."""
    both = int(np.count_nonzero(predicted & true))
    only_predicted, only_true = int(predicted.sum()) - both, int(true.sum()) - both
    return Agreement(both, only_predicted, only_true, predicted.size - both - only_predicted - only_true)


def mask_blocks(study: Study, sample: Sample, scores: Array, threshold: float) -> Iterator[Block]:
    """The predicted mask, the probabilities behind it, and the comparison with the true one."""
    shares = scores.reshape(*scores.shape[:2])
    predicted = shares >= threshold
    pictures = [_photo(sample.pixels), _laid_over(sample.pixels, predicted)]
    labels: list[Text] = [_("Input"), _("Predicted mask on it")]
    notes: list[Text] = [_size(sample.pixels), _("{share:.1%} of the area", share=float(predicted.mean()))]
    true = _fitted(sample.mask, shares.shape) > 0.5 if sample.mask is not None else None
    if true is not None:
        pictures.append(_laid_over(sample.pixels, true))
        labels.append(_("True mask on it"))
        notes.append(_("{share:.1%} of the area", share=float(true.mean())))
    yield Gallery(
        "prediction", tuple(pictures), tuple(labels),
        _("The image `{image}` and what the network marked in it: every pixel with at least {threshold:.0%}.",
          image=sample.file, threshold=threshold),
        _("The image {image}, and the same with the predicted mask in orange over {share:.1%} of its area.",
          image=sample.file, share=float(predicted.mean())),
        "compare", notes=tuple(notes),
    )
    scale = scales.sequential(label=_("Probability"))
    yield Figure(
        "prediction:probability", imaging.picture_of_map(shares, scale),
        _("The probability that the network gives to each pixel of `{image}`.", image=sample.file),
        _("A map of probabilities from {low:.2f} to {high:.2f} for {image}; mean {mean:.2f}.", image=sample.name,
          low=float(shares.min()), high=float(shares.max()), mean=float(shares.mean())),
        scale,
    )
    unsure = float(np.mean(np.abs(shares - threshold) < 0.2))
    yield Fact("area", _("Area of the predicted mask"), float(predicted.mean()), ".1%")
    yield Fact("unsure", _("Unsure pixels (within 0.2 of the threshold)"), unsure, ".1%")
    yield Note(_(
        "The predicted mask covers {share:.1%} of the image; {unsure:.1%} of the pixels are unsure (within 0.2 of"
        " the threshold {threshold:.2g}).", share=float(predicted.mean()), unsure=unsure, threshold=threshold,
    ))
    if true is not None:
        yield from _comparison(sample, predicted, true)


def _comparison(sample: Sample, predicted: Array, true: Array) -> Iterator[Block]:
    found = agreement(predicted, true)
    numbers = np.where(predicted, np.where(true, 1, 2), np.where(true, 3, 0))
    colours = np.array([BACKGROUND, BOTH, ONLY_PREDICTED, ONLY_TRUE], np.uint8)
    alt = _(
        "A map of agreement for {image}: {both:.1%} of the pixels are in both masks, {predicted:.1%} only in the "
        "predicted one, {true:.1%} only in the true one.",
        image=sample.name, both=found.both / true.size, predicted=found.only_predicted / true.size,
        true=found.only_true / true.size,
    )
    yield Figure(
        "prediction:disagreement", imaging.picture_of_classes(numbers, colours),
        _("Where the predicted and the true mask of `{image}` agree and where not.", image=sample.file), alt,
    )
    names = (_("in both"), _("predicted, but not there"), _("there, but not predicted"), _("in neither"))
    counts = (found.both, found.only_predicted, found.only_true, found.neither)
    yield _legend(
        "prediction:agreement", colours[[1, 2, 3, 0]], names, tuple(count / true.size for count in counts),
        _("The colours of the picture of agreement, with the share of pixels."),
        _("Four colours of the picture for {image}: both masks, only the predicted, only the true, and neither.",
          image=sample.name),
    )
    yield Fact("iou", _("IoU (intersection over union)"), found.iou, ".4f")
    yield Fact("dice", _("Dice coefficient"), found.dice, ".4f")
    yield Fact("accuracy", _("Pixel accuracy"), found.accuracy, ".1%")
    if found.iou is None or found.dice is None:
        yield Note(_("Both masks are empty: they agree, and IoU and Dice are not defined."))
        return
    yield Note(_(
        "Against the true mask: IoU {iou:.3f}, Dice {dice:.3f}, {accuracy:.1%} of the pixels right; {extra:.1%} of the "
        "image were marked though not there, {missed:.1%} were missed.",
        iou=found.iou, dice=found.dice, accuracy=found.accuracy, extra=found.only_predicted / true.size,
        missed=found.only_true / true.size,
    ))


def classmap_blocks(study: Study, sample: Sample, scores: Array) -> Iterator[Block]:
    """The likeliest class of every pixel, with a legend of areas."""
    numbers = scores.argmax(axis=-1)
    areas = np.bincount(numbers.reshape(-1), minlength=scores.shape[-1]) / numbers.size
    present = [int(k) for k in np.argsort(-areas, kind="stable") if areas[k] > 0]
    colours = class_colours(scores.shape[-1])
    place = np.zeros(len(areas), np.int64)
    place[present[:256]] = np.arange(len(present[:256]))
    yield Gallery(
        "prediction", (
            _photo(sample.pixels), imaging.picture_of_classes(place[numbers], colours[present[:256]]),
            _coloured(sample.pixels, colours[numbers]),
        ),
        (_("Input"), _("Map of classes"), _("Map laid over the image")),
        _("The image `{image}` and the likeliest class of every pixel.", image=sample.file),
        _("The image {image} and its map of classes; the largest is {label} with {share:.1%} of the area.",
          image=sample.file, label=study.label(present[0]), share=float(areas[present[0]])),
        "compare", notes=(_size(sample.pixels), _size(numbers), _size(sample.pixels)),
    )
    shown = present[:24]
    yield _legend(
        "prediction:legend", colours[shown], tuple(study.label(k) for k in shown), tuple(areas[shown].tolist()),
        _("The colours of the classes, with the share of the area."),
        _("{count} colour of the map for {image}, with the name of its class and its share of the area.",
          "{count} colours of the map for {image}, with the names of their classes and their shares of the area.",
          count=len(shown), image=sample.name),
    )
    sums = np.bincount(numbers.reshape(-1), scores.max(axis=-1).reshape(-1), len(areas))
    yield Table(
        "prediction_areas",
        (Column(_("Class")), Column(_("Share of the area"), ".2%"), Column(_("Mean probability there"), ".1%")),
        tuple((study.label(k), float(areas[k]), float(sums[k] / (areas[k] * numbers.size))) for k in present),
        _("How much of `{image}` each class takes.", image=sample.file),
    )
    yield Fact("classes", _("Classes found"), len(present), "d")
    yield Note(_(
        "{count} of {total} classes is found in the image; “{label}” takes {share:.1%} of the area.",
        "{count} of {total} classes are found in the image; “{label}” takes the most, {share:.1%} of the area.",
        count=len(present), total=len(areas), label=study.label(present[0]), share=float(areas[present[0]]),
    ))


def class_colours(count: int) -> Array:
    """A colour for every class: eight that all can tell apart, then hues by the golden ratio."""
    more = [colorsys.hsv_to_rgb(k * 0.618034 % 1, (0.9, 0.55, 0.75)[k % 3], (0.85, 0.95, 0.6)[k % 3])
            for k in range(len(DISTINCT), count)]
    return np.array([*DISTINCT[:count], *([round(255 * part) for part in colour] for colour in more)], np.uint8)


def _legend(
    name: str, colours: Array, labels: tuple[Text, ...], shares: tuple[float, ...], caption: Message, alt: Message
) -> Gallery:
    swatches = tuple(_swatch(colour) for colour in colours)
    notes = tuple(_("{share:.1%}", share=share) for share in shares)
    return Gallery(name, swatches, labels, caption, alt, notes=notes)


def _swatch(colour: Array) -> Picture:
    return imaging.picture_of_classes(np.zeros((SWATCH, SWATCH), np.uint8), colour[None])


def _laid_over(pixels: Array, mask: Array) -> Picture:
    """The mask in orange over the gray image, with a firm edge."""
    inside = _fitted(mask.astype(np.float32), pixels.shape[:2]) > 0.5
    edge = imaging.outline(inside)
    base, orange = imaging.gray(pixels), np.array([213, 94, 0], np.float32) / 255
    opacity = np.where(edge, 1.0, np.where(inside, 0.45, 0.0)).astype(np.float32)[..., None]
    return _photo(base * (1 - opacity) + orange * opacity)


def _coloured(pixels: Array, colours: Array) -> Picture:
    fitted = imaging.resize(colours, (pixels.shape[0], pixels.shape[1]), "nearest").astype(np.float32) / 255
    return _photo(imaging.gray(pixels) * 0.5 + fitted * 0.5)


def _photo(pixels: Array) -> Picture:
    return imaging.photo(pixels, lossy=max(pixels.shape[:2]) > LARGE)


def _fitted(mask: Array, size: tuple[int, ...]) -> Array:
    return imaging.resize(np.asarray(mask, np.float32), (size[0], size[1]), "nearest")


def _size(array: Array) -> str:
    return f"{array.shape[1]} × {array.shape[0]}"
