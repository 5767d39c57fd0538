"""Which channels did not answer: to one image, and to several."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence

import numpy as np

from reportgen.artifacts.responses import Drawn, answers_of, with_exact_zeros
from reportgen.probe import Array
from reportgen.study import Sample, Study

LISTED = 20
"""How many channel numbers are written out before the rest is only counted."""

_kept: weakref.WeakKeyDictionary[Study, dict[tuple[str, float], Mapping[str, Array]]] = weakref.WeakKeyDictionary()
"""Silent channels by sample, a few numbers each, so that no image is traced again for its neighbours' sake."""


def threshold_of(one: Drawn, exact: frozenset[str], near_zero: float) -> float:
    """Up to which absolute value an answer counts as none: 0 after a ReLU, else a part of the deviation."""
    return 0.0 if one.layer.name in exact else near_zero * one.response.deviation


def silent_channels(study: Study, sample: Sample, near_zero: float) -> Mapping[str, Array]:
    """The numbers of the channels of each layer that stay within the threshold everywhere."""
    known = _kept.setdefault(study, {})
    key = (sample.name, near_zero)
    if key not in known:
        exact = with_exact_zeros(study.probe.layers)
        known[key] = {
            one.layer.name: one.response.silent(threshold_of(one, exact, near_zero))
            for one in answers_of(study.probe.layers, study.probe.trace(sample.pixels))
        }
    return known[key]


def silent_on_all(study: Study, samples: Sequence[Sample], near_zero: float) -> dict[str, Array]:
    """The channels of each layer that are silent for every one of these samples."""
    found: dict[str, Array] = {}
    for sample in samples:
        for layer, channels in silent_channels(study, sample, near_zero).items():
            found[layer] = np.intersect1d(found[layer], channels) if layer in found else channels
    return found


def listed(numbers: Sequence[int] | Array) -> str:
    """"2, 7, 11 …": the first numbers, and a sign that there are more."""
    return ", ".join(str(int(n)) for n in numbers[:LISTED]) + (" …" if len(numbers) > LISTED else "")
