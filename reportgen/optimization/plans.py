"""How many images are made in how many steps: as the effort says, or as many as its budget allows.

A plan is a choice of numbers; each section has a row of them, from the richest to the leanest that shows something.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from reportgen.effort import BACK, IMAGES, first_within, work_of
from reportgen.optimization.recipes import Recipe
from reportgen.study import Study, made_up_size

Plan = TypeVar("Plan")
SHARES: Mapping[str, float] = {
    "optimal_inputs": 0.35, "class_images": 0.2, "penalty_sweep": 0.1, "deep_dream": 0.15, "inversion": 0.2,
}
"""What each section may take of the budget."""
LONGER = 2.0
"""Steps that are few are so many times as long: 32 long ones rise higher than 48 of the usual length."""


def own_size(study: Study) -> tuple[int, int]:
    """The size at which the network sees images."""
    if study.samples:
        height, width = study.samples[0].pixels.shape[:2]
        return height, width
    return made_up_size(study.probe.input)


def step_work(study: Study, layer: str = "", size: tuple[int, int] | None = None) -> float:
    """The work of one step for one image of this size (the network's own where none is told), up to the layer."""
    own = own_size(study)
    area = 1.0 if size is None else size[0] * size[1] / (own[0] * own[1])
    return BACK * area * _forward(study)[layer]


def planned(study: Study, section: str, plans: Sequence[Plan], work: Callable[[Plan], float]) -> tuple[Plan, bool]:
    """The richest of the plans that fits into the section's share of the budget, or the last; and whether it is less
    than the effort would have had."""
    budget = SHARES[section] * IMAGES[study.wishes.effort]
    found = first_within(plans, work, budget)
    return found, found is not plans[0]


def fits(study: Study, section: str, work: float) -> bool:
    """True where so much work is within the section's share of the budget."""
    return work <= SHARES[section] * IMAGES[study.wishes.effort]


def told_steps(study: Study) -> int:
    """The steps that the user told, 0 where they follow from the effort."""
    return study.wishes.steps or (study.wishes.custom.steps if study.wishes.custom else 0)


def in_steps(study: Study, steps: int) -> Recipe:
    """The recipe with so many steps, unless the user told how many: the fewer they are, the longer, up to twice."""
    usual = study.wishes.used
    if told_steps(study) or steps >= usual.steps:
        return usual
    return dataclasses.replace(usual, steps=steps, rate=usual.rate * min(LONGER, usual.steps / steps))


def _forward(study: Study) -> Mapping[str, float]:
    """The work of a pass at the network's own size up to each layer, and under "" of all of it."""
    key = ("forward work",)
    if key not in study.memory:
        size = own_size(study)
        pixels = study.samples[0].pixels if study.samples else np.full((*size, study.probe.input.channels), 0.5)
        outputs = study.probe.trace(pixels.astype(np.float32)).outputs
        total, works = 0.0, {}
        for layer in study.probe.layers:
            total += work_of([layer], outputs)
            works[layer.name] = total
        study.memory[key] = works | {"": total}
    found: Mapping[str, float] = study.memory[key]
    return found
