"""The kernels of a convolution, and samples of them."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.kernels import evenly


@pytest.mark.parametrize("shape", [(5, 5, 800, 64), (3, 3, 512, 512), (1, 1, 30, 2000), (7,)])
def test_evenly_spaced_weights_come_from_every_filter(shape: tuple[int, ...]) -> None:
    filters = np.broadcast_to(np.arange(shape[-1]), shape)
    taken = evenly(np.ascontiguousarray(filters), 20_000)
    assert set(np.unique(taken)) == set(range(shape[-1]))
    assert taken.size <= 45_000
