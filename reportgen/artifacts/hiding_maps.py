"""Maps from hiding parts of the image: occlusion and RISE, which ask for answers only, never for gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.activation_heatmaps import whereabouts
from reportgen.artifacts.base import ImageArtifact
from reportgen.artifacts.heat_sheets import (
    Sheet,
    about_methods,
    by_effort,
    empty_maps,
    explained,
    on_scores,
    raw_maps,
    sheet,
)
from reportgen.attention.amounts import patch_of
from reportgen.attention.hiding import windows
from reportgen.attention.maps import Maps
from reportgen.attention.methods import formulas, of_family
from reportgen.report.blocks import Block, Fact, Note
from reportgen.study import Sample, Study
from reportgen.text import Message, _

FILLS: dict[str, Message] = {
    "black": _("black"), "white": _("white"), "mean": _("the image's mean colour"),
}


@dataclass(frozen=True)
class HidingMaps(ImageArtifact):
    """Hides parts of the image and watches the answer: a moving window (occlusion) and random masks (RISE).

    `side` is the longer side of a picture in pixels,
    `opacity` how much of the map is seen (0…1).
    """

    name = "occlusion"
    chapter = "attention"
    uses = ("attention",)
    references = ("deconvnet", "rise")
    question = _("Which part of the image, when hidden, costs the score the most?")
    title = _("Hiding parts of the image")
    about = _(
        "The most direct question: what does the network lose when it cannot see this part? Nothing of its inside is "
        "used, only its answers to changed images, so these maps are a check on all the others."
    )
    reading = _(
        "Occlusion: red places are those without which the score falls, blue ones those without which it rises; the "
        "value is the mean loss of the raw score over the windows that hide the place. RISE: the brighter a place, the "
        "surer the network is when it sees it. Both are as coarse as what was hidden."
    )
    formulas = formulas(of_family("hiding"))
    side: int = 240
    opacity: float = 0.5

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The two sheets, how they were made, the most important part."""
        maps = explained(study, sample)
        drawn = Sheet(sample, self.side, self.opacity)
        yield from on_scores(study, maps.goals)
        yield sheet(
            "occlusion", maps, ("occlusion",), maps.goals, drawn,
            _("Occlusion of `{image}`: what the score loses when a part is hidden, for each class.", image=sample.file),
            _("Occlusion maps over {image} for each of the explained classes.", image=sample.name),
        )
        yield sheet(
            "rise", maps, ("rise",), maps.goals, drawn,
            _("RISE of `{image}`: how sure the network is when it sees a place, for each class.", image=sample.file),
            _("RISE maps over {image} for each of the explained classes.", image=sample.name),
        )
        yield from _settings(maps)
        yield from by_effort(maps, "windows", "masks")
        yield from empty_maps(maps, ("occlusion", "rise"), maps.goals)
        yield about_methods("hiding_methods", ("occlusion", "rise"))
        yield from raw_maps("attention_hiding", maps, ("occlusion", "rise"), maps.goals)
        yield from _finding(maps)


def _settings(maps: Maps) -> Iterator[Block]:
    height, width = maps.sample.pixels.shape[:2]
    patch, stride = patch_of(min(height, width), maps.settings)
    count = len(windows(height, patch, stride)) * len(windows(width, patch, stride))
    yield Fact("patch", _("Window"), f"{patch} × {patch}", unit=_("pixels"))
    yield Fact("stride", _("Step of the window"), stride, unit=_("pixels"))
    yield Fact("windows", _("Windows"), count)
    yield Fact("masks", _("Random masks"), maps.settings.masks)
    yield Fact("fill", _("Hidden parts become"), FILLS[maps.settings.fill])


def _finding(maps: Maps) -> Iterator[Note]:
    goal = maps.goals[0]
    heat = maps.heat("occlusion", goal)
    if heat.reason:
        return
    loss = float(heat.values.max())
    if loss <= 0:
        yield Note(_("No part of `{image}` lowers the score of “{goal}” when it is hidden.",
                     image=maps.sample.file, goal=goal.label))
        return
    share = float(np.mean(heat.values > 0.5 * loss))
    yield Note(_(
        "Hiding parts of `{image}` costs “{goal}” the most {where}: up to {loss:.3g} of the raw score; {share:.1%} of "
        "the area costs at least half as much.",
        image=maps.sample.file, goal=goal.label, where=whereabouts(heat.values), loss=loss, share=share,
    ))
