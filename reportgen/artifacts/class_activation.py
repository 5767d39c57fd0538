"""Class activation maps: which places of a layer raise the score, by nine methods, on one layer and on all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from reportgen import imaging
from reportgen.artifacts.activation_heatmaps import busiest_area, whereabouts
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import (
    Sheet,
    about_methods,
    empty_maps,
    ends,
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
from reportgen.probe import Layer
from reportgen.report.blocks import Block, Cell, Column, Fact, Gallery, Note, Picture, Scale, Table
from reportgen.report.names import slug
from reportgen.study import Sample, Study
from reportgen.text import Text, _

CamName: TypeAlias = Literal[
    "gradcam", "gradcam_plus_plus", "xgradcam", "hirescam", "layercam", "eigencam", "scorecam", "ablationcam",
    "guided_gradcam",
]
OnePassName: TypeAlias = Literal["gradcam", "gradcam_plus_plus", "xgradcam", "hirescam", "layercam", "eigencam"]


@dataclass(frozen=True)
class ClassActivationMaps(ImageArtifact):
    """Shows nine class activation maps of one layer, side by side for every class that is explained.

    `methods` are those to show, all when empty; `detailed` ones also get a figure of their own for each class.
    `side` is the longer side of a picture, in pixels.
    """

    name = "cam"
    chapter = "attention"
    title = _("Class activation maps")
    about = _(
        "A late layer of the network still knows where in the image things are. A class activation map asks which of "
        "its places raise the score of a class, and lays the answer over the image: it shows what the decision rests "
        "on, coarsely but for each class by itself."
    )
    reading = _(
        "Compare columns: where the maps of two classes differ, the network has different reasons for them. Compare "
        "rows: what only one method shows may be the method's own. Yellow places speak for the class; what speaks "
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
            raise NotApplicable(_("No layer of this network that keeps height and width leads to its answer."))
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
            "compare", scale_of(method, heat), ("", "", size),
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
         Column(_("Area that holds half"), ".1%")),
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
        alike = None if other.reason else rank_correlation(heat.values, other.values)
        if alike is not None:
            yield Note(_ALIKE[alike > 0.7](alike, first.label, goals[1].label))


_ALIKE = {
    True: lambda alike, first, second: _(
        "The maps of “{first}” and “{second}” are nearly the same (rank correlation {alike:.2f}): the network looks at "
        "the same places for both.", alike=alike, first=first, second=second,
    ),
    False: lambda alike, first, second: _(
        "The maps of “{first}” and “{second}” differ (rank correlation {alike:.2f}): the network has different places "
        "for them.", alike=alike, first=first, second=second,
    ),
}


@dataclass(frozen=True)
class ClassActivationByLayer(ImageArtifact):
    """Shows class activation maps of every convolution, from one recorded pass, for the first thing explained.

    `methods` are those of the second sheet, which has at most `most` layers, evenly over depth.
    """

    name = "cam_layers"
    chapter = "attention"
    title = _("Class activation by layer")
    about = _(
        "The same question put to every convolution: early layers answer with edges and textures, later ones with "
        "parts and places. One pass through the network gives all of these maps."
    )
    reading = _(
        "Read from the first layer to the last. The place where the maps stop changing is where the decision is "
        "settled. Methods that weight whole channels (Grad-CAM, Grad-CAM++, XGrad-CAM) are made for late layers; "
        "HiResCAM and LayerCAM, which weight every place, stay meaningful in early ones."
    )
    methods: tuple[OnePassName, ...] = get_args(OnePassName)
    most: int = 16
    side: int = 240
    opacity: float = 0.5

    def blocks(self, study: Study, sample: Sample) -> Iterator[Block]:
        """Grad-CAM over the image for all layers, then all methods for a choice of them."""
        maps = explained(study, sample)
        goal = maps.goals[0]
        trace = maps.trace(goal)
        layers = [
            layer for layer in study.probe.layers.of("convolution")
            if study.probe.layers.rectifier_of(layer).name in trace.gradients
            and trace.outputs[layer.name].ndim == 3
        ]
        if not layers:
            raise NotApplicable(_("No convolution over height and width leads to this network's answer."))
        yield self._overlays(maps, goal, layers)
        yield self._sheet(maps, goal, layers)
        yield from _depth(maps, goal, layers)

    def _overlays(self, maps: Maps, goal: Goal, layers: list[Layer]) -> Gallery:
        drawn = Sheet(maps.sample, self.side, self.opacity)
        heats = [maps.cam("gradcam", goal, answer_of(maps, layer)) for layer in layers]
        return Gallery(
            "gradcam_all_layers", tuple(drawn.picture("gradcam", heat) for heat in heats),
            tuple(layer.name for layer in layers),
            _("Grad-CAM for “{goal}” in `{image}`, from every convolution (after its activation), in running order.",
              goal=goal.label, image=maps.sample.file),
            _("Grad-CAM of {count} layer over {image}.", "Grad-CAM of {count} layers over {image}, in running order.",
              count=len(layers), image=maps.sample.name),
            "strip", Scale("viridis", 0.0, 1.0, "picture", _("What speaks for it")),
            tuple(heat.reason or ends(scale_of("gradcam", heat)) for heat in heats),
        )

    def _sheet(self, maps: Maps, goal: Goal, layers: list[Layer]) -> Gallery:
        most = max(2, self.most)
        chosen = layers if len(layers) <= most else [
            layers[round(step * (len(layers) - 1) / (most - 1))] for step in range(most)
        ]
        pictures: list[Picture] = []
        labels: list[Text] = []
        for layer in chosen:
            for method in self.methods:
                heat = maps.cam(method, goal, answer_of(maps, layer))
                pictures.append(imaging.picture_of_map(heat.values, scale_of(method, heat)))
                labels.append(_("{method}: `{layer}`", method=METHODS[method].title, layer=layer.name))
        return Gallery(
            "cam_all_layers", tuple(pictures), tuple(labels),
            _("The maps alone for “{goal}”, a row for each of {shown} of {count} convolution and a column for each "
              "method.", "The maps alone for “{goal}”, a row for each of {shown} of {count} convolutions and a column "
              "for each method.", goal=goal.label, shown=len(chosen), count=len(layers)),
            _("Class activation maps for {image} by layer and method, without the image.", image=maps.sample.name),
            scale=Scale("viridis", 0.0, 1.0, "picture", _("What speaks for it")), columns=max(1, len(self.methods)),
        )


def answer_of(maps: Maps, layer: Layer) -> str:
    """The layer after which a convolution's answer is complete."""
    return maps.study.probe.layers.rectifier_of(layer).name


