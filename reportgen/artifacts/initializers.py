"""Whether weights can be as they were before training: their distribution against the initializer's.

Glorot and Bengio 2010 (https://proceedings.mlr.press/v9/glorot10a.html) and He et al. 2015
(https://arxiv.org/abs/1502.01852) give the deviations; Keras draws its normal ones from a normal
distribution cut at two deviations.
"""

from __future__ import annotations

import math

import numpy as np

from reportgen.artifacts.kernels import Kernels, evenly
from reportgen.measures.laws import CUT, Law, Match, cut_normal, match, normal, uniform

LEAST = 50
MOST = 20_000
_DEFAULT_SPREAD = 0.05


def match_of(kernels: Kernels) -> Match | None:
    """The weights against what their initializer draws.

    None where the initializer is not one that can be told, or the weights are too few or no numbers.
    """
    law = expected(kernels)
    if law is None or kernels.array.size < LEAST or not np.isfinite(kernels.array).all():
        return None
    return match(kernels.array, law, evenly(kernels.array, MOST))


def expected(kernels: Kernels) -> Law | None:
    """What the layer's initializer draws from."""
    fan_in, fan_out = kernels.fans
    variances = {
        "GlorotUniform": 2 / (fan_in + fan_out), "GlorotNormal": 2 / (fan_in + fan_out),
        "HeUniform": 2 / fan_in, "HeNormal": 2 / fan_in, "LecunUniform": 1 / fan_in, "LecunNormal": 1 / fan_in,
    }
    name = kernels.layer.initializer
    if name in variances and name.endswith("Uniform"):
        return uniform(math.sqrt(3 * variances[name]))
    if name in variances:
        return cut_normal(math.sqrt(variances[name]) / CUT)
    return {
        "RandomUniform": uniform(_DEFAULT_SPREAD), "RandomNormal": normal(_DEFAULT_SPREAD),
        "TruncatedNormal": cut_normal(_DEFAULT_SPREAD),
    }.get(name)
