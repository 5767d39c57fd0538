"""The networks of `keras.applications` by name, with their weights from Keras' own folder."""

from __future__ import annotations

import inspect
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import keras
from keras.src.utils import file_utils

from reportgen.errors import InputError, UsageError
from reportgen.probe.known import key_of, unknown
from reportgen.probe.preprocessing import plain

PATIENCE_S = 3.0
"""How long to wait for the server of the weights before saying where to put them by hand."""


def known() -> dict[str, Callable[..., keras.Model]]:
    """Every network that this Keras brings, by its plain name."""
    found: dict[str, Callable[..., keras.Model]] = {}
    for name in dir(keras.applications):
        made = getattr(keras.applications, name)
        if inspect.isfunction(made) and "weights" in inspect.signature(made).parameters:
            found[plain(name)] = made
    return found


def find(name: str) -> tuple[str, Callable[..., keras.Model]]:
    """A network by its name, however it is written; a suggestion where there is none."""
    networks = known()
    key = key_of(name, networks)
    if key not in networks:
        raise unknown(name, networks)
    return networks[key].__name__, networks[key]


def with_imagenet(name: str, make: Callable[..., keras.Model]) -> keras.Model:
    """The network with the weights that Keras distributes, which are read from its folder or downloaded."""
    with _cached_or_quick(name):
        try:
            return make(weights="imagenet")
        except InputError:
            raise
        except (OSError, ValueError) as problem:
            raise InputError(
                f"{name}: the weights in {_folder()} cannot be used: {str(problem).splitlines()[0][:200]}",
                slug="weights-missing", hint="Delete the file there and put a whole one in its place.",
            ) from problem


def without_weights(name: str, make: Callable[..., keras.Model], seed: int) -> keras.Model:
    """The network with random weights, the same for the same seed."""
    if seed < 0:
        raise UsageError(f"{name}: the seed must not be negative.", slug="config")
    keras.utils.set_random_seed(seed)
    return make(weights=None)


@contextmanager
def _cached_or_quick(name: str) -> Iterator[None]:
    """While open, a file that is not in Keras' folder is asked for only if its server answers at once."""
    original = file_utils.get_file

    def get_file(*args: Any, **keywords: Any) -> Any:
        origin = keywords.get("origin") or (args[1] if len(args) > 1 else "")
        file = keywords.get("fname") or (args[0] if args else "") or Path(urlsplit(origin).path).name
        if not (_folder() / file).exists() and not _answers(origin):
            raise InputError(
                f"{name}: the ImageNet weights are not on this computer and cannot be downloaded now; "
                f"put the file {file} into {_folder()}.",
                slug="weights-missing",
                hint=f"It is found at {origin} ; or take --weights none for random weights.",
            )
        return original(*args, **keywords)

    file_utils.get_file = get_file
    try:
        yield
    finally:
        file_utils.get_file = original


def _folder() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 443), timeout=PATIENCE_S):
            return True
    except OSError:
        return False
