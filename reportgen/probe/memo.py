"""A probe that remembers its traces, so that all artifacts share one pass."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from reportgen.probe import InputFacts, Layers, ModelFacts, OutputFacts, Probe, Pull, Rule, Target, Trace

BUDGET = 2 << 30
"""Bytes of traces kept; the newest one is kept however large it is."""


class MemoProbe:
    """The same interface as the probe it wraps; neither artifacts nor that probe know of it."""

    def __init__(self, probe: Probe, budget: int = BUDGET) -> None:
        self._probe = probe
        self._budget = budget
        self._traces: OrderedDict[tuple[str, Target | None], Trace] = OrderedDict()

    @property
    def model(self) -> ModelFacts:
        """As in `Probe`."""
        return self._probe.model

    @property
    def input(self) -> InputFacts:
        """As in `Probe`."""
        return self._probe.input

    @property
    def output(self) -> OutputFacts:
        """As in `Probe`."""
        return self._probe.output

    @property
    def layers(self) -> Layers:
        """As in `Probe`."""
        return self._probe.layers

    def weights(self, layer: str) -> Mapping[str, np.ndarray]:
        """As in `Probe`."""
        return self._probe.weights(layer)

    def scores(self, batch: np.ndarray) -> np.ndarray:
        """As in `Probe`."""
        return self._probe.scores(batch)

    def trace(self, pixels: np.ndarray, target: Target | None = None) -> Trace:
        """As in `Probe`, from memory where the same was asked before.

        A trace with gradients answers for one without.
        """
        digest = hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest() + str(pixels.shape)
        for key in self._traces:
            if key[0] == digest and target in (key[1], None):
                self._traces.move_to_end(key)
                return self._traces[key]
        trace = self._probe.trace(pixels, target)
        self._traces[digest, target] = trace
        while len(self._traces) > 1 and sum(kept.bytes for kept in self._traces.values()) > self._budget:
            self._traces.popitem(last=False)
        return trace

    def values(self, pixels: np.ndarray) -> np.ndarray:
        """As in `Probe`."""
        return self._probe.values(pixels)

    def evaluate(
        self, batch: np.ndarray, targets: Sequence[Target], *, layer: str = "", answers: np.ndarray | None = None
    ) -> np.ndarray:
        """As in `Probe`."""
        return self._probe.evaluate(batch, targets, layer=layer, answers=answers)

    def gradients(self, batch: np.ndarray, target: Target, rule: Rule = "plain") -> np.ndarray:
        """As in `Probe`."""
        return self._probe.gradients(batch, target, rule)

    def climb(self, batch: np.ndarray, pulls: Sequence[Pull]) -> tuple[np.ndarray, np.ndarray]:
        """As in `Probe`."""
        return self._probe.climb(batch, pulls)

    @contextmanager
    def randomized(self, layers: Sequence[str], seed: int) -> Iterator[None]:
        """As in `Probe`; what is remembered of the true network is set aside meanwhile."""
        kept, self._traces = self._traces, OrderedDict()
        try:
            with self._probe.randomized(layers, seed):
                yield
        finally:
            self._traces = kept
