"""The kernels of a convolution, brought into one form, and what can be read from a single one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from reportgen.probe import Array, Layer, Probe
from reportgen.text import Message, _

Class: TypeAlias = Literal["edge", "colour", "blur", "surround", "none"]
LEAST_EDGE = 0.6
LEAST_COLOUR = 0.5
LEAST_BLUR = 0.9
LEAST_SURROUND = 0.6
DEAD = 1e-6
AXES = {
    "red-green": np.array([1.0, -1.0, 0.0]) / math.sqrt(2),
    "blue-yellow": np.array([-1.0, -1.0, 2.0]) / math.sqrt(6),
}
PRIMARIES = np.array([[2.0, -1, -1], [-1, 2, -1], [-1, -1, 2]]) / math.sqrt(6)
"""What is red, green, blue and not gray, as directions in colour space."""


@dataclass(frozen=True, eq=False)
class Kernels:
    """The kernels of a layer as (height, width, inputs, filters).

    `part` tells the two kernels of a separable convolution apart; `remark` says what was left out.
    `fans` are how many weights feed one output and how many one input feeds: what initializers use.
    """

    layer: Layer
    array: Array
    part: str = ""
    remark: Message | None = None
    fans: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        """The layer's path, with the part where there are two."""
        return f"{self.layer.name} ({self.part})" if self.part else self.layer.name

    @property
    def count(self) -> int:
        """How many filters there are."""
        return int(self.array.shape[-1])


