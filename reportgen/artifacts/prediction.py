"""What the network answers to the image: classes, yes or no, labels, a mask, a map of classes, or numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from reportgen import imaging, scales
from reportgen.artifacts import segmentation
from reportgen.artifacts.base import ImageArtifact
from reportgen.artifacts.broken import spoilt
from reportgen.artifacts.pictured import picture_blocks
from reportgen.probabilities import probabilities
from reportgen.probe import Array
from reportgen.report.blocks import Block, Chart, Column, Fact, Figure, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Text, _, listed

ALL = 12
"""Up to so many classes are all shown."""


@dataclass(frozen=True)
class Prediction(ImageArtifact):
    """Shows the answer with its probability, and the truth beside it where the truth is known.

    The `classes` likeliest are shown; a probability from `threshold` on is a yes.
    """

    name = "prediction"
    chapter = "overview"
    question = _("What does the network answer, and how sure of it is it?")
    title = _("Prediction")
    about = _(
        "This is what the network says about the image. A classifier gives each class a probability; a segmentation "
        "network gives one to every pixel. The probability is the network's own confidence, not a proof: networks are "
        "often sure of what is wrong. A picture with which a network answers stands beside its input, with the error."
    )
    reading = _(
        "Look first at how far the best answer is ahead of the second (the margin), then at the entropy: 0 bits mean "
        "full certainty, and the largest possible value means a blind guess. A mask should cover the object and "
        "nothing else; the closer IoU and Dice are to 1, the better it agrees with the true one."
    )
    formulas = (
        Formula(
            r"p_k=\frac{e^{z_k}}{\sum_{j=1}^{K}e^{z_j}},\qquad H=-\sum_{k=1}^{K}p_k\log_2 p_k",
            _("where z are the raw scores of the K classes, p their probabilities and H is the entropy in bits"),
        ),
        Formula(
            r"\mathrm{IoU}=\frac{|A\cap B|}{|A\cup B|},\qquad \mathrm{Dice}=\frac{2\,|A\cap B|}{|A|+|B|}",
            _("where A are the pixels of the predicted mask, B those of the true one, and |·| counts pixels"),
        ),
    )
    classes: int = 5
    threshold: float = 0.5

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The answer in the form that fits the kind of output."""
        scores = np.asarray(study.probe.trace(sample.pixels).scores, np.float32)
        facts = study.probe.output
        if len(facts.names) > 1:
            yield Note(_(
                "The network gives {count} output; shown here is `{output}`.",
                "The network gives {count} outputs; shown here is `{output}`, left out: `{left}`.",
                count=len(facts.names), output=facts.name,
                left=listed([name for name in facts.names if name != facts.name]),
            ), "info")
        if not np.isfinite(scores).all():
            yield Note(_("The network's answer holds values that are no numbers; nothing can be said."), "warning")
            yield from spoilt(study, facts.layer)
            return
        if facts.constant is not None:
            yield Note(_(
                "The answer is {value:g} for this image as for every other: softmax over a single unit can give "
                "nothing else, so it says nothing.", value=facts.constant,
            ), "warning")
        if facts.from_logits and facts.kind != "values":
            yield Note(_RAW[facts.kind in ("classes", "classmap")], "info")
            scores = probabilities(scores, facts)
        kinds: dict[str, Callable[[Study, Sample, Array], Iterator[Block]]] = {
            "classes": self._classes, "binary": self._binary, "labels": self._labels,
            "mask": lambda study, sample, scores: segmentation.mask_blocks(study, sample, scores, self.threshold),
            "classmap": segmentation.classmap_blocks, "picture": picture_blocks,
        }
        yield from kinds.get(facts.kind, _values)(study, sample, scores)

    def _classes(self, study: Study, sample: Sample, scores: Array) -> Iterator[Block]:
        shares = scores.reshape(-1).astype(np.float64)
        order = np.argsort(-shares, kind="stable")
        true = true_class(study, sample, shares)
        shown = [int(k) for k in order[: len(shares) if len(shares) <= ALL else max(1, self.classes)]]
        if true is not None and true not in shown:
            shown.append(true)
        best = int(order[0])
        yield Chart(
            "prediction", "bars", tuple(_marked(study, k, best, true) for k in shown),
            (Series(_("Probability"), tuple(float(shares[k]) for k in shown)),),
            _("The likeliest classes for `{image}`; the predicted one is marked.", image=sample.file)
            if len(shown) < len(shares)
            else _("The probability of every class for `{image}`; the predicted one is marked.", image=sample.file),
            _("Probability"), marked=(0,), format=".1%",
        )
        yield Fact("predicted", _("Predicted class"), study.label(best))
        yield Fact("probability", _("Its probability"), float(shares[best]), ".1%")
        if len(shares) > 1:
            margin = float(shares[best] - shares[order[1]])
            yield Fact("margin", _("Margin over the second"), margin, ".1%")
            yield Fact("entropy", _("Entropy"), entropy(shares), ".3f", _("bits"))
            limit = float(np.log2(len(shares)))
            yield Fact("entropy_limit", _("Largest possible entropy"), limit, ".3f", _("bits"))
            yield Note(_(
                "The network takes the image for “{label}” with a probability of {share:.1%}; the second, “{second}”, "
                "has {other:.1%}, so the margin is {margin:.1%} and the entropy {entropy:.2f} of {limit:.2f} bits.",
                label=study.label(best), share=float(shares[best]), second=study.label(int(order[1])),
                other=float(shares[order[1]]), margin=margin, entropy=entropy(shares),
                limit=limit,
            ))
        yield from _truth(study, sample, shares, order, true)

    def _binary(self, study: Study, sample: Sample, scores: Array) -> Iterator[Block]:
        share = float(scores.reshape(-1)[0])
        names = study.sides
        shares = (1 - share, share)
        best = int(share >= self.threshold)
        yield Chart(
            "prediction", "bars", names, (Series(_("Probability"), shares),),
            _("The probability of both answers for `{image}`; the predicted one is marked.", image=sample.file),
            _("Probability"), marked=(best,), format=".1%",
        )
        yield Fact("predicted", _("Predicted class"), names[best])
        yield Fact("probability", _("Its probability"), shares[best], ".1%")
        yield Fact("score", _("The network's one output"), share, ".4f")
        yield Note(_(
            "The network's output is {score:.3f}; from {threshold:.2g} on the answer is “{positive}”, below it "
            "“{negative}”. So it takes the image for “{label}” with a probability of {share:.1%}.",
            score=share, threshold=self.threshold, positive=names[1], negative=names[0], label=names[best],
            share=shares[best],
        ))
        if sample.label:
            side = sample.label.strip().removeprefix("#")
            right = side == str(best) or sample.label.casefold() == str(names[best]).casefold()
            yield Note(
                _("The true class is “{label}”: the answer is right.", label=sample.label) if right
                else _("The true class is “{label}”: the answer is wrong.", label=sample.label)
            )

    def _labels(self, study: Study, sample: Sample, scores: Array) -> Iterator[Block]:
        shares = scores.reshape(-1).astype(np.float64)
        order = np.argsort(-shares, kind="stable")
        chosen = [int(k) for k in order if shares[k] >= self.threshold]
        limit = len(shares) if len(shares) <= ALL else max(len(chosen), self.classes)
        shown = [int(k) for k in order[:limit]]
        yield Chart(
            "prediction", "bars", tuple(study.label(k) for k in shown),
            (Series(_("Probability"), tuple(float(shares[k]) for k in shown)),),
            _(
                "The probability of each label for `{image}`, each for itself; those of at least"
                " {threshold:.0%} are marked.", image=sample.file, threshold=self.threshold,
            ),
            _("Probability"), marked=tuple(i for i, k in enumerate(shown) if k in chosen), format=".1%",
        )
        yield Fact("labels", _("Labels given"), len(chosen), "d")
        yield Note(_(
            "{count} of {total} labels reaches the threshold of {threshold:.0%}: {labels}.",
            "{count} of {total} labels reach the threshold of {threshold:.0%}: {labels}.",
            count=len(chosen), total=len(shares), threshold=self.threshold,
            labels=listed([*(study.label(k) for k in chosen[:20]), *(["…"] if len(chosen) > 20 else [])]),
        ) if chosen else _(
            "No label reaches the threshold of {threshold:.0%}; the nearest is “{label}” with {share:.1%}.",
            threshold=self.threshold, label=study.label(int(order[0])), share=float(shares[order[0]]),
        ))


