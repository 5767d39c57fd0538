"""Maps on trial: what the network loses and finds in their order, beside orders that mean nothing.

An order that means nothing must be as coarse as the map it is compared with: single pixels hidden by chance harm
another way than patches do. So maps of like grain are put together, and their chance is what these same maps reach
when they are put elsewhere; maps of single pixels are also compared with pixels in random order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from reportgen.attention.chance import Range, grain, moved, smooth
from reportgen.attention.evidence import Curves, Hiding, order_of
from reportgen.effort import JUDGING, Effort
from reportgen.probe import Array

FINE = 3.0
"""Maps with patches of no more than so many pixels are also compared with single pixels in random order."""
SPAN = 3.0
"""Maps whose patches differ by no more than this factor have their chance in common."""
Side: TypeAlias = Literal["deletion", "insertion"]
SIDES: tuple[Side, Side] = ("deletion", "insertion")


@dataclass(frozen=True, slots=True)
class Plan:
    """In how many steps an image is hidden, and with how many orders that mean nothing a map is compared."""

    steps: int
    orders: int

    def passes(self, maps: int, grains: int, fine: bool) -> int:
        """How many images the network is shown for maps of so many grains; with `fine` ones, single pixels too."""
        orders = maps + grains * self.orders + fine * self.noisy
        return 2 + orders * 2 * (self.steps - 1) + maps + grains * self.orders

    @property
    def noisy(self) -> int:
        """How many orders of single pixels: they hardly differ from each other."""
        return (self.orders + 1) // 2


PLANS: Mapping[Effort, tuple[Plan, ...]] = {
    "quick": (Plan(8, 20),), "standard": (Plan(16, 24), Plan(12, 24), Plan(8, 20)), "thorough": (Plan(24, 60),),
}
"""From the finest on; the first that fits into the effort's budget is taken."""
UNJUDGED = Plan(8, 0)
"""Curves alone, for a network that takes too long to be asked for what chance would give."""


@dataclass(frozen=True, eq=False)
class Chance:
    """Orders that mean nothing, with patches of so many pixels, 0 for single ones in random order.

    `through` are the confidences when the image is seen through such maps; none for single pixels.
    """

    patch: float
    curves: tuple[Curves, ...]
    through: Array

    @cached_property
    def areas(self) -> Mapping[Side, Range]:
        """Where the areas lie by chance."""
        found = {side: [one.areas[place] for one in self.curves] for place, side in enumerate(SIDES)}
        return {
            side: Range.of_shares(areas) if min(areas) >= 0 and max(areas) <= 1 else Range.of(areas)
            for side, areas in found.items()
        }


@dataclass(frozen=True, eq=False)
class Trial:
    """A map's curves, the confidence when the image is seen `through` it, and the chances it is compared with."""

    curves: Curves
    through: float
    chances: tuple[Chance, ...]

    def area(self, side: Side) -> float:
        """The area under its curve."""
        return self.curves.areas[SIDES.index(side)]

    def bounds(self, side: Side) -> tuple[float, float]:
        """Between these areas one of the chances explains it."""
        ranges = [chance.areas[side] for chance in self.chances]
        return min((one.low for one in ranges), default=-math.inf), max((one.high for one in ranges), default=math.inf)

    def outcome(self, side: Side) -> int:
        """1 where the map is better than every chance, -1 where it is worse, 0 where it cannot be told apart."""
        low, high = self.bounds(side)
        above = int(self.area(side) > high) - int(self.area(side) < low)
        return -above if side == "deletion" else above


def try_maps(heats: Mapping[str, Array], hiding: Hiding, plan: Plan, seed: int) -> dict[str, Trial]:
    """The trial of every map (of the image's size), by its method."""
    patches = {method: grain(heat) for method, heat in heats.items()}
    random = np.random.Generator(np.random.PCG64([seed, 1]))
    through = dict(zip(heats, hiding.through(list(heats.values())), strict=True))
    pixels = _pixels(hiding, plan, next(iter(heats.values())).size, random) if min(patches.values()) <= FINE else ()
    found: dict[str, Trial] = {}
    for methods in alike(patches):
        chances = _elsewhere([(heats[method], patches[method]) for method in methods], hiding, plan, random)
        chances = (*chances, *pixels) if max(patches[method] for method in methods) <= FINE else chances
        for method in methods:
            order = _order(heats[method], patches[method], random)
            found[method] = Trial(hiding.curves(order), float(through[method]), chances)
    return {method: found[method] for method in heats}


def alike(patches: Mapping[str, float]) -> list[list[str]]:
    """The methods, those together whose maps have patches of about the same size; single pixels by themselves."""
    groups: list[list[str]] = []
    for method in sorted(patches, key=lambda name: patches[name]):
        first = patches[groups[-1][0]] if groups else 0.0
        if groups and patches[method] <= (SPAN * first if first > 1 else 1):
            groups[-1].append(method)
        else:
            groups.append([method])
    return groups


def _elsewhere(
    maps: Sequence[tuple[Array, float]], hiding: Hiding, plan: Plan, random: np.random.Generator
) -> tuple[Chance, ...]:
    """The chance of these maps: they themselves put elsewhere, in turn."""
    elsewhere, curves = [], []
    for draw in range(plan.orders):
        heat, patch = maps[draw % len(maps)]
        elsewhere.append(moved(heat, random))
        curves.append(hiding.curves(_order(elsewhere[-1], patch, random)))
    mean = float(np.mean([patch for _heat, patch in maps]))
    return (Chance(mean, tuple(curves), hiding.through(elsewhere)),) if curves else ()


def _pixels(hiding: Hiding, plan: Plan, size: int, random: np.random.Generator) -> tuple[Chance, ...]:
    """The chance of maps whose values are shuffled: single pixels in random order."""
    curves = tuple(hiding.curves(random.permutation(size)) for _draw in range(plan.noisy))
    return (Chance(0.0, curves, np.zeros(0)),) if curves else ()


def _order(heat: Array, patch: float, random: np.random.Generator) -> Array:
    """The map's order; where it says the same of many places, these come in patches as large as its own."""
    return order_of(heat, smooth((heat.shape[0], heat.shape[1]), patch, random))


def plan_of(
    choices: Sequence[Mapping[str, Array]], work: float, effort: Effort
) -> tuple[Mapping[str, Array], Plan]:
    """The first choice of maps, with the finest plan, that can be tried within the budget; else the last, unjudged."""
    for heats in choices:
        patches = {method: grain(heat) for method, heat in heats.items()}
        groups = alike(patches)
        fine = min(patches.values()) <= FINE
        for plan in PLANS[effort]:
            if plan.passes(len(heats), len(groups), fine) * work <= JUDGING[effort]:
                return heats, plan
    return choices[-1], UNJUDGED
