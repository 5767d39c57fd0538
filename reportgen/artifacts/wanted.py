"""Which units the sections on optimization speak of, how large their images are, what natural images give them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen import imaging
from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.broken import source_of, unexplained
from reportgen.artifacts.geometry import Field, fields
from reportgen.artifacts.responses import is_wanted
from reportgen.optimization.objectives import Objective, channel
from reportgen.optimization.plans import in_steps, own_size, planned, step_work, told_steps
from reportgen.optimization.recipes import RECIPE_WORDS
from reportgen.optimization.seeking import Made, Wish, seek
from reportgen.probe import Array, Layer, Pull
from reportgen.report.blocks import Block, Fact, Note, Picture
from reportgen.study import Study
from reportgen.text import _, listed

LAYERS = {"quick": 3, "standard": 5, "thorough": 12}
LARGE = 1 << 16
"""A side that no image reaches."""
SMALLEST = 48
"""No image is made smaller: a pattern needs room to show that it repeats."""
TINY = 24
"""Pictures of no more pixels are enlarged with hard ones."""
MARGIN = 1.5
"""An image is so many times as long as what its unit sees."""


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """So many units of so many layers, in so many steps, in images no longer than `side` pixels; with `opposite` there
    is room for images in which they answer least."""

    layers: int
    units: int
    steps: int
    side: int = LARGE
    opposite: bool = True


LEANER = (
    UnitPlan(4, 6, 96, 160), UnitPlan(3, 4, 64, 128), UnitPlan(3, 3, 48, 112), UnitPlan(3, 3, 48, 96, False),
    UnitPlan(3, 2, 32, 96, False), UnitPlan(2, 2, 32, 96, False),
)
"""What is made where more would not fit into the budget."""


@dataclass(frozen=True, eq=False)
class Unit:
    """A channel of a convolution, and the image made for it."""

    layer: Layer
    number: int
    made: Made

    @property
    def label(self) -> str:
        """How it is called."""
        return f"{self.layer.name}:{self.number}"


def refuse_whole_numbers(study: Study) -> None:
    """No image is made for a network by whose input nothing can be differentiated: there is no way up to follow."""
    if study.probe.input.whole:
        raise NotApplicable(_(
            "the network takes whole numbers, by which nothing can be differentiated: there is no way up to follow"
        ))


def refuse_broken_answer(study: Study) -> None:
    """No image is made for an answer that weights make no number."""
    if source_of(study, study.probe.output.layer):
        raise NotApplicable(unexplained(study))


def chosen_layers(study: Study) -> list[Layer]:
    """Convolutions over height and width: those that were asked for, else a choice evenly over depth."""
    known = [
        layer for layer in study.probe.layers.convolutions
        if len(layer.shape) == 3 and layer.name != study.probe.output.layer
    ]
    if study.wishes.layers:
        return [layer for layer in known if is_wanted(layer.name, study.wishes.layers)]
    return over_depth(known, LAYERS[study.wishes.effort])


def unit_plan(study: Study) -> tuple[UnitPlan, bool]:
    """How many units are made an image for, and whether they are fewer than the effort would have had."""
    key = ("unit plan", study.wishes)
    if key not in study.memory:
        usual = UnitPlan(len(chosen_layers(study)), study.wishes.count, study.wishes.used.steps)
        plans = [usual, *(plan for one in LEANER if (plan := _no_more(study, one, usual)) != usual)]
        study.memory[key] = planned(study, "optimal_inputs", plans, lambda plan: _work(study, plan))
    found: tuple[UnitPlan, bool] = study.memory[key]
    return found


def _no_more(study: Study, plan: UnitPlan, usual: UnitPlan) -> UnitPlan:
    """A plan with what the user named, and with no more than usual of the rest."""
    wishes = study.wishes
    return UnitPlan(
        usual.layers if wishes.layers else min(plan.layers, usual.layers),
        wishes.units or min(plan.units, usual.units), told_steps(study) or min(plan.steps, usual.steps),
        LARGE if wishes.size else plan.side, plan.opposite,
    )


def _work(study: Study, plan: UnitPlan) -> float:
    seen = fields(study.probe.layers, sizes_of(study))
    layers = over_depth(chosen_layers(study), plan.layers)
    steps = [
        step_work(
            study, study.probe.layers.rectifier_of(layer).name, image_size(study, seen[layer.name], plan.side)
        )
        for layer in layers
    ]
    opposite = min(4, plan.units) * steps[-1] if plan.opposite and steps else 0.0
    return plan.steps * (plan.units * sum(steps) + opposite)


def over_depth(layers: list[Layer], most: int) -> list[Layer]:
    """So many of the layers, evenly over depth, the last one among them."""
    if len(layers) <= most:
        return layers
    return [layers[round((step + 1) * len(layers) / most) - 1] for step in range(most)]


def chosen_units(study: Study, layer: Layer, count: int) -> list[int]:
    """So many channels by strongest mean answer to the first image, or any by seed."""
    channels = layer.channels or 0
    if study.samples and study.wishes.choice == "strongest":
        rectified = study.probe.layers.rectifier_of(layer).name
        answers = study.probe.trace(study.samples[0].pixels).outputs[rectified]
        means = np.nan_to_num(answers.astype(np.float64).mean(axis=(0, 1)))
        return sorted(int(k) for k in np.argsort(-means, kind="stable")[:count])
    random = np.random.Generator(np.random.PCG64(study.wishes.seed))
    return sorted(int(k) for k in random.choice(channels, min(count, channels), replace=False))


def image_size(study: Study, field: Field, longest: int = LARGE) -> tuple[int, int]:
    """What the unit sees with a margin, in steps of the coarsest stride; never more than the network's own size.

    No side is longer than `longest`, unless the network insists: a unit that sees more has its edges in the padding.
    """
    own = own_size(study)
    if study.wishes.size:
        wanted = (study.wishes.size, study.wishes.size)
    elif field.size is None:
        wanted = own
    else:
        wanted = (math.ceil(MARGIN * field.size[0]), math.ceil(MARGIN * field.size[1]))
    step = _coarsest(study)
    room = [max(SMALLEST, min(side, longest)) for side in wanted]
    rounded = [study.probe.input.at_least(math.ceil(side / step) * step) for side in room]
    return min(rounded[0], own[0]), min(rounded[1], own[1])


def nearest_side(study: Study, side: float) -> int:
    """The side nearest to this one that the network takes; one that insists on its own size is asked by its strides."""
    facts = study.probe.input
    if None in facts.size:
        return facts.nearest(side)
    step = _coarsest(study)
    return max(1, round(side / step)) * step


def _coarsest(study: Study) -> int:
    """By how much the network makes an image smaller at most."""
    found = fields(study.probe.layers, sizes_of(study)).values()
    return max([1, *(round(field.jump) for field in found if field.jump)])


def sizes_of(study: Study) -> dict[str, tuple[int | None, ...]]:
    """The spatial sizes of all layers, from a pass where there is an image."""
    if not study.samples:
        return {}
    outputs = study.probe.trace(study.samples[0].pixels).outputs
    return {name: tuple(answer.shape[:-1]) for name, answer in outputs.items()}


def units(study: Study) -> list[Unit]:
    """The chosen units of the chosen layers with their images; made once for all sections."""
    key = ("units", study.wishes)
    if key not in study.memory:
        seen = fields(study.probe.layers, sizes_of(study))
        plan, _less = unit_plan(study)
        wishes = [
            (layer, number, Wish(
                f"{layer.name}:{number}", answering(study, layer, number),
                image_size(study, seen[layer.name], plan.side),
            ))
            for layer in over_depth(chosen_layers(study), plan.layers)
            for number in chosen_units(study, layer, plan.units)
        ]
        recipe = in_steps(study, plan.steps)
        made = seek(study, [wish for _layer, _number, wish in wishes], recipe, "Optimal inputs")
        study.memory[key] = [
            Unit(layer, number, one) for (layer, number, _wish), one in zip(wishes, made, strict=True)
        ]
    found: list[Unit] = study.memory[key]
    return found


def answering(study: Study, layer: Layer, number: int) -> Objective:
    """A convolution's channel after normalization and activation, where its answer is complete."""
    return channel(study.probe.layers.rectifier_of(layer), number)


