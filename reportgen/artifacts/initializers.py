"""Whether weights look as they did before training: their distribution against the initializer's.

Glorot and Bengio 2010 (https://proceedings.mlr.press/v9/glorot10a.html) and He et al. 2015
(https://arxiv.org/abs/1502.01852) give the deviations; Keras draws its normal ones from a normal
distribution cut at two deviations. The test is that of Kolmogorov and Smirnov.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from reportgen.artifacts.kernels import Kernels, evenly

Distribution: TypeAlias = Callable[[np.ndarray], np.ndarray]
CRITICAL = 1.63
"""The Kolmogorov–Smirnov distance times the root of n that chance exceeds once in a hundred."""
LEAST = 50
MOST = 20_000
_CUT = 0.87962566103423978
"""The deviation of a standard normal distribution that is cut at ±2."""
_DEFAULT_SPREAD = 0.05


def distance_to_fresh(kernels: Kernels) -> tuple[float, int] | None:
    """The Kolmogorov–Smirnov distance between the weights and their initializer's distribution, and n.

    None where the initializer is not one that can be told, or the weights are too few or no numbers.
    """
    distribution = expected(kernels)
    if distribution is None or kernels.array.size < LEAST:
        return None
    drawn = np.sort(evenly(kernels.array, MOST).astype(np.float64))
    if not np.isfinite(drawn).all():
        return None
    steps = np.arange(drawn.size + 1) / drawn.size
    known = distribution(drawn)
    return float(max(np.abs(steps[1:] - known).max(), np.abs(steps[:-1] - known).max())), drawn.size


def looks_fresh(distance: float, count: int) -> bool:
    """True where chance alone explains the distance, at the level of one in a hundred."""
    return distance * math.sqrt(count) <= CRITICAL


def expected(kernels: Kernels) -> Distribution | None:
    """The cumulative distribution that the layer's initializer draws from."""
    fan_in, fan_out = kernels.fans
    variances = {
        "GlorotUniform": 2 / (fan_in + fan_out), "GlorotNormal": 2 / (fan_in + fan_out),
        "HeUniform": 2 / fan_in, "HeNormal": 2 / fan_in, "LecunUniform": 1 / fan_in, "LecunNormal": 1 / fan_in,
    }
    name = kernels.layer.initializer
    if name in variances and name.endswith("Uniform"):
        return _uniform(math.sqrt(3 * variances[name]))
    if name in variances:
        return _cut_normal(math.sqrt(variances[name]) / _CUT)
    return {
        "RandomUniform": _uniform(_DEFAULT_SPREAD), "RandomNormal": _normal(_DEFAULT_SPREAD),
        "TruncatedNormal": _cut_normal(_DEFAULT_SPREAD),
    }.get(name)


def _uniform(limit: float) -> Distribution:
    return lambda values: np.clip((values + limit) / (2 * limit), 0, 1)


def _normal(deviation: float) -> Distribution:
    erf = np.vectorize(math.erf, otypes=[np.float64])
    return lambda values: 0.5 + 0.5 * np.asarray(erf(values / (deviation * math.sqrt(2))))


def _cut_normal(deviation: float) -> Distribution:
    whole = _normal(deviation)
    low, high = whole(np.array([-2 * deviation, 2 * deviation]))
    return lambda values: np.clip((whole(values) - low) / (high - low), 0, 1)
