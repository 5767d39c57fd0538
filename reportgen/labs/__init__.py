"""The labs that come with the tool: seeded data, the network, its training, the trained file.

Nothing here loads TensorFlow until a network is really trained.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from reportgen.errors import UsageError, did_you_mean
from reportgen.text import Message, _

DATA = Path(__file__).parent / "data"
OnProgress: TypeAlias = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The file that was written and what the network reaches on data it never saw."""

    path: Path
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab: its name on the command line and the module that trains its network.

    `data` are the data sets that it can be trained on, the usual one first; empty where there is only one.
    `classes` are the names of the classes that the shipped network tells apart.
    """

    name: str
    module: str
    data: tuple[str, ...] = ()
    classes: tuple[Message, ...] = ()

    def train(
        self, out: Path, *, seed: int, epochs: int | None, on_progress: OnProgress, data: str = ""
    ) -> TrainingResult:
        """Train the network and write it to a file, whole or not at all."""
        if data and data not in self.data:
            known = ", ".join(self.data) or "its own generated data alone"
            raise UsageError(
                f"The lab '{self.name}' cannot be trained on '{data}'.", slug="unknown-data", hint=f"It knows: {known}."
            )
        trainer: Any = importlib.import_module(self.module)
        chosen = {"data": data or self.data[0]} if self.data else {}
        result: TrainingResult = trainer.train(out, seed=seed, epochs=epochs, on_progress=on_progress, **chosen)
        return result


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The trained network of the demo, with images it never saw and their true masks."""

    model: Path
    images: tuple[Path, ...]
    masks: tuple[Path, ...]


SHAPES = (
    _("ring", context="class"), _("triangle", context="class"), _("square", context="class"),
    _("star", context="class"), _("cross", context="class"), _("crescent", context="class"),
    _("heart", context="class"), _("striped ball", context="class"), _("spotted ball", context="class"),
    _("chequered ball", context="class"),
)
"""The classes of the generated pictures of `reportgen.labs.shapes`."""
LABS: Mapping[str, Lab] = {
    "texture-unet": Lab("texture-unet", "reportgen.labs.texture_unet"),
    "cifar10-cnn": Lab("cifar10-cnn", "reportgen.labs.cifar10_cnn", ("shapes", "cifar10"), SHAPES),
}


def find_lab(name: str) -> Lab:
    """The lab of that name."""
    if name in LABS:
        return LABS[name]
    raise UsageError(
        f"There is no lab '{name}'.{did_you_mean(name, LABS)}",
        slug="unknown-lab", hint=f"Known are: {', '.join(LABS)}.",
    )


def class_names(lab: str) -> tuple[Message, ...]:
    """The names of the classes of a lab's network, which can be said in every language."""
    classes = find_lab(lab).classes
    if not classes:
        raise UsageError(
            f"The lab '{lab}' has no classes.", slug="unknown-lab",
            hint=f"Those with classes are: {', '.join(name for name, other in LABS.items() if other.classes)}.",
        )
    return classes


def demo_files() -> DemoFiles:
    """The files of the embedded demo."""
    numbers = (1, 2, 3)
    return DemoFiles(
        DATA / "texture-unet.keras",
        tuple(DATA / f"texture-{number}.png" for number in numbers),
        tuple(DATA / f"texture-{number}.mask.png" for number in numbers),
    )
