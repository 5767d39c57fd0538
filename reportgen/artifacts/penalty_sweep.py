"""How much smoothness an image should be made with: a sweep of the weight of total variation, side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.wanted import by_effort, photo_of, refuse_broken_answer, refuse_whole_numbers
from reportgen.optimization.objectives import logit
from reportgen.optimization.penalties import total_variation
from reportgen.optimization.plans import fits, own_size, planned, step_work
from reportgen.optimization.recipes import recipe_of
from reportgen.optimization.seeking import Wish, seek
from reportgen.report.blocks import Block, Column, Fact, Gallery, Note, Table
from reportgen.report.document import Formula
from reportgen.study import Study
from reportgen.text import _

LEANER = (96, 64, 48)
"""So many steps where more would not fit into the budget; with fewer the weights cannot be told apart."""


@dataclass(frozen=True)
class PenaltySweep(ModelArtifact):
    """Shows the image of one class for several `weights` of total variation, made of plain pixels within the range.

    `unit` is the class's number, -1 for the likeliest of the first image.
    """

    name = "penalty_sweep"
    chapter = "optimization"
    uses = ("optimization",)
    title = _("Smoothness against score")
    about = _(
        "An image made of single pixels is mostly noise: it raises the score by many small grains. Total variation "
        "forbids grain; its weight decides between a high score and a picture that one can read."
    )
    reading = _(
        "From left to right the weight grows: grain vanishes, shapes appear, and at last everything is flat. The best "
        "weight is the largest one at which the score is still high."
    )
    formulas = (
        Formula(
            r"R(x)=\frac{1}{N}\sum_{p}\left((\Delta_x x(p))^2+(\Delta_y x(p))^2\right)^{\beta/2}",
            _("where Δ are differences of neighbouring pixels, N is the number of values and β is the power"),
        ),
    )
    compares_samples = True
    weights: tuple[float, ...] = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
    unit: int = -1

    def blocks(self, study: Study) -> Iterator[Block]:
        """The strip, the table, the best weight."""
        refuse_whole_numbers(study)
        refuse_broken_answer(study)
        facts = study.probe.output
        count = facts.shape[-1] if facts.shape else None
        if not count or len(facts.shape) != 1:
            raise NotApplicable(_("the sweep is made for networks that answer with classes or numbers"))
        number = self.unit if 0 <= self.unit < count else _likeliest(study)
        wish = Wish(f"sweep {number}", logit(study.probe, number), own_size(study))
        usual = recipe_of("dense", study.wishes.effort, steps=study.wishes.steps or None, seed=study.wishes.seed)
        work = len(self.weights) * step_work(study)
        asked = bool(study.wishes.steps) or self.weights != PenaltySweep.weights
        fewer = () if asked else tuple(steps for steps in LEANER if steps < usual.steps)
        steps, less = planned(study, self.name, (usual.steps, *fewer), lambda steps: steps * work)
        if not asked and not fits(study, self.name, steps * work):
            raise NotApplicable(_(
                "{count} images in {steps} steps each would take too long with a network of this size; ask for them "
                "with `--effort thorough`, or with `steps` in the table `[optimization]`.", count=len(self.weights),
                steps=steps,
            ))
        yield Fact("steps", _("Steps"), steps)
        if less:
            yield by_effort()
        found = {}
        for weight in self.weights:
            recipe = dataclasses.replace(usual, steps=steps, tv=weight)
            found[weight] = seek(study, [wish], recipe, "Sweep of smoothness")[0]
        label = study.sides[1] if facts.kind == "binary" else study.label(number)
        rough = {
            weight: float(total_variation(2 * one.image[None] - 1)[0][0]) for weight, one in found.items()
        }
        yield Gallery(
            "penalty_sweep", tuple(photo_of(one.image) for one in found.values()),
            tuple(_("weight {weight:g}", weight=weight) for weight in found),
            _("Images made for “{label}” with a growing weight of total variation, all from the same start.",
              label=label),
            _("A row of images for one class, from grainy to smooth."), "strip",
            notes=tuple(_("raw score {value:.3g}", value=one.last) for one in found.values()),
        )
        yield Table(
            "penalty_sweep",
            (Column(_("Weight"), ".3g"), Column(_("Raw score"), ".3g"), Column(_("Roughness R"), ".3g")),
            tuple((weight, one.last, rough[weight]) for weight, one in found.items()),
            _("What each weight costs and brings."),
        )
        top = max(one.last - one.first for one in found.values())
        good = [weight for weight, one in found.items() if one.last - one.first >= 0.5 * top > 0]
        if good:
            yield Note(_(
                "The largest weight that keeps at least half of the largest rise of the score is {weight:g}: the "
                "roughness there is {share:.1%} of that with the least weight.", weight=max(good),
                share=rough[max(good)] / max(rough[min(found)], 1e-12),
            ))


def _likeliest(study: Study) -> int:
    if not study.samples:
        return 0
    return int(np.argmax(np.nan_to_num(study.probe.trace(study.samples[0].pixels).scores)))
