"""What a model is and what its file asks for: the answer of `reportgen inspect`.

The file is looked into before anything in it is deserialised; one that is refused is described
from its configuration alone and never opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import catalogue
from reportgen.artifacts.base import Artifact, ImageArtifact, ModelArtifact, NotApplicable
from reportgen.declared import limited_to
from reportgen.probe import Layer, Probe, open_probe
from reportgen.probe.memo import MemoProbe
from reportgen.probe.source import ModelSource
from reportgen.probe.vetting import FileReport, check_model, inspect_file
from reportgen.study import MapSettings, Sample, Study, WishSettings, made_up_size

GRAY = 0.5


@dataclass(frozen=True)
class Inspection:
    """The facts; `probe` is None where the file was refused, `file` where a known network was named."""

    model: str
    file: FileReport | None
    probe: Probe | None
    drawable: dict[str, str]

    @property
    def refused(self) -> bool:
        """True where the file asks for something that is not done unasked."""
        return self.probe is None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        document: dict[str, Any] = {"model": self.model, "refused": self.refused, "asks_for": self._concerns()}
        if self.file:
            document["file"] = {
                "format": self.file.format, "keras": self.file.keras_version, "bytes": self.file.file_bytes,
            }
        if self.probe:
            facts = self.probe.model
            document |= {
                "name": facts.name, "kind": facts.kind, "parameters": facts.parameters,
                "input": {"name": self.probe.input.name, "size": self.probe.input.size,
                          "channels": self.probe.input.channels, "preprocessing": self.probe.input.preprocessing,
                          "assumptions": [str(message) for message in self.probe.input.assumptions]},
                "output": {"name": self.probe.output.name, "kind": self.probe.output.kind,
                           "all": self.probe.output.names},
                "layers": [
                    {"name": layer.name, "kind": layer.kind, "shape": layer.shape, "parameters": layer.parameters,
                     "activation": layer.activation, "parents": layer.parents}
                    for layer in self.probe.layers
                ],
                "artifacts": self.drawable,
            }
        return document

    def as_text(self) -> str:
        """For the eye."""
        lines = [self.model]
        if self.file:
            version = f", Keras {self.file.keras_version}" if self.file.keras_version else ""
            lines.append(f"file       {self.file.format}{version}, {self.file.file_bytes / 1e6:.1f} MB")
        if self.probe:
            facts, given, answer = self.probe.model, self.probe.input, self.probe.output
            size = " × ".join("any" if side is None else str(side) for side in (*given.size, given.channels))
            lines += [
                f"network    {facts.kind}, {facts.parameters:,} parameters ({facts.trainable:,} trainable)",
                f"input      {given.name}: {size}, values {given.low:g} … {given.high:g} ({given.preprocessing})",
                *(f"           {message}" for message in given.assumptions),
                f"output     {answer.name}: {answer.kind} (of {', '.join(answer.names)})",
                "", *_layer_table(tuple(self.probe.layers)), "", "can be drawn:",
                *(f"  {name:24}{'yes' if not why else f'no: {why}'}" for name, why in self.drawable.items()),
            ]
        lines += ["", "asks for:" if self._concerns() else "The file asks for nothing but layers of Keras."]
        lines += [f"  {concern['layer']}: {concern['what']}" for concern in self._concerns()]
        return "\n".join(lines)

    def _concerns(self) -> list[dict[str, Any]]:
        concerns = self.file.concerns if self.file else ()
        return [{"layer": item.layer, "what": str(item.what), "refused": item.refused} for item in concerns]


def inspect_model(
    model: str, *, trust_model: bool = False, custom: tuple[str, ...] = (), weights: str = "imagenet",
    architecture: Path | None = None,
) -> Inspection:
    """Look into a model file or at a known network."""
    source = ModelSource(model, weights, architecture, trust_model, custom)
    names = [text.rpartition(":")[2] for text in custom]
    file = inspect_file(Path(model), names) if source.is_file else None
    if file and file.refused and not trust_model:
        return Inspection(model, file, None, {})
    check_model(source)
    probe = MemoProbe(open_probe(source))
    return Inspection(model, file, probe, drawable(probe))


def drawable(probe: Probe) -> dict[str, str]:
    """Each artifact with "" where it has something to show for this network, else the reason why not.

    They are tried on a gray image with the least of everything that takes long.
    """
    facts = probe.input
    size = made_up_size(facts)
    pixels = np.full((*size, facts.channels), GRAY, np.float32)
    mask = np.zeros(size, np.float32)
    mask[: max(1, size[0] // 2)] = 1
    sample = Sample("gray", "gray", "", pixels, pixels, mask=mask)
    layer = next((layer.name for layer in probe.layers.convolutions if len(layer.shape) == 3), "")
    least = MapSettings(classes=1, samples=2, steps=1, channels=1, masks=1, patch=max(size), stride=max(size))
    study = Study(probe, (sample,), maps=least, wishes=WishSettings(effort="quick", steps=1, units=1, layers=(layer,)))
    return {name: _reason(_least(artifact), study, sample) for name, artifact in catalogue.everything().items()}


def _least(artifact: type[Artifact]) -> Artifact:
    """An artifact that does as little as it can."""
    little = {"methods": ("gradcam", "hirescam"), "detailed": (), "stages": 1, "opposite": False, "weights": (1.0,)}
    return artifact(**{name: value for name, value in little.items() if name in catalogue.parameters_of(artifact)})


def _reason(artifact: Artifact, study: Study, sample: Sample) -> str:
    """Why an artifact shows nothing: its first block tells, so no more of it is made."""
    study = limited_to(study, artifact.uses)
    blocks = (
        artifact.blocks(study, sample) if isinstance(artifact, ImageArtifact)
        else artifact.blocks(study) if isinstance(artifact, ModelArtifact) else iter(())
    )
    try:
        next(blocks, None)
    except NotApplicable as answer:
        return str(answer.reason)
    except Exception as problem:
        if not catalogue.is_brought(artifact.name):
            raise
        return f"it fails, {type(problem).__name__}: {problem}"
    return ""


def _layer_table(layers: tuple[Layer, ...]) -> list[str]:
    width = min(48, max(len(layer.name) for layer in layers))
    rows = [f"{'layer':{width}}  {'kind':22}{'output':22}{'parameters':>12}  activation"]
    for layer in layers:
        name = layer.name if len(layer.name) <= width else "…" + layer.name[-width + 1 :]
        shape = " × ".join("?" if side is None else str(side) for side in layer.shape)
        rows.append(f"{name:{width}}  {layer.kind:22}{shape:22}{layer.parameters:>12,}  {layer.activation}")
    return rows
