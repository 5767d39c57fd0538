"""Values in random order, large arrays in hands that fit into a cache."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.probe import shuffling
from reportgen.probe.shuffling import mixed


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 3, 2, 5), (40, 31), (64, 100)])
def test_every_value_is_kept_once(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffling, "AT_ONCE", 100)
    values = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    found = mixed(values, generator())
    assert found.shape == shape
    assert np.array_equal(np.sort(found, axis=None), np.sort(values, axis=None))


def test_nothing_of_the_order_is_left_in_a_large_array(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffling, "AT_ONCE", 100)
    values = np.arange(64 * 100, dtype=np.float32).reshape(64, 100)
    found = mixed(values, generator())
    limit = 4 / np.sqrt(values.size)
    flat = found.reshape(-1)
    assert abs(np.corrcoef(flat, values.reshape(-1))[0, 1]) < limit
    assert abs(np.corrcoef(flat[1:], flat[:-1])[0, 1]) < limit
    assert abs(np.corrcoef(found[1:].reshape(-1), found[:-1].reshape(-1))[0, 1]) < limit


def test_a_seed_gives_one_order() -> None:
    values = np.arange(1000.0)
    assert np.array_equal(mixed(values, generator(3)), mixed(values, generator(3)))
    assert not np.array_equal(mixed(values, generator(3)), mixed(values, generator(4)))
