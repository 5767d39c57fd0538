"""What a class looks like to the network: images made for classes, from several seeds, and its answers to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.artifacts.base import ModelArtifact, NotApplicable
from reportgen.artifacts.wanted import how_made, natural, outcome, photo_of, refuse_broken_answer, refuse_whole_numbers
from reportgen.optimization.objectives import Objective, logit
from reportgen.optimization.plans import in_steps, own_size, planned, step_work, told_steps
from reportgen.optimization.seeking import Made, Wish, seek
from reportgen.probabilities import probabilities
from reportgen.report.blocks import Block, Cell, Column, Gallery, Note, Table
from reportgen.study import Study
from reportgen.text import Text, _, listed

SEEDS = {"quick": 1, "standard": 2, "thorough": 4}
LEANER = ((3, 128), (2, 96), (2, 64), (1, 48), (1, 32), (1, 24))
"""So many classes, of one start each, in so many steps, where more would not fit into the budget."""
CLASSES = {"quick": 3, "standard": 4, "thorough": 8}
TOP = 5
ACROSS = 6
"""Columns of the sheet: so many classes have one of their own."""


@dataclass(frozen=True)
class ClassImages(ModelArtifact):
    """Shows images in which the raw score of a class is as high as can be.

    `classes` is how many (0: by effort), `seeds` how many starts for each (0: by effort).
    """

    name = "class_images"
    chapter = "optimization"
    uses = ("optimization",)
    references = ("saliency",)
    title = _("What a class looks like to the network")
    about = _(
        "The same way of making images, with a class's raw score as what should rise. The result is no photograph but "
        "everything the network takes as evidence for the class, all over the image."
    )
    reading = _(
        "Look for what a person would name: ears, wheels, stripes. Where there is nothing of the kind, the "
        "network goes "
        "by something else. Different starts show different sides of the class. The table says what the network itself "
        "answers to the image: it should be the class, with a probability close to 1."
    )
    compares_samples = True
    classes: int = 0
    seeds: int = 0

    def blocks(self, study: Study) -> Iterator[Block]:
        """The sheet, the network's own answers, how alike the starts are."""
        refuse_whole_numbers(study)
        refuse_broken_answer(study)
        effort = study.wishes.effort
        usual = (self.classes or CLASSES[effort], self.seeds or SEEDS[effort], study.wishes.used.steps)
        leaner = [
            (self.classes or min(classes, usual[0]), self.seeds or 1, told_steps(study) or min(steps, usual[2]))
            for classes, steps in LEANER
        ]
        work = step_work(study)
        (classes, seeds, steps), less = planned(
            study, self.name, [usual, *leaner], lambda plan: plan[0] * plan[1] * plan[2] * work
        )
        goals = _goals(study, classes)
        if not goals:
            raise NotApplicable(_("the network's answer has no numbers that could be made to rise"))
        recipe = in_steps(study, steps)
        yield from how_made(study, recipe.steps, less=less)
        made: list[list[Made]] = []
        for seed in range(seeds):
            wishes = [Wish(f"class {place} {name}", objective, own_size(study))
                      for place, (name, _label, objective) in enumerate(goals)]
            found = seek(study, wishes, dataclasses.replace(recipe, seed=recipe.seed + seed), "Images of classes")
            made.append(found)
        yield _sheet(study, goals, made)
        best = [natural(study, [objective])[0] for _name, _label, objective in goals]
        yield _table(study, goals, made, best)
        yield from outcome([
            (f"{label} ({seed + 1})" if seeds > 1 else str(label), one)
            for seed, row in enumerate(made) for (_name, label, _objective), one in zip(goals, row, strict=True)
        ])
        yield from _recognised(study, goals, made)
        if seeds > 1:
            yield _diversity(goals, made)