def evenly(values: Array, most: int) -> Array:
    """About `most` evenly spaced values, the same every time.

    The step has no divisor in common with any side, so that every filter gives its share.
    """
    step = max(1, values.size // most)
    while step > 1 and any(math.gcd(step, side) > 1 for side in values.shape if side > 1):
        step += 1
    return values.reshape(-1)[::step]


def kernels_of(probe: Probe) -> Iterator[Kernels]:
    """The kernels of every convolution, in running order."""
    for layer in probe.layers.convolutions:
        weights = probe.weights(layer.owner or layer.name)
        named = {name.rsplit("/", 1)[-1]: array for name, array in weights.items()}
        if "depthwise_kernel" in named:
            yield _flat(layer, named["depthwise_kernel"], "depthwise", depthwise=True)
            yield _flat(layer, named["pointwise_kernel"], "pointwise")
        elif "kernel" in named:
            yield _flat(layer, named["kernel"], "", depthwise="Depthwise" in layer.kind)


def _flat(layer: Layer, array: Array, part: str, depthwise: bool = False) -> Kernels:
    """Any kernel with two spatial axes: sequences lie on their side, volumes give their middle slice."""
    remark = None
    places = math.prod(array.shape[:-2])
    fans = (places * array.shape[-2], places * array.shape[-1])
    if "Transpose" in layer.kind:
        fans = fans[::-1]
    if array.ndim == 3:
        array = array[None]
    elif array.ndim == 5:
        remark = _("of each three-dimensional kernel the middle slice is shown")
        array = array[array.shape[0] // 2]
    if depthwise:
        array = array.reshape(*array.shape[:2], 1, -1)
    return Kernels(layer, array, part, remark, fans)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a kernel looks for. `evidence` is 0…1, what it measures depends on the class.

    `angle` is that of the edge's line in degrees, 0 horizontal, 90 vertical, counted anticlockwise;
    `tone` says which colours a colour kernel opposes; `primaries` is how strongly the kernel stands
    for red, green and blue against the rest.
    """

    kind: Class
    evidence: float
    angle: float = 0.0
    tone: str = ""
    horizontal: float = 0.0
    vertical: float = 0.0
    primaries: tuple[float, float, float] = (0.0, 0.0, 0.0)


def read(kernel: Array) -> Reading:
    """Name a kernel (height, width, 1 or 3) from its own weights.

    Its energy is split into gray and colour. A gray part of (almost) one sign only blurs; any other is
    compared with a slope in any direction (an edge) and with a centre against its surround.
    """
    kernel = np.asarray(kernel, np.float64)
    energy = float((kernel**2).sum())
    if not energy > DEAD**2:  # also where a weight is no number
        return Reading("none", 0.0)
    gray = kernel.mean(axis=-1)
    chroma = kernel - gray[..., None]
    colour_share = float((chroma**2).sum()) / energy
    horizontal, vertical, slope, angle = _slopes(gray)
    lightness = 1 - colour_share
    primaries = _primaries(chroma, energy) if kernel.shape[-1] == 3 else (0.0, 0.0, 0.0)
    common = {"horizontal": horizontal * lightness, "vertical": vertical * lightness, "primaries": primaries}
    if colour_share >= LEAST_COLOUR:
        tone, aligned = _tone(chroma)
        return Reading("colour", colour_share * aligned, tone=tone, **common)  # type: ignore[arg-type]
    flat = float(abs(gray.sum()) / np.abs(gray).sum())
    if flat >= LEAST_BLUR:
        return Reading("blur", flat, **common)  # type: ignore[arg-type]
    surround = _surround(gray)
    if max(slope, surround) < min(LEAST_EDGE, LEAST_SURROUND):
        return Reading("none", max(slope, surround), **common)  # type: ignore[arg-type]
    if slope >= surround:
        return Reading("edge", slope, angle, **common)  # type: ignore[arg-type]
    return Reading("surround", surround, **common)  # type: ignore[arg-type]


def _slopes(gray: Array) -> tuple[float, float, float, float]:
    """Shares of the variation explained by a vertical change (a horizontal edge), by a horizontal one, by both."""
    varying = gray - gray.mean()
    energy = float((varying**2).sum())
    rows, columns = (np.arange(side) - (side - 1) / 2 for side in gray.shape)
    if energy <= DEAD * float((gray**2).sum()):
        return 0.0, 0.0, 0.0, 0.0
    down = _projection(varying, np.repeat(rows[:, None], gray.shape[1], 1))
    right = _projection(varying, np.repeat(columns[None], gray.shape[0], 0))
    angle = math.degrees(math.atan2(-right, -down)) % 180
    return down**2 / energy, right**2 / energy, (down**2 + right**2) / energy, angle


def _surround(gray: Array) -> float:
    """The share of the variation explained by a centre against a ring around it."""
    varying = gray - gray.mean()
    rows, columns = (np.arange(side) - (side - 1) / 2 for side in gray.shape)
    distance = np.hypot(rows[:, None], columns[None])
    width = max(gray.shape) / 4
    centre = np.exp(-((distance / width) ** 2))
    energy = float((varying**2).sum())
    if energy <= DEAD * float((gray**2).sum()):
        return 0.0
    return _projection(varying, centre - centre.mean()) ** 2 / energy


def _projection(values: Array, direction: Array) -> float:
    length = float(np.sqrt((direction**2).sum()))
    return float((values * direction).sum()) / length if length > 0 else 0.0


def _tone(chroma: Array) -> tuple[str, float]:
    """The axis that the colours of a kernel lie along, and how well: its main direction in colour space."""
    _left, strengths, directions = np.linalg.svd(chroma.reshape(-1, 3), full_matrices=False)
    along = {name: abs(float(directions[0] @ axis)) for name, axis in AXES.items()}
    name = max(along, key=along.__getitem__)
    return name, float(strengths[0] ** 2 / (strengths**2).sum()) * along[name] ** 2


def _primaries(chroma: Array, energy: float) -> tuple[float, float, float]:
    """How strongly the kernel's sum over places stands for red, green and blue against the other two."""
    total = chroma.sum(axis=(0, 1))
    strength = np.maximum(PRIMARIES @ total, 0) / math.sqrt(energy * chroma.shape[0] * chroma.shape[1])
    return float(strength[0]), float(strength[1]), float(strength[2])
