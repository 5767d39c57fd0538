"""Class activation maps of every convolution, from the one recorded pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from reportgen import imaging, scales
from reportgen.artifacts.activation_heatmaps import busiest_area
from reportgen.artifacts.base import ImageArtifact, NotApplicable
from reportgen.artifacts.heat_sheets import Sheet, ends, explained, scale_of
from reportgen.attention.evidence import rank_correlation
from reportgen.attention.goals import Goal
from reportgen.attention.maps import Maps
from reportgen.attention.methods import METHODS
from reportgen.probe import Layer
from reportgen.report.blocks import Block, Cell, Column, Gallery, Note, Picture, Table
from reportgen.study import Sample, Study
from reportgen.text import Text, _

OnePassName: TypeAlias = Literal["gradcam", "gradcam_plus_plus", "xgradcam", "hirescam", "layercam", "eigencam"]


@dataclass(frozen=True)
class ClassActivationByLayer(ImageArtifact):
    """Shows class activation maps of every convolution, from one recorded pass, for the first thing explained.

    `methods` are those of the second sheet, which has at most `most` layers, evenly over depth. `side` is the
    longer side of a picture in pixels, `opacity` how much of the map is seen (0…1).
    """

    name = "cam_layers"
    chapter = "attention"
    uses = ("attention",)
    references = ("gradcam",)
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
            raise NotApplicable(_("No convolution with flat maps (height × width) leads to this network's answer."))
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
            "strip", scales.sequential(extent="picture", label=_("What speaks for it")),
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
            scale=scales.sequential(extent="picture", label=_("What speaks for it")),
            columns=max(1, len(self.methods)),
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
        (Column(_("Layer"), code=True), Column(_("Places")), Column(_("Area with half of the heat"), ".1%"),
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
