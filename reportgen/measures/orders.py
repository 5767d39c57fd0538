"""Does a sequence grow? Spearman's rank correlation with its order, and how often chance gives as much.

The chance is that of the permutation test (Pitman 1937, https://doi.org/10.2307/2984124): the same values in every
other order, all of them where they are few, many drawn ones where they are not. So the rule knows how many there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
Way: TypeAlias = Literal["up", "down", "open"]
LEVEL = 0.05
"""A trend is one if so few orders of the same values give as strong a one, up and down together."""
EXACT = 8
"""So many values are put into every order."""
DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Trend:
    """`correlation` with the order, `chance` of one as far from 0 in any order of the `count` values, and the way:
    up, down, or open where chance explains it. `enough` is false where no order at all could be told from chance."""

    correlation: float
    chance: float
    count: int
    way: Way
    enough: bool


def trend(values: Sequence[float]) -> Trend:
    """Whether the values rise or fall with their place."""
    ranks = ranks_of(values)
    if len(ranks) < 2 or np.ptp(ranks) == 0:
        return Trend(0.0, 1.0, len(ranks), "open", len(ranks) > 3)
    found = spearman(values)
    others = _in_every_order(tuple(sorted(ranks)))
    chance = float((others >= abs(found) - 1e-9).mean())
    way: Way = "open" if chance > LEVEL else "up" if found > 0 else "down"
    return Trend(found, chance, len(ranks), way, float((others >= others.max() - 1e-9).mean()) <= LEVEL)


def spearman(values: Sequence[float]) -> float:
    """Spearman's rank correlation of a sequence with its order; 0 where all values are equal."""
    ranks = ranks_of(values)
    if len(ranks) < 2 or np.ptp(ranks) == 0:
        return 0.0
    return float(_correlations(ranks[None])[0])


def ranks_of(values: Sequence[float]) -> Array:
    """Ranks from 0, equal values sharing the mean of theirs."""
    array = np.asarray(values, np.float64)
    _unique, place, counts = np.unique(array, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: Array = (ends - counts + ends - 1) / 2
    return means[place]


@lru_cache(maxsize=64)
def _in_every_order(ranks: tuple[float, ...]) -> Array:
    """The sizes of the correlations of the ranks in all orders, or in many drawn ones and the best among them."""
    if len(ranks) <= EXACT:
        orders = np.array(list(itertools.permutations(ranks)))
    else:
        random = np.random.Generator(np.random.PCG64(len(ranks)))
        drawn = random.permuted(np.tile(ranks, (DRAWS, 1)), axis=1)
        orders = np.concatenate([np.array(ranks)[None], drawn])
    sizes: Array = np.abs(_correlations(orders))
    return sizes


def _correlations(orders: Array) -> Array:
    places = np.arange(orders.shape[1], dtype=np.float64)
    places -= places.mean()
    centred = orders - orders.mean(axis=1, keepdims=True)
    found: Array = centred @ places / np.sqrt((centred**2).sum(axis=1) * (places @ places))
    return found
