"""The labs that come with the tool: seeded data, the network, its training, the trained file.

Nothing here loads TensorFlow until a network is really trained.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from reportgen.errors import UsageError

DATA = Path(__file__).parent / "data"
OnProgress: TypeAlias = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The file that was written and what the network reaches on data it never saw."""

    path: Path
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab: its name on the command line and the module that trains its network."""

    name: str
    module: str

    def train(self, out: Path, *, seed: int, epochs: int | None, on_progress: OnProgress) -> TrainingResult:
        """Train the network and write it to a file, whole or not at all."""
        trainer: Any = importlib.import_module(self.module)
        result: TrainingResult = trainer.train(out, seed=seed, epochs=epochs, on_progress=on_progress)
        return result


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The trained network of the demo, with images it never saw and their true masks."""

    model: Path
    images: tuple[Path, ...]
    masks: tuple[Path, ...]


LABS: Mapping[str, Lab] = {
    "texture-unet": Lab("texture-unet", "reportgen.labs.texture_unet"),
}


def find_lab(name: str) -> Lab:
    """The lab of that name."""
    if name in LABS:
        return LABS[name]
    close = difflib.get_close_matches(name, LABS, n=1)
    raise UsageError(
        f"There is no lab '{name}'." + (f" Did you mean '{close[0]}'?" if close else ""),
        slug="unknown-lab", hint=f"Known are: {', '.join(LABS)}.",
    )


def demo_files() -> DemoFiles:
    """The files of the embedded demo."""
    numbers = (1, 2, 3)
    return DemoFiles(
        DATA / "texture-unet.keras",
        tuple(DATA / f"texture-{number}.png" for number in numbers),
        tuple(DATA / f"texture-{number}.mask.png" for number in numbers),
    )
