"""Giving objects other attributes for the length of a `with` block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_ABSENT = object()


@contextmanager
def replaced(wanted: Iterable[tuple[Any, str, Any]]) -> Iterator[None]:
    """Give objects attributes of their own for a while; put all back at the end, whatever happened."""
    before: list[tuple[Any, str, Any]] = []
    try:
        for owner, attribute, value in wanted:
            before.append((owner, attribute, owner.__dict__.get(attribute, _ABSENT)))
            owner.__dict__[attribute] = value
        yield
    finally:
        for owner, attribute, value in reversed(before):
            if value is _ABSENT:
                owner.__dict__.pop(attribute, None)
            else:
                owner.__dict__[attribute] = value
