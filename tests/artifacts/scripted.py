"""A network that answers what a test wrote down, layer by layer: for shapes the fake network has not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from reportgen.artifacts.base import ImageArtifact
from reportgen.probe import InputFacts, Layer, Layers, ModelFacts, OutputFacts, Target, Trace
from reportgen.report.blocks import Block, Chart, Fact, Figure, Gallery, Note, Table
from reportgen.study import Sample, Study


class ScriptedProbe:
    """Implements `reportgen.probe.Probe` for as many images as were scripted; `passes` counts traces.

    `answers` holds one array a layer, or one a layer and image (a list), the image being told by
    its first pixel: image k of `scripted_study` is filled with k / 100.
    """

    def __init__(
        self, layers: Sequence[Layer], answers: dict[str, Any], kind: str = "classes", from_logits: bool = False
    ) -> None:
        self.passes = 0
        self.layers = Layers(layers)
        self._answers = answers
        self._kept: dict[int, Trace] = {}
        last = layers[-1]
        self.model = ModelFacts("scripted", "scripted", 0, 0, "float32", "Functional", 0)
        self.input = InputFacts(layers[0].name, (4, 4), 3)
        self.output = OutputFacts(last.name, last.name, kind, last.shape, from_logits, (last.name,))  # type: ignore[arg-type]

    def weights(self, layer: str) -> dict[str, np.ndarray]:
        """See `Probe`; nothing was scripted of them."""
        return {}

    def trace(self, pixels: np.ndarray, target: Target | None = None) -> Trace:
        """See `Probe`."""
        self.passes += 1
        image = round(float(pixels.flat[0]) * 100)
        if image not in self._kept:
            outputs = {
                name: np.asarray(answer[image] if isinstance(answer, list) else answer)
                for name, answer in self._answers.items()
            }
            self._kept[image] = Trace(outputs, outputs[self.output.layer], pixels)
        return self._kept[image]


def scripted_study(
    layers: Sequence[Layer], answers: dict[str, Any], *, kind: str = "classes", from_logits: bool = False,
    labels: tuple[str, ...] = (), images: int = 1, size: tuple[int, int] = (4, 4), label: str = "",
    mask: np.ndarray | None = None,
) -> Study:
    """A study of scripted answers; image k is gray with the value k / 100."""
    layers = (Layer("image", "InputLayer", "input", (*size, 3)), *layers)
    samples = tuple(
        Sample(f"image-{k}", f"image-{k}.png", f"{k:064x}", pixels, pixels, label=label, mask=mask)
        for k in range(images)
        for pixels in [np.full((*size, 3), k / 100, np.float32)]
    )
    return Study(ScriptedProbe(layers, answers, kind, from_logits), samples, labels)  # type: ignore[arg-type]


def look(artifact: ImageArtifact, study: Study, sample: int = 0) -> list[Block]:
    """All that the artifact says."""
    return list(artifact.blocks(study, study.samples[sample]))


def findings(blocks: Iterable[Block], level: str = "finding") -> list[str]:
    """The notes of a level, in English."""
    return [str(block.text) for block in blocks if isinstance(block, Note) and block.level == level]


def facts(blocks: Iterable[Block]) -> dict[str, Any]:
    """The facts by name."""
    return {block.name: block.value for block in blocks if isinstance(block, Fact)}


def named(blocks: Iterable[Block], name: str) -> Any:
    """The one picture, chart or table of that name (a table's may be a chart's too)."""
    return next(block for block in blocks if isinstance(block, Figure | Gallery | Chart) and block.name == name)


def table(blocks: Iterable[Block], name: str) -> dict[str, dict[str, Any]]:
    """A table as rows by their first code cell, each by column title."""
    found = next(block for block in blocks if isinstance(block, Table) and block.name == name)
    key = next((place for place, column in enumerate(found.columns) if column.code), 0)
    titles = [str(column.title) for column in found.columns]
    return {str(row[key]): dict(zip(titles, row, strict=True)) for row in found.rows}


def check_words(blocks: Sequence[Block]) -> None:
    """Every picture has a description of its own, long enough to help; every sentence can be said."""
    pictures = [block for block in blocks if isinstance(block, Figure | Gallery)]
    descriptions = [str(block.alt) for block in pictures]
    assert len(set(descriptions)) == len(descriptions)
    assert all(len(words) >= 20 for words in descriptions)
    names = [block.name for block in blocks if isinstance(block, Figure | Gallery | Chart)]
    assert len(set(names)) == len(names)
    for block in blocks:
        for words in (getattr(block, "caption", None), getattr(block, "text", None), getattr(block, "label", None)):
            assert words is None or str(words)
        if isinstance(block, Gallery):
            assert len(block.pictures) == len(block.labels)
            assert len(block.notes) in (0, len(block.pictures))
        if isinstance(block, Table):
            assert all(len(row) == len(block.columns) for row in block.rows)
        if isinstance(block, Chart):
            for series in block.series:
                assert len(series.values) == len(block.positions or block.labels)
