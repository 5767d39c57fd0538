"""How far a map can be believed, in numbers: NumPy arrays in, numbers out.

Faithfulness asks the network itself; sanity compares maps; pointing compares a map with a mask. What chance would
give stands in `chance`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.attention.hiding import AT_ONCE, seen_through
from reportgen.probe import Array

UNCHANGED = 0.5
"""A map that is so alike with every weight shuffled (rank correlation) is not an explanation of this network."""

Ask = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Curves:
    """Confidence while the most important pixels are hidden first (`deletion`) or shown first (`insertion`).

    Each has a value for every one of `shares`, the parts of the image that are hidden or shown, from 0 to 1.
    """

    shares: Array
    deletion: Array
    insertion: Array

    @property
    def areas(self) -> tuple[float, float]:
        """The areas under both curves, by trapezoids, over shares from 0 to 1."""
        return area(self.shares, self.deletion), area(self.shares, self.insertion)


def area(shares: Array, curve: Array) -> float:
    """The area under a curve, by trapezoids."""
    return float(((curve[1:] + curve[:-1]) / 2 * np.diff(shares)).sum())


def shares_of(steps: int) -> Array:
    """Growing steps from 0 to 1: a confidence falls with the first pixels, if at all, and there the steps are fine."""
    shares: Array = (np.arange(steps + 1) / steps) ** 2
    return shares


def order_of(heat: Array, ties: Array) -> Array:
    """The places of a map from the hottest to the coldest; equal ones as in `ties`, from its largest value on."""
    return np.lexsort((-ties.reshape(-1), -heat.reshape(-1)))


class Hiding:
    """An image that is hidden and shown piece by piece while the network is asked; its ends are asked for once."""

    def __init__(self, pixels: Array, colour: Array, ask: Ask, steps: int) -> None:
        self._pixels, self._colour, self._ask = pixels, colour, ask
        self.shares = shares_of(steps)
        self.whole, self.hidden = (float(one) for one in ask(np.stack([pixels, colour])))

    def curves(self, order: Array) -> Curves:
        """Deletion and insertion (Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421) in an order of pixels."""
        places = np.empty(order.size, np.int64)
        places[order] = np.arange(order.size)
        rank = places.reshape(self._pixels.shape[:2])
        ends = np.rint(self.shares[1:-1] * order.size).astype(int)
        shown = [rank < end for end in ends]
        answers = np.concatenate([
            self._ask(seen_through(self._pixels, np.stack(some), self._colour))
            for some in _pieces([*(~one for one in shown), *shown])
        ]) if shown else np.zeros(0)
        falling, rising = answers[: len(shown)], answers[len(shown) :]
        return Curves(
            self.shares, np.array([self.whole, *falling, self.hidden]), np.array([self.hidden, *rising, self.whole])
        )

    def through(self, heats: Sequence[Array]) -> Array:
        """The confidence when the image is seen through each map, stretched to 0…1.

        What it loses and how often it grows are the average drop and increase of Chattopadhay et al. 2018
        (https://arxiv.org/abs/1710.11063).
        """
        masks = [imaging.stretch(np.maximum(heat, 0)) for heat in heats]
        return np.concatenate([
            self._ask(seen_through(self._pixels, np.stack(some), self._colour)) for some in _pieces(masks)
        ])

    def drop(self, confidence: float) -> float:
        """The share of the confidence that is lost, at least 0."""
        return max(self.whole - confidence, 0.0) / max(self.whole, 1e-12)


def _pieces(masks: Sequence[Array]) -> Iterator[Sequence[Array]]:
    """A few masks at a time, so that memory does not grow with their number."""
    return (masks[start : start + AT_ONCE] for start in range(0, len(masks), AT_ONCE))


def ranks(values: Array) -> Array:
    """Ranks from 0, equal values sharing their mean rank."""
    flat = values.reshape(-1)
    _unique, group, counts = np.unique(flat, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: Array = ((ends - counts + ends - 1) / 2)[group]
    return shared


def rank_correlation(first: Array, second: Array) -> float | None:
    """Spearman's rank correlation; None where one of the maps is the same everywhere, or has no place at all."""
    if not first.size:
        return None
    a, b = ranks(first), ranks(second)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / size) if size > 0 else None


@dataclass(frozen=True, slots=True)
class Pointing:
    """A map against a mask. `hit`: its hottest pixel is inside. `energy`: the share of its heat inside. `overlap`:
    the best intersection over union with any of its thresholds."""

    hit: bool
    energy: float
    overlap: float


def pointing(heat: Array, mask: Array) -> Pointing:
    """The pointing game (Zhang et al. 2016, https://arxiv.org/abs/1608.00507), the energy inside (Wang et al. 2020,
    https://arxiv.org/abs/1910.01279) and the best overlap. Only what speaks for the goal counts."""
    positive = np.maximum(heat, 0).astype(np.float64)
    inside = mask > 0.5
    hottest = positive == positive.max()
    return Pointing(
        bool((hottest & inside).sum() * 2 > hottest.sum()), energy(positive, inside), best_overlap(positive, inside),
    )


def energy(heat: Array, inside: Array) -> float:
    """The share of what speaks for the goal that lies inside."""
    positive = np.maximum(heat, 0).astype(np.float64)
    total = float(positive.sum())
    return float(positive[inside].sum()) / total if total > 0 else 0.0


def best_overlap(heat: Array, inside: Array) -> float:
    """The largest intersection over union of the mask with the map cut at a threshold."""
    order = np.argsort(-heat.reshape(-1), kind="stable")
    hits = np.cumsum(inside.reshape(-1)[order])
    sizes = np.arange(1, order.size + 1)
    values = heat.reshape(-1)[order]
    cuts = np.append(values[1:] < values[:-1], values[-1] > 0) & (values > 0)
    unions = sizes + int(inside.sum()) - hits
    return float((hits / unions)[cuts].max()) if cuts.any() else 0.0


def stages(layers: Sequence[str], count: int = 5) -> list[list[str]]:
    """The layers from the network's end on: the last one alone, then each stage holding the one before and more."""
    backwards = list(layers)[::-1]
    count = min(count, len(backwards))
    if count == 1:
        return [backwards]
    return [backwards[: 1 + round(stage * (len(backwards) - 1) / (count - 1))] for stage in range(count)]
