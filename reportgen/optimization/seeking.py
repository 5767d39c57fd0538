"""Many wishes in few batches: what is kept from earlier runs, the cure for those that do not rise, the plan."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from reportgen import imaging
from reportgen.effort import seconds
from reportgen.errors import ReportgenError, UsageError
from reportgen.optimization.climbing import Climb, climb, risen
from reportgen.optimization.objectives import Objective, together
from reportgen.optimization.plans import own_size, step_work
from reportgen.optimization.recipes import Recipe
from reportgen.photos import read_photo
from reportgen.probe import Array
from reportgen.study import Study

AT_ONCE = 8
"""Images in one batch: memory is bounded by it, whatever the number of wishes."""


@dataclass(frozen=True, eq=False)
class Wish:
    """An image to be made: a name that is unique in the study, its objective, its size in pixels.

    `cure` says whether the second recipe is taken "where needed", or the image "before" or "after" it is wanted.
    """

    name: str
    objective: Objective
    size: tuple[int, int]
    cure: Literal["where needed", "before", "after"] = "where needed"


@dataclass(frozen=True, eq=False)
class Made:
    """An image that was made, and how it went; `cured` where it took the second recipe to rise."""

    image: Array
    values: Array
    penalties: Array
    first: float
    last: float
    risen: bool
    cured: bool = False

    @property
    def unfinished(self) -> bool:
        """True where the objective was still rising when the steps ran out: by more than a twentieth of its whole rise
        within the last tenth of the steps, and by more than twice what the images' movements alone make of it."""
        tenth = max(1, len(self.values) // 10)
        if not self.risen or len(self.values) < 2 * tenth + 1:
            return False
        late, before = self.values[-tenth:], self.values[-2 * tenth : -tenth]
        gain, error = late.mean() - before.mean(), np.sqrt((late.var() + before.var()) / tenth)
        return bool(gain > max(0.05 * (self.last - self.first), 2 * error, 1e-12))

    def arrays(self) -> dict[str, Array]:
        """As arrays, to be kept."""
        numbers = [self.first, self.last, float(self.risen), float(self.cured)]
        return {"image": self.image, "values": self.values, "penalties": self.penalties, "numbers": np.array(numbers)}

    @classmethod
    def of(cls, arrays: dict[str, Array]) -> Made:
        """From kept arrays."""
        first, last, risen, cured = (float(number) for number in arrays["numbers"])
        return cls(
            arrays["image"], arrays["values"], arrays["penalties"], first, last, bool(risen), bool(cured)
        )


def seek(study: Study, wishes: Sequence[Wish], recipe: Recipe, what: str) -> list[Made]:
    """The images of the wishes, in their order; those kept from an earlier run are taken from there."""
    found: dict[str, Made] = {}
    begin = _start(study)
    for wish in wishes:
        kept = study.shelf.get(_key(wish, recipe, begin))
        if kept is not None:
            found[wish.name] = Made.of(kept)
    batches = _planned(study, [wish for wish in wishes if wish.name not in found], recipe, what)
    left = sum(len(batch) for batch in batches) * recipe.steps
    done = 0

    def on_step(count: int) -> None:
        nonlocal done
        done += count
        study.progress(min(1.0, done / max(left, 1)), what)

    for batch in batches:
        for wish, made in zip(batch, _make(study, batch, recipe, begin, lambda: on_step(len(batch))), strict=True):  # noqa: B023
            study.shelf.put(_key(wish, recipe, begin), made.arrays())
            found[wish.name] = made
    return [found[wish.name] for wish in wishes]


def _key(wish: Wish, recipe: Recipe, begin: Array | None) -> tuple[object, ...]:
    start = "" if begin is None else hashlib.sha256(np.ascontiguousarray(begin).data).hexdigest()
    return (wish.name, wish.size, dataclasses.astuple(recipe), start)


def _start(study: Study) -> Array | None:
    """The image to begin from, in the network's colours; None for noise."""
    wanted, channels = study.wishes.start, study.probe.input.channels
    if wanted == "noise":
        return None
    if wanted != "photo":
        photo = read_photo(Path(wanted))
        return photo.pixels(photo.size, channels)
    if not study.samples:
        raise UsageError("There is no photo to start from.", slug="no-start", hint="Give one with --image.")
    pixels: Array = study.samples[0].pixels
    return pixels


def _batches(wishes: Sequence[Wish]) -> list[list[Wish]]:
    """Wishes of one form and size together, no more than may be in a batch."""
    groups: dict[object, list[Wish]] = {}
    for wish in wishes:
        groups.setdefault((wish.objective.form, wish.size), []).append(wish)
    return [group[start : start + AT_ONCE] for group in groups.values() for start in range(0, len(group), AT_ONCE)]


def _planned(study: Study, wishes: Sequence[Wish], recipe: Recipe, what: str) -> list[list[Wish]]:
    """The batches, and a line that says about how long they will take: each is tried once, which also compiles it.

    A layer that insists on the network's own size gets it.
    """
    batches: list[list[Wish]] = []
    work = 0.0
    for batch in _batches(wishes):
        objectives, size = [wish.objective for wish in batch], batch[0].size
        try:
            study.probe.climb(_gray(study, len(batch), size), together(objectives))
        except ReportgenError:
            if size == own_size(study):
                raise
            size = own_size(study)
        batches.append([dataclasses.replace(wish, size=size) for wish in batch])
        deepest = max(step_work(study, pull.layer, size) for pull in objectives[0].pulls)
        work += len(batch) * recipe.steps * deepest
    if wishes:
        study.notice(f"{what}: {len(wishes)} images × {recipe.steps} steps, about {_duration(seconds(work))}.")
    return batches


def _gray(study: Study, count: int, size: tuple[int, int]) -> Array:
    return np.full((count, *size, study.probe.input.channels), 0.5, np.float32)


def _duration(long: float) -> str:
    return f"{long:.0f} s" if long < 90 else f"{long / 60:.0f} min"


def _make(
    study: Study, batch: Sequence[Wish], recipe: Recipe, begin: Array | None, on_step: Callable[[], None]
) -> list[Made]:
    """A batch; those that did not rise, or are asked for, are tried again, shifted and without penalties first."""
    objectives, size = [wish.objective for wish in batch], batch[0].size
    start = None if begin is None else np.stack([imaging.resize(begin, size)] * len(batch))
    first = climb(study.probe, objectives, size, recipe, start=start, on_step=lambda step: on_step())
    made = [_made(first, place) for place in range(len(batch))]
    ill = [
        place for place, (wish, one) in enumerate(zip(batch, made, strict=True))
        if wish.cure == "after" or (wish.cure == "where needed" and not one.risen)
    ]
    if ill:
        again = [objectives[place] for place in ill]
        freed = climb(study.probe, again, size, recipe.quiet())
        smoothed = climb(study.probe, again, size, recipe, start=freed.images)
        for place, number in enumerate(ill):
            second = _cured(freed, smoothed, place)
            if batch[number].cure == "after" or second.last > made[number].last:
                made[number] = second
    return made


def _cured(freed: Climb, smoothed: Climb, place: int) -> Made:
    """The smoothed image if it keeps half of what the free one rose, else the free one; both began where the free one
    did, and that start is the one they are compared with."""
    start = freed.first[place]
    keeps = smoothed.last[place] - start >= 0.5 * (freed.last[place] - start)
    better = _made(smoothed if keeps else freed, place)
    rose = bool(risen(np.array(start), np.array(better.last)))
    return dataclasses.replace(better, first=float(start), risen=rose, cured=rose)


def _made(climbed: Climb, place: int) -> Made:
    return Made(
        climbed.images[place], climbed.values[:, place], climbed.penalties[:, place], float(climbed.first[place]),
        float(climbed.last[place]), bool(climbed.risen[place]),
    )
