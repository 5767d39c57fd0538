"""Class activation maps: which places of a layer raise the score, by nine methods, on one layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from reportgen import imaging
from reportgen.artifacts.activation_heatmaps import busiest_area, whereabouts
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import (
    Sheet,
    about_methods,
    by_effort,
    empty_maps,
    explained,
    on_scores,
    raw_maps,
    scale_of,
    sheet,
)
from reportgen.attention.evidence import rank_correlation
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Maps
from reportgen.attention.methods import METHODS, formulas, of_family
from reportgen.measures.alike import alike, interval
from reportgen.report.blocks import Block, Cell, Column, Fact, Gallery, Note, Table
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Message, Text, _

CamName: TypeAlias = Literal[
    "gradcam", "gradcam_plus_plus", "xgradcam", "hirescam", "layercam", "eigencam", "scorecam", "ablationcam",
    "guided_gradcam",
]


@dataclass(frozen=True)
class ClassActivationMaps(ImageArtifact):
    """Shows nine class activation maps of one layer, side by side for every class that is explained.

    `methods` are those to show, all when empty; `detailed` ones also get a figure of their own for each class.
    `side` is the longer side of a picture in pixels,
    `opacity` how much of the map is seen (0…1).
    """

    name = "cam"
    chapter = "attention"
    uses = ("attention",)
    references = (
        "cam", "gradcam", "gradcam++", "xgradcam", "hirescam", "layercam", "eigencam", "scorecam", "ablationcam",
    )
    question = _("On which part of the image does the answer of the network rest?")
    title = _("Class activation maps")
    about = _(
        "A late layer of the network still knows where in the image things are. A class activation map asks which of "
        "its places raise the score of a class, and lays the answer over the image: it shows what the decision rests "
        "on, coarsely but for each class by itself."
    )
    reading = _(
        "Compare columns: where the maps of two classes differ, the network has different reasons for them. Compare "
        "rows: what only one method shows may be the method's own. Light places speak for the class; what speaks "
        "against it is left out, as in the papers (ReLU). Each map has a scale of its own, from 0 to the value below "
        "it, and is enlarged from the layer's few places with bilinear interpolation, so its edges are not the "
        "object's edges."
    )
    formulas = formulas(of_family("cam"))
    methods: tuple[CamName, ...] = ()
    detailed: tuple[CamName, ...] = ("gradcam",)
    side: int = 240
    opacity: float = 0.5

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """The sheet, a figure for each class, numbers, and what was found."""
        maps = explained(study, sample)
        layers = {goal.name: maps.layer(goal) for goal in maps.goals}
        goals = [goal for goal in maps.goals if layers[goal.name]]
        if not goals:
            raise NotApplicable(_("No convolution with flat maps (height × width) leads to this network's answer."))
        drawn = Sheet(sample, self.side, self.opacity)
        methods = tuple(self.methods) or of_family("cam")
        yield from _where(maps, goals)
        yield from on_scores(study, goals)
        yield sheet(
            "attention_cam", maps, methods, goals, drawn,
            _("Class activation maps of `{image}`, a row for each method and a column for each class. Below each map: "
              "the values of its first and last colour.", image=sample.file),
            _("Heat maps over {image}: {count} method for each of the explained classes.",
              "Heat maps over {image}: {count} methods for each of the explained classes.",
              count=len(methods), image=sample.name),
        )
        for method in dict.fromkeys(self.detailed):
            for goal in goals:
                yield from self._figure(maps, method, goal, layers[goal.name], drawn)
        yield from empty_maps(maps, methods, goals)
        yield from _tried(maps, methods, goals[0])
        if {"scorecam", "ablationcam"} & set(methods):
            yield from by_effort(maps, "channels")
        yield _numbers(maps, methods, goals)
        yield about_methods("cam_methods", methods)
        yield from raw_maps("attention_cam", maps, methods, goals)
        yield from _findings(maps, goals)

    def _figure(self, maps: Maps, method: str, goal: Goal, layer: str, drawn: Sheet) -> Iterator[Gallery]:
        heat = maps.heat(method, goal)
        if heat.reason:
            return
        title = METHODS[method].title
        size = f"{heat.values.shape[1]} × {heat.values.shape[0]}"
        yield Gallery(
            f"{method}_{slug(layer)}_{slug(goal.name)}",
            (imaging.photo(drawn.base(), lossy=True), drawn.picture(method, heat), drawn.bare(method, heat)),
            (_("Input"), _("Map over the image"), _("Map alone")),
            _("{method} of `{layer}` for “{goal}” in `{image}`.", method=title, layer=layer, goal=goal.label,
              image=maps.sample.file),
            _("{method} for “{goal}” in {image}, hottest {where}.", method=title, goal=goal.label,
              image=maps.sample.name, where=whereabouts(heat.values)),
            "compare", scale_of(method, heat), ("", "", size), layer=layer,
        )


def _where(maps: Maps, goals: list[Goal]) -> Iterator[Block]:
    layer = maps.layer(goals[0])
    height, width = maps.trace(goals[0]).outputs[layer].shape[:2]
    yield Fact("cam_layer", _("Layer of the maps"), layer)
    yield Fact("cam_size", _("Places in it"), f"{width} × {height}")
    if maps.settings.layer:
        yield Note(_("The layer `{layer}` was asked for.", layer=layer), "info")
    elif maps.study.probe.output.kind in ("mask", "classmap"):
        yield Note(_(
            "The maps are those of `{layer}`, the last output of the coarsest layers: what comes after it only draws "
            "the answer.", layer=layer,
        ), "info")
    else:
        yield Note(_(
            "The maps are those of `{layer}`, the last output that has height and width, at whatever depth it stands.",
            layer=layer,
        ), "info")


def _tried(maps: Maps, methods: tuple[str, ...], goal: Goal) -> Iterator[Note]:
    if not {"scorecam", "ablationcam"} & set(methods):
        return
    layer = maps.layer(goal)
    trace = maps.trace(goal)
    if layer not in trace.gradients:
        return
    channels, tried = trace.outputs[layer].shape[-1], len(maps.tried_channels(layer, goal))
    if tried < channels:
        yield Note(_(
            "Score-CAM and Ablation-CAM try channels one by one; {tried} of {channels} were tried, those that vary "
            "most over the image.", tried=tried, channels=channels,
        ), "info")


def _numbers(maps: Maps, methods: tuple[str, ...], goals: list[Goal]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for method in methods:
        for goal in goals:
            heat = maps.heat(method, goal)
            values = heat.values
            rows.append((
                METHODS[method].title, goal.label, None if heat.reason else float(values.max()),
                None if heat.reason else whereabouts(values), None if heat.reason else busiest_area(values),
            ))
    return Table(
        "cam_numbers",
        (Column(_("Method")), Column(_("Explained")), Column(_("Largest"), ".3g"), Column(_("Hottest place")),
         Column(_("Area with half of the heat"), ".1%")),
        tuple(rows),
        _("The maps of `{image}` in numbers: the largest value, where it is, and the least part of the area that holds "
          "half of the heat.", image=maps.sample.file),
    )


def _findings(maps: Maps, goals: list[Goal]) -> Iterator[Note]:
    first = goals[0]
    heat = maps.heat("gradcam", first)
    if heat.reason:
        yield Note(_("Grad-CAM has nothing to show for “{goal}”: {reason}.", goal=first.label, reason=heat.reason))
        return
    yield Note(_(
        "Grad-CAM for “{goal}” in `{image}` is hottest {where}; half of its heat lies on {area:.1%} of the area.",
        goal=first.label, image=maps.sample.file, where=whereabouts(heat.values), area=busiest_area(heat.values),
    ))
    if len(goals) > 1:
        other = maps.heat("gradcam", goals[1])
        found = None if other.reason else rank_correlation(heat.values, other.values)
        if found is not None:
            yield Note(_compared(found, heat.values.size, first.label, goals[1].label))


def _compared(found: float, places: int, first: Text, second: Text) -> Message:
    """Whether two classes have the same places, where the number of places allows to tell."""
    low, high = interval(found, places)
    values: dict[str, Any] = {
        "alike": found, "first": first, "second": second, "low": low, "high": high, "places": places,
    }
    verdict = alike(found, places)
    if verdict == "same":
        return _(
            "The maps of “{first}” and “{second}” have nearly the same places: their rank correlation is {alike:.2f} "
            "({low:.2f} … {high:.2f} with {places} places).", **values,
        )
    if verdict == "different":
        return _(
            "The maps of “{first}” and “{second}” are no more alike than random ones: their rank correlation is "
            "{alike:.2f} ({low:.2f} … {high:.2f} with {places} places).", **values,
        )
    return _(
        "Whether the maps of “{first}” and “{second}” have the same places or different ones cannot be told: their "
        "rank correlation is {alike:.2f} ({low:.2f} … {high:.2f} with {places} places).", **values,
    )
