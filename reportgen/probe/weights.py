"""Filling a network with a file's weights, without making random ones first and with little memory.

Keras draws random numbers for every weight and then overwrites them, and holds the file and the arrays at
the same time. Here the variables start as unset memory and take over the arrays that the file is read into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras.src.saving import saving_lib

from reportgen.errors import InputError
from reportgen.probe import hdf5
from reportgen.probe.own_code import first_line

SPARE_BYTES = 64 << 20
"""What an architecture may ask for beyond four times the weights that are in the file."""

_LARGE = 1 << 16
_HANDED_OVER = ("float16", "float32", "float64", "int8", "uint8", "int32", "int64")


class TooLargeError(ValueError):
    """The architecture asks for far more weights than the file holds."""


@contextmanager
def unset_weights(stored_bytes: int, *, unset: bool = True) -> Iterator[None]:
    """While open, new weights are unset memory (the file will fill them), and never many more than stored.

    The layers keep their initializers: only the values are not drawn.
    """
    original = keras.layers.Layer.add_weight
    left = 4 * stored_bytes + SPARE_BYTES

    def add_weight(layer: Any, *args: Any, **keywords: Any) -> Any:
        nonlocal left
        shape = args[0] if args else keywords.get("shape")
        dtype = keywords.get("dtype") or layer.variable_dtype
        left -= _bytes(shape, dtype)
        if left < 0:
            raise TooLargeError
        if unset and len(args) < 2:
            keywords["initializer"] = _unset
        return original(layer, *args, **keywords)

    keras.layers.Layer.add_weight = add_weight
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = original


def _bytes(shape: Any, dtype: Any) -> int:
    count = 1
    for side in (shape,) if isinstance(shape, int) else shape or ():
        count *= int(side)
    return count * int(tf.as_dtype(str(dtype).rpartition(".")[2]).size or 4)


def _unset(shape: Any, dtype: Any = None) -> Any:
    return tf.raw_ops.Empty(shape=list(shape), dtype=tf.as_dtype(dtype or "float32"))


def fill(model: keras.Model, file: h5py.File, path: Path, assets: Any = None) -> None:
    """Every weight of the model from the file, whichever of Keras' three ways it was written."""
    if "layer_names" in file.attrs or "model_weights" in file:
        _fill_by_order(model, file if "layer_names" in file.attrs else file["model_weights"], path)
        return
    failed: set[int] = set()
    messages: dict[int, tuple[Any, Exception]] = {}
    saving_lib._load_state(
        model, weights_store=_Store(file), assets_store=assets, inner_path="",
        visited_saveables=set(), failed_saveables=failed, error_msgs=messages,
    )
    if failed:
        saveable, problem = next(iter(messages.values()))
        name = getattr(saveable, "name", "") or type(saveable).__name__
        raise mismatch(path, f"layer '{name}': {first_line(problem)}")


def mismatch(path: Path, why: str) -> InputError:
    """The error for weights that are not those of the network."""
    return InputError(
        f"{path}: the weights do not fit the network: {why}.", slug="weights-mismatch",
        hint="Give the weights that were saved from exactly this architecture.",
    )


def _fill_by_order(model: keras.Model, group: h5py.Group, path: Path) -> None:
    """Keras 2's way: the layers that have weights, in order, whatever their names."""
    owners = [(layer.name, _in_file_order(layer), layer.weights) for layer in model.layers if layer.weights]
    names = [name for name in _strings(group, "layer_names") if _strings(group[name], "weight_names")]
    if len(owners) != len(names):
        raise mismatch(path, f"{len(owners)} of its layers have weights, in the file {len(names)} do")
    for (layer, variables, alternative), name in zip(owners, names, strict=True):
        arrays = [group[name][weight] for weight in _strings(group[name], "weight_names")]
        if not _fits(variables, arrays):
            variables = alternative
        if not _fits(variables, arrays):
            here = ", ".join(str(tuple(variable.shape)) for variable in variables)
            there = ", ".join(str(array.shape) for array in arrays)
            raise mismatch(path, f"layer '{layer}' has {here or 'none'}, the file's '{name}' has {there or 'none'}")
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(read(array))
    own = [*model._trainable_variables, *model._non_trainable_variables]
    if own and "top_level_model_weights" in group:
        top = group["top_level_model_weights"]
        arrays = [top[name] for name in _strings(top, "weight_names")]
        if not _fits(own, arrays):
            raise mismatch(path, "the model's own weights differ")
        for variable, array in zip(own, arrays, strict=True):
            variable.assign(read(array))


def _in_file_order(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _fits(variables: list[Any], arrays: list[Any]) -> bool:
    return [tuple(variable.shape) for variable in variables] == [tuple(array.shape) for array in arrays]


def _strings(group: h5py.Group, name: str) -> list[str]:
    """A list of names, which Keras cuts into numbered parts when it is long."""
    parts = [name] if name in group.attrs else []
    while not parts or parts[-1] != name:
        following = f"{name}{len(parts)}"
        if following not in group.attrs:
            break
        parts.append(following)
    items = [item for part in parts for item in group.attrs[part]]
    return [item.decode("utf-8") if isinstance(item, bytes) else str(item) for item in items]


def read(array: h5py.Dataset) -> Any:
    """An array of the file; a large one as a tensor that owns the memory it was read into."""
    if hdf5.read_attribute(array, "dtype") == "bfloat16":
        return np.array(array).view(tf.bfloat16.as_numpy_dtype)
    if array.nbytes < _LARGE or array.dtype.name not in _HANDED_OVER or not array.dtype.isnative:
        return np.array(array)
    memory = np.empty(array.nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    values = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    array.read_direct(values)
    return tf.experimental.dlpack.from_dlpack(values.__dlpack__())


class _Entry(Mapping[str, Any]):
    """The weights of one layer by number."""

    def __init__(self, group: h5py.Group | None) -> None:
        self._group = group

    def __getitem__(self, key: str) -> Any:
        if self._group is None:
            raise KeyError(key)
        return read(self._group[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._group if self._group is not None else ())

    def __len__(self) -> int:
        return len(self._group) if self._group is not None else 0

    def __contains__(self, key: object) -> bool:
        return self._group is not None and key in self._group


class _Store(saving_lib.H5IOStore):  # type: ignore[misc]
    """What Keras asks for a layer's weights, over a file that is open and was measured already."""

    def __init__(self, file: h5py.File) -> None:
        self.h5_file = file
        self.mode = "r"

    def get(self, path: str) -> _Entry:
        """The weights that stand under a path, also under the name that Keras 2.13 used."""
        for place in (path, path.replace("layers", "_layer_checkpoint_dependencies")):
            if not place or place in self.h5_file:
                group = self.h5_file[place] if place else self.h5_file
                if "vars" in group:
                    return _Entry(group["vars"])
        return _Entry(None)

    def has_path(self, path: str) -> bool:
        """Whether anything stands under a path."""
        return path in self.h5_file

    def close(self) -> None:
        """Nothing: the file belongs to the vetting."""
