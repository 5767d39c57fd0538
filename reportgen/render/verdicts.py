"""The cards at the head of a report: what one wants to know of a network before reading on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from reportgen.render.axes import usable
from reportgen.render.outline import gathered
from reportgen.report.blocks import Cell, Chart, Fact
from reportgen.report.document import Report, Section
from reportgen.text import Message, _

Mood = Literal["plain", "good", "mind"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A card: a title, a value, what it means, and the section that measured it. `trend` are numbers in order."""

    key: str
    title: Message
    value: Cell
    format: str = ""
    detail: Message | None = None
    section: Section | None = None
    mood: Mood = "plain"
    trend: tuple[float, ...] = ()


def verdicts(report: Report, network: str = "") -> tuple[Verdict, ...]:
    """The cards of a network, from what its sections measured; what was not measured has none."""
    own = [section for section in report.sections if section.network == network]
    found: list[Verdict] = []
    for artifact, read in _READERS:
        for section in own:
            if section.artifact != artifact:
                continue
            verdict = read(section, {block.name: block for block in section.blocks if isinstance(block, Fact)})
            if verdict and verdict.key not in {one.key for one in found}:
                found.append(verdict)
                break
    return (*found, _health(own))


def _size(section: Section, facts: dict[str, Fact]) -> Verdict | None:
    if "parameters" not in facts:
        return None
    layers, weights = (facts[name].value if name in facts else None for name in ("layers", "weights"))
    detail = None
    if isinstance(layers, int) and isinstance(weights, int | float):
        detail = _("{count} layer, {weights:.2f} MB of weights", "{count} layers, {weights:.2f} MB of weights",
                   count=layers, weights=weights)
    return Verdict("parameters", _("Parameters"), facts["parameters"].value, ",d", detail, section)


def _prediction(section: Section, facts: dict[str, Fact]) -> Verdict | None:
    def share(name: str) -> float:
        value = facts[name].value
        return float(value) if isinstance(value, int | float) else 0.0

    if "predicted" in facts and "probability" in facts:
        return Verdict(
            "prediction", _("Prediction"), facts["predicted"].value, "",
            _("with a probability of {share:.1%}", share=share("probability")), section,
        )
    if "iou" in facts:
        return Verdict(
            "prediction", _("Overlap with the true mask"), share("iou"), ".3f",
            _("IoU; {share:.1%} of the pixels are right", share=share("accuracy")), section,
            "good" if share("iou") >= 0.5 else "mind",
        )
    if "area" in facts:
        return Verdict(
            "prediction", _("Predicted mask"), share("area"), ".1%", _("of the image is marked"), section,
        )
    return None


def _several(section: Section, facts: dict[str, Fact]) -> Verdict | None:
    """Several images: how many are right where that was told, else how many there are."""
    images = facts["images"].value if "images" in facts else None
    if not isinstance(images, int):
        return None
    told, right = (facts[name].value if name in facts else None for name in ("told", "right"))
    if isinstance(told, int) and isinstance(right, int):
        value = _("{right} of {count} right", "{right} of {count} right", count=told, right=right)
        detail = _("{count} image shown", "{count} images shown", count=images)
        return Verdict("prediction", _("Prediction"), value, "", detail, section)
    value = _("{count} image", "{count} images", count=images)
    return Verdict("prediction", _("Prediction"), value, "", _("side by side, each with its map"), section)


def _sparsity(section: Section, _facts: dict[str, Fact]) -> Verdict | None:
    for block in section.blocks:
        if isinstance(block, Chart) and block.name == "activation_statistics:sparsity" and block.series:
            values = tuple(value for value in block.series[0].values if usable(value) and value is not None)
            if len(values) < 2 or not block.labels:
                return None
            first, last = float(values[0]), float(values[-1])
            return Verdict(
                "sparsity", _("Sparsity with depth"), _("{first:.0%} → {last:.0%}", first=first, last=last), "",
                _("from `{first}` to `{last}`", first=block.labels[0], last=block.labels[-1]), section,
                trend=tuple(map(float, values)),
            )
    return None


def _silent(section: Section, facts: dict[str, Fact]) -> Verdict | None:
    if not {"silent", "channels"} <= set(facts):
        return None
    everywhere = "silent_everywhere" in facts
    count, total = facts["silent_everywhere" if everywhere else "silent"].value, facts["channels"].value
    if not isinstance(count, int) or not isinstance(total, int):
        return None
    detail = (
        _("of {total:,d} channels are silent for every image", total=total) if everywhere
        else _("of {total:,d} channels are silent for this image", total=total)
    )
    return Verdict(
        "silent", _("Silent channels"), count, ",d", detail, section,
        "mind" if everywhere and count else "plain",
    )


def _attention(section: Section, facts: dict[str, Fact]) -> Verdict | None:
    """Only where the section came to a verdict; heat on an object by itself says nothing."""
    if not {"looks", "energy_judged", "energy_untrained"} <= set(facts):
        return None
    energy, untrained = facts["energy_judged"].value, facts["energy_untrained"].value
    if not isinstance(energy, int | float) or not isinstance(untrained, int | float):
        return None
    return Verdict(
        "attention", _("Attention on the object"), energy, ".0%",
        _("of the heat; with the weights shuffled {share:.0%}", share=untrained), section,
        "good" if facts["looks"].value else "mind",
    )


_READERS: tuple[tuple[str, Callable[[Section, dict[str, Fact]], Verdict | None]], ...] = (
    ("side_by_side", _several), ("prediction", _prediction), ("summary", _size), ("activation_statistics", _sparsity),
    ("activation_statistics", _silent), ("pointing", _attention),
)


def _health(sections: Sequence[Section]) -> Verdict:
    """Whether everything could be made, and how much there is to mind."""
    failed = sum(section.failed for section in sections)
    warnings = len(gathered(sections, "warning"))
    if failed:
        value = _("{count} section failed", "{count} sections failed", count=failed)
    elif warnings:
        value = _("{count} warning", "{count} warnings", count=warnings)
    else:
        value = _("All is well")
    skipped = sum(section.skipped for section in sections)
    made = len(sections) - failed - skipped
    detail = _("{count} section made", "{count} sections made", count=made)
    if skipped:
        detail = _("{made}, {skipped} not for this network", made=detail, skipped=skipped)
    mood: Mood = "mind" if failed or warnings else "good"
    return Verdict("health", _("Health of the report"), value, "", detail, mood=mood)


def sparkline(values: Sequence[float], width: float = 96, height: float = 26) -> str:
    """The points of a small line, from 0 below to the largest value above, for an SVG's polyline."""
    top = max(values) or 1.0
    step = width / max(1, len(values) - 1)
    points = ((place * step, height - 2 - (height - 4) * value / top) for place, value in enumerate(values))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
