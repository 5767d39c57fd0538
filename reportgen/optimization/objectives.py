"""What is to rise: units, directions, layers and their sums. An objective is data; operators make new ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.probe import Array, Layer, Probe, Pull


@dataclass(frozen=True, eq=False)
class Objective:
    """A weighted sum of pulls, each for one image (`directions` is a single vector)."""

    pulls: tuple[Pull, ...]

    def __add__(self, other: Objective) -> Objective:
        return Objective(self.pulls + other.pulls)

    def __mul__(self, factor: float) -> Objective:
        return Objective(tuple(dataclasses.replace(pull, weight=pull.weight * factor) for pull in self.pulls))

    __rmul__ = __mul__

    def __neg__(self) -> Objective:
        return self * -1.0

    def __sub__(self, other: Objective) -> Objective:
        return self + -other

    @property
    def form(self) -> tuple[tuple[str, str, bool], ...]:
        """What objectives must have in common to be followed in one batch."""
        return tuple((pull.layer, pull.kind, pull.middle) for pull in self.pulls)


def channel(layer: Layer, number: int, *, middle: bool = False) -> Objective:
    """A channel's mean over its places, or its unit in the middle; a dense unit has only one place."""
    vector = np.zeros(layer.channels or 0, np.float32)
    vector[number] = 1
    return direction(layer.name, vector, middle=middle)


def direction(layer: str, vector: Array, *, middle: bool = False) -> Objective:
    """A weighted sum of a layer's channels."""
    return Objective((Pull(layer, "along", directions=np.asarray(vector, np.float32), middle=middle),))


def logit(probe: Probe, number: int) -> Objective:
    """A class before softmax or the sigmoid, over a spatial answer its mean."""
    vector = np.zeros(probe.output.shape[-1] or 0, np.float32)
    vector[number] = 1
    return direction("", vector)


def loud(layer: str) -> Objective:
    """The mean of all squared answers of a layer: whatever it sees already, more of it."""
    return Objective((Pull(layer, "loud"),))


def like(layer: str, answers: Array) -> Objective:
    """Minus the squared distance from given answers, as a share of their squared size: 0 is the same code."""
    return Objective((Pull(layer, "like", model=np.asarray(answers, np.float32)),))


def together(objectives: Sequence[Objective]) -> tuple[Pull, ...]:
    """One objective for each image of a batch, as the pulls of the whole batch; all are of one form."""
    first = objectives[0]
    if any(other.form != first.form for other in objectives):
        raise ValueError("objectives of different forms cannot share a batch")
    pulls = []
    for place, pull in enumerate(first.pulls):
        if pull.kind != "along":
            pulls.append(pull)
            continue
        rows = [other.pulls[place] for other in objectives]
        stacked = np.stack([row.weight * row.directions for row in rows if row.directions is not None])
        pulls.append(dataclasses.replace(pull, weight=1.0, directions=stacked))
    return tuple(pulls)


def value_of(pulls: Sequence[Pull], values: Array) -> Array:
    """The objectives' values (images) from those of the pulls (images × pulls)."""
    weights = np.array([pull.weight for pull in pulls])
    found: Array = np.asarray(values, np.float64) @ weights
    return found
