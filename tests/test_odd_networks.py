"""Every section over networks of all kinds: none fails, whatever the input's axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.artifacts import CATALOGUE
from reportgen.artifacts.base import ModelArtifact
from reportgen.probe.memo import MemoProbe
from reportgen.report.blocks import Note
from reportgen.report.document import Section
from reportgen.run import Look, look
from reportgen.study import MapSettings, Sample, Study, WishSettings, fitting_side
from tests.probe.odd_models import ODD, made
from tests.probe.probing import picture, probe_of

pytestmark = pytest.mark.tf
LEAST = MapSettings(classes=2, channels=3, samples=2, steps=2, masks=4)
QUICK = WishSettings(effort="quick", steps=1, units=1)


def study_of(model: Any, **wishes: Any) -> Study:
    """The least that every section can be asked for, over a picture of no more than 24 pixels."""
    probe = probe_of(model, **wishes)
    size = [side or min(24, fitting_side(side, probe.input.multiple)) for side in probe.input.size]
    pixels = picture(*size, probe.input.channels)
    sample = Sample("odd", "odd.png", "0" * 64, pixels, pixels)
    return Study(MemoProbe(probe), (sample,), (), LEAST, wishes=QUICK)  # type: ignore[arg-type]


def section_of(study: Study, name: str) -> Section:
    """One section of the catalogue, as a build makes it."""
    artifact = CATALOGUE[name]
    sample = None if issubclass(artifact, ModelArtifact) else 0
    return look(study, Look(name, artifact.chapter, artifact(), sample, "key"))


def words_of(section: Section, *levels: str) -> list[str]:
    """What the section's notes say."""
    return [str(block.text) for block in section.blocks if isinstance(block, Note) and block.level in levels]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.filterwarnings("ignore")
def test_no_section_fails(name: str) -> None:
    study = study_of(made(name))
    assert np.shape(study.probe.scores(study.samples[0].pixels[None]))[0] == 1
    failed = {artifact: said for artifact in CATALOGUE if (said := words_of(section_of(study, artifact), "failed"))}
    assert not failed


@pytest.mark.parametrize("name", ["recoloured", "frames_under_lstm"])
def test_the_first_layer_is_read_behind_what_only_rescales_and_inside_frames(name: str) -> None:
    section = section_of(study_of(made(name)), "filter_reading")
    assert not words_of(section, "skipped")
    assert any(block.kind == "table" for block in section.blocks)
