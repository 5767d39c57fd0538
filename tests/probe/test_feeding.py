"""How a picture's channels come into those of a network."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.probe.feeding import feeding_of
from reportgen.probe.ports import Port
from reportgen.probe.preprocessing import NAMED
from reportgen.probe.source import ModelSource, Preprocessing


@pytest.mark.parametrize(("prepared", "white"), [
    (NAMED["unit"], 1.0), (NAMED["none"], 255.0), (NAMED["tf"], 1.0),
    (Preprocessing("custom", 1.0, (0.5, 0.5, 0.5, 0.0), (0.5, 0.5, 0.5, 1.0)), 1.0),
])
def test_a_fourth_channel_is_full_opacity_and_takes_no_gradient(prepared: Preprocessing, white: float) -> None:
    feeding = feeding_of((Port("image", (2, 3, 4), "float32"),), 0, False, prepared, ModelSource("m.keras"))
    pixels = np.random.default_rng(0).random((1, 2, 3, 3), np.float32)
    fed = feeding.arrays(pixels)[0]
    plain = feeding_of((Port("image", (2, 3, 3), "float32"),), 0, False, Preprocessing(
        "plain", prepared.scale, prepared.mean[:3], prepared.std[:3], prepared.bgr), ModelSource("m.keras"))
    np.testing.assert_allclose(fed[..., :3], plain.arrays(pixels)[0], atol=1e-6)
    np.testing.assert_allclose(fed[..., 3], white)
    slopes = np.ones((1, 2, 3, 4), np.float32)
    np.testing.assert_allclose(feeding.by_pixel(slopes), plain.by_pixel(slopes[..., :3]), atol=1e-4)
