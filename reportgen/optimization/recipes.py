"""Named settings: how an image is written down, what it must survive, what it should not be, and how long it climbs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from reportgen.text import Message, _

RecipeName: TypeAlias = Literal["waves", "pixels", "dense", "simple"]


@dataclass(frozen=True)
class Recipe:
    """Everything about a climb but its objective and its size.

    What is climbed in: `waves` (the Fourier transform, each frequency by its share in pictures) or pixels, with
    `decorrelated` colours. `bound` keeps pixels between `low` and `high` (0 is black, 1 white) by a sigmoid or by
    clipping. `noise` is the start's deviation from gray, drawn by `seed`. There are `steps` steps of the `optimizer`
    with `rate`; with `even` a slope is divided by its root mean square first, its sign kept. At each step the image is
    moved by up to `shift` pixels (below 1: a share of the side), made larger or smaller by up to `scale`, turned by up
    to `turn` degrees, cut by up to `crop` of the side. Weights of penalties are per objective, 0 leaves one out: total
    variation `tv` to the power `tv_power`, `norm` to the power `norm_power`, squared distance from gray `decay`. The
    image is blurred by `blur` pixels every `blur_every` steps.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    waves: bool = True
    decorrelated: bool = True
    bound: Literal["sigmoid", "clip"] = "sigmoid"
    low: float = 0.0
    high: float = 1.0
    noise: float = 0.1
    steps: int = 128
    optimizer: Literal["adam", "ascent"] = "adam"
    rate: float = 0.1
    even: bool = True
    shift: float = 4.0
    scale: float = 0.05
    turn: float = 5.0
    crop: float = 0.0
    tv: float = 0.0
    tv_power: float = 2.0
    norm: float = 0.0
    norm_power: float = 6.0
    decay: float = 0.0
    blur: float = 0.0
    blur_every: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 1:
            raise ValueError("low and high must hold 0 <= low < high <= 1")
        for name, least in (("steps", 1), ("blur_every", 1), ("seed", 0), ("noise", 0), ("tv", 0), ("norm", 0),
                            ("decay", 0), ("blur", 0), ("shift", 0), ("scale", 0), ("turn", 0), ("crop", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}")
        if self.rate <= 0 or self.tv_power <= 0 or self.norm_power <= 0 or max(self.scale, self.crop) >= 1:
            raise ValueError("rate and powers must be above 0, scale and crop below 1")

    def quiet(self) -> Recipe:
        """Shifts of 5 % of the side and nothing else: the first stage of the cure."""
        return dataclasses.replace(
            self, shift=0.05, scale=0.0, turn=0.0, crop=0.0, tv=0.0, norm=0.0, decay=0.0, blur=0.0,
            noise=max(self.noise, 0.3),
        )


_PIXELS = Recipe(waves=False, decorrelated=False, bound="clip", rate=0.02, shift=0.0, scale=0.0, turn=0.0)
RECIPES: Mapping[str, Recipe] = {
    "waves": Recipe(),
    "pixels": dataclasses.replace(_PIXELS, shift=0.05, tv=0.2, norm=0.05),
    "dense": dataclasses.replace(_PIXELS, noise=0.05, tv=0.1),
    "simple": dataclasses.replace(_PIXELS, optimizer="ascent", steps=30),
}
RECIPE_WORDS: Mapping[str, Message] = {
    "waves": _("waves with decorrelated colours, shifted, scaled and turned at random"),
    "pixels": _("pixels, shifted at random, with total variation and a norm"),
    "dense": _("pixels within the range, with total variation"),
    "simple": _("plain gradient ascent on pixels"),
}
STEPS: Mapping[str, float] = {"quick": 0.5, "standard": 1.0, "thorough": 4.0}
UNITS: Mapping[str, int] = {"quick": 4, "standard": 8, "thorough": 24}


def recipe_of(name: str, effort: str, **changes: object) -> Recipe:
    """A named recipe for an effort, with what the user says otherwise."""
    base = RECIPES[name]
    base = dataclasses.replace(base, steps=max(1, round(base.steps * STEPS[effort])))
    return dataclasses.replace(base, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]