_RAW = {
    True: _("The network gives raw scores; softmax was applied to them to show probabilities."),
    False: _("The network gives raw scores; the sigmoid was applied to them to show probabilities."),
}


def entropy(shares: Array) -> float:
    """The entropy of probabilities in bits; a probability of 0 adds nothing."""
    some = shares[shares > 0]
    return max(0.0, float(-(some * np.log2(some)).sum()))


def true_class(study: Study, sample: Sample, shares: Array) -> int | None:
    """The number of the sample's true class; of several with its name, the likeliest."""
    if not sample.label.strip():
        return None
    fitting = study.classes_called(sample.label, len(shares))
    return max(fitting, key=lambda k: float(shares[k])) if fitting else None


def _marked(study: Study, number: int, best: int, true: int | None) -> Text:
    label = study.label(number)
    if number == best == true:
        return _("{label} (predicted, true)", label=label)
    if number == best:
        return _("{label} (predicted)", label=label)
    return _("{label} (true)", label=label) if number == true else label


def _truth(study: Study, sample: Sample, shares: Array, order: Array, true: int | None) -> Iterator[Note]:
    if not sample.label:
        return
    if true is None:
        told = (
            _("The true class “{label}” is none of the named classes.", label=sample.label) if study.labels else
            _("No names of classes were given, so the true class “{label}” cannot be compared.", label=sample.label)
        )
        yield Note(told, "warning")
    elif true == int(order[0]):
        yield Note(_("The true class is “{label}”: the answer is right.", label=study.label(true)))
    else:
        rank = int(np.flatnonzero(order == true)[0]) + 1
        yield Note(_(
            "The true class is “{label}”: the answer is wrong. The network gives the true class {share:.2%}, place "
            "{rank} of {total}.",
            label=study.label(true), share=float(shares[true]), rank=rank, total=len(shares),
        ))


