"""Parts of a rendering that are made once: figures with their words, formulas as outlines.

Whoever renders may have a drawer that outlives the process. What is in it was made by the same code from the same
blocks, so that taking it out gives the same bytes as making it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from reportgen.shelf import Drawer

NOTHING = Drawer()
_open: ContextVar[Drawer] = ContextVar("drawer", default=NOTHING)


@contextlib.contextmanager
def drawing_from(drawer: Drawer) -> Iterator[None]:
    """Look into this drawer first, and keep in it what is made."""
    before = _open.set(drawer)
    try:
        yield
    finally:
        _open.reset(before)


def made_once(made_from: Any, make: Callable[[], bytes]) -> bytes:
    """The bytes made from plain data, from the drawer where they are in it."""
    drawer = _open.get()
    if drawer is NOTHING:
        return make()
    told = json.dumps(made_from, sort_keys=True, ensure_ascii=False)
    key = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
    kept = drawer.get(key)
    if kept is None:
        kept = make()
        drawer.put(key, kept)
    return kept