def _depth(maps: Maps, goal: Goal, layers: list[Layer]) -> Iterator[Block]:
    rows: list[tuple[Cell, ...]] = []
    settled = maps.heat("gradcam", goal)
    for layer in layers:
        heat = maps.cam("gradcam", goal, answer_of(maps, layer))
        alike = None
        if not heat.reason and not settled.reason:
            size = (heat.values.shape[0], heat.values.shape[1])
            alike = rank_correlation(heat.values, settled.enlarged(size))
        rows.append((
            layer.name, f"{heat.values.shape[1]} × {heat.values.shape[0]}" if not heat.reason else None,
            None if heat.reason else busiest_area(heat.values), alike,
        ))
    yield Table(
        "cam_layers",
        (Column(_("Layer"), code=True), Column(_("Places")), Column(_("Area that holds half"), ".1%"),
         Column(_("Agreement with the final map"), ".2f")),
        tuple(rows),
        _("Grad-CAM for “{goal}” by layer: how concentrated it is, and its rank correlation with the map of the layer "
          "shown in the section on class activation maps.", goal=goal.label),
    )
    areas = [(float(row[2]), str(row[0])) for row in rows if isinstance(row[2], float)]
    if len(areas) > 1:
        yield Note(_(
            "Half of the Grad-CAM heat for “{goal}” lies on {first_area:.1%} of the area in `{first}` and on "
            "{last_area:.1%} in `{last}`.", goal=goal.label, first_area=areas[0][0], first=areas[0][1],
            last_area=areas[-1][0], last=areas[-1][1],
        ))
