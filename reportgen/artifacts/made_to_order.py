"""Images for objectives of the user's own: sums and differences of units, single neurons, whole layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.wanted import how_made, outcome, photo_of, refuse_whole_numbers
from reportgen.errors import UsageError
from reportgen.optimization.objectives import Objective, channel, logit, loud
from reportgen.optimization.plans import own_size
from reportgen.optimization.seeking import Wish, seek
from reportgen.report.blocks import Block, Column, Gallery, Note, Table
from reportgen.study import Study
from reportgen.text import Text, _

_TERM = re.compile(
    r"\s*(?P<sign>[+-])?\s*(?:(?P<factor>\d+(?:\.\d+)?)\s*\*?\s+)?(?P<what>#\d+|[^\s+#][^\s]*:(?:\d+(?:@middle)?|\*))"
)


@dataclass(frozen=True)
class MadeToOrder(ModelArtifact):
    """Shows images for the objectives in `wishes`: terms `layer:channel` (the mean over places), `layer:channel@middle`
    (the unit in the middle), `layer:*` (the whole layer made louder) and `#class`, each with a sign and a factor.

    Those in `cured` are made as usual and once more by the two moves that cure what does not rise: first shifted and
    without penalties, then from there with the usual settings.
    """

    name = "made_to_order"
    chapter = "optimization"
    uses = ("optimization",)
    title = _("Images made to order")
    about = _(
        "Units are not the only thing an image can be made for: sums show what two units have in common, differences "
        "what tells them apart, and a minus sign what a unit cannot bear."
    )
    reading = _(
        "The text below an image is its objective: a sum of terms with their factors. A unit is written as layer and "
        "channel, a class by its number, a whole layer by a star."
    )
    wishes: tuple[str, ...] = ()
    cured: tuple[str, ...] = ()

    def blocks(self, study: Study) -> Iterator[Block]:
        """The gallery and the table."""
        if not self.wishes and not self.cured:
            raise NotApplicable(_("no objectives were asked for (`wishes` in the table `[artifacts.made_to_order]`)"))
        refuse_whole_numbers(study)
        size = own_size(study)
        wishes = [Wish(f"order {text}", read_objective(study, text), size) for text in self.wishes]
        labels: list[Text] = [*self.wishes]
        for text in self.cured:
            objective = read_objective(study, text)
            wishes += [Wish(f"order {text} before", objective, size, "before"),
                       Wish(f"order {text} after", objective, size, "after")]
            labels += [_("{objective}, before the cure", objective=text), _("{objective}, after it", objective=text)]
        made = seek(study, wishes, study.wishes.used, "Images to order")
        yield from how_made(study, study.wishes.used.steps)
        yield Gallery(
            "made_to_order", tuple(photo_of(one.image) for one in made), tuple(labels),
            _("Images made for the user's own objectives."), _("Images made for sums and differences of units."),
            notes=tuple(_("{first:.3g} → {last:.3g}", first=one.first, last=one.last) for one in made),
            columns=min(4, len(made)),
        )
        yield Table(
            "made_to_order",
            (Column(_("Objective"), code=True), Column(_("At the start"), ".3g"), Column(_("At the end"), ".3g")),
            tuple((text, one.first, one.last) for text, one in zip(labels, made, strict=True)),
            _("How far each objective rose."),
        )
        yield from outcome(list(zip(self.wishes, made, strict=False)))
        pairs = made[len(self.wishes) :]
        for text, before, after in zip(self.cured, pairs[::2], pairs[1::2], strict=True):
            yield Note(_(
                "“{objective}” reaches {before:.3g} as usual and {after:.3g} by the cure.",
                objective=text, before=before.last, after=after.last,
            ))


def read_objective(study: Study, text: str) -> Objective:
    """An objective from its text; what names nothing of the network is refused."""
    found: Objective | None = None
    at = 0
    while at < len(text.rstrip()):
        match = _TERM.match(text, at)
        if not match or (found is not None and not match["sign"]):
            raise _refused(text, "it is no sum of terms")
        factor = float(match["factor"] or 1) * (-1 if match["sign"] == "-" else 1)
        term = factor * _term(study, text, match["what"])
        found = term if found is None else found + term
        at = match.end()
    if found is None:
        raise _refused(text, "it is empty")
    return found


def _term(study: Study, text: str, what: str) -> Objective:
    if what.startswith("#"):
        count = study.probe.output.shape[-1] or 0
        if int(what[1:]) >= count:
            raise _refused(text, f"the network has the classes #0 to #{count - 1}")
        return logit(study.probe, int(what[1:]))
    name, _colon, number = what.rpartition(":")
    layer = next((layer for layer in study.probe.layers if layer.name == name), None)
    if layer is None:
        raise _refused(text, f"the network has no layer '{name}'")
    if number == "*":
        return loud(name)
    unit, _at, middle = number.partition("@")
    if int(unit) >= (layer.channels or 0):
        raise _refused(text, f"the layer '{name}' has the channels 0 to {(layer.channels or 0) - 1}")
    return channel(layer, int(unit), middle=bool(middle))


def _refused(text: str, why: str) -> UsageError:
    return UsageError(
        f"The objective '{text}' cannot be used: {why}.", slug="unknown-objective",
        hint="Write terms as layer:channel, layer:channel@middle, layer:* or #class, joined by + and -.",
    )
