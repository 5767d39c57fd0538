"""Which channels did not answer: to one image, and to several."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from reportgen.artifacts.responses import Drawn, answers_of, is_vector, with_exact_zeros
from reportgen.probe import Array, Layers
from reportgen.report.blocks import Block, Cell, Column, Fact, Note, Table
from reportgen.study import Sample, Study
from reportgen.text import _

LISTED = 20
"""How many channel numbers are written out before the rest is only counted."""

_kept: weakref.WeakKeyDictionary[Study, dict[tuple[str, float], Mapping[str, Array]]] = weakref.WeakKeyDictionary()
"""Silent channels by sample, a few numbers each, so that no image is traced again for its neighbours' sake."""


def threshold_of(one: Drawn, exact: frozenset[str], near_zero: float) -> float:
    """Up to which absolute value an answer counts as none: 0 after a ReLU, else a part of the deviation."""
    return 0.0 if one.layer.name in exact else near_zero * one.response.deviation


def silent_channels(study: Study, sample: Sample, near_zero: float) -> Mapping[str, Array]:
    """The numbers of the channels of each layer that stay within the threshold everywhere."""
    known = _kept.setdefault(study, {})
    key = (sample.name, near_zero)
    if key not in known:
        exact = with_exact_zeros(study.probe.layers)
        known[key] = {
            one.layer.name: one.response.silent(threshold_of(one, exact, near_zero))
            for one in answers_of(study.probe.layers, study.probe.trace(sample.pixels))
        }
    return known[key]


def silent_on_all(study: Study, samples: Sequence[Sample], near_zero: float) -> dict[str, Array]:
    """The channels of each layer that are silent for every one of these samples."""
    found: dict[str, Array] = {}
    for sample in samples:
        for layer, channels in silent_channels(study, sample, near_zero).items():
            found[layer] = np.intersect1d(found[layer], channels) if layer in found else channels
    return found


def listed(numbers: Sequence[int] | Array) -> str:
    """"2, 7, 11 …": the first numbers, and a sign that there are more."""
    return ", ".join(str(int(n)) for n in numbers[:LISTED]) + (" …" if len(numbers) > LISTED else "")


def makers(layers: Layers, output: str) -> frozenset[str]:
    """The layers that make channels of their own, where their answer is complete.

    Pooling or joining hands the same silent channels on, and the output's answers are probabilities:
    to count these would count twice, or the wrong thing.
    """
    complete = {layers.rectifier_of(layer).name for layer in layers.of("convolution", "dense")}
    return frozenset(complete | {layer.name for layer in layers if layer.rectified}) - {output}


def silence_blocks(
    study: Study, sample: Sample, drawn: Sequence[Drawn], near_zero: float, dead_from: int, images: int
) -> Iterator[Block]:
    """The silent channels by number for this image and, where the study has more images, for all of them.

    A unit of a dense layer has one value an image, so its zero is told as sparsity, and it is
    counted only over several images.
    """
    making = makers(study.probe.layers, study.probe.output.layer)
    counted = [one for one in drawn if one.layer.name in making]
    maps = [one for one in counted if not is_vector(one.answer)]
    own = silent_channels(study, sample, near_zero)
    others = [other for other in study.samples if other is not sample][: max(0, images - 1)]
    if maps:
        yield from _for_this_image(maps, own, sample)
    if others and counted:
        everywhere = silent_on_all(study, (sample, *others), near_zero)
        yield from _for_all(counted, everywhere, len(others) + 1, near_zero, dead_from)


def _for_this_image(maps: Sequence[Drawn], own: Mapping[str, Array], sample: Sample) -> Iterator[Block]:
    silent = {one.layer.name: own[one.layer.name] for one in maps}
    count = sum(len(numbers) for numbers in silent.values())
    total = sum(one.response.channels for one in maps)
    yield Fact("silent", _("Channels silent for this image"), count, ",d")
    yield Fact("channels", _("Channels looked at"), total, ",d")
    if not count:
        yield Note(_(
            "None of the {total} channels is silent: each answers somewhere in `{image}`.",
            total=total, image=sample.file,
        ))
        return
    yield Table(
        "silent_channels", (*_COLUMNS, Column(_("Numbers of the silent channels"))), _rows(maps, silent),
        _("Channels without any answer to `{image}`, by number.", image=sample.file),
    )
    worst = max(maps, key=lambda one: len(silent[one.layer.name]) / one.response.channels)
    yield Note(_(
        "{count} of {total} channels is silent for this image (n = 1); the largest share is in `{layer}`: {worst} of "
        "{of}.",
        "{count} of {total} channels are silent for this image (n = 1); the largest share is in `{layer}`: {worst} of "
        "{of}.",
        count=count, total=total, layer=worst.layer.name, worst=len(silent[worst.layer.name]),
        of=worst.response.channels,
    ))


def _for_all(
    counted: Sequence[Drawn], everywhere: Mapping[str, Array], images: int, near_zero: float, dead_from: int
) -> Iterator[Block]:
    count = sum(len(everywhere[one.layer.name]) for one in counted)
    total = sum(one.response.channels for one in counted)
    label = _("Channels and units silent for all {images} images", images=images)
    yield Fact("silent_everywhere", label, count, ",d")
    if count:
        yield Table(
            "channels_silent_everywhere", (*_COLUMNS, Column(_("Numbers of the silent channels"))),
            _rows(counted, everywhere),
            _("Channels and units without an answer to any of {images} images, by number.", images=images),
        )
    if images < dead_from:
        yield Note(_(
            "{count} of {total} channels and units is silent for all images (n = {images}); the word dead is used from "
            "{dead_from} images on.",
            "{count} of {total} channels and units are silent for all images (n = {images}); the word dead is used "
            "from {dead_from} images on.",
            count=count, total=total, images=images, dead_from=dead_from,
        ))
    else:
        yield Note(_(
            "{count} of {total} channels and units is dead: without an answer to any image (n = {images}; silent means "
            "0 after a ReLU, elsewhere at most {part:.0%} of the layer's deviation).",
            "{count} of {total} channels and units are dead: without an answer to any image (n = {images}; silent "
            "means 0 after a ReLU, elsewhere at most {part:.0%} of the layer's deviation).",
            count=count, total=total, images=images, part=near_zero,
        ))


_COLUMNS = (Column(_("Layer"), code=True), Column(_("Silent"), "d"), Column(_("Channels in all"), ",d"))


def _rows(layers: Sequence[Drawn], silent: Mapping[str, Array]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (one.layer.name, len(silent[one.layer.name]), one.response.channels, listed(silent[one.layer.name]))
        for one in layers if len(silent[one.layer.name])
    )