def natural(study: Study, objectives: Sequence[Objective]) -> list[float | None]:
    """The highest value of each objective on the study's own images; None without any. All are of one layer."""
    if not study.samples:
        return [None] * len(objectives)
    found: list[float | None] = []
    for start in range(0, len(objectives), 32):
        some = objectives[start : start + 32]
        best = np.full(len(some), -np.inf)
        for sample in study.samples:
            pulls = [
                Pull(pull.layer, pull.kind, 1.0, pull.weight * pull.directions[None], pull.middle)
                for one in some for pull in one.pulls if pull.directions is not None
            ]
            best = np.maximum(best, study.probe.climb(sample.pixels[None], pulls)[0][0])
        found += [float(value) for value in best]
    return found


def photo_of(image: Array) -> Picture:
    """A made image as it was made: nothing is stretched."""
    shown = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
    picture = imaging.photo(np.clip(shown, 0, 1))
    return dataclasses.replace(picture, kind="map") if max(image.shape[:2]) <= TINY else picture


def how_made(study: Study, steps: int, *, less: bool = False) -> Iterator[Block]:
    """The facts of the recipe, and whether the budget cut it."""
    yield Fact("steps", _("Steps"), steps)
    if less:
        yield by_effort()
    words = _("a recipe of the user's own") if study.wishes.custom else RECIPE_WORDS[study.wishes.recipe]
    yield Note(_("Made of {recipe}. Where a ReLU is shut, a twentieth of what entered it is counted, so that there is "
                 "a way up.", recipe=words), "info")


