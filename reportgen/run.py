"""Artifacts look at samples, and sections come of it. One artifact's failure stays in its section."""

from __future__ import annotations

import dataclasses
import logging
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from reportgen.artifacts import CATALOGUE
from reportgen.artifacts.base import Artifact, ImageArtifact, ModelArtifact, NotApplicable
from reportgen.artifacts.broken import marked
from reportgen.artifacts.responses import unknown_layers
from reportgen.declared import limited_to
from reportgen.errors import UsageError, did_you_mean
from reportgen.report import codec
from reportgen.report.blocks import Block, Note
from reportgen.report.document import Section
from reportgen.study import Study
from reportgen.text import _

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """A section to be made: which artifact looks at which sample, and where the section will stand.

    `sample` is the sample's number, None for an artifact that looks at the network alone. `key` is
    the section's key in the store. `study` is the number of the study, and `network` the network's name where the
    report has more than one and this is not the first.
    """

    name: str
    chapter: str
    artifact: Artifact
    sample: int | None
    key: str
    study: int = 0
    network: str = ""

    def placed(self, section: Section) -> Section:
        """A kept section under this report's own name and chapter."""
        return dataclasses.replace(section, name=self.name, chapter=self.chapter, network=self.network)


def look(study: Study, plan: Look) -> Section:
    """Make one section; what goes wrong in it becomes a note."""
    artifact = plan.artifact
    blocks: list[Block] = []
    try:
        blocks.extend(_blocks(limited_to(study, artifact.uses), plan))
        if type(artifact) not in CATALOGUE.values():
            blocks = _read_back(plan, blocks)
        if artifact.name != "summary":
            blocks[:0] = marked(study)
    except NotApplicable as answer:
        blocks.append(Note(answer.reason, "skipped"))
    except MemoryError:
        blocks.append(Note(_("This section needs more memory than there is."), "failed"))
    except Exception as problem:  # noqa: BLE001 - whatever breaks an artifact costs its own section only
        log.error("section %s failed:\n%s", plan.name, traceback.format_exc())
        blocks.append(Note(
            _("This section could not be made: {problem}", problem=f"{type(problem).__name__}: {problem}"), "failed"
        ))
    sample = study.samples[plan.sample].name if plan.sample is not None else ""
    return Section(
        plan.name, artifact.name, plan.chapter, artifact.title, artifact.about, artifact.reading,
        tuple(blocks), artifact.formulas, sample, plan.network, artifact.references, artifact.question,
    )


def _blocks(study: Study, plan: Look) -> Iterator[Block]:
    if isinstance(plan.artifact, ImageArtifact):
        assert plan.sample is not None
        yield from plan.artifact.blocks(study, study.samples[plan.sample])
    elif isinstance(plan.artifact, ModelArtifact):
        yield from plan.artifact.blocks(study)


def _read_back(plan: Look, blocks: list[Block]) -> list[Block]:
    """The blocks of an artifact from elsewhere as a report keeps them; those that could not be kept are forgotten."""
    made = tuple(blocks)
    blocks.clear()
    for block in made:
        if not isinstance(block, get_args(Block)):
            raise TypeError(f"{type(block).__name__} is no block")
    artifact = plan.artifact
    section = Section(plan.name, artifact.name, plan.chapter, artifact.title, artifact.about, artifact.reading,
                      made)
    assets = {codec.asset_name(asset): asset.data for asset in codec.assets_of(section)}
    kept: Section = codec.loads(codec.dumps(section), Section, assets.__getitem__)
    return list(kept.blocks)


def check_layers(study: Study, plans: Iterable[Look]) -> None:
    """Refuse names and patterns that mean no layer of this network, before anything is computed."""
    narrowed = [getattr(plan.artifact, "layers", ()) for plan in plans]
    wanted = [study.wishes.layers, *(names for names in narrowed if isinstance(names, tuple))]
    unknown = unknown_layers(study.probe.layers, tuple(dict.fromkeys(name for names in wanted for name in names)))
    if unknown:
        raise UsageError(
            f"The network has no layer '{unknown[0]}'."
            f"{did_you_mean(unknown[0], [layer.name for layer in study.probe.layers])}",
            slug="unknown-layer",
            hint="`reportgen inspect` lists its layers; patterns such as 'block1_*' mean several.",
        )


def look_at_all(
    study: Study, plans: Iterable[Look], on_section: Callable[[Look, Section], None]
) -> None:
    """Make the planned sections in order, giving each away as soon as it is made."""
    for plan in plans:
        study.progress(0.0, "")
        on_section(plan, look(study, plan))
