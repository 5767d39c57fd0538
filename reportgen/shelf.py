"""Where arrays and bytes that were costly to make are kept between runs."""

from __future__ import annotations

import numpy as np


class Shelf:
    """Arrays, each under what it was made from. This one keeps nothing."""

    def get(self, key: tuple[object, ...]) -> dict[str, np.ndarray] | None:
        """The arrays kept under a key."""

    def put(self, key: tuple[object, ...], arrays: dict[str, np.ndarray]) -> None:
        """Keep arrays."""


class Drawer:
    """Bytes, each under a digest of what they were made from. This one keeps nothing."""

    def get(self, key: str) -> bytes | None:
        """The bytes kept under a key."""

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes."""
