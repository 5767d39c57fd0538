"""What is being looked at: a network, the samples shown to it, and the names of its classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.probe import Probe
from reportgen.text import Message


@dataclass(frozen=True, eq=False)
class Sample:
    """An image as the user gave it and as the network gets it.

    `pixels` is of the network's input size; `original` is the whole image, upright. `label` is the
    true class's name and `mask` the true mask (height × width, 0…1, of the input's size) where the
    user told them. `remarks` say what was done to the image on the way in.
    """

    name: str
    file: str
    digest: str
    original: np.ndarray
    pixels: np.ndarray
    label: str = ""
    mask: np.ndarray | None = None
    remarks: tuple[Message, ...] = ()


@dataclass(frozen=True, eq=False)
class Study:
    """A probe, samples, and labels: everything an artifact may look at."""

    probe: Probe
    samples: tuple[Sample, ...] = ()
    labels: tuple[str, ...] = ()

    def label(self, index: int) -> str:
        """The name of a class, or its number where names are unknown."""
        return self.labels[index] if index < len(self.labels) else f"#{index}"
