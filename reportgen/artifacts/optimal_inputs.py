"""What filters want to see: images made for single channels, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.wanted import (
    Unit,
    answering,
    curve,
    how_made,
    natural,
    outcome,
    photo_of,
    refuse_whole_numbers,
    unit_plan,
    units,
)
from reportgen.optimization.plans import in_steps
from reportgen.optimization.recipes import Recipe
from reportgen.optimization.seeking import Wish, seek
from reportgen.report.blocks import Block, Cell, Chart, Column, Gallery, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.report.names import slug
from reportgen.study import Study
from reportgen.text import Message, _, listed


@dataclass(frozen=True)
class OptimalInputs(ModelArtifact):
    """Shows images in which single channels of convolutions answer as strongly as can be.

    With `opposite` the last layer's channels are also shown the images in which they answer least.
    """

    name = "optimal_inputs"
    chapter = "optimization"
    uses = ("optimization",)
    references = ("feature-visualization",)
    title = _("What filters want to see")
    about = _(
        "Instead of asking which image a network is given, one can ask which image a filter would like: starting from "
        "noise, the pixels are changed step by step so that the filter answers more and more strongly. What appears is "
        "the pattern that the filter looks for."
    )
    reading = _(
        "First layers want edges, stripes and colours; deeper ones want textures, then parts of things. An image is "
        "larger than what one unit sees, so the pattern repeats. Compare the final value with what natural images "
        "give: it must be well above. An image that did not converge shows noise and means nothing."
    )
    formulas = (
        Formula(
            r"x^{*}=\arg\max_{x}\;\left(\frac{1}{Z}\sum_{i=1}^{Z}A_k(x,i)-\lambda\,R(x)\right)",
            _("where A is what channel k answers to the image x, Z is the number of its places, and "
              "R are the penalties with their weights λ (Erhan et al. 2009; Simonyan et al. 2014, arXiv:1312.6034; "
              "Olah et al. 2017, doi:10.23915/distill.00007)"),
        ),
    )
    compares_samples = True
    opposite: bool = True

    def blocks(self, study: Study) -> Iterator[Block]:
        """A sheet for each layer, curves, the table, what did not converge."""
        refuse_whole_numbers(study)
        made = units(study)
        if not made:
            raise NotApplicable(_("no convolution before the network's answer gives flat maps (height × width)"))
        layers = [(layer, list(group)) for layer, group in groupby(made, key=lambda unit: unit.layer.name)]
        plan, less = unit_plan(study)
        yield from how_made(study, in_steps(study, plan.steps).steps, less=less)
        best = {
            layer: natural(study, [answering(study, unit.layer, unit.number) for unit in group])
            for layer, group in layers
        }
        for layer, group in layers:
            yield _sheet(layer, group, best[layer])
        if self.opposite and plan.opposite:
            yield _opposites(study, layers[-1][1], in_steps(study, plan.steps))
        yield _curves(layers)
        yield from _penalties(layers)
        yield _table(layers, best)
        yield from outcome([(unit.label, unit.made) for unit in made])
        yield from _against_nature(layers, best, len(study.samples))


def _sheet(layer: str, group: Sequence[Unit], best: Sequence[float | None]) -> Gallery:
    height, width = group[0].made.image.shape[:2]
    return Gallery(
        f"optimal_inputs_{slug(layer)}", tuple(photo_of(unit.made.image) for unit in group),
        tuple(_("channel {number}", number=unit.number) for unit in group),
        _("Images that excite single channels of `{layer}`, {width} × {height} pixels each. Below each: its value at "
          "the start and at the end.", layer=layer, width=width, height=height),
        _("{count} image made for a channel of {layer}.", "{count} images made for channels of {layer}.",
          count=len(group), layer=layer),
        notes=tuple(_rise(unit) for unit in group), columns=min(4, len(group)), layer=layer,
    )


def _rise(unit: Unit) -> Message:
    words = _("{first:.3g} → {last:.3g}", first=unit.made.first, last=unit.made.last)
    return words if unit.made.risen else _("{rise}, did not converge", rise=words)


def _opposites(study: Study, group: Sequence[Unit], recipe: Recipe) -> Gallery:
    """The same channels at their least."""
    wishes = [
        Wish(f"-{unit.label}", -answering(study, unit.layer, unit.number), unit.made.image.shape[:2])
        for unit in group[:4]
    ]
    made = seek(study, wishes, recipe, "Least wanted inputs")
    layer = group[0].layer.name
    pairs = [(unit, one) for unit, one in zip(group, made, strict=False)]
    return Gallery(
        f"opposite_inputs_{slug(layer)}",
        tuple(photo_of(image) for unit, one in pairs for image in (unit.made.image, one.image)),
        tuple(label for unit, _one in pairs for label in (
            _("channel {number}: most", number=unit.number), _("channel {number}: least", number=unit.number))),
        _("Channels of `{layer}` at their most and at their least.", layer=layer),
        _("Pairs of images made for channels of {layer}: one that excites the channel, one that inhibits it.",
          layer=layer),
        notes=tuple(words for unit, one in pairs for words in (
            _("{value:.3g}", value=unit.made.last), _("{value:.3g}", value=0.0 - one.last))),
        columns=4 if len(pairs) > 1 else 2, layer=layer,
    )


def _curves(layers: Sequence[tuple[str, list[Unit]]]) -> Chart:
    """The mean objective of each layer, from 0 at its start to 1 at its highest."""
    series = []
    positions: tuple[float, ...] = ()
    for layer, group in layers:
        paths = np.stack([unit.made.values for unit in group])
        low, high = paths[:, :1], paths.max(axis=1, keepdims=True)
        shares = np.nan_to_num((paths - low) / np.maximum(high - low, 1e-12)).mean(axis=0)
        positions, values = curve(shares)
        series.append(Series(layer, values))
    return Chart(
        "convergence", "curves", (), tuple(series),
        _("How the objective rose: the mean over the images of a layer, each from 0 at its start to 1 at its highest, "
          "as seen by the shifted and turned images of each step."),
        _("Step"), _("Share of the rise"), positions, format=".3f",
    )


def _penalties(layers: Sequence[tuple[str, list[Unit]]]) -> Iterator[Chart]:
    """What was taken off, where the recipe has penalties."""
    series = []
    positions: tuple[float, ...] = ()
    for layer, group in layers:
        positions, values = curve(np.stack([unit.made.penalties for unit in group]).mean(axis=0))
        series.append(Series(layer, values))
    if any(value for one in series for value in one.values):
        yield Chart(
            "convergence:penalties", "curves", (), tuple(series),
            _("The penalties, times their weights: the mean over the images of a layer."), _("Step"), _("Penalties"),
            positions, format=".3g",
        )


def _table(layers: Sequence[tuple[str, list[Unit]]], best: dict[str, list[float | None]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (unit.label, unit.made.first, unit.made.last, value, float(unit.made.penalties[-1]),
         _outcome(unit))
        for layer, group in layers for unit, value in zip(group, best[layer], strict=True)
    ]
    return Table(
        "optimal_inputs",
        (Column(_("Unit"), code=True), Column(_("At the start"), ".3g"), Column(_("At the end"), ".3g"),
         Column(_("Best natural image"), ".3g"), Column(_("Penalties"), ".3g"),
         Column(_("Outcome"))),
        tuple(rows),
        _("The mean answer of each channel: at the start, in the image that was made, and in the best of the report's "
          "own images."),
    )


def _outcome(unit: Unit) -> Message:
    if not unit.made.risen:
        return _("did not converge")
    if unit.made.cured:
        return _("converged by the cure")
    return _("still rising") if unit.made.unfinished else _("converged")


def _against_nature(
    layers: Sequence[tuple[str, list[Unit]]], best: dict[str, list[float | None]], images: int
) -> Iterator[Note]:
    """Whether the made images beat the report's own, and by how little."""
    pairs = [
        (unit, value) for layer, group in layers for unit, value in zip(group, best[layer], strict=True)
        if value is not None
    ]
    if not pairs:
        return
    beaten = [unit.label for unit, value in pairs if unit.made.last <= value]
    if beaten:
        yield Note(_(
            "{count} of {total} made images excite their channel no more than the best of the report's own images "
            "(n = {images}): {names}. They do not show what these channels want most.",
            count=len(beaten), total=len(pairs), images=images, names=listed(beaten),
        ), "warning")
        return
    nearest, value = min(pairs, key=lambda pair: pair[0].made.last - pair[1])
    yield Note(_(
        "All {total} made images excite their channel more than the best of the report's own images (n = {images}); "
        "the closest is `{name}` with {last:.3g} against {value:.3g}.",
        total=len(pairs), images=images, name=nearest.label, last=nearest.made.last, value=value,
    ))
