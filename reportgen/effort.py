"""How much a study may compute: what a pass through a network costs, and what fits into a budget.

Work is counted in multiplications and follows from the network and the size of the image alone. No clock is asked, so
that the same inputs give the same report on any machine, however busy; with a clock the cache's keys would lie too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar

import numpy as np

from reportgen.probe import Layer

Plan = TypeVar("Plan")
Effort: TypeAlias = Literal["quick", "standard", "thorough"]
MOVING = 100
"""What one number of a layer's answer costs, in multiplications, to be written and read."""
BACK = 2.3
"""What a pass forward and back costs, in passes forward."""
SPEED = 1.4e11
"""Multiplications that one core does in a second, about: for telling how long something will take, for nothing else.

The three numbers fit VGG16, ResNet50, SqueezeNet, MobileNetV2, a U-Net and two networks for small pictures within a
half; what they cost was measured once, in processor time.
"""
MAPS: Mapping[Effort, float] = {"quick": 8e11, "standard": 2e12, "thorough": math.inf}
"""Multiplications for the maps of attention of one image."""
JUDGING: Mapping[Effort, float] = {"quick": 8e11, "standard": 1.5e12, "thorough": math.inf}
"""Multiplications for each section that judges the maps of one image."""
IMAGES: Mapping[Effort, float] = {"quick": 8e11, "standard": 2e12, "thorough": math.inf}
"""Multiplications for all images that are made by optimization of one network."""


def work_of(layers: Iterable[Layer], outputs: Mapping[str, np.ndarray]) -> float:
    """The work of a pass through these layers: parameters times places, and what moving the answers takes."""
    answers = [(layer.parameters, outputs[layer.name]) for layer in layers if layer.name in outputs]
    return float(sum(
        parameters * math.prod(answer.shape[:-1]) + MOVING * answer.size for parameters, answer in answers
    ))


def seconds(work: float) -> float:
    """About how long one core is busy with it."""
    return work / SPEED


def first_within(plans: Sequence[Plan], work: Callable[[Plan], float], budget: float) -> Plan:
    """The first plan whose work fits into the budget, else the last."""
    return next((plan for plan in plans if work(plan) <= budget), plans[-1])