def by_effort() -> Note:
    """That less was made than usual."""
    return Note(_(
        "A step through this network takes so long that fewer or smaller images were made in fewer steps than usual; "
        "`--effort thorough` or numbers in the table `[optimization]` make more of them."
    ), "info")


def outcome(made: Sequence[tuple[str, Made]]) -> Iterator[Note]:
    """Which images did not converge, and which only after the cure."""
    lost = [name for name, one in made if not one.risen]
    cured = [name for name, one in made if one.cured]
    if lost:
        yield Note(_(
            "{count} image did not converge: {names}. What it shows says nothing about the unit.",
            "{count} images did not converge: {names}. What they show says nothing about the units.",
            count=len(lost), names=listed(lost),
        ), "warning")
    if cured:
        yield Note(_(
            "{count} image rose only by the cure: first with shifts of 5 % and no penalties, then from there with the "
            "usual settings: {names}.",
            "{count} images rose only by the cure: first with shifts of 5 % and no penalties, then from there with the "
            "usual settings: {names}.", count=len(cured), names=listed(cured),
        ), "info")
    rising = [name for name, one in made if one.unfinished]
    if rising:
        yield Note(_(
            "{count} image was still rising when its steps ran out: {names}. More steps make it clearer: `--effort`.",
            "{count} images were still rising when their steps ran out: {names}. More steps make them clearer: "
            "`--effort`.", count=len(rising), names=listed(rising),
        ), "info")
    rose = [(name, one) for name, one in made if one.risen]
    if rose:
        name, least = min(rose, key=lambda pair: (pair[1].last - pair[1].first) / max(abs(pair[1].first), 1e-6))
        yield Note(_(
            "In proportion, “{name}” rose least of what was made: from {first:.3g} to {last:.3g}.",
            name=name, first=least.first, last=least.last,
        ))


def curve(values: Array, most: int = 64) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Steps and values, thinned out."""
    places = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))
    return tuple(float(place) for place in places), tuple(float(values[place]) for place in places)
