"""The weights in numbers: distribution, norms, doubles, empty filters, and whether they can be fresh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.initializers import match_of
from reportgen.artifacts.kernels import Kernels, evenly, kernels_of
from reportgen.measures.chance import cosine_beyond
from reportgen.measures.laws import LEVEL, Match
from reportgen.report.blocks import Block, Cell, Chart, Column, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Study
from reportgen.text import Message, Text, _

CURVES = 6
BINS = 81
SAMPLE = 100_000
LISTED = 20
BY_CHANCE = 0.5
"""Filters are not compared where random ones of their size would have so many doubles on average."""


@dataclass(frozen=True, eq=False)
class _Numbers:
    """What was measured of one layer's kernels."""

    kernels: Kernels
    mean: float
    deviation: float
    largest: float
    norms: np.ndarray
    sums: np.ndarray
    doubles: tuple[tuple[int, int, float], ...] | None
    empty: tuple[int, ...]
    fresh: Match | None


@dataclass(frozen=True)
class FilterStatistics(ModelArtifact):
    """Numbers of every convolution's weights.

    `alike` is the cosine from which two filters count as doubles; `empty` the share of the layer's median
    norm below which a filter counts as empty.
    """

    name = "filter_statistics"
    chapter = "filters"
    references = ("glorot", "he")
    question = _("Does the network have filters that are doubles of each other or empty?")
    title = _("Filter statistics")
    about = _(
        "The weights of every convolution in numbers: how they are distributed, how strong the filters are, which "
        "of them are doubles of each other or empty, and whether the layer can be as it was before training."
    )
    reading = _(
        "An empty filter has (almost) no weights and can be left out. Doubles are two filters that look for the same "
        "pattern. Before training, weights follow the distribution of their initializer. A single weight that it "
        "cannot give, or a distribution that it would hardly give, shows that the layer was moved; where neither is "
        "seen the layer may be fresh, or moved too little to be noticed."
    )
    formulas = (
        Formula(
            r"\cos(w_a, w_b) = \frac{w_a \cdot w_b}{\Vert w_a \Vert \, \Vert w_b \Vert}, \qquad D = \max_x \vert "
            r"F_n(x) - F(x) \vert",
            _(
                "where w are the weights of two filters, D the Kolmogorov–Smirnov distance between the weights' "
                "distribution and that of the initializer."
            ),
        ),
        Formula(
            r"A^2 = -n - \frac{1}{n}\sum_{i=1}^{n}(2i-1)\left(\ln F(w_i) + \ln(1 - F(w_{n+1-i}))\right)",
            _(
                "where w are the n sorted weights and F is the initializer's distribution; the chance is twice the "
                "smaller of two: that fresh weights have as large an A² (Anderson and Darling), and as large a largest "
                "weight; it is 0 where a weight is impossible. A layer counts as moved when its chance is at most 1 % "
                "divided by the number of tested layers."
            ),
        ),
    )

    alike: float = 0.95
    empty: float = 0.01

    def blocks(self, study: Study) -> Iterator[Block]:
        """Distribution, norms, the table, what was found."""
        measured = [self._measure(kernels) for kernels in kernels_of(study.probe)]
        if not measured:
            raise NotApplicable(_("the network has no convolution"))
        yield _distribution(measured)
        names: tuple[Text, ...] = tuple(one.kernels.name for one in measured)
        yield Chart(
            "filter_statistics:norms", "lines", names,
            (
                Series(_("L2 norm of a filter"), tuple(_mean(one.norms) for one in measured),
                       tuple(float(one.norms.std()) for one in measured)),
                Series(_("L1 norm of a filter"), tuple(_mean(one.sums) for one in measured),
                       tuple(float(one.sums.std()) for one in measured)),
            ),
            _("The mean norm of the filters of each layer; bars show the standard deviation between filters."),
            _("convolution"), _("norm"), logarithmic=True,
        )
        tests = sum(one.fresh is not None for one in measured)
        yield Table("filter_statistics_table", _COLUMNS, tuple(_row(one, tests) for one in measured),
                    _("The weights of every convolution."))
        yield from self._doubles(measured)
        yield from self._empty(measured)
        yield from _training([one for one in measured if one.fresh], tests)

    def _measure(self, kernels: Kernels) -> _Numbers:
        filters = np.ascontiguousarray(kernels.array.reshape(-1, kernels.count).T)
        norms = np.sqrt(np.einsum("fd,fd->f", filters, filters))
        median = float(np.median(norms))
        empty = tuple(int(number) for number in np.flatnonzero(norms <= self.empty * median))
        return _Numbers(
            kernels, float(filters.mean()), float(filters.std()), float(np.abs(filters).max()), norms,
            np.abs(filters).sum(axis=1), _doubles(filters, norms, empty, self.alike), empty,
            match_of(kernels),
        )

    def _doubles(self, measured: Sequence[_Numbers]) -> Iterator[Block]:
        pairs = [(one.kernels.name, *pair) for one in measured for pair in one.doubles or ()]
        filters = sum(one.kernels.count for one in measured)
        left = [one.kernels.name for one in measured if one.doubles is None]
        if left:
            yield Note(_(
                "Not compared, for with so few weights random filters have doubles too: {names}.", names=_listed(left),
            ), "info")
        if len(left) == len(measured):
            return
        if not pairs:
            yield Note(_("No two filters of a layer are alike (cosine of at least {alike:.2f}).", alike=self.alike))
            return
        pairs.sort(key=lambda pair: -abs(pair[3]))
        yield Table(
            "filter_doubles",
            (
                Column(_("Layer"), code=True), Column(_("Filter")), Column(_("Its double")),
                Column(_("Cosine"), ".3f"),
            ),
            tuple(pairs[:LISTED]),
            _("Filters that are almost the same: the first {shown} of {count} pairs.",
              shown=min(LISTED, len(pairs)), count=len(pairs)),
        )
        yield Note(_(
            "{count} pair of filters among {filters} is almost the same (cosine of at least {alike:.2f}).",
            "{count} pairs of filters among {filters} are almost the same (cosine of at least {alike:.2f}).",
            count=len(pairs), filters=filters, alike=self.alike,
        ))

    def _empty(self, measured: Sequence[_Numbers]) -> Iterator[Block]:
        total = sum(len(one.empty) for one in measured)
        filters = sum(one.kernels.count for one in measured)
        yield Note(_(
            "{count} filter of {filters} is empty: its norm is below {share:.0%} of its layer's median.",
            "{count} filters of {filters} are empty: their norm is below {share:.0%} of their layer's median.",
            count=total, filters=filters, share=self.empty,
        ))
        for one in measured:
            if one.empty:
                yield Note(_(
                    "Empty filters of `{layer}`: {numbers}.", layer=one.kernels.name, numbers=_listed(one.empty),
                ), "info")


