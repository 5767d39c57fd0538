"""Volumes and sequences of pictures: layers inside a `TimeDistributed`, and gradients by the one picture shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.probe import Target
from tests.probe.odd_models import made
from tests.probe.probing import picture, probe_of, slope

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def film() -> Any:
    return made("frames_under_lstm")


def test_layers_inside_a_time_distributed_are_heard_with_their_frames(film: Any) -> None:
    probe = probe_of(film)
    assert [layer.name for layer in probe.layers][1:4] == ["frames/cnn/eye", "frames/cnn/pool", "frames/cnn/flat"]
    assert [layer.name for layer in probe.layers.convolutions] == ["frames/cnn/eye"]
    assert probe.layers["frames/cnn/pool"].shape == (3, 5, 5, 4)
    assert probe.layers["lstm"].parents == ("frames/cnn/flat",)
    assert sum(layer.parameters for layer in probe.layers) == film.count_params()
    trace = probe.trace(picture(12, 12, 3), Target(1))
    inner = film.get_layer("frames").layer
    frames = np.broadcast_to(picture(12, 12, 3), (3, 12, 12, 3))
    np.testing.assert_allclose(trace.outputs["frames/cnn/flat"], inner.predict(frames, verbose=0), atol=1e-6)
    np.testing.assert_allclose(trace.scores, film.predict(frames[None], verbose=0)[0], atol=1e-6)
    assert {"frames/cnn/eye", "frames/cnn/pool", "lstm"} <= set(trace.gradients)


def test_what_if_a_layer_inside_a_time_distributed_had_said_something_else(film: Any) -> None:
    probe = probe_of(film)
    batch = np.stack([picture(12, 12, 3, seed=seed) for seed in (0, 1)])
    said = np.stack([probe.trace(one).outputs["frames/cnn/pool"] for one in batch])
    targets = [Target(0), Target(2)]
    as_it_was = probe.evaluate(batch, targets, layer="frames/cnn/pool", answers=said)
    np.testing.assert_allclose(as_it_was, probe.evaluate(batch, targets), atol=1e-5)
    other = probe.evaluate(batch, targets, layer="frames/cnn/pool", answers=said[::-1])
    np.testing.assert_allclose(other, as_it_was[::-1], atol=1e-5)


def test_units_inside_a_time_distributed_can_be_asked_for(film: Any) -> None:
    probe = probe_of(film)
    batch = np.stack([picture(12, 12, 3, seed=seed) for seed in (0, 1)])
    found = probe.evaluate(batch, [Target(1, "frames/cnn/eye")])[:, 0]
    means = [probe.trace(one).outputs["frames/cnn/eye"][..., 1].mean() for one in batch]
    assert found == pytest.approx(means, rel=1e-4)


def test_all_frames_are_seen_where_their_number_is_open() -> None:
    """Against Keras itself, told the number."""
    model = made("film_of_any_length")
    probe = probe_of(model)
    batch = np.stack([picture(8, 8, 3, seed=seed) for seed in range(3)])
    fed = np.broadcast_to(batch[:, None, None], (3, probe.input.frames // 2, 2, 8, 8, 3))
    expected = np.asarray(model(fed, training=False))
    np.testing.assert_allclose(probe.scores(batch), expected, atol=1e-5)
    np.testing.assert_allclose(probe.trace(batch[0]).scores, expected[0], atol=1e-5)


@pytest.mark.parametrize("name", ["volume", "moving_pictures", "frames_under_lstm", "film_of_films"])
def test_the_gradient_of_a_picture_is_that_of_all_its_frames(name: str) -> None:
    probe = probe_of(made(name))
    shape = (*probe.input.size, probe.input.channels)
    pixels, direction = picture(*shape), picture(*shape, seed=7)
    assert probe.values(pixels).shape == shape
    assert probe.input.frames > 1
    gradient = probe.gradients(pixels[None], Target(0))[0]
    assert gradient.shape == shape
    assert probe.trace(pixels, Target(0)).input_gradient == pytest.approx(gradient, abs=1e-6)
    expected = slope(lambda at: probe.evaluate(at[None], [Target(0)])[0, 0], pixels, direction, 2e-3)
    assert float((gradient * direction).sum()) == pytest.approx(expected, rel=3e-2, abs=1e-3)
