"""Where arrays that were costly to make are kept between runs."""

from __future__ import annotations

import numpy as np


class Shelf:
    """Arrays, each under what it was made from. This one keeps nothing."""

    def get(self, key: tuple[object, ...]) -> dict[str, np.ndarray] | None:
        """The arrays kept under a key."""

    def put(self, key: tuple[object, ...], arrays: dict[str, np.ndarray]) -> None:
        """Keep arrays."""
