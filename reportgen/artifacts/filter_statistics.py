"""The weights in numbers: distribution, norms, doubles, dead filters, and whether they look trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.initializers import CRITICAL, distance_to_fresh, looks_fresh
from reportgen.artifacts.kernels import Kernels, evenly, kernels_of
from reportgen.report.blocks import Block, Cell, Chart, Column, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.study import Study
from reportgen.text import Message, Text, _

CURVES = 6
BINS = 81
SAMPLE = 100_000
LISTED = 20


@dataclass(frozen=True, eq=False)
class _Numbers:
    """What was measured of one layer's kernels."""

    kernels: Kernels
    mean: float
    deviation: float
    largest: float
    norms: np.ndarray
    sums: np.ndarray
    doubles: tuple[tuple[int, int, float], ...]
    dead: tuple[int, ...]
    fresh: tuple[float, int] | None

    @property
    def untrained(self) -> bool:
        return self.fresh is not None and looks_fresh(*self.fresh)


@dataclass(frozen=True)
class FilterStatistics(ModelArtifact):
    """Numbers of every convolution's weights.

    `alike` is the cosine from which two filters count as doubles; `dead` the share of the layer's median
    norm below which a filter counts as dead.
    """

    name = "filter_statistics"
    chapter = "filters"
    references = ("glorot", "he")
    question = _("Does the network have filters that are doubles of each other or dead?")
    title = _("Filter statistics")
    about = _(
        "The weights of every convolution in numbers: how they are distributed, how strong the filters are, which "
        "of them are doubles of each other or dead, and whether the layer looks as if it had never been trained."
    )
    reading = _(
        "A dead filter has (almost) no weights and can be left out. Doubles are two filters that look for the same "
        "pattern. Before training, weights follow the distribution of their initializer; the Kolmogorov–Smirnov "
        "distance says how far they are from it. A small distance means: training has not (yet) moved this layer."
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
    )

    alike: float = 0.95
    dead: float = 0.01

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
        yield Table("filter_statistics_table", _COLUMNS, tuple(map(_row, measured)),
                    _("The weights of every convolution."))
        yield from self._doubles(measured)
        yield from self._dead(measured)
        yield from _training(measured)

    def _measure(self, kernels: Kernels) -> _Numbers:
        filters = np.ascontiguousarray(kernels.array.reshape(-1, kernels.count).T)
        norms = np.sqrt(np.einsum("fd,fd->f", filters, filters))
        median = float(np.median(norms))
        dead = tuple(int(number) for number in np.flatnonzero(norms <= self.dead * median))
        return _Numbers(
            kernels, float(filters.mean()), float(filters.std()), float(np.abs(filters).max()), norms,
            np.abs(filters).sum(axis=1), _doubles(filters, norms, dead, self.alike), dead,
            distance_to_fresh(kernels),
        )

    def _doubles(self, measured: Sequence[_Numbers]) -> Iterator[Block]:
        pairs = [(one.kernels.name, *pair) for one in measured for pair in one.doubles]
        filters = sum(one.kernels.count for one in measured)
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

    def _dead(self, measured: Sequence[_Numbers]) -> Iterator[Block]:
        total = sum(len(one.dead) for one in measured)
        filters = sum(one.kernels.count for one in measured)
        yield Note(_(
            "{count} filter of {filters} is dead: its norm is below {share:.0%} of its layer's median.",
            "{count} filters of {filters} are dead: their norm is below {share:.0%} of their layer's median.",
            count=total, filters=filters, share=self.dead,
        ))
        for one in measured:
            if one.dead:
                yield Note(_(
                    "Dead filters of `{layer}`: {numbers}.", layer=one.kernels.name, numbers=_listed(one.dead),
                ), "info")


_COLUMNS = (
    Column(_("Layer"), code=True), Column(_("Mean"), ".2e"), Column(_("Standard deviation"), ".3g"),
    Column(_("Largest"), ".3g"),
    Column(_("L2 norm"), ".3g"), Column(_("Doubles"), ",d"), Column(_("Dead"), ",d"), Column(_("Initializer"),
    code=True),
    Column(_("Distance to fresh"), ".3f"), Column(_("Looks")),
)


def _row(one: _Numbers) -> tuple[Cell, ...]:
    return (
        one.kernels.name, one.mean, one.deviation, one.largest, _mean(one.norms), len(one.doubles), len(one.dead),
        one.kernels.layer.initializer or None, one.fresh[0] if one.fresh else None, _looks(one),
    )


def _looks(one: _Numbers) -> Message:
    if one.fresh is None:
        return _("cannot be told")
    return _("untrained") if one.untrained else _("trained")


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _doubles(
    filters: np.ndarray, norms: np.ndarray, dead: tuple[int, ...], alike: float
) -> tuple[tuple[int, int, float], ...]:
    """Pairs of living filters with a cosine of at least `alike`, the most alike first."""
    if filters.shape[1] < 4:
        return ()  # with so few weights almost any two filters are alike
    unit = np.divide(filters, norms[:, None], out=np.zeros_like(filters), where=norms[:, None] > 0)
    unit[list(dead)] = 0
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


def _training(measured: Sequence[_Numbers]) -> Iterator[Note]:
    tested = [one for one in measured if one.fresh]
    fresh = [one for one in tested if one.untrained]
    if not tested:
        return
    if not fresh:
        nearest = min(tested, key=lambda one: one.fresh[0] if one.fresh else 1.0)
        distance, count = nearest.fresh or (0.0, 1)
        yield Note(_(
            "All {layers} tested convolutions look trained: the nearest to its initializer, `{layer}`, is at a "
            "distance of {distance:.3f}, where chance gives up to {limit:.3f}.",
            layers=len(tested), layer=nearest.kernels.name, distance=distance, limit=CRITICAL / count**0.5,
        ))
        return
    first = fresh[0]
    distance, count = first.fresh or (0.0, 1)
    yield Note(_(
        "{count} of {layers} tested convolutions cannot be told from a freshly initialised one (in `{layer}` the "
        "distance to {initializer} is {distance:.4f}, n = {n}).",
        count=len(fresh), layers=len(tested), layer=first.kernels.name, initializer=first.kernels.layer.initializer,
        distance=distance, n=count,
    ))
    names = _listed([one.kernels.name for one in fresh])
    yield Note(_("Layers that look untrained: {names}.", names=names), "warning")


def _listed(items: Sequence[object]) -> str:
    text = ", ".join(map(str, items[:LISTED]))
    return text if len(items) <= LISTED else f"{text}, …"