def _values(study: Study, sample: Sample, scores: Array) -> Iterator[Block]:
    if scores.size == 1:
        value = float(scores.reshape(-1)[0])
        yield Fact("value", _("The network's answer"), value, ".4g")
        yield Note(_("The network answers to `{image}` with the number {value:.4g}.", image=sample.file, value=value))
        return
    yield Fact("shape", _("Shape of the answer"), " × ".join(str(side) for side in scores.shape))
    if scores.ndim >= 3:
        slices = scores.reshape(-1, *scores.shape[-3:])
        maps = slices[len(slices) // 2]
        if len(slices) > 1:
            yield Note(_("Of volumes and sequences of maps the middle slice or frame is drawn."), "info")
        scale = scales.shared(maps, _("Value"))
        yield Figure(
            "prediction", imaging.mosaic(maps, scale),
            _("The network's answer to `{image}`, one tile a channel.", image=sample.file),
            _("The network's answer to {image} as {count} map.", "The network's answer to {image} as {count} maps.",
              image=sample.file, count=maps.shape[-1]),
            scale,
        )
    else:
        yield from _numbers(study, sample, scores.reshape(-1))
    if scores.min() == scores.max():
        yield Note(_("All values of the answer are {value:.4g}.", value=float(scores.min())))
        return
    yield Note(_(
        "The answer's values lie between {low:.4g} and {high:.4g}, with the mean {mean:.4g}.",
        low=float(scores.min()), high=float(scores.max()), mean=float(scores.mean(dtype=np.float64)),
    ))


def _numbers(study: Study, sample: Sample, values: Array) -> Iterator[Block]:
    order = np.argsort(-np.abs(values), kind="stable")[:ALL] if len(values) > ALL else np.arange(len(values))
    yield Table(
        "prediction_values", (Column(_("Output")), Column(_("Value"), ".4g")),
        tuple((study.label(int(k)), float(values[k])) for k in order),
        _("The network's answer to `{image}`.", image=sample.file) if len(values) <= ALL
        else _("The largest values of the network's answer to `{image}`.", image=sample.file),
    )
    if len(values) > ALL:
        yield Chart(
            "prediction", "columns", tuple(str(k) for k in range(len(values))),
            (Series(_("Value"), tuple(float(v) for v in values)),),
            _("All {total} values of the network's answer to `{image}`.", total=len(values), image=sample.file),
            _("Output"), _("Value"),
        )
