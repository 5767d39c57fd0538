"""How many samples, steps, windows, masks and channels the maps of an image are made with.

What the user names holds. The rest is what the effort says or, where the network is so large that this would not fit
into the effort's budget, less of it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from reportgen.effort import BACK, MAPS, Effort, seconds, work_of
from reportgen.study import MapSettings, Sample, Study

USUAL: Mapping[str, Mapping[Effort, int]] = {
    "samples": {"quick": 8, "standard": 20, "thorough": 50},
    "steps": {"quick": 12, "standard": 32, "thorough": 64},
    "masks": {"quick": 96, "standard": 256, "thorough": 1024},
    "channels": {"quick": 16, "standard": 64, "thorough": 256},
    "windows": {"quick": 8, "standard": 15, "thorough": 29},
}
"""So many of each; of windows, along the shorter side."""
LEAST = {"samples": 4, "steps": 8, "masks": 32, "channels": 8, "windows": 5}
"""With less of it a map says nothing, so no budget goes below."""
CLASSES: Mapping[Effort, int] = {"quick": 2, "standard": 3, "thorough": 5}
"""So many answers are explained where none is named."""
SHARES = {"samples": 0.12, "steps": 0.16, "masks": 0.26, "channels": 0.1, "windows": 0.2}
"""What each may take of the budget. What is left over is for maps that one pass gives, and for judging maps."""
PASSES = {"samples": BACK, "steps": BACK, "masks": 1.0, "channels": 1.5, "windows": 1.0}
"""What one of them costs, in passes forward: a channel is shown once and silenced once, behind its layer."""
SIDE = 8
"""A window is an eighth of the shorter side, where that many of them can be paid."""


@dataclass(frozen=True)
class Amounts:
    """The settings with every number in them. `less` names what the effort would have had more of.

    `every` tells whether what is averaged over many passes is made for everything that is explained, else only for the
    first.
    """

    settings: MapSettings
    every: bool
    less: tuple[str, ...]


def amounts_of(settings: MapSettings, size: tuple[int, int], work: float, goals: int) -> Amounts:
    """The amounts for an image of this size, where a pass takes so much `work`, and so many goals."""
    passes = MAPS[settings.effort] / max(work, 1.0)
    patch, stride, fewer_windows = _windows(settings, size, passes)
    found, less = {"patch": patch, "stride": stride}, ["windows"] if fewer_windows else []
    for name in ("samples", "steps", "masks", "channels"):
        if getattr(settings, name):
            continue
        usual = USUAL[name][settings.effort]
        affordable = _affordable(name, passes)
        found[name] = int(min(usual, max(LEAST[name], affordable)))
        if found[name] < usual:
            less.append(name)
    every = goals <= 1 or all(
        getattr(settings, name) or _affordable(name, passes) >= goals * USUAL[name][settings.effort]
        for name in ("samples", "steps")
    )
    return Amounts(dataclasses.replace(settings, **found), every, tuple(less))  # type: ignore[arg-type]


def amounts_for(study: Study, sample: Sample, goals: int) -> Amounts:
    """The amounts for an image, found on the network as it is and said before anything is made with them."""
    key = ("amounts", sample.pixels.shape, goals, study.maps)
    if key not in study.memory:
        work = work_of(study.probe.layers, study.probe.trace(sample.pixels).outputs)
        found = amounts_of(study.maps, (sample.pixels.shape[0], sample.pixels.shape[1]), work, goals)
        study.memory[key] = found
        if found.less:
            told = found.settings
            study.notice(
                f"Attention: a pass through this network takes about {seconds(work):.2g} s of a core, so that maps are"
                f" made with {told.samples} noisy copies, {told.steps} steps, {told.masks} masks and windows of"
                f" {told.patch} pixels in steps of {told.stride}; --effort thorough takes more."
            )
    kept: Amounts = study.memory[key]
    return kept


def _affordable(name: str, passes: float) -> float:
    return SHARES[name] * passes / PASSES[name]


def patch_of(side: int, settings: MapSettings) -> tuple[int, int]:
    """The window's side and its step, for an image whose shorter side is this; no pixel is left between windows."""
    patch = min(settings.patch or max(1, round(side / SIDE), settings.stride), side)
    return patch, min(settings.stride or max(1, patch // 2), patch)


def _windows(settings: MapSettings, size: tuple[int, int], passes: float) -> tuple[int, int, bool]:
    """The window's side, its step, and whether there are fewer than the effort would have had."""
    side, longer = min(size), max(size)
    if settings.patch or settings.stride:
        return *patch_of(side, settings), False
    usual = USUAL["windows"][settings.effort]
    affordable = math.sqrt(min(_affordable("windows", passes), 1e9) * side / longer)
    along = max(LEAST["windows"], min(usual, int(affordable)))
    patch = min(side, max(1, round(side / SIDE) if along >= SIDE else math.ceil(side / along)))
    stride = min(patch, math.ceil((side - patch) / (along - 1)) or 1)
    return patch, max(1, stride), along < usual
