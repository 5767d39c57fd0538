"""How long the rest of a build will take, told from its plan and from what the steps so far took.

A step costs a number of seconds that every network costs, and a number of passes through the network. What a pass takes
here and how fast this machine is are two numbers, fitted to the steps that are done; before a step that passes through
the network is done, nothing is foretold. What was done with one image takes as long with the next.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from reportgen.watching import Step, Watcher

log = logging.getLogger(__name__)
FEWEST = 0.05
"""From this share on, a step that tells how far it is foretells its own end."""
LATE = 0.25
"""A step that takes longer than was foretold is expected to take so much of its time more."""
COMMON = (0.6, 4.0)
COSTS: dict[str, tuple[float, float]] = {
    "open": (4.0, 0.0), "summary": (0.1, 0.0), "architecture": (0.1, 0.0), "input": (0.2, 0.0),
    "receptive_field": (0.1, 0.0), "prediction": (0.2, 0.0), "filter_images": (0.1, 0.0), "filter_reading": (0.1, 0.0),
    "filter_comparison": (0.1, 0.0), "filter_statistics": (0.3, 0.0), "progression": (0.2, 0.0),
    "activation_maps": (0.4, 0.0), "activation_heatmaps": (0.1, 0.0), "activation_statistics": (0.1, 0.0),
    "dense_layers": (0.1, 0.0), "cam": (2.0, 20.0), "cam_layers": (1.5, 20.0), "saliency": (3.0, 80.0),
    "backprop_rules": (0.8, 8.0), "pointing": (0.1, 0.0), "occlusion": (0.3, 120.0), "rise": (0.3, 300.0),
    "faithfulness": (0.3, 100.0), "sanity": (0.3, 150.0), "map_agreement": (0.1, 0.0), "optimal_inputs": (4.0, 600.0),
    "unit_rows": (1.5, 10.0), "class_images": (0.5, 400.0), "penalty_sweep": (0.5, 250.0), "deep_dream": (0.5, 80.0),
    "inversion": (0.8, 300.0), "made_to_order": (1.0, 200.0),
}
"""Seconds, and passes through the network, of each kind of step; measured once, with the embedded networks."""
FILES: dict[str, tuple[float, float]] = {
    "pdf": (1.5, 0.1), "html": (0.6, 0.03), "single": (1.0, 0.05), "figures": (0.3, 0.03), "markdown": (0.2, 0.003),
}
"""Seconds of writing a format, and for each section in it."""
USUAL_PASS = 0.03
"""Seconds of a pass through a middling network."""
TRUST_SPEED, TRUST_PASS = 0.5, 100.0
"""How firmly one believes, before anything is measured, in a machine like that one, and in such passes."""


class Foresight(Watcher):
    """Counts the steps, and foretells."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, jobs: int = 2) -> None:
        self._clock, self._jobs = clock, max(1, jobs)
        self._looks: dict[str, Step] = {}
        self._files: dict[str, Step] = {}
        self._took: dict[str, float] = {}
        self._like: dict[tuple[str, int], float] = {}
        self._inside: dict[str, tuple[float, str]] = {}
        self._kept = 0
        self._start = self._since = clock()
        self._shown = 0.0

    def begin(self, looks: Sequence[Step], files: Sequence[Step], kept: int) -> None:
        """See `Watcher`."""
        self._looks, self._files = {step.name: step for step in looks}, {step.name: step for step in files}
        self._kept = kept
        self._start = self._since = self._clock()

    def within(self, name: str, share: float, what: str) -> None:
        """See `Watcher`."""
        self._inside[name] = (share, what)

    def finish(self, name: str) -> None:
        """See `Watcher`."""
        now = self._clock()
        step = self._looks.get(name) or self._files.get(name)
        if step is None or name in self._took:
            return
        self._took[name] = now - self._since
        if name in self._looks:
            self._since = now
            self._like[step.kind, step.network] = self._took[name]
        log.info("%d of %d: %s (%.1f s)", self.done, self.total, step.title, self._took[name])

    @property
    def done(self) -> int:
        """How many steps are done, those among them that were kept from before."""
        return self._kept + len(self._took)

    @property
    def total(self) -> int:
        """How many steps there are."""
        return self._kept + len(self._looks) + len(self._files)

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._start

    @property
    def doing(self) -> str:
        """What is being done."""
        step = self._current()
        if step is None:
            return ", ".join(step.title for step in self._undone(self._files)[: self._jobs])
        what = self._inside.get(step.name, (0.0, ""))[1]
        return f"{step.title}: {what}" if what else step.title

    @property
    def left(self) -> float | None:
        """Seconds to the end, None while nobody can know."""
        speed, one_pass = self._fitted()
        current = self._current()
        if one_pass is None and any(COSTS.get(step.kind, COMMON)[1] for step in self._undone(self._looks)):
            return None
        looks = [self._expected(step, speed, one_pass or 0.0) for step in self._undone(self._looks)[1:]]
        if current is not None:
            looks.append(self._rest_of(current, self._expected(current, speed, one_pass or 0.0)))
        return sum(looks) + self._rest_of_files(speed)

    @property
    def share(self) -> float:
        """How far it is, 0…1; it never goes back."""
        left = self.left
        if left is not None:
            self._shown = max(self._shown, self.elapsed / max(self.elapsed + left, 1e-9))
        return min(self._shown, 1.0)

    def _undone(self, steps: dict[str, Step]) -> list[Step]:
        return [step for name, step in steps.items() if name not in self._took]

    def _current(self) -> Step | None:
        return next(iter(self._undone(self._looks)), None)

    def _expected(self, step: Step, speed: float, one_pass: float) -> float:
        if (step.kind, step.network) in self._like:
            return self._like[step.kind, step.network]
        seconds, passes = COSTS.get(step.kind, COMMON)
        return seconds * speed + passes * one_pass

    def _rest_of(self, step: Step, expected: float) -> float:
        spent = self._clock() - self._since
        share = self._inside.get(step.name, (0.0, ""))[0]
        if share >= FEWEST:
            return spent * (1 - share) / share
        return max(expected - spent, LATE * spent)

    def _rest_of_files(self, speed: float) -> float:
        """They are written side by side."""
        sections = self._kept + len(self._looks)
        costs = {name: FILES.get(step.kind, FILES["html"]) for name, step in self._files.items()}
        seconds = {name: speed * (base + each * sections) for name, (base, each) in costs.items()}
        hands = min(self._jobs, 2, max(len(seconds), 1))
        whole = sum(seconds.values()) / hands
        if self._current() is not None:
            return whole
        spent = self._clock() - self._since
        return max(whole - spent, LATE * spent) if self._undone(self._files) else 0.0

    def _fitted(self) -> tuple[float, float | None]:
        """How fast this machine is, and what one pass takes; least squares, drawn to what is usual."""
        done = list(self._took.items())  # the bar asks from a thread of its own
        told = [(COSTS.get(self._looks[name].kind, COMMON), took) for name, took in done if name in self._looks]
        ss = TRUST_SPEED + sum(a * a for (a, _p), _t in told)
        sp = sum(a * p for (a, p), _t in told)
        pp = TRUST_PASS + sum(p * p for (_a, p), _t in told)
        st = TRUST_SPEED + sum(a * t for (a, _p), t in told)
        pt = TRUST_PASS * USUAL_PASS + sum(p * t for (_a, p), t in told)
        whole = ss * pp - sp * sp
        speed = max((st * pp - sp * pt) / whole, 0.2)
        if not any(p for (_a, p), _t in told):
            return speed, None
        return speed, max((pt - sp * speed) / pp, 0.0)
