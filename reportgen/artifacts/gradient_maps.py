"""Maps from gradients: how the score depends on every pixel, plainly, averaged, integrated, and by other rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact
from reportgen.artifacts.heat_sheets import (
    Sheet,
    about_methods,
    by_effort,
    empty_maps,
    explained,
    on_frames,
    on_scores,
    raw_maps,
    refuse_if_empty,
    sheet,
)
from reportgen.attention.evidence import rank_correlation
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Maps
from reportgen.attention.methods import formulas, of_family
from reportgen.report.blocks import Block, Column, Fact, Note, Table
from reportgen.study import Sample, Study
from reportgen.text import Message, _

STRENGTHS = ("saliency", "smoothgrad", "vargrad")
SIGNED = ("gradient_input", "integrated_gradients")
TRIPLE = ("saliency", "guided", "deconvnet")
COMPLETE = 0.05
"""A larger completeness error means that more steps are needed."""


@dataclass(frozen=True)
class GradientMaps(ImageArtifact):
    """Shows how the score depends on each pixel: saliency, SmoothGrad, VarGrad, gradient × input, integrated gradients.

    `side` is the longer side of a picture over the image, in pixels.
    """

    name = "saliency"
    chapter = "attention"
    uses = ("attention",)
    references = ("saliency", "gradient-input", "smoothgrad", "integrated")
    question = _("How exactly do integrated gradients add up to the change of the score?")
    title = _("Gradients by pixel")
    about = _(
        "The gradient of the score by the pixels tells where a small change of the image would change the answer. It "
        "is as fine as the image, but noisy: neighbouring pixels often pull in opposite directions. Averages over "
        "noisy copies, or along a way from an empty image, calm it down."
    )
    reading = _(
        "In the first sheet bright pixels are those on which the score depends, whatever the direction. In the second, "
        "red pixels raised the score and blue ones lowered it; their sum is what matters. Integrated gradients must "
        "add up to the rise of the score from the baseline to the image: the completeness error tells by how much "
        "they do not."
    )
    formulas = formulas(of_family("gradient"))
    side: int = 240

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """Two sheets, how they were made, the completeness of integrated gradients."""
        maps = explained(study, sample)
        refuse_if_empty(maps, (*STRENGTHS, *SIGNED))
        drawn = Sheet(sample, self.side, 0.5)
        yield from on_scores(study, maps.goals)
        yield from on_frames(study)
        yield sheet(
            "saliency", maps, STRENGTHS, maps.goals, drawn,
            _("How strongly the score depends on each pixel of `{image}`, a row for each method and a column for each "
              "class.", image=sample.file) if maps.amounts.every else
            _("How strongly the score depends on each pixel of `{image}`: for each class, and averaged over noisy "
              "copies for the first.", image=sample.file),
            _("Maps of {image} by pixel: saliency, SmoothGrad and VarGrad for each of the explained classes.",
              image=sample.name),
        )
        yield sheet(
            "attributions", maps, SIGNED, maps.goals, drawn,
            _("What each pixel of `{image}` brings to the score: gradient × input and integrated gradients.",
              image=sample.file),
            _("Maps of {image} with both signs: gradient × input and integrated gradients for each of the explained "
              "classes.", image=sample.name),
        )
        yield from _settings(maps)
        yield from by_effort(maps, "samples", "steps")
        yield from empty_maps(maps, (*STRENGTHS, *SIGNED), maps.goals)
        yield from _completeness(maps)
        yield about_methods("saliency_methods", (*STRENGTHS, *SIGNED))
        yield from raw_maps("attention_gradients", maps, (*STRENGTHS, *SIGNED), maps.goals)


BASELINES: dict[str, Message] = {
    "black": _("a black image"), "white": _("a white image"), "mean": _("an image of this one's mean colour"),
}


def _settings(maps: Maps) -> Iterator[Block]:
    settings = maps.settings
    yield Fact("noisy_copies", _("Noisy copies"), settings.samples)
    yield Fact("noise", _("Deviation of the noise, of the image's range"), settings.noise, ".0%")
    yield Fact("path_steps", _("Steps of integrated gradients"), settings.steps)
    yield Fact("baseline", _("Baseline"), BASELINES[settings.baseline])


def _completeness(maps: Maps) -> Iterator[Block]:
    paths = [(goal, maps.path(goal)) for goal in maps.shown("integrated_gradients")]
    yield Table(
        "completeness",
        (Column(_("Explained")), Column(_("Rise of the score"), ".4g"), Column(_("Sum of the map"), ".4g"),
         Column(_("Completeness error"), ".2%")),
        tuple((goal.label, path.rise, path.total, path.error if path.rise else None) for goal, path in paths),
        _("Integrated gradients of `{image}`: what they should add up to and what they do.", image=maps.sample.file),
    )
    worst_goal, worst = max(paths, key=lambda pair: pair[1].error)
    if not np.isfinite(worst.error) or not worst.rise:
        return
    words = _(
        "Integrated gradients of “{goal}” add up to {total:.4g}, the score changes by {rise:.4g} on the way from "
        "{baseline}: a completeness error of {error:.2%} with {steps} steps.",
        goal=worst_goal.label, total=worst.total, rise=worst.rise, error=worst.error, steps=maps.settings.steps,
        baseline=BASELINES[maps.settings.baseline],
    )
    yield Note(words)
    if worst.error > COMPLETE:
        yield Note(_(
            "An error above {limit:.0%} has one of two reasons: too few steps (`steps` in the table `[attention]`), or "
            "a score that jumps on the way, as at a black image where a layer divides by the length of its input; then "
            "another `baseline` helps.", limit=COMPLETE,
        ), "info")


@dataclass(frozen=True)
class BackpropRules(ImageArtifact):
    """Shows the plain gradient beside guided backpropagation and the deconvnet rule.

    `side` is the longer side of a picture over the image, in pixels.
    """

    name = "backprop_rules"
    chapter = "attention"
    uses = ("attention",)
    references = ("deconvnet", "guided")
    title = _("Rules for going back")
    about = _(
        "On its way back through a ReLU a gradient is stopped where the unit was silent. Guided backpropagation also "
        "stops what is negative; the deconvnet rule stops only that. Both give clean pictures, but of what the network "
        "could see, rather than of why it decided."
    )
    reading = _(
        "Three rows: the plain gradient, the guided one and the deconvnet rule. Compare columns: where the guided maps "
        "of two classes are the same, they say nothing about either class. All three are the largest absolute value "
        "over the colour channels."
    )
    formulas = formulas(of_family("rule"))
    side: int = 240

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The sheet, how alike the maps of different classes are."""
        maps = explained(study, sample)
        refuse_if_empty(maps, TRIPLE)
        yield from on_scores(study, maps.goals)
        yield from on_frames(study)
        yield sheet(
            "backprop_rules", maps, TRIPLE, maps.goals, Sheet(sample, self.side, 0.5),
            _("The gradient of the score by the pixels of `{image}`, by three rules: plain, guided, deconvnet.",
              image=sample.file),
            _("Gradients of {image} by three rules for each of the explained classes.", image=sample.name),
        )
        yield from empty_maps(maps, TRIPLE, maps.goals)
        count = study.probe.model.rectifiers
        if count:
            yield Note(_(
                "The rules hold at {count} ReLU of the network, at whatever depth and in whatever form it stands.",
                "The rules hold at {count} ReLUs of the network, at whatever depth and in whatever form they stand.",
                count=count,
            ), "info")
        else:
            yield Note(_(
                "The network has no ReLU on which the rules could act, so the three maps are the same."
            ), "warning")
        yield about_methods("rule_methods", TRIPLE)
        yield from raw_maps("attention_rules", maps, TRIPLE, maps.goals)
        if len(maps.goals) > 1 and count:
            yield from _between_classes(maps, maps.goals[0], maps.goals[1])


def _between_classes(maps: Maps, first: Goal, second: Goal) -> Iterator[Note]:
    alike = []
    for method in ("saliency", "guided"):
        pair = [maps.heat(method, goal) for goal in (first, second)]
        if any(heat.reason for heat in pair):
            return
        alike.append(rank_correlation(pair[0].values, pair[1].values))
    plain, guided = alike
    if plain is None or guided is None:
        return
    yield Note(_(
        "Between “{first}” and “{second}” the plain gradients agree with a rank correlation of {plain:.2f}, the guided "
        "ones with {guided:.2f}: the closer to 1, the less a map says about the class.",
        first=first.label, second=second.label, plain=plain, guided=guided,
    ))
