"""TensorFlow and Keras, imported with less of what nobody needs: a fifth of their five seconds of processor time."""

from __future__ import annotations

import functools
import gc
import sys
import typing
from collections.abc import Iterator
from contextlib import contextmanager

DRAWING = "matplotlib"
"""Keras draws galleries with it where it can be imported, and goes without where not."""


@contextmanager
def quick_imports() -> Iterator[None]:
    """Within this block modules are imported without searching for garbage, without matplotlib unless it is there
    already, and with each text of a type compiled once: TensorFlow has eighteen thousand of them, a hundred different.

    What was imported stays for good, so it is not searched for garbage afterwards either.
    """
    searching, absent = gc.isenabled(), DRAWING not in sys.modules
    gc.disable()
    typing.compile = functools.cache(compile)  # type: ignore[attr-defined]
    if absent:
        sys.modules[DRAWING] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules[DRAWING]
        del typing.compile  # type: ignore[attr-defined]
        if searching:
            gc.freeze()
            gc.enable()
