"""Weights that are no numbers: which layers hold them, and what they spoil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.responses import Drawn
from reportgen.probe import Layer
from reportgen.report.blocks import Note
from reportgen.study import Study
from reportgen.text import Message, _, listed


@dataclass(frozen=True, slots=True)
class Broken:
    """How many of a layer's weights are no numbers (NaN) and how many are infinite."""

    layer: str
    total: int
    missing: int
    infinite: int


def broken_layers(study: Study) -> tuple[Broken, ...]:
    """The layers that hold such weights, in running order; looked for once."""
    if "broken" not in study.memory:
        found = (_broken(study, layer) for layer in study.probe.layers if layer.parameters)
        study.memory["broken"] = tuple(one for one in found if one.missing or one.infinite)
    layers: tuple[Broken, ...] = study.memory["broken"]
    return layers


def _broken(study: Study, layer: Layer) -> Broken:
    total = missing = infinite = 0
    for array in study.probe.weights(layer.name).values():
        total += array.size
        with np.errstate(all="ignore"):
            if np.isfinite(array.sum()):  # a sum that overflows is looked into, value by value
                continue
        missing += int(np.isnan(array).sum())
        infinite += int(np.isinf(array).sum())
    return Broken(layer.name, total, missing, infinite)


def broken_weights(study: Study) -> Iterator[Note]:
    """A warning for each such layer, with what follows from it."""
    for one in broken_layers(study):
        yield Note(_(
            "`{layer}` holds weights that are no numbers: of {total} NaN are {missing}, infinite {infinite}. What this "
            "layer answers, and every layer after it, is spoilt by them: the network has to be trained or saved anew.",
            total=one.total, layer=one.layer, missing=one.missing, infinite=one.infinite,
        ), "warning")


def source_of(study: Study, layer: str) -> str:
    """The first layer with such weights on the way to a layer, itself included; "" where there is none."""
    broken = {one.layer for one in broken_layers(study)}
    before = {layer}
    for known in reversed(study.probe.layers):
        if known.name in before:
            before.update(known.parents)
    owners = ((known.name, known.owner or known.name) for known in study.probe.layers if known.name in before)
    return next((owner for _name, owner in owners if owner in broken), "")


def spoilt(study: Study, layer: str) -> Iterator[Note]:
    """Where a layer's values that are no numbers come from, if weights are to blame."""
    if source := source_of(study, layer):
        yield Note(_("They come from the weights of `{layer}` that are no numbers.", layer=source), "warning")


def unexplained(study: Study) -> Message:
    """Why an answer of values that are no numbers is not explained."""
    if source := source_of(study, study.probe.output.layer):
        return _(
            "The network's answer holds values that are no numbers, because `{layer}` holds weights that are none; "
            "there is nothing to explain.", layer=source,
        )
    return _("The network's answer holds values that are no numbers; there is nothing to explain.")


def spoilt_answers(study: Study, drawn: Sequence[Drawn]) -> Iterator[Note]:
    """Which answers hold values that are no numbers, how many, and which weights are to blame."""
    holding = [one for one in drawn if one.response.broken]
    if holding:
        yield Note(_(
            "Values that are no numbers or infinite were left out: {layers}.",
            layers=listed([f"{one.layer.name} ({one.response.broken}/{one.answer.size})" for one in holding]),
        ), "warning")
        yield from spoilt(study, holding[0].layer.name)


def marked(study: Study) -> Iterator[Note]:
    """What stands at the head of a section on a network with such weights; the summary says more."""
    if broken := broken_layers(study):
        yield Note(_(
            "`{layers}` holds weights that are no numbers: nothing can be concluded here from it and from the layers "
            "after it.",
            "`{layers}` hold weights that are no numbers: nothing can be concluded here from them and from the layers "
            "after them.", count=len(broken), layers=listed([one.layer for one in broken]),
        ), "info")