_COLUMNS = (
    Column(_("Layer"), code=True), Column(_("Mean"), ".2e"), Column(_("Standard deviation"), ".3g"),
    Column(_("Largest"), ".3g"),
    Column(_("L2 norm"), ".3g"), Column(_("Doubles"), ",d"), Column(_("Empty"), ",d"), Column(_("Initializer"),
    code=True),
    Column(_("Distance to fresh"), ".3f"), Column(_("Impossible weights"), ",d"), Column(_("Chance"), ".2g"),
    Column(_("Looks")),
)


def _row(one: _Numbers, tests: int) -> tuple[Cell, ...]:
    fresh = one.fresh
    return (
        one.kernels.name, one.mean, one.deviation, one.largest, _mean(one.norms),
        None if one.doubles is None else len(one.doubles), len(one.empty),
        one.kernels.layer.initializer or None, fresh.distance if fresh else None, fresh.outside if fresh else None,
        fresh.chance if fresh else None, _looks(fresh, tests),
    )


def _looks(fresh: Match | None, tests: int) -> Message:
    if fresh is None:
        return _("cannot be told")
    return _("perhaps fresh") if fresh.fits(tests) else _("moved by training")


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _doubles(
    filters: np.ndarray, norms: np.ndarray, empty: tuple[int, ...], alike: float
) -> tuple[tuple[int, int, float], ...] | None:
    """Pairs of filters that are not empty with a cosine of at least `alike`, the most alike first."""
    count, weights = filters.shape
    if weights < 4 or count * (count - 1) / 2 * cosine_beyond(alike, weights) > BY_CHANCE:
        return None  # with so few weights some of so many filters are alike whatever they look for
    unit = np.divide(filters, norms[:, None], out=np.zeros_like(filters), where=norms[:, None] > 0)
    unit[list(empty)] = 0
    cosines = np.triu(unit @ unit.T, k=1)
    first, second = np.nonzero(cosines >= alike)
    order = np.argsort(-cosines[first, second], kind="stable")
    return tuple((int(first[k]), int(second[k]), float(cosines[first[k], second[k]])) for k in order)


