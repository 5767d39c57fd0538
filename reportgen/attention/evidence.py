"""How far a map can be believed, in numbers: NumPy arrays in, numbers out.

Faithfulness asks the network itself; sanity and agreement compare maps; pointing compares a map with a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.attention.hiding import GRID, seen_through
from reportgen.probe import Array

STEPS = 10
"""In so many equal steps the image is hidden or shown."""
ORDERS = 3
"""With so many random orders a map's order is compared."""
UNCHANGED = 0.5
"""A map that is so alike with every weight shuffled (rank correlation) is not an explanation of this network."""

Ask = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Curves:
    """Confidence while the most important pixels are hidden first (`deletion`) or shown first (`insertion`).

    Each has `STEPS` + 1 values, from nothing to everything.
    """

    deletion: Array
    insertion: Array

    @property
    def areas(self) -> tuple[float, float]:
        """The areas under both curves, by trapezoids, over shares from 0 to 1."""
        return area(self.deletion), area(self.insertion)


def area(curve: Array) -> float:
    """The area under a curve over 0…1, by trapezoids."""
    return float((curve[1:] + curve[:-1]).mean() / 2)


def order_of(heat: Array, seed: int = 0) -> Array:
    """The places of a map from the hottest to the coldest; equal ones in random order, the same every time."""
    chance = np.random.Generator(np.random.PCG64(seed)).permutation(heat.size)
    return chance[np.argsort(-heat.reshape(-1)[chance], kind="stable")]


def curves(pixels: Array, order: Array, colour: Array, ask: Ask) -> Curves:
    """Deletion and insertion (Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421) in an order of pixels.

    Hidden pixels take the colour's. `ask` gives a confidence for every image of a batch.
    """
    places = np.empty(order.size, np.int64)
    places[order] = np.arange(order.size)
    rank = places.reshape(pixels.shape[:2])
    ends = [round(step * order.size / STEPS) for step in range(1, STEPS)]
    shown = np.stack([rank < end for end in ends])
    batch = np.concatenate([
        pixels[None], colour[None], seen_through(pixels, ~shown, colour), seen_through(pixels, shown, colour)
    ])
    answers = ask(batch)
    whole, none, partly = answers[:1], answers[1:2], answers[2:]
    return Curves(
        np.concatenate([whole, partly[: STEPS - 1], none]), np.concatenate([none, partly[STEPS - 1 :], whole])
    )


def random_orders(size: tuple[int, int], seed: int) -> list[Array]:
    """Orders of pixels that follow random smooth maps, as coarse as a class activation map."""
    random = np.random.Generator(np.random.PCG64([seed, 1]))
    fields = [imaging.resize(random.random((GRID, GRID)).astype(np.float32), size) for _order in range(ORDERS)]
    return [order_of(field, seed) for field in fields]


def confidence_changes(pixels: Array, heats: Sequence[Array], colour: Array, ask: Ask) -> tuple[Array, Array]:
    """Average drop and increase (Chattopadhay et al. 2018, https://arxiv.org/abs/1710.11063), one value a map.

    The image is seen through each map, stretched to 0…1. The drop is the share of the confidence that is lost,
    at least 0; the increase is 1 where it grew. `ask` gives the confidence for each map's own goal.
    """
    masks = np.stack([imaging.stretch(np.maximum(heat, 0)) for heat in heats])
    answers = ask(np.concatenate([np.repeat(pixels[None], len(heats), axis=0), seen_through(pixels, masks, colour)]))
    before, after = answers[: len(heats)], answers[len(heats) :]
    drop = np.maximum(before - after, 0) / np.maximum(before, 1e-12)
    return drop, (after > before).astype(np.float64)


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
    total = float(positive.sum())
    hottest = positive == positive.max()
    return Pointing(
        bool((hottest & inside).sum() * 2 > hottest.sum()),
        float(positive[inside].sum()) / total if total > 0 else 0.0,
        best_overlap(positive, inside),
    )


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
    """The layers from the network's end on, each stage holding those of the stage before and some more."""
    backwards = list(layers)[::-1]
    count = min(count, len(backwards))
    return [backwards[: round(stage * len(backwards) / count)] for stage in range(1, count + 1)]
