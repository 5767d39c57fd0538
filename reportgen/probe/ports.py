"""The inputs and outputs of a network: their names, shapes and which of them is looked at."""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.errors import InputError, UsageError

Shape = tuple[int | None, ...]
TRIED_SIDE = 96
"""About how long an open side is made where a network is only tried."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input of the network in its own layout, without the batch axis."""

    name: str
    shape: Shape
    dtype: str = "float32"


def chosen_port(ports: Sequence[Port], wanted: str) -> int:
    """The position of the input that shows the image: the one asked for, else the likeliest.

    Without a wish that is the first input that can hold a picture, else the first.
    """
    names = [port.name for port in ports]
    if wanted:
        if wanted not in names:
            raise UsageError(
                f"The network has no input '{wanted}'.", slug="unknown-input",
                hint=f"Its inputs are: {', '.join(names)}.",
            )
        return names.index(wanted)
    return next((position for position, port in enumerate(ports) if len(port.shape) == 3), 0)


def input_ports(model: Any) -> tuple[Port, ...]:
    """The model's inputs in order; a subclassed model is asked for which shapes it was built."""
    inputs = getattr(model, "inputs", None)
    if inputs:
        return tuple(Port(_input_name(tensor), tuple(tensor.shape[1:]), str(tensor.dtype)) for tensor in inputs)
    shapes = _built_shapes(model)
    if not shapes:
        raise InputError(
            "The model does not say what input it takes.", slug="no-input-shape",
            hint="Call the model once on an array, or build it, before saving it.",
        )
    if isinstance(shapes, dict):
        return tuple(Port(str(name), tuple(shapes[name][1:])) for name in sorted(shapes))
    if _is_shape(shapes):
        return (Port("input", tuple(shapes[1:])),)
    return tuple(Port(f"input_{number}", tuple(shape[1:])) for number, shape in enumerate(shapes, start=1))


def structure_of(model: Any) -> Any:
    """How the model wants its inputs: one tensor, a list or a dictionary; any leaves stand for them."""
    structure = getattr(getattr(model, "_functional", None) or model, "_inputs_struct", None)
    if structure is not None:
        return structure
    shapes = _built_shapes(model)
    if isinstance(shapes, dict):
        return dict.fromkeys(sorted(shapes), 0)
    return 0 if _is_shape(shapes) else [0] * len(shapes)


def _built_shapes(model: Any) -> Any:
    config = model.get_build_config() or {}
    return config.get("input_shape") or next(iter(config.get("shapes_dict", {}).values()), None)


def _is_shape(shapes: Any) -> bool:
    return all(side is None or isinstance(side, int) for side in shapes)


def _input_name(tensor: Any) -> str:
    """The name of the input's layer; the tensor's own is only a number."""
    history = getattr(tensor, "_keras_history", None)
    return str(history.operation.name if history else tensor.name)


def zeros_for(ports: Sequence[Port]) -> list[np.ndarray]:
    """A batch of one for every input, of zeros."""
    return [np.zeros((1, *(side or TRIED_SIDE for side in port.shape)), port.dtype) for port in ports]


def output_names(model: Any, paths: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """The names of a model's outputs; `paths` are their places in the structure that the model returns."""
    names = [".".join(map(str, path)) for path in paths]
    if not all(path and isinstance(path[0], str) for path in paths):
        names = list(getattr(getattr(model, "_functional", None) or model, "output_names", None) or ())
    if len(names) != len(paths):
        names = ["output"] if len(paths) == 1 else [f"output_{number}" for number in range(1, len(paths) + 1)]
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}@{seen[name]}")
    return tuple(unique)


def sized(
    ports: tuple[Port, ...], side: int, chosen: int = -1, shape: tuple[int, ...] = ()
) -> tuple[Port, ...]:
    """The ports with every open side closed: as long as in `shape` where there is one, else `side`."""
    def closed(port: Port) -> tuple[int | None, ...]:
        if shape and len(shape) == len(port.shape):
            return tuple(own or given for own, given in zip(port.shape, shape, strict=True))
        return tuple(own or side or 1 for own in port.shape)

    return tuple(
        Port(port.name, shape if position == chosen else closed(port), port.dtype)
        for position, port in enumerate(ports)
    )


def open_sides(runs: Callable[[int], bool], strides: Iterable[int], tried: int) -> tuple[int, int]:
    """The least length of an open side and the step in which it grows from there; `runs` tries a length.

    Lengths are multiples of one of the strides, or of all of them together, or one more than that, as where strided
    convolutions without padding are undone. Two neighbouring multiples run only where no larger step is needed.
    """
    numbers = sorted(set(strides))
    steps = dict.fromkeys([*numbers, math.lcm(*numbers)])
    for about, more, step in itertools.product((tried, 4 * tried), (0, 1), steps):
        first = max(1, about // step) | 1
        if (more == 0 or step > 1) and all(runs(step * count + more) for count in (first, first + 1)):
            lengths = range(more or step, step * (first + 1), step)
            return lengths[bisect.bisect_left(lengths, True, key=runs)], step
    return 1, 1
