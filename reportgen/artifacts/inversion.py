"""What a layer still knows of the image: an image with the same code, layer by layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.wanted import by_effort, chosen_layers, over_depth, photo_of, refuse_whole_numbers
from reportgen.optimization.inverting import Inverted, invert
from reportgen.optimization.plans import in_steps, planned, step_work, told_steps
from reportgen.probe import Array, Layer
from reportgen.report.blocks import Block, Cell, Column, Fact, Gallery, Note, Table
from reportgen.report.document import Formula
from reportgen.study import Sample, Study
from reportgen.text import _, listed

LAYERS = {"quick": 3, "standard": 5, "thorough": 8}
LEANER = ((4, 96), (3, 64), (2, 48), (2, 32), (1, 32), (1, 24))
"""So many layers in so many steps, where more would not fit into the budget."""
NEARER = 0.8
"""An image is found again where it is nearer than this part of a flat picture's distance."""


@dataclass(frozen=True)
class Inversion(ImageArtifact):
    """Shows, layer by layer, an image that the layer cannot tell from the user's.

    `depths` is how many layers, evenly over depth; 0 by effort.
    """

    name = "inversion"
    chapter = "optimization"
    uses = ("optimization",)
    references = ("inversion",)
    question = _("How much of the image does the code of a deep layer keep?")
    title = _("What a layer still knows")
    about = _(
        "A layer keeps a code of the image. Here an image is sought that has the same code: whatever it shares "
        "with the "
        "true one the layer still knows, whatever differs it has forgotten."
    )
    reading = _(
        "Read from left to right. Early layers give the image back; deeper ones lose colour and place first, then "
        "everything but what the answer needs. The error is the distance between the codes, relative to the code's "
        "own length; one as large as that of a flat picture means that the search failed. Pixels are found again only "
        "where they are clearly nearer than those of a flat picture of the mean colour."
    )
    formulas = (
        Formula(
            r"x^{*}=\arg\min_{x}\;\frac{\|A(x)-A(x_0)\|^2}{\|A(x_0)\|^2}",
            _("where A is the layer's answer and x₀ is the image (Mahendran and Vedaldi 2015, arXiv:1412.0035)"),
        ),
    )
    depths: int = 0

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The strip and the errors."""
        refuse_whole_numbers(study)
        known = chosen_layers(study)
        if not known:
            raise NotApplicable(_("no convolution before the network's answer gives flat maps (height × width)"))
        usual = (self.depths or min(len(known), LAYERS[study.wishes.effort]), study.wishes.used.steps)
        plans = [usual, *(
            (self.depths or min(depths, usual[0]), told_steps(study) or min(steps, usual[1]))
            for depths, steps in LEANER
        )]
        (depths, steps), less = planned(study, self.name, plans, lambda plan: plan[1] * sum(
            step_work(study, study.probe.layers.rectifier_of(layer).name)
            for layer in _chosen(known, plan[0], self.depths)
        ))
        chosen = _chosen(known, depths, self.depths)
        recipe = dataclasses.replace(in_steps(study, steps), shift=0.0, scale=0.0, turn=0.0, tv=0.02)
        found: dict[str, Inverted] = {}
        for number, layer in enumerate(chosen):
            name = study.probe.layers.rectifier_of(layer).name
            answers = study.probe.trace(sample.pixels).outputs[name].astype(np.float32)
            if not answers.any() or not np.isfinite(answers).all():
                continue
            key = ("inversion", name, sample.digest, sample.pixels.shape, dataclasses.astuple(recipe))
            kept = study.shelf.get(key)
            if kept is None:
                one = invert(
                    study.probe, sample.pixels, name, answers, recipe,
                    lambda step, number=number: study.progress(  # type: ignore[misc]
                        (number + step / recipe.steps) / len(chosen), "Inverting layers"
                    ),
                )
                kept = {"image": one.image, "numbers": np.array([one.error, one.start, one.difference])}
                study.shelf.put(key, kept)
            error, start, difference = (float(value) for value in kept["numbers"])
            found[name] = Inverted(kept["image"], error, start, difference)
        if not found:
            raise NotApplicable(_("every chosen layer answers nothing but zeros to this image"))
        yield Fact("inversion_steps", _("Steps"), recipe.steps)
        if less:
            yield by_effort()
        yield Gallery(
            "inversion", (photo_of(sample.pixels), *(photo_of(one.image) for one in found.values())),
            (_("Input"), *found),
            _("Images that have the same code as `{image}`, layer by layer.", image=sample.file),
            _("{image} and images sought to have the same code in deeper and deeper layers.", image=sample.name),
            "strip", notes=("", *(_("error {error:.1%}", error=one.error) for one in found.values())),
        )
        flat, others = _flat(sample.pixels), _others(study, sample)
        plain = {name: _code_error(study, sample.pixels, flat, name) for name in found}
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (name, one.start, one.error, plain[name], one.difference) for name, one in found.items()
        )
        yield Table(
            "inversion",
            (Column(_("Layer"), code=True), Column(_("Error at the start"), ".1%"),
             Column(_("Error at the end"), ".1%"), Column(_("Error of a flat picture"), ".1%"),
             Column(_("Difference of the pixels"), ".3f")),
            rows,
            _("How near the codes came, and how far the pixels (0…1) stayed apart (root mean square). A flat picture "
              "of the image's mean colour is {flat:.3f} apart.", flat=_apart(flat, sample.pixels)),
        )
        yield from _findings(found, plain, _apart(flat, sample.pixels))
        if others:
            yield Note(_(
                "The report's {count} other image is {apart:.3f} apart.",
                "The mean of the report's {count} other images is {apart:.3f} apart.", count=len(others),
                apart=_apart(np.mean(others, axis=0), sample.pixels),
            ), "info")


def _chosen(known: list[Layer], depths: int, asked: int) -> list[Layer]:
    """So many layers over depth; where the budget pays for one alone, a middle one: few steps bring it back."""
    return over_depth(known, depths) if depths > 1 or asked else [known[(len(known) - 1) // 2]]


def _findings(found: dict[str, Inverted], plain: dict[str, float], flat: float) -> Iterator[Note]:
    """Which layers give the image back better than a flat picture would, and where the search itself failed."""
    near = [name for name, one in found.items() if one.difference < NEARER * flat]
    far = [name for name in found if name not in near]
    if near:
        last = near[-1]
        yield Note(_(
            "The deepest layer from which the image is found again clearly better than by a flat picture of its mean "
            "colour is `{layer}`: {difference:.3f} per pixel (range 0…1) against {flat:.3f}.",
            layer=last, difference=found[last].difference, flat=flat,
        ))
    if far:
        yield Note(_(
            "Pixel by pixel a flat picture of the image's mean colour ({flat:.3f}) is about as near to the image as "
            "what was found from {names}, or nearer: that its pixels are known there is not shown.",
            flat=flat, names=listed(far),
        ))
    failed = [name for name, one in found.items() if one.error >= plain[name]]
    if failed:
        yield Note(_(
            "In {names} the code of the found image is no nearer than that of a flat picture: the search failed, and "
            "its image says nothing.", names=listed(failed),
        ), "warning")


def _flat(pixels: Array) -> Array:
    """A picture of the mean colour alone."""
    flat: Array = np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape).astype(np.float32)
    return flat


def _others(study: Study, sample: Sample) -> list[Array]:
    """The report's other images of the same size."""
    shape = sample.pixels.shape
    return [other.pixels for other in study.samples if other is not sample and other.pixels.shape == shape]


def _code_error(study: Study, pixels: Array, other: Array, layer: str) -> float:
    """The distance of the codes of two pictures, relative to the length of the first."""
    true, found = (
        study.probe.trace(picture).outputs[layer].astype(np.float64) for picture in (pixels, other)
    )
    return float(np.sqrt(((found - true) ** 2).sum() / max(float((true**2).sum()), 1e-24)))


def _apart(first: Array, second: Array) -> float:
    return float(np.sqrt(np.mean((first - second) ** 2)))
