"""The image as it was given and as the network gets it: size, value range, and what was assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.artifacts.base import ImageArtifact
from reportgen.probe import Array, Trace
from reportgen.report.blocks import Block, Cell, Chart, Column, Fact, Gallery, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _

FIGURE = "input_image_for_activations"
_PREPROCESSING = {
    "none": _("brightness 0…255, as in the file"),
    "unit": _("brightness divided by 255, so 0…1"),
    "caffe": _("blue, green, red order; 0…255 minus the mean colour of ImageNet"),
    "tf": _("brightness stretched to −1…1"),
    "torch": _("0…1 minus the mean colour of ImageNet, divided by its standard deviation"),
    "custom": _("as the configuration says"),
}
_COLOURS = (_("red"), _("green"), _("blue"))


@dataclass(frozen=True)
class InputImage(ImageArtifact):
    """Shows the image before and after it was fitted to the network, and the numbers that were fed.

    Histograms have `bins` columns.
    """

    name = "input"
    chapter = "overview"
    question = _("In which range of values is the image fed to the network?")
    title = _("Input image")
    about = _(
        "A network sees no picture, only numbers: for every pixel one number a colour channel. The image is first "
        "brought to the size that the network expects, then its brightness to the range of values that the network was "
        "trained on. A wrong range is the most frequent reason for a wrong answer, so it is stated here."
    )
    reading = _(
        "Compare the two pictures: what was lost when the size changed, the network cannot see. In the table, the "
        "values fed should fill the stated range; a mean near its edge means a very dark or a very bright image."
    )
    formulas = (
        Formula(
            r"\mu=\frac{1}{N}\sum_{i=1}^{N}v_i,\qquad \sigma=\sqrt{\frac{1}{N}\sum_{i=1}^{N}(v_i-\mu)^2}",
            _("where v are the N values of a channel, μ is their mean and σ their standard deviation"),
        ),
    )
    bins: int = 64

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The two pictures, the facts of feeding, a table of values, and their histogram."""
        trace = study.probe.trace(sample.pixels)
        facts = study.probe.input
        yield _pictures(sample)
        yield Fact("fed", _("What the network is fed"), _size(trace.input.shape))
        yield Fact("preprocessing", _("Preprocessing"), _preprocessing(facts.preprocessing))
        yield Fact("low", _("Black becomes"), facts.low, ".4g")
        yield Fact("high", _("White becomes"), facts.high, ".4g")
        for assumption in facts.assumptions:
            yield Note(assumption, "warning")
        for remark in sample.remarks:
            yield Note(remark, "info")
        yield _values(sample, trace, facts.preprocessing)
        yield self._histogram(sample)
        yield from _findings(study, sample, trace)

    def _histogram(self, sample: Sample) -> Chart:
        edges = np.linspace(0, 1, max(2, self.bins) + 1)
        channels = [np.histogram(np.clip(plane, 0, 1), edges)[0] / plane.size for plane in _planes(sample.pixels)]
        return Chart(
            f"{FIGURE}:histogram", "curves", (),
            tuple(
                Series(name, tuple(float(share) for share in shares))
                for name, shares in _fittingly(list(zip(_names(len(channels)), channels, strict=True)))
            ),
            _(
                "Histogram of the brightness of `{image}` at the network's size, before preprocessing:"
                " {bins} bins from black (0) to white (1).", image=sample.file, bins=len(edges) - 1,
            ),
            _("Brightness"), _("Share of pixels"), tuple(float(x) for x in (edges[:-1] + edges[1:]) / 2),
            format=".2%",
        )


def _fittingly(channels: list[tuple[Message, Array]]) -> list[tuple[Message, Array]]:
    """Blue first, then red and green: the colours in which a chart's first three lines are drawn."""
    return [channels[2], channels[0], channels[1]] if len(channels) == 3 else channels


def _pictures(sample: Sample) -> Gallery:
    given, fed = sample.original, sample.pixels
    return Gallery(
        FIGURE, (imaging.photo(given, lossy=max(given.shape) > 512), imaging.photo(fed)),
        (_("As it was given"), _("As the network gets it")),
        _("The image `{image}` as it was given and at the size at which the network sees it.", image=sample.file),
        _(
            "Two pictures side by side: the image {image} as it was given, and the same at {size} pixels.",
            image=sample.file, size=_size(fed.shape[:2][::-1]),
        ),
        "compare", notes=(_shown(given), _size(fed.shape[:2][::-1])),
    )


def _shown(given: Array) -> Text:
    return _("shown here at {size}", size=_size(given.shape[:2][::-1]))


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)


def _preprocessing(name: str) -> Cell:
    return _PREPROCESSING.get(name, name)


def _planes(pixels: Array) -> list[Array]:
    return [pixels[..., channel] for channel in range(pixels.shape[-1])]


def _names(channels: int) -> tuple[Message, ...]:
    if channels == 1:
        return (_("brightness"),)
    return _COLOURS if channels == 3 else tuple(_("channel {number}", number=n) for n in range(channels))


def _values(sample: Sample, trace: Trace, preprocessing: str) -> Table:
    shown = zip(_names(sample.pixels.shape[-1]), _planes(sample.pixels), strict=True)
    order = _names(trace.input.shape[-1])
    order = order[::-1] if preprocessing == "caffe" else order
    fed: list[tuple[Message, Array]] = list(zip(order, _planes(trace.input), strict=True))
    if preprocessing == "custom" and len(fed) > 1:
        fed = [(_("channel {number}", number=number), plane) for number, (_name, plane) in enumerate(fed)]
    rows = [_row(_("pixels, 0…1"), name, plane) for name, plane in shown]
    rows += [_row(_("values fed"), name, plane) for name, plane in fed]
    return Table(
        "input_values",
        (Column(_("Quantity")), Column(_("Channel")), Column(_("Mean"), ".3f"),
         Column(_("Standard deviation"), ".3f"), Column(_("Least"), ".3f"), Column(_("Largest"), ".3f")),
        tuple(rows),
        _("The image's values by channel: as pixels, and as the numbers that were fed to the network."),
    )


def _row(what: Message, name: Message, plane: Array) -> tuple[Cell, ...]:
    values = plane.astype(np.float64)
    return what, name, float(values.mean()), float(values.std()), float(values.min()), float(values.max())


def _findings(study: Study, sample: Sample, trace: Trace) -> Iterator[Note]:
    facts, fed = study.probe.input, trace.input
    low, high = float(fed.min()), float(fed.max())
    yield Note(_(
        "The network is fed values from {low:.4g} (black) to {high:.4g} (white); those of `{image}` lie between "
        "{least:.4g} and {largest:.4g}, with the mean {mean:.4g}.",
        low=facts.low, high=facts.high, image=sample.file, least=low, largest=high,
        mean=float(fed.mean(dtype=np.float64)),
    ))
    slack = 1e-3 * max(abs(facts.high - facts.low), 1e-6)
    if low < min(facts.low, facts.high) - slack or high > max(facts.low, facts.high) + slack:
        yield Note(_("Some of the values fed lie outside the stated range."), "warning")
    if high - low <= slack:
        yield Note(_("The image has one colour only: nothing in it can be recognised."), "warning")
        return
    edge = float(np.mean((sample.pixels <= 0) | (sample.pixels >= 1)))
    if edge >= 0.05:
        yield Note(_(
            "{share:.1%} of the values are fully black or fully white; details there are lost.", share=edge
        ), "info")
