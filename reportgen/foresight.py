"""How long the rest of a build will take, told from its plan and from what the steps so far took.

A step costs a number of seconds that every network costs, most of them the first time, and a number of passes through
the network, as many as an effort's budget pays. How slow this machine is and what a pass takes here are fitted to the
steps that are done; before a step that passes through the network is done, nothing is foretold. What was done with one
image takes as long with the next.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence

from reportgen.watching import Step, Watcher

log = logging.getLogger(__name__)
FEWEST = 0.05
"""From this share on, a step that tells how far it is foretells its own end."""
LATE = 0.25
"""A step that takes longer than was foretold is expected to take so much of its time more."""
COMMON = (0.6, 4.0)
"""What a kind is taken to cost that is not named."""
COSTS: dict[str, tuple[float, float]] = {
    "open": (7.0, 0.0), "summary": (0.03, 0.0), "architecture": (0.03, 0.0), "input": (0.03, 0.0),
    "receptive_field": (0.03, 0.0), "prediction": (0.03, 0.0), "filter_images": (0.03, 0.0),
    "filter_reading": (0.1, 0.0), "filter_comparison": (0.03, 0.0), "filter_statistics": (0.2, 0.0),
    "progression": (0.2, 0.0),
    "activation_maps": (0.4, 0.0), "activation_heatmaps": (0.03, 0.0), "activation_statistics": (0.03, 0.0),
    "dense_layers": (0.03, 0.0), "cam": (2.5, 15.0), "cam_layers": (1.5, 15.0), "saliency": (3.0, 60.0),
    "backprop_rules": (0.4, 5.0), "pointing": (0.03, 0.0), "occlusion": (0.3, 250.0),
    "faithfulness": (0.2, 80.0), "sanity": (0.4, 120.0), "map_agreement": (0.03, 0.0), "optimal_inputs": (1.0, 300.0),
    "unit_rows": (0.5, 10.0), "class_images": (0.3, 200.0), "penalty_sweep": (0.3, 100.0), "deep_dream": (0.2, 80.0),
    "inversion": (0.4, 100.0), "made_to_order": (0.5, 100.0),
}
"""Seconds, and passes through the network, of each kind of step; measured once, with the embedded networks."""
BUDGET = 4.0
"""More seconds than this an effort does not spend on the passes of a step, …"""
LEANEST = 6.0
"""… unless so few of them as this part are left that they would show nothing."""
AGAIN = 0.25
"""This part of the seconds that every network costs is left where another network was looked at so before."""
FILES: dict[str, tuple[float, float]] = {
    "pdf": (0.8, 0.08), "html": (0.4, 0.02), "single": (1.0, 0.05), "figures": (0.3, 0.01), "markdown": (0.2, 0.003),
}
"""Seconds of writing a format, and for each section in it."""
SPEEDS = tuple(0.3 * 1.15**step for step in range(28))
PASSES = tuple(0.001 * 1.35**step for step in range(28))
"""What is tried: times as slow as the machine that was measured on, and seconds of a pass."""
USUAL_PASS = 0.03
BELIEF = 0.01
"""How firmly one believes in such a machine and such a pass before anything is measured."""


def expected(kind: str, slow: float, one_pass: float, again: bool = False) -> float:
    """Seconds of a step on a machine so many times as slow, where a pass takes so long."""
    seconds, passes = COSTS.get(kind, COMMON)
    work = passes * one_pass
    return seconds * slow * (AGAIN if again else 1.0) + max(min(work, BUDGET * slow), work / LEANEST)


def fitted(told: Sequence[tuple[str, bool, float]], slow: float | None = None) -> tuple[float, float]:
    """How slow the machine is (unless that is known) and what a pass takes, by kinds of steps, whether these were done
    with another network before, and their seconds.
    """

    def doubt(pair: tuple[float, float]) -> float:
        prior = BELIEF * (abs(math.log(pair[0])) + abs(math.log(pair[1] / USUAL_PASS)))
        foreseen = [(expected(kind, *pair, again), took) for kind, again, took in told]
        return prior + sum(abs(took - wanted) / (wanted + took + 1) for wanted, took in foreseen)

    return min(((one, one_pass) for one in ([slow] if slow else SPEEDS) for one_pass in PASSES), key=doubt)


class Foresight(Watcher):
    """Counts the steps, and foretells."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, jobs: int = 2) -> None:
        self._clock, self._jobs = clock, max(1, jobs)
        self._looks: dict[str, Step] = {}
        self._files: dict[str, Step] = {}
        self._took: dict[str, float] = {}
        self._like: dict[tuple[str, int], float] = {}
        self._slow, self._measured = 1.0, False
        self._pass: dict[int, float] = {}
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
            self._measure(step.network)
        took = f" ({self._took[name]:.1f} s)" if name in self._looks else ""  # files are written side by side
        log.info("%d of %d: %s%s", self.done, self.total, step.title, took)

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
        if not self.total:
            return "Reading what goes in"
        step = self._current()
        if step is None:
            files = ", ".join(step.title for step in self._undone(self._files)[: self._jobs])
            return files or "Putting everything in its place"
        what = self._inside.get(step.name, (0.0, ""))[1]
        return f"{step.title}: {what}" if what else step.title

    @property
    def left(self) -> float | None:
        """Seconds to the end, None while nobody can know."""
        if not self.total or self.done == self.total:
            return None
        if not self._measured and any(_passes(step.kind) for step in self._undone(self._looks)):
            return None
        looks = [self._expected(step) for step in self._undone(self._looks)]
        current = self._current()
        if current is not None:
            looks[0] = self._rest_of(current, looks[0])
        return sum(looks) + self._rest_of_files()

    @property
    def share(self) -> float:
        """How far it is, 0…1; it never goes back."""
        left = self.left
        if left is not None:
            self._shown = max(self._shown, self.elapsed / max(self.elapsed + left, 1e-9))
        elif self.total and self.done == self.total:
            self._shown = 1.0
        return min(self._shown, 1.0)

    def _undone(self, steps: dict[str, Step]) -> list[Step]:
        return [step for name, step in steps.items() if name not in self._took]

    def _current(self) -> Step | None:
        return next(iter(self._undone(self._looks)), None)

    def _expected(self, step: Step) -> float:
        alike = self._like.get((step.kind, step.network))
        if alike is not None:
            return alike
        one_pass = self._pass.get(step.network, USUAL_PASS)
        return expected(step.kind, self._slow, one_pass, self._is_known(step.kind, step.network))

    def _is_known(self, kind: str, network: int) -> bool:
        return any((kind, other) in self._like for other in range(network))

    def _rest_of(self, step: Step, expected: float) -> float:
        spent = self._clock() - self._since
        share = self._inside.get(step.name, (0.0, ""))[0]
        if share >= FEWEST:
            return spent * (1 - share) / share
        return max(expected - spent, LATE * spent)

    def _rest_of_files(self) -> float:
        """They are written side by side."""
        sections = self._kept + len(self._looks)
        costs = [FILES.get(step.kind, FILES["html"]) for step in self._files.values()]
        whole = self._slow * sum(base + each * sections for base, each in costs) / min(self._jobs, 2)
        if self._current() is not None:
            return whole
        spent = self._clock() - self._since
        return max(whole - spent, LATE * spent) if self._undone(self._files) else 0.0

    def _measure(self, network: int) -> None:
        """Fit to what is done: the machine by the first network, a pass by its own."""
        done = [(kind, of, self._is_known(kind, of), took) for (kind, of), took in self._like.items()]
        if not self._measured:
            self._slow = fitted([(kind, again, took) for kind, _of, again, took in done])[0]
        told = [(kind, again, took) for kind, of, again, took in done if of == network and _passes(kind)]
        if told:
            self._measured = True
            self._pass[network] = fitted(told, self._slow)[1]


def _passes(kind: str) -> float:
    return COSTS.get(kind, COMMON)[1]
