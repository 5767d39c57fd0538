"""What a network does to its values before anything that it has learned sees them.

A scaling at the beginning may be a layer, arithmetic that Keras keeps as operations, slices that are stacked again, or
code of the user's own. So it is not looked for but measured: what does the first layer with weights get where the
network is given zeros, ones and twos?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from reportgen.probe.facts import parts_of
from reportgen.probe.feeding import as_dtype
from reportgen.probe.ports import Port, chosen_port, input_ports, zeros_for
from reportgen.probe.preprocessing import Beginning
from reportgen.probe.recording import ask
from reportgen.probe.replacing import replaced

TRIES = 8
"""So many layers that do not see the image (a branch of numbers, say) are passed over."""


class _Reached(BaseException):
    """Ends a pass at the first learned layer; Keras gives other errors new words on their way up."""

    def __init__(self, path: str, layer: Any, values: np.ndarray) -> None:
        super().__init__(path)
        self.path = path
        self.layer = layer
        self.values = values


def beginning_of(model: Any, wanted: str = "") -> Beginning | None:
    """What the first learned layer that sees the image gets; None where that cannot be told.

    `wanted` is the input that shows the image, where the user named one.
    """
    passed: set[str] = set()
    for _try in range(TRIES):
        try:
            ports = input_ports(model)
            at = chosen_port(ports, wanted)
            black, white, twice = (_reached(model, ports, at, value, passed) for value in (0, 1, 2))
        except Exception:  # what is wrong with a network is told when it is looked at
            return None
        if black is None or white is None or twice is None or not black.path == white.path == twice.path:
            return None
        gain = white.values - black.values
        if not gain.any():
            passed.add(black.path)
            continue
        if not np.allclose(twice.values - white.values, gain, rtol=1e-3, atol=1e-6):
            return None
        whole = np.dtype(ports[at].dtype).kind in "iu" if ports[at].dtype != "bfloat16" else False
        entries = int(black.layer.input_dim) if type(black.layer).__name__ == "Embedding" else 0
        return Beginning(black.path, black.values, gain, *_statistics(black.layer), whole, entries)
    return None


def _reached(model: Any, ports: Sequence[Port], at: int, value: int, passed: set[str]) -> _Reached | None:
    """Where a pass over an image of one value stops."""
    arrays = zeros_for(ports)
    arrays[at] = as_dtype(np.full(arrays[at].shape, value, np.float32), ports[at].dtype)
    try:
        with replaced(_listeners(model, passed)):
            ask(model, arrays)
    except _Reached as reached:
        return reached
    return None


def _listeners(model: Any, passed: set[str]) -> Iterator[tuple[Any, str, Any]]:
    """For every part of a network a `call` that knows where it is, and stops the pass where something was learned."""
    above: list[str] = []
    for part in parts_of(model):
        attribute = "quantized_call" if getattr(part, "quantization_mode", None) else "call"
        yield part, attribute, _listener(part, getattr(part, attribute), above, passed)


def _listener(part: Any, original: Callable[..., Any], above: list[str], passed: set[str]) -> Callable[..., Any]:
    learned = bool(getattr(part, "weights", ())) and not parts_of(part) and type(part).__name__ != "Normalization"

    def call(*args: Any, **kwargs: Any) -> Any:
        path = "/".join((*above, part.name))
        if learned and path not in passed:
            first = keras.tree.flatten((args, kwargs))[0]
            raise _Reached(path, part, np.asarray(keras.ops.convert_to_numpy(first), np.float64))
        above.append(part.name)
        try:
            return original(*args, **kwargs)
        finally:
            above.pop()

    return call


def _statistics(layer: Any) -> tuple[float, float]:
    """The largest mean and variance of what a batch normalization saw in training; 0 and 1 for other layers."""
    if type(layer).__name__ != "BatchNormalization":
        return 0.0, 1.0
    return float(np.abs(np.asarray(layer.moving_mean)).max()), float(np.asarray(layer.moving_variance).max())