def _distribution(measured: Sequence[_Numbers]) -> Chart:
    """Curves of the weights' density for a few layers over depth."""
    places = np.unique(np.linspace(0, len(measured) - 1, CURVES).round().astype(int))
    chosen = [measured[place] for place in places]
    samples = [evenly(one.kernels.array, SAMPLE) for one in chosen]
    finite = [np.abs(sample[np.isfinite(sample)]) for sample in samples]
    bound = max((float(np.percentile(sizes, 99)) for sizes in finite if sizes.size), default=0.0) or 1.0
    edges = np.linspace(-bound, bound, BINS + 1)
    curves = []
    for one, sample in zip(chosen, samples, strict=True):
        counts = np.histogram(sample, edges)[0] / sample.size
        curves.append(Series(_("`{layer}`", layer=one.kernels.name), tuple(float(share) for share in counts)))
    return Chart(
        "filter_statistics:distribution", "curves", (), tuple(curves),
        _("The distribution of the weights in layers over depth: the share of weights in each of {bins} steps.",
          bins=BINS),
        _("weight"), _("share of weights"), tuple(float(middle) for middle in (edges[:-1] + edges[1:]) / 2),
        format=".2%",
    )


def _training(tested: Sequence[_Numbers], tests: int) -> Iterator[Note]:
    """Which layers cannot be fresh; of those that can nothing more is known."""
    if not tested:
        return
    perhaps = [one for one in tested if one.fresh and one.fresh.fits(tests)]
    if not perhaps:
        nearest = max(tested, key=lambda one: one.fresh.chance if one.fresh else 0.0)
        assert nearest.fresh is not None
        yield Note(_(
            "All {layers} tested convolutions were moved away from their initializer: in the nearest, `{layer}`, "
            "{outside} of {weights} weights are impossible for it and its chance is {chance:.1g} (the limit for "
            "{layers} tests is {limit:.1g}).",
            layers=tests, layer=nearest.kernels.name, outside=nearest.fresh.outside,
            weights=nearest.kernels.array.size, chance=nearest.fresh.chance, limit=LEVEL / tests,
        ))
        return
    first = perhaps[0]
    assert first.fresh is not None
    yield Note(_(
        "{count} of {layers} tested convolutions may be as they were before training: in `{layer}` no weight is "
        "impossible for {initializer}, and fresh weights have such a distribution with a chance of {chance:.2f} "
        "(n = {n}, limit {limit:.1g}). A small change cannot be noticed.",
        count=len(perhaps), layers=tests, layer=first.kernels.name, initializer=first.kernels.layer.initializer,
        chance=first.fresh.chance, n=first.fresh.count, limit=LEVEL / tests,
    ))
    names = _listed([one.kernels.name for one in perhaps])
    yield Note(_("Layers that cannot be told from fresh ones: {names}.", names=names), "warning")


def _listed(items: Sequence[object]) -> str:
    text = ", ".join(map(str, items[:LISTED]))
    return text if len(items) <= LISTED else f"{text}, …"