def _goals(study: Study, most: int) -> list[tuple[str, Text, Objective]]:
    """Names, labels and objectives: the likeliest classes of the first image, else the first ones."""
    facts = study.probe.output
    count = facts.shape[-1] if facts.shape else None
    if not count or len(facts.shape) not in (1, 3) or facts.kind == "picture":
        return []
    if facts.kind == "binary":
        low, high = study.sides
        return [("high", high, logit(study.probe, 0)), ("low", low, -logit(study.probe, 0))]
    if facts.kind == "mask":
        return [("marked", _("everything marked"), logit(study.probe, 0)),
                ("empty", _("nothing marked"), -logit(study.probe, 0))]
    order = np.arange(count)
    if study.samples:
        scores = np.nan_to_num(np.asarray(study.probe.trace(study.samples[0].pixels).scores, np.float64))
        order = np.argsort(-scores.reshape(-1, count).mean(axis=0), kind="stable")
    return [(str(k), study.short_label(int(k)), logit(study.probe, int(k))) for k in order[:most]]


def _sheet(study: Study, goals: list[tuple[str, Text, Objective]], made: list[list[Made]]) -> Gallery:
    several = len(made) > 1
    return Gallery(
        "class_images", tuple(photo_of(one.image) for row in made for one in row),
        tuple(
            _("{label}, start {number}", label=label, number=seed + 1) if several else label
            for seed in range(len(made)) for _name, label, _objective in goals
        ),
        _("Images made for classes, a column for each class and a row for each start. Below each: its raw score at the "
          "start and at the end.") if len(goals) <= ACROSS else
        _("Images made for classes, in the order of the classes, one start after the other. Below each: its raw score "
          "at the start and at the end."),
        _("{count} image made for classes of the network.", "{count} images made for classes of the network.",
          count=len(goals) * len(made)),
        notes=tuple(_("{first:.3g} → {last:.3g}", first=one.first, last=one.last) for row in made for one in row),
        columns=min(ACROSS, len(goals)),
    )


def _answers(study: Study, made: list[Made]) -> np.ndarray:
    shares = probabilities(study.probe.scores(np.stack([one.image for one in made])), study.probe.output)
    means: np.ndarray = shares.reshape(len(made), -1, shares.shape[-1]).mean(axis=1)
    return means


def _table(
    study: Study, goals: list[tuple[str, Text, Objective]], made: list[list[Made]], best: list[float | None]
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    single = (study.probe.output.shape[-1] or 0) == 1
    for place, (_name, label, _objective) in enumerate(goals):
        for seed, row in enumerate(made):
            shares = _answers(study, [row[place]])[0]
            if single:
                answer: Text = _("{share:.1%}", share=float(shares[0]))
            else:
                order = np.argsort(-shares, kind="stable")[:TOP]
                answer = listed([
                    _("{label} {share:.1%}", label=study.short_label(int(k)), share=float(shares[k])) for k in order
                ], apart=True)
            rows.append((label, seed + 1, row[place].last, best[place], answer))
    return Table(
        "class_images",
        (Column(_("Made for")), Column(_("Start")), Column(_("Raw score"), ".3g"),
         Column(_("Best natural image"), ".3g"), Column(_("The network's own answer"))),
        tuple(rows), _("What the network says of the images made for it."),
    )


def _recognised(study: Study, goals: list[tuple[str, Text, Objective]], made: list[list[Made]]) -> Iterator[Note]:
    if study.probe.output.kind not in ("classes", "labels"):
        return
    hits = 0
    for row in made:
        shares = _answers(study, row)
        hits += sum(int(np.argmax(share)) == int(name) for share, (name, _label, _objective) in
                    zip(shares, goals, strict=True))
    yield Note(_(
        "The network takes {hits} of {total} made images for the class for which they were made.",
        hits=hits, total=len(goals) * len(made),
    ))


def _diversity(goals: list[tuple[str, Text, Objective]], made: list[list[Made]]) -> Note:
    """How alike images of one class from different starts are, beside those of different classes."""
    same = [_alike(made[a][place].image, made[b][place].image)
            for place in range(len(goals)) for a in range(len(made)) for b in range(a)]
    other = [_alike(made[0][a].image, made[0][b].image) for a in range(len(goals)) for b in range(a)]
    if not other:
        return Note(_("Images of one class from different starts have a correlation of {same:.2f}.",
                      same=float(np.mean(same))))
    return Note(_(
        "Images of one class from different starts have a correlation of {same:.2f}, those of different classes from "
        "one start {other:.2f}.", same=float(np.mean(same)), other=float(np.mean(other)),
    ))


def _alike(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of two images' pixels; 0 where one is the same everywhere."""
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / size) if size > 0 else 0.0
