"""What the user said about the model to open: plain data, known before TensorFlow is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportgen.files import exists


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From pixels in 0…1 to the network's values: `(pixels × scale − mean) / std`, by channel.

    `mean` and `std` are in the order of the network's channels, after `bgr` has reversed them.
    """

    name: str = "unit"
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    bgr: bool = False


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model file or the name of a network from `keras.applications`, and how to open it.

    `weights` is "imagenet", "none" or a file's path (for a named network or an architecture).
    `architecture` is a JSON file for a file of weights alone. `preprocessing` is "auto", a name,
    or the arithmetic itself. `inputs` says what the model's other inputs get: a number or an
    image's pixels by name are resolved by the study; here only numbers.
    """

    model: str
    weights: str = "imagenet"
    architecture: Path | None = None
    trusted: bool = False
    custom: tuple[str, ...] = ()
    preprocessing: str | Preprocessing = "auto"
    input: str = ""
    output: str = ""
    other_inputs: tuple[tuple[str, float], ...] = ()
    seed: int = 0

    @property
    def is_file(self) -> bool:
        """True for a path, false for the name of a known network."""
        return Path(self.model).suffix != "" or exists(Path(self.model))
