"""The answers as numbers: mean, spread, range, sparsity, and the channels that stay silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.responses import Drawn, answers_of, share_within, with_exact_zeros
from reportgen.artifacts.silence import listed, silent_channels, silent_on_all, threshold_of
from reportgen.report.blocks import Block, Chart, Column, Fact, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import Message, _


@dataclass(frozen=True)
class ActivationStatistics(ImageArtifact):
    """Counts what every layer answered.

    Where there is no ReLU, "near zero" means at most `near_zero` of the layer's standard deviation.
    Channels silent on at least `dead_from` images are called dead; at most `images` are looked at.
    """

    name = "activation_statistics"
    chapter = "activations"
    compares_samples = True
    title = _("Activation statistics")
    about = _(
        "After a ReLU a layer's answer is zero wherever its pattern was not found. The share of zeros, the"
        " sparsity, tells how choosy a layer is. A channel without any answer is silent for this image:"
        " perhaps its pattern is not there. Only when it stays silent for many different images is it called"
        " dead, because one image proves nothing."
    )
    reading = _(
        "In most classifiers sparsity grows with depth, because deep layers look for rarer things. The second chart"
        " shows each layer's mean with its standard deviation: values that explode or vanish with depth point to"
        " a wrong value range of the input or to weights that were not trained."
    )
    formulas = (
        Formula(
            r"s=\frac{1}{N}\,\left|\{\,i:\;|a_i|\leq t\,\}\right|",
            _(
                "where a are the N values of a layer's answer, s is its sparsity and t the threshold: 0 after"
                " a ReLU, otherwise a stated part of the standard deviation"
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
        yield from _charts(drawn, exact, shares, sample)
        for one in drawn:
            if one.response.broken:
                yield Note(_(
                    "{count} value of `{layer}` is no number or infinite and was left out.",
                    "{count} values of `{layer}` are no numbers or infinite and were left out.",
                    count=one.response.broken, layer=one.layer.name,
                ), "warning")
        yield from _sparsity_findings(drawn, exact, shares)
        yield from self._silence(study, sample, drawn)

    def _sparsity(self, one: Drawn, exact: frozenset[str]) -> float:
        if one.layer.name in exact:
            return one.response.sparsity
        return share_within(one.answer, threshold_of(one, exact, self.near_zero))

    def _table(self, drawn: list[Drawn], exact: frozenset[str], shares: dict[str, float], sample: Sample) -> Table:
        rows = []
        for one in drawn:
            numbers, limit = one.response, threshold_of(one, exact, self.near_zero)
            rule = _("exact zeros") if one.layer.name in exact else _("at most {threshold:.2g}", threshold=limit)
            rows.append((
                one.layer.name, numbers.channels, numbers.mean, numbers.deviation, numbers.low, numbers.high,
                shares[one.layer.name], rule, len(numbers.silent(limit)),
            ))
        return Table(
            "activation_statistics",
            (Column(_("Layer"), code=True), Column(_("Channels"), "d"), Column(_("Mean"), ".4g"),
             Column(_("Standard deviation"), ".4g"), Column(_("Least"), ".4g"), Column(_("Largest"), ".4g"),
             Column(_("Sparsity"), ".1%"), Column(_("Counted as zero")), Column(_("Silent channels"), "d")),
            tuple(rows),
            _(
                "The answers of the layers to `{image}`. After a ReLU exact zeros are counted, elsewhere absolute"
                " values of at most {part:.0%} of the layer's standard deviation.",
                image=sample.file, part=self.near_zero,
            ),
        )

    def _silence(self, study: Study, sample: Sample, drawn: list[Drawn]) -> Iterator[Block]:
        own = silent_channels(study, sample, self.near_zero)
        others = [other for other in study.samples if other is not sample][: max(0, self.images - 1)]
        everywhere = silent_on_all(study, (sample, *others), self.near_zero) if others else {}
        rows = [
            (one.layer.name, len(own[one.layer.name]), one.response.channels, listed(own[one.layer.name]),
             *((len(everywhere[one.layer.name]), listed(everywhere[one.layer.name])) if others else ()))
            for one in drawn if len(own[one.layer.name])
        ]
        silent = sum(row[1] for row in rows)
        total = sum(one.response.channels for one in drawn)
        yield Fact("silent", _("Channels silent for this image"), silent, ",d")
        yield Fact("channels", _("Channels looked at"), total, ",d")
        if not rows:
            yield Note(_("Every one of the {total} channels answers somewhere in `{image}`.",
                         total=total, image=sample.file))
            return
        more = (Column(_("Silent for all {images} images", images=len(others) + 1), "d"), Column(_("Their numbers")))
        yield Table(
            "silent_channels",
            (Column(_("Layer"), code=True), Column(_("Silent channels"), "d"), Column(_("Of"), "d"),
             Column(_("Numbers of the silent channels")), *(more if others else ())),
            tuple(rows), _("Channels without any answer to `{image}`, by number.", image=sample.file),
        )
        worst = max(rows, key=lambda row: row[1] / row[2])
        yield Note(_(
            "{count} of {total} channels is silent for this image (n = 1); `{layer}` has {worst} of {of}.",
            "{count} of {total} channels are silent for this image (n = 1); the largest share is in `{layer}`:"
            " {worst} of {of}.",
            count=silent, total=total, layer=worst[0], worst=worst[1], of=worst[2],
        ))
        if others:
            yield self._over_images(len(others) + 1, sum(row[4] for row in rows), total)  # type: ignore[misc]

    def _over_images(self, images: int, count: int, total: int) -> Note:
        if images >= self.dead_from:
            return Note(_(
                "{count} of {total} channels is dead: without an answer to any of {images} images (from"
                " {dead_from} on the word is used; near zero is at most {part:.0%} of the deviation, or 0"
                " after a ReLU).",
                "{count} of {total} channels are dead: without an answer to any of {images} images (from"
                " {dead_from} on the word is used; near zero is at most {part:.0%} of the deviation, or 0"
                " after a ReLU).",
                count=count, total=total, images=images, dead_from=self.dead_from, part=self.near_zero,
            ))
        return Note(_(
            "{count} of {total} channels is silent for all {images} images; too few to call it dead"
            " (from {dead_from} images on).",
            "{count} of {total} channels are silent for all {images} images; too few images to call them dead"
            " (from {dead_from} on).",
            count=count, total=total, images=images, dead_from=self.dead_from,
        ))


def _charts(
    drawn: list[Drawn], exact: frozenset[str], shares: dict[str, float], sample: Sample
) -> Iterator[Chart]:
    names = tuple(one.layer.name for one in drawn)
    zeros = Series(_("exact zeros"), tuple(shares[name] if name in exact else None for name in names))
    near = Series(_("near zero"), tuple(None if name in exact else shares[name] for name in names))
    series = tuple(one for one in (zeros, near) if any(value is not None for value in one.values))
    yield Chart(
        "activation_statistics:sparsity", "lines", names, series,
        _("Sparsity of the layers' answers to `{image}`, in running order.", image=sample.file),
        _("Layer"), _("Sparsity"), format=".1%",
    )
    means = tuple(one.response.mean for one in drawn)
    spread = tuple(one.response.deviation for one in drawn)
    yield Chart(
        "activation_statistics:mean", "lines", names, (Series(_("mean ± standard deviation"), means, spread),),
        _("Mean answer of the layers to `{image}`, with one standard deviation up and down.", image=sample.file),
        _("Layer"), _("Response"),
    )


def _sparsity_findings(drawn: list[Drawn], exact: frozenset[str], shares: dict[str, float]) -> Iterator[Note]:
    rectified = [one.layer.name for one in drawn if one.layer.rectified]
    if len(rectified) < 2:
        name = max(shares, key=lambda layer: shares[layer])
        yield Note(_("The sparsest answer is that of `{layer}`: {share:.1%} of its values are {rule}.",
                     layer=name, share=shares[name], rule=_rule(name, exact)))
        return
    first, last = rectified[0], rectified[-1]
    least, most = (choose(rectified, key=lambda layer: shares[layer]) for choose in (min, max))
    yield Note(_(
        "After ReLU, {first_share:.1%} of the values are exactly zero in the first layer `{first}` and"
        " {last_share:.1%} in the last, `{last}`; the least is {least_share:.1%} in `{least}`, the most"
        " {most_share:.1%} in `{most}`.",
        first=first, first_share=shares[first], last=last, last_share=shares[last], least=least,
        least_share=shares[least], most=most, most_share=shares[most],
    ))


def _rule(name: str, exact: frozenset[str]) -> Message:
    return _("exactly zero") if name in exact else _("near zero")
