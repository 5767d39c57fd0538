"""Deep Dream on the user's image: what a layer sees in it, made louder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.wanted import (
    by_effort,
    chosen_layers,
    nearest_side,
    over_depth,
    photo_of,
    refuse_whole_numbers,
)
from reportgen.optimization.dreaming import dream, octaves, taken
from reportgen.optimization.objectives import loud
from reportgen.optimization.plans import planned, step_work
from reportgen.optimization.recipes import STEPS
from reportgen.probe import Layer
from reportgen.report.blocks import Block, Cell, Column, Fact, Gallery, Note, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import _

LEANER = ((2, 3, 12), (1, 3, 10), (1, 2, 8), (1, 2, 6))
"""So many layers, octaves and steps in each, where more would not fit into the budget."""


@dataclass(frozen=True)
class DeepDream(ImageArtifact):
    """Shows the image in which all that a layer answers is made louder, for a few layers.

    `depths` is how many, evenly over depth. There are up to `octaves` sizes, each about `ratio` times the one before,
    with `steps` steps of `rate` each (the mean change of a pixel), shifted by up to `shift` pixels.
    """

    name = "deep_dream"
    chapter = "optimization"
    uses = ("optimization",)
    references = ("deep-dream",)
    title = _("Deep Dream")
    about = _(
        "The image is changed so that a layer answers more strongly, whatever it answers already. What the network "
        "believes to see grows out of the image: lines in early layers, textures and parts of things in deep ones."
    )
    reading = _(
        "Compare with the input: each layer exaggerates what it looks for. What appears everywhere, also where "
        "there is "
        "nothing, is what the network is most ready to see."
    )
    formulas = (
        Formula(
            r"x\leftarrow x+\eta\,\frac{g}{\mathrm{mean}|g|},\qquad "
            r"g=\frac{\partial}{\partial x}\,\frac{1}{N}\sum_{i,k}A_k(x,i)^2",
            _("where A is what the layer says of the image x, N is the number of its values and η is the step "
              "(Mordvintsev, Olah and Tyka 2015)"),
        ),
    )
    depths: int = 3
    octaves: int = 3
    ratio: float = 1.4
    steps: int = 16
    rate: float = 0.007
    shift: int = 8

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The input beside its dreams, the table."""
        refuse_whole_numbers(study)
        known = chosen_layers(study)
        wanted = max(1, round(self.steps * min(1.0, STEPS[study.wishes.effort])))
        usual = (max(1, self.depths), max(1, self.octaves), wanted)
        plans = [usual, *(plan for one in LEANER if (plan := self._leaner(one, usual)) != usual)]
        (depths, count, steps), less = planned(
            study, self.name, plans, lambda plan: self._work(study, sample, over_depth(known, plan[0]), *plan[1:])
        )
        chosen = over_depth(known, depths)
        if not chosen:
            raise NotApplicable(_("no convolution before the network's answer gives flat maps (height × width)"))
        sizes = self._sizes(study, sample, count)
        yield Fact("octaves", _("Octaves"), len(sizes))
        yield Fact("dream_steps", _("Steps in each"), steps)
        if less:
            yield by_effort()
        pictures, rows = [photo_of(sample.pixels)], []
        for number, layer in enumerate(chosen):
            image, heights = self._dream(study, sample, layer, steps, sizes, (number, len(chosen)))
            pictures.append(photo_of(image))
            cells: tuple[Cell, ...] = (
                layer.name, len(heights) - 1, heights[0], heights[-1],
                heights[-1] / heights[0] if heights[0] > 0 else None,
                float(np.sqrt(np.mean((image - sample.pixels) ** 2))),
            )
            rows.append(cells)
        yield Gallery(
            "deep_dream", tuple(pictures), (_("Input"), *(layer.name for layer in chosen)),
            _("Deep Dream on `{image}`: what each layer answers to it is made louder.", image=sample.file),
            _("{image} and what becomes of it when layers of the network are made louder.", image=sample.name),
            "compare",
        )
        yield Table(
            "deep_dream",
            (Column(_("Layer"), code=True), Column(_("Octaves")), Column(_("Mean squared answer at the start"), ".3g"),
             Column(_("At the end"), ".3g"), Column(_("Times"), ".3g"), Column(_("Change of the pixels"), ".3f")),
            tuple(rows), _("How much louder each layer became, and by how much the pixels (0…1) changed for it."),
        )
        louder = [(str(row[0]), float(row[4])) for row in rows if isinstance(row[4], float)]
        if louder:
            layer_name, times = max(louder, key=lambda pair: pair[1])
            yield Note(_(
                "`{layer}` became louder the most: its mean squared answer to `{image}` grew {times:.3g} times.",
                layer=layer_name, times=times, image=sample.file,
            ))

    def _leaner(self, plan: tuple[int, int, int], usual: tuple[int, int, int]) -> tuple[int, int, int]:
        """A plan with what the user set, and with no more than usual of the rest."""
        told = (self.depths != DeepDream.depths, self.octaves != DeepDream.octaves, self.steps != DeepDream.steps)
        depths, count, steps = (
            most if own else min(one, most) for one, most, own in zip(plan, usual, told, strict=True)
        )
        return depths, count, steps

    def _sizes(self, study: Study, sample: Sample, count: int) -> list[tuple[int, int]]:
        return octaves(
            sample.pixels.shape[:2], count, max(1.05, self.ratio), lambda side: nearest_side(study, side)
        )

    def _work(self, study: Study, sample: Sample, layers: list[Layer], count: int, steps: int) -> float:
        return sum(
            steps * step_work(study, layer.name, size)
            for layer in layers for size in self._sizes(study, sample, count)
        )

    def _dream(
        self, study: Study, sample: Sample, layer: Layer, steps: int, sizes: list[tuple[int, int]],
        turn: tuple[int, int],
    ) -> tuple[np.ndarray, list[float]]:
        """The dream of a layer, which is number `turn[0]` of `turn[1]`, and its heights."""
        objective = loud(layer.name)
        total = steps * len(sizes) * turn[1]
        key = ("dream", layer.name, sample.digest, sizes, repr(self), steps, study.wishes.seed)
        kept = study.shelf.get(key)
        if kept is None:
            image, heights = dream(
                study.probe, sample.pixels, objective, sizes=taken(study.probe, objective, sizes), steps=steps,
                rate=self.rate, shift=max(0, self.shift), seed=study.wishes.seed,
                on_step=lambda step: study.progress(
                    (turn[0] * steps * len(sizes) + step) / total, "Deep Dream"
                ),
            )
            kept = {"image": image, "heights": np.array(heights)}
            study.shelf.put(key, kept)
        return kept["image"], [float(height) for height in kept["heights"]]
