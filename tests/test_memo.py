"""A probe that remembers: artifacts share passes, and memory is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.probe import Target, Trace
from reportgen.probe.memo import MemoProbe
from tests.fakes import FakeProbe, half_image


def test_a_pass_is_made_once_for_equal_pixels() -> None:
    fake = FakeProbe()
    memo = MemoProbe(fake)
    first = memo.trace(half_image())
    assert memo.trace(half_image().copy()) is first
    assert memo.trace(np.asfortranarray(half_image())) is first
    assert fake.passes == 1
    memo.trace(1 - half_image())
    assert fake.passes == 2


def test_a_pass_with_gradients_answers_for_one_without() -> None:
    fake = FakeProbe()
    memo = MemoProbe(fake)
    with_gradients = memo.trace(half_image(), Target(1))
    assert memo.trace(half_image()) is with_gradients
    assert fake.passes == 1


def test_a_pass_without_gradients_does_not_answer_for_a_target() -> None:
    fake = FakeProbe()
    memo = MemoProbe(fake)
    memo.trace(half_image())
    memo.trace(half_image(), Target(1))
    memo.trace(half_image(), Target(2))
    memo.trace(half_image(), Target(1))
    assert fake.passes == 3


def size_of_a_trace() -> int:
    return FakeProbe().trace(half_image()).bytes


@pytest.mark.parametrize(("room", "passes"), [(2, 3), (1, 4), (0, 4)])
def test_the_oldest_traces_are_forgotten_when_room_is_short(room: int, passes: int) -> None:
    fake = FakeProbe()
    memo = MemoProbe(fake, budget=room * size_of_a_trace())
    first, second, third = half_image(), 1 - half_image(), half_image() / 2
    for pixels in (first, second, third, second):
        memo.trace(pixels)
    assert fake.passes == passes


def test_the_newest_trace_is_kept_however_large() -> None:
    fake = FakeProbe()
    memo = MemoProbe(fake, budget=0)
    assert memo.trace(half_image()) is memo.trace(half_image())
    assert fake.passes == 1


def test_a_trace_that_was_used_again_is_not_the_oldest() -> None:
    fake = FakeProbe()
    memo = MemoProbe(fake, budget=2 * size_of_a_trace())
    first, second, third = half_image(), 1 - half_image(), half_image() / 2
    for pixels in (first, second, first, third, first):
        memo.trace(pixels)
    assert fake.passes == 3


def test_images_of_other_shapes_with_equal_bytes_are_not_mixed_up() -> None:
    class Shapes(FakeProbe):
        def trace(self, pixels: np.ndarray, target: Target | None = None) -> Trace:
            return Trace({}, np.zeros(1), pixels)

    memo = MemoProbe(Shapes())
    assert memo.trace(np.zeros((2, 8, 3), np.float32)).input.shape == (2, 8, 3)
    assert memo.trace(np.zeros((4, 4, 3), np.float32)).input.shape == (4, 4, 3)


def test_everything_else_is_passed_on() -> None:
    fake = FakeProbe()
    memo = MemoProbe(fake)
    assert memo.layers is fake.layers
    assert (memo.model, memo.input, memo.output) == (fake.model, fake.input, fake.output)
    assert memo.weights("mix") is fake.weights("mix")
    memo.scores(half_image()[None])
    assert fake.batches == 1
