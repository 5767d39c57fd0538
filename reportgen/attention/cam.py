"""Class activation maps: from what a layer said and how the score depends on it.

Every function takes answers and gradients as (places, channels) and gives a map over the places. What speaks
against the class is left out (the ReLU of the papers). No sum is divided by a number that may be zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from reportgen.probe import Array

MapMaker: TypeAlias = Callable[[Array, Array], Array]
TINY = 1e-12
BLOCK = 1 << 16
"""How many values are worked on at once: few enough to stay in a processor's cache."""
ROUNDS = 200
"""How often the power iteration is repeated at most."""


def gradcam(answers: Array, gradients: Array) -> Array:
    """Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391): channels by their mean gradient."""
    return _positive(answers @ gradients.mean(axis=0))


def gradcam_plus_plus(answers: Array, gradients: Array) -> Array:
    """Grad-CAM++ (Chattopadhay et al. 2018, https://arxiv.org/abs/1710.11063), equations 11 and 19.

    With the class score e^S all derivatives share that factor, so that alpha = 1 / (2 + ΣA · g) wherever the
    gradient g is not zero, and a channel's weight is the sum of alpha · ReLU(g).
    """
    sums = answers.sum(axis=0)
    weights = np.zeros(answers.shape[1], np.float32)
    for rows in _blocks(answers):
        rising = np.maximum(gradients[rows], 0)
        below = sums * rising
        below += 2
        below[below == 0] = 1
        weights += np.divide(rising, below, out=below).sum(axis=0)
    return _positive(answers @ weights)


def xgradcam(answers: Array, gradients: Array) -> Array:
    """XGrad-CAM (Fu et al. 2020, https://arxiv.org/abs/2008.02312): gradients weighted by the answers."""
    sums = answers.sum(axis=0)
    weights = np.einsum("pc,pc->c", answers, gradients)
    return _positive(answers @ np.divide(weights, sums, out=np.zeros_like(sums), where=np.abs(sums) > TINY))


def hirescam(answers: Array, gradients: Array) -> Array:
    """HiResCAM (Draelos and Carin 2020, https://arxiv.org/abs/2011.08891): every place by its own gradient."""
    return _positive(np.einsum("pc,pc->p", answers, gradients))


def layercam(answers: Array, gradients: Array) -> Array:
    """LayerCAM (Jiang et al. 2021, https://doi.org/10.1109/TIP.2021.3089943): only gradients that raise the score."""
    found = np.empty(len(answers), np.float32)
    for rows in _blocks(answers):
        np.einsum("pc,pc->p", answers[rows], np.maximum(gradients[rows], 0), out=found[rows])
    return _positive(found)


def eigencam(answers: Array, _gradients: Array) -> Array:
    """EigenCAM (Muhammad and Yeasin 2020, https://arxiv.org/abs/2008.00299): the first principal component.

    It is that of the answers as they are, not centred, and turned so that its sum is positive.
    """
    projected = answers @ first_component(answers)
    return _positive(projected if projected.sum() >= 0 else -projected)


def first_component(rows: Array) -> Array:
    """The first right singular vector, by power iteration on the smaller of the two Gram matrices."""
    if not rows.any():
        return np.zeros(rows.shape[1], np.float32)
    scale = float(np.abs(rows).max())
    rows = rows / np.float32(scale) if scale > 1e6 or scale < 1e-6 else rows
    wide = rows.shape[0] < rows.shape[1]
    gram = rows @ rows.T if wide else rows.T @ rows
    vector = gram.sum(axis=0) + np.float32(1e-3) * np.abs(gram).max()
    for _round in range(ROUNDS):
        before = vector / max(float(np.linalg.norm(vector)), TINY)
        vector = gram @ before
        length = float(np.linalg.norm(vector))
        if length <= TINY or float(np.abs(vector / length - before).max()) < 1e-6:
            break
    component: Array = rows.T @ vector if wide else vector
    return component / max(float(np.linalg.norm(component)), TINY)


def weighted(answers: Array, weights: Array) -> Array:
    """The channels' maps added by weights that were found in another way (Score-CAM, Ablation-CAM)."""
    return _positive(answers @ weights.astype(np.float32))


def _blocks(answers: Array) -> Iterator[slice]:
    """Rows, so many at a time that they stay in a processor's cache."""
    step = max(1, BLOCK // answers.shape[1])
    return (slice(start, start + step) for start in range(0, len(answers), step))


def _positive(values: Array) -> Array:
    positive: Array = np.maximum(values, 0)
    return positive


ONE_PASS: Mapping[str, MapMaker] = {
    "gradcam": gradcam, "gradcam_plus_plus": gradcam_plus_plus, "xgradcam": xgradcam, "hirescam": hirescam,
    "layercam": layercam, "eigencam": eigencam,
}
"""The methods that need nothing but one recorded pass."""


def make_map(name: str, answers: Array, gradients: Array) -> Array:
    """The map (height × width) of a method from one layer's answers and gradients (height × width × channels)."""
    channels = answers.shape[-1]
    rows = np.ascontiguousarray(answers, np.float32).reshape(-1, channels)
    slopes = np.ascontiguousarray(gradients, np.float32).reshape(-1, channels)
    return ONE_PASS[name](rows, slopes).reshape(answers.shape[:-1])
