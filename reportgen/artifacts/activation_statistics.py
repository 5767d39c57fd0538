"""The answers as numbers: mean, spread, range, sparsity, and the channels that stay silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.broken import spoilt_answers
from reportgen.artifacts.responses import Drawn, answers_of, is_vector, share_within, with_exact_zeros
from reportgen.artifacts.silence import makers, silence_blocks, threshold_of
from reportgen.report.blocks import Block, Chart, Column, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, _


@dataclass(frozen=True)
class ActivationStatistics(ImageArtifact):
    """Counts what every layer answered.

    `layers` are names or patterns, none means all. Where there is no ReLU, "near zero" means at most `near_zero` of the
    layer's standard deviation.
    Channels silent on at least `dead_from` images are called dead; at most `images` are looked at.
    """

    name = "activation_statistics"
    chapter = "activations"
    question = _("How does sparsity change with depth, and which channels stay silent?")
    compares_samples = True
    title = _("Activation statistics")
    about = _(
        "After a ReLU a layer's answer is zero wherever its pattern was not found. The share of zeros, the sparsity, "
        "tells how choosy a layer is. A channel without any answer is silent for this image: perhaps its pattern is "
        "not there. Only when it stays silent for many different images is it called dead, because one image proves "
        "nothing."
    )
    reading = _(
        "In most classifiers sparsity grows with depth, because deep layers look for rarer things. The second chart "
        "shows each layer's mean with its standard deviation: values that explode or vanish with depth point to a "
        "wrong value range of the input or to weights that were not trained."
    )
    formulas = (
        Formula(
            r"s=\frac{1}{N}\,\left|\{\,i:\;|a_i|\leq t\,\}\right|",
            _(
                "where a are the N values of a layer's answer, s is its sparsity and t the threshold: 0 after a ReLU, "
                "otherwise a stated part of the standard deviation"
            ),
        ),
        Formula(
            r"\mu=\frac{1}{N}\sum_{i}a_i,\qquad \sigma=\sqrt{\frac{1}{N}\sum_{i}(a_i-\mu)^2}",
            _("where μ is the mean and σ the standard deviation of the layer's answer"),
        ),
    )
    layers: tuple[str, ...] = ()
    near_zero: float = 0.05
    dead_from: int = 10
    images: int = 32

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """A table and two charts by layer, the silent channels, and what several images say of them."""
        drawn = answers_of(study.probe.layers, study.probe.trace(sample.pixels), self.layers)
        if not drawn:
            raise NotApplicable(_("No layer of this network has an answer of its own that could be counted."))
        exact = with_exact_zeros(study.probe.layers)
        shares = {one.layer.name: self._sparsity(one, exact) for one in drawn}
        yield self._table(drawn, exact, shares, sample)
        making = makers(study.probe.layers, study.probe.output.layer)
        silencing = [one.layer.name for one in drawn if one.layer.name in making]
        yield from _charts(drawn, silencing, exact, shares, sample)
        yield from spoilt_answers(study, drawn)
        yield from _sparsity_findings(silencing, exact, shares)
        yield from silence_blocks(study, sample, drawn, self.near_zero, self.dead_from, self.images)

    def _sparsity(self, one: Drawn, exact: frozenset[str]) -> float:
        if one.layer.name in exact:
            return one.response.sparsity
        return share_within(one.answer, threshold_of(one, exact, self.near_zero))

    def _table(self, drawn: list[Drawn], exact: frozenset[str], shares: dict[str, float], sample: Sample) -> Table:
        rows = []
        for one in drawn:
            numbers, limit = one.response, threshold_of(one, exact, self.near_zero)
            rows.append((
                one.layer.name, numbers.mean, numbers.deviation, numbers.low, numbers.high,
                shares[one.layer.name], limit, None if is_vector(one.answer) else len(numbers.silent(limit)),
            ))
        return Table(
            "activation_statistics",
            (Column(_("Layer"), code=True), Column(_("Mean"), ".4g"),
             Column(_("Standard deviation"), ".4g"), Column(_("Least"), ".4g"), Column(_("Largest"), ".4g"),
             Column(_("Sparsity"), ".1%"), Column(_("Zero up to"), ".2g"), Column(_("Silent channels"), "d")),
            tuple(rows),
            _(
                "The answers of the layers to `{image}`. After a ReLU exact zeros are counted, elsewhere absolute "
                "values of at most {part:.0%} of the layer's standard deviation.",
                image=sample.file, part=self.near_zero,
            ),
        )


def _charts(
    drawn: list[Drawn], silencing: list[str], exact: frozenset[str], shares: dict[str, float], sample: Sample
) -> Iterator[Chart]:
    """The sparsity of the layers that can fall silent by themselves, and the means of all."""
    counted = [name for name in silencing if name in exact]
    alike = counted if len(counted) >= 2 else [name for name in silencing if name not in exact]
    rule = _("exact zeros") if alike == counted else _("near zero")
    if alike:
        yield Chart(
            "activation_statistics:sparsity", "lines", tuple(alike),
            (Series(rule, tuple(shares[name] for name in alike)),),
            _("Sparsity of the answers to `{image}` where a layer makes channels of its own, in running order.",
              image=sample.file),
            _("Layer"), _("Sparsity"), format=".1%",
        )
    names = tuple(one.layer.name for one in drawn)
    means = tuple(one.response.mean for one in drawn)
    spread = tuple(one.response.deviation for one in drawn)
    yield Chart(
        "activation_statistics:mean", "lines", names, (Series(_("mean ± standard deviation"), means, spread),),
        _("Mean answer of the layers to `{image}`, with one standard deviation up and down.", image=sample.file),
        _("Layer"), _("Response"),
    )


def _sparsity_findings(silencing: list[str], exact: frozenset[str], shares: dict[str, float]) -> Iterator[Note]:
    """What is sparse, of the layers that can fall silent: the probabilities of the output are none."""
    rectified = [name for name in silencing if name in exact]
    if len(rectified) < 2:
        if silencing:
            name = max(silencing, key=lambda layer: shares[layer])
            yield Note(_("The sparsest answer is that of `{layer}`: {share:.1%} of its values are {rule}.",
                         layer=name, share=shares[name], rule=_rule(name, exact)))
        return
    first, last = rectified[0], rectified[-1]
    least, most = (choose(rectified, key=lambda layer: shares[layer]) for choose in (min, max))
    yield Note(_(
        "After ReLU, {first_share:.1%} of the values are exactly zero in the first layer `{first}` and "
        "{last_share:.1%} in the last, `{last}`; the least is {least_share:.1%} in `{least}`, the most "
        "{most_share:.1%} in `{most}`.",
        first=first, first_share=shares[first], last=last, last_share=shares[last], least=least,
        least_share=shares[least], most=most, most_share=shares[most],
    ))


def _rule(name: str, exact: frozenset[str]) -> Message:
    return _("exactly zero") if name in exact else _("near zero")
