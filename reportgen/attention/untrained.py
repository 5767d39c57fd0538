"""The same network with its weights shuffled: what maps show that rest on nothing learned."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from reportgen.attention.goals import Goal
from reportgen.attention.maps import Maps
from reportgen.effort import work_of

SHUFFLING = 8000
"""How many multiplications take as long as giving one weight another's value and its own back."""


@contextmanager
def shuffled(maps: Maps, layers: Sequence[str], number: int) -> Iterator[Maps]:
    """The maps of the image while the weights of these layers are shuffled, each `number` in another way."""
    with maps.study.probe.randomized(layers, maps.settings.seed + number):
        yield Maps(maps.study, maps.sample, maps.goals)


def sparing(maps: Maps, passes: int) -> Maps:
    """The same maps made anew with no more than so many noisy copies and steps of a path."""
    settings = dataclasses.replace(
        maps.settings, samples=min(passes, maps.settings.samples), steps=min(passes, maps.settings.steps)
    )
    return Maps(dataclasses.replace(maps.study, maps=settings, memory={}), maps.sample, maps.goals)


def learned_layers(maps: Maps, goal: Goal) -> list[str]:
    """The layers with weights of their own on which the goal depends, in running order."""
    before = set(maps.trace(goal).gradients) | {goal.target.layer}
    return [
        layer.name for layer in maps.study.probe.layers
        if layer.parameters and layer.owner in ("", layer.name) and (not goal.inner or layer.name in before)
    ]


def work(maps: Maps, goal: Goal) -> float:
    """About how many multiplications a pass of the network takes."""
    return work_of(maps.study.probe.layers, maps.trace(goal).outputs)


def shuffling_work(maps: Maps) -> float:
    """About how many multiplications take as long as shuffling all weights and putting them back."""
    return SHUFFLING * maps.study.probe.model.parameters
