"""A network that answers with a picture: shown beside its input, with the error and that of one flat colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.probe import Array, Trace
from reportgen.report.blocks import Block, Fact, Figure, Gallery, Note, Picture
from reportgen.study import Sample, Study
from reportgen.text import _

LARGE = 512
"""Pictures with a longer side than this are kept as JPEG."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """The answer in the colours of pixels, 0…1, and the difference from the input where both are of one size."""

    pixels: Array
    difference: Array | None

    @property
    def mean_square(self) -> float:
        """The mean squared error."""
        return float(np.square(self.difference, dtype=np.float64).mean()) if self.difference is not None else np.nan


def drawn(study: Study, sample: Sample, trace: Trace) -> Drawn:
    """By the activation: a sigmoid answers in 0…1, a hyperbolic tangent in −1…1, any other in the values fed."""
    answer = np.asarray(trace.scores, np.float32)
    activation = study.probe.layers[study.probe.output.layer].activation
    low, high = 0.0, 1.0
    if activation == "tanh":
        low = -1.0
    elif activation == "linear" and study.probe.input.preprocessing in ("none", "unit", "tf"):
        low, high = study.probe.input.low, study.probe.input.high
    pixels: Array = (answer - np.float32(low)) / np.float32(high - low)
    same = pixels.shape == sample.pixels.shape
    return Drawn(pixels, pixels - sample.pixels if same else None)


def picture_blocks(study: Study, sample: Sample, scores: Array) -> Iterator[Block]:
    """The picture beside the input, the error with its null, the map of the error."""
    found = drawn(study, sample, study.probe.trace(sample.pixels))
    height, width = scores.shape[:2]
    yield Gallery(
        "prediction", (_photo(sample.pixels), _photo(np.clip(found.pixels, 0, 1))),
        (_("Input"), _("The network's answer")),
        _("The image `{image}` and the picture with which the network answers.", image=sample.file),
        _("Two pictures side by side: {image} and the {width} × {height} picture that the network makes of it.",
          image=sample.name, width=width, height=height),
        "compare", notes=(_size(sample.pixels), _size(scores)),
    )
    outside = float(np.mean((found.pixels < 0) | (found.pixels > 1)))
    if outside > 0:
        yield Note(_("{share:.1%} of the answer's values lie outside black and white and are drawn as these.",
                     share=outside), "info")
    if found.difference is None:
        yield Note(_("The answer is of another size than the image, so there is no error to tell: what it should be is "
                     "not known."))
        return
    error = np.abs(found.difference).mean(axis=-1)
    scale = scales.sequential(0.0, float(error.max()), label=_("Mean absolute difference"))
    yield Figure(
        "prediction:error", imaging.picture_of_map(error, scale),
        _("Where the network's answer differs from `{image}`: the mean over the colours, white being 1.",
          image=sample.file),
        _("A map of differences from 0 to {high:.3f} for {image}; mean {mean:.3f}.", high=float(error.max()),
          image=sample.name, mean=float(error.mean())),
        scale,
    )
    yield from _judged(sample, found)


def _judged(sample: Sample, found: Drawn) -> Iterator[Block]:
    """The error, beside that of one flat colour: what a network would have that sees nothing."""
    root = float(np.sqrt(found.mean_square))
    flat = float(np.sqrt(sample.pixels.var(axis=(0, 1), dtype=np.float64).mean()))
    yield Fact("error", _("Error (root of the mean square, white is 1)"), root, ".4f")
    yield Fact("flat_error", _("Error of one flat colour, the image's mean"), flat, ".4f")
    if root < flat:
        yield Note(_(
            "The network's picture of `{image}` differs from it by {error:.4f} (root of the mean square, white is 1); "
            "one flat colour, the image's mean, would differ by {flat:.4f}.",
            image=sample.file, error=root, flat=flat,
        ))
    else:
        yield Note(_(
            "The network's picture of `{image}` is no nearer to it than one flat colour: it differs by {error:.4f} "
            "(root of the mean square, white is 1), the image's mean colour by {flat:.4f}. If it was not made to draw "
            "the image again, this says nothing against it.", image=sample.file, error=root, flat=flat,
        ))


def _photo(pixels: Array) -> Picture:
    return imaging.photo(pixels, lossy=max(pixels.shape[:2]) > LARGE)


def _size(array: Array) -> str:
    return f"{array.shape[1]} × {array.shape[0]}"
