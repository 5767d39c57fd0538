"""Layers without places: every unit's answer as a bar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.broken import spoilt_answers
from reportgen.artifacts.responses import Drawn, answers_of, is_vector, share_within, with_exact_zeros
from reportgen.artifacts.silence import threshold_of
from reportgen.probe import Array
from reportgen.report.blocks import Block, Chart, Column, Note, Series, Table
from reportgen.report.document import Formula
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Text, _, listed


@dataclass(frozen=True)
class DenseLayers(ImageArtifact):
    """Draws the units of dense and globally pooled layers.

    `layers` are names or patterns, none means all; the `strongest` so many units are marked and listed. Where there is
    no ReLU, a unit counts as silent up to `near_zero` of the layer's standard deviation.
    """

    name = "dense_layers"
    chapter = "activations"
    title = _("Dense layers")
    about = _(
        "At the end of a classifier the maps are folded into plain lists of numbers, one a unit: the layer no longer "
        "knows where something was seen, only that it was. Each unit of a dense layer weighs all units before it; "
        "those of the last layer are the classes."
    )
    reading = _(
        "One column is one unit, from the first on the left; a column of height 0 is a unit that did not answer. A few "
        "high columns among many zeros mean that few units carry the answer. The marked ones are the strongest."
    )
    formulas = (
        Formula(
            r"h_j=f\left(b_j+\sum_{i}w_{ij}\,v_i\right)",
            _(
                "where h is the answer of unit j, w and b are its weights and bias, v the values that enter the layer "
                "and f is the activation function"
            ),
        ),
    )
    layers: tuple[str, ...] = ()
    strongest: int = 5
    near_zero: float = 0.05

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """A chart for each layer of units, and a table of their numbers."""
        trace = study.probe.trace(sample.pixels)
        drawn = [one for one in answers_of(study.probe.layers, trace, self.layers) if is_vector(one.answer)]
        if not drawn:
            raise NotApplicable(_("This network has no layer of units: its answers are maps to the end."))
        exact = with_exact_zeros(study.probe.layers)
        rows = []
        for one in drawn:
            units = np.asarray(one.answer, np.float32).reshape(-1)
            names = self._names(study, one)
            best = strongest(units, self.strongest)
            yield self._chart(one, units, names, best, sample)
            limit = threshold_of(one, exact, self.near_zero)
            share = one.response.sparsity if one.layer.name in exact else share_within(one.answer, limit)
            said = listed([_said(names[k], k) for k in best], apart=True)
            rows.append((
                one.layer.name, one.layer.kind, len(units), one.response.mean, one.response.deviation,
                one.response.low, one.response.high, share, limit, said,
            ))
            if not one.response.broken:
                yield _finding(one, len(units), share, one.layer.name in exact, names, best, units)
        yield from spoilt_answers(study, drawn)
        yield Table(
            "dense_layers",
            (Column(_("Layer"), code=True), Column(_("Kind"), code=True), Column(_("Units"), ",d"),
             Column(_("Mean"), ".4g"), Column(_("Standard deviation"), ".4g"), Column(_("Least"), ".4g"),
             Column(_("Largest"), ".4g"), Column(_("Sparsity"), ".1%"), Column(_("Zero up to"), ".2g"),
             Column(_("Strongest units"))),
            tuple(rows), _("The layers of units in numbers, for `{image}`.", image=sample.file),
        )

    def _names(self, study: Study, one: Drawn) -> tuple[Text, ...]:
        units = one.answer.shape[-1]
        if one.layer.name == study.probe.output.layer and study.labels:
            return tuple(study.label(k) for k in range(units))
        return tuple(str(k) for k in range(units))

    def _chart(self, one: Drawn, units: Array, names: tuple[Text, ...], best: list[int], sample: Sample) -> Chart:
        values = tuple(float(value) if np.isfinite(value) else None for value in units)
        return Chart(
            f"dense_layers:{slug(one.layer.name)}", "columns", names, (Series(_("Response"), values),),
            _(
                "`{layer}`: the answer of its {count} unit to `{image}`.",
                "`{layer}`: the answers of its {count} units to `{image}`; the strongest are marked.",
                layer=one.layer.name, count=len(units), image=sample.file,
            ),
            _("Unit"), _("Response"), marked=tuple(sorted(best)),
        )


def strongest(units: Array, most: int) -> list[int]:
    """The units with the largest answers, the strongest first; units that answer 0 or less are none."""
    clean = np.where(np.isfinite(units), units, -np.inf)
    return [int(k) for k in np.argsort(-clean, kind="stable")[: max(0, most)] if clean[k] > 0]


def _said(name: Text, number: int) -> Text:
    if name == str(number):
        return name
    return f"{name} ({number})" if isinstance(name, str) else _("{name} ({number})", name=name, number=number)


def _finding(
    one: Drawn, units: int, share: float, exact: bool, names: tuple[Text, ...], best: list[int], values: Array
) -> Note:
    if units == 1:
        return Note(_("`{layer}`: its one unit answers {value:.4g}.", layer=one.layer.name, value=float(values[0])))
    if not best:
        return Note(_("In `{layer}` no unit answers with more than 0.", layer=one.layer.name))
    positive = np.clip(values, 0, None).astype(np.float64)
    held = float(positive[best].sum() / positive.sum())
    shown = listed([_said(names[k], k) for k in best], apart=True)
    if np.count_nonzero(positive) == len(best):  # these hold everything, whatever the network
        return Note(_(
            "`{layer}`: {count} of {units} units answers with more than 0: {shown}.",
            "`{layer}`: {count} of {units} units answer with more than 0, the strongest first: {shown}.",
            count=len(best), layer=one.layer.name, units=units, shown=shown,
        ))
    if exact:
        return Note(_(
            "`{layer}`: {share:.1%} of {units} units are exactly zero; the strongest ({shown}) hold {held:.1%}"
            " of the layer's whole answer.", layer=one.layer.name, share=share, units=units, shown=shown, held=held,
        ))
    return Note(_(
        "`{layer}`: the strongest of {units} units ({shown}) hold {held:.1%} of the layer's positive answer; "
        "{share:.1%} of the units are near zero.",
        layer=one.layer.name, share=share, units=units, shown=shown, held=held,
    ))
