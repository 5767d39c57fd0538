"""The maps of one image, each made once, and a reason in place of a map that would say nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from reportgen import imaging
from reportgen.attention import cam, gradients, hiding
from reportgen.attention.amounts import amounts_for
from reportgen.attention.goals import Goal, confidences, goals_of
from reportgen.attention.methods import METHODS
from reportgen.attention.places import last_with_places
from reportgen.probabilities import softmax
from reportgen.probe import Array, Trace
from reportgen.study import Sample, Study
from reportgen.text import Message, _

Made = TypeVar("Made")
ROUNDING = 1e-5
"""Numbers that differ by no more than this share of their size are the same."""


@dataclass(frozen=True, eq=False)
class Heat:
    """A map (height × width) at its own resolution. `reason` tells why there is nothing to see in it."""

    values: Array
    signed: bool = False
    reason: Message | None = None

    def enlarged(self, size: tuple[int, int]) -> Array:
        """The map at another size, with bilinear interpolation."""
        return imaging.resize(self.values.astype(np.float32), size)


class Maps:
    """Every map of one image that was asked for, kept."""

    def __init__(self, study: Study, sample: Sample, goals: Sequence[Goal]) -> None:
        self.study, self.sample, self.goals = study, sample, tuple(goals)
        self.amounts = amounts_for(study, sample, len(self.goals))
        self.settings = self.amounts.settings
        self._kept: dict[Hashable, object] = {}

    def shown(self, method: str) -> tuple[Goal, ...]:
        """The goals for which sections show this method: what takes many passes for each of them, only for the first
        where the budget gives no more."""
        return self.goals if METHODS[method].cost != "passes" or self.amounts.every else self.goals[:1]

    def heat(self, method: str, goal: Goal) -> Heat:
        """The map of a method for a goal."""
        return self._once(("heat", method, goal.name), lambda: self._heat(method, goal))

    def cam(self, method: str, goal: Goal, layer: str) -> Heat:
        """A class activation map from any layer that the goal depends on, by a method that needs one pass."""
        trace = self.trace(goal)
        if layer not in trace.gradients:
            return _nothing((1, 1), _("the score does not depend on `{layer}`", layer=layer))
        answers, slopes = trace.outputs[layer], trace.gradients[layer]
        if reason := self._once(("silence", layer, goal.name), lambda: _silence(answers, slopes, layer)):
            return _nothing(answers.shape[:2], reason)
        if method == "eigencam":  # the same for every goal
            return self._once(("eigencam", layer), lambda: _told(cam.make_map(method, answers, slopes)))
        return _told(cam.make_map(method, answers, slopes))

    def trace(self, goal: Goal) -> Trace:
        """The recorded pass with the goal's gradients."""
        return self.study.probe.trace(self.sample.pixels, goal.target)

    def layer(self, goal: Goal) -> str:
        """The layer of the class activation maps; "" where no layer with places leads to the goal."""
        if self.settings.layer:
            return self.settings.layer
        trace = self.trace(goal)
        before = {name: trace.outputs[name] for name in trace.gradients if name != goal.target.layer}
        return last_with_places(self.study.probe.layers, before, trace.outputs[self.study.probe.output.layer])

    def path(self, goal: Goal) -> gradients.Path:
        """Integrated gradients with what they add up to."""
        return self._once(("path", goal.name), lambda: gradients.integrated(
            self.study.probe, self.sample.pixels, goal.target, self.settings
        ))

    def tried_channels(self, layer: str, goal: Goal) -> Array:
        """The numbers of the channels that are tried one by one: those that vary most over the places."""
        answers = self.trace(goal).outputs[layer].astype(np.float32)
        spread = np.nan_to_num(answers.var(axis=(0, 1)))
        return np.sort(np.argsort(-spread, kind="stable")[: self.settings.channels])

    def _once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        if key not in self._kept:
            self._kept[key] = make()
        found: Made = self._kept[key]  # type: ignore[assignment]
        return found

    def _heat(self, method: str, goal: Goal) -> Heat:
        family = METHODS[method].family
        if family == "cam":
            return self._class_activation(method, goal)
        values = self._of_pixels(method, goal)
        signed = METHODS[method].signed
        if not np.isfinite(values).all():
            return _nothing(values.shape, _("some of its values are no numbers"), signed)
        if method == "vargrad" and values.any() and self._is_even(goal, values):
            values = np.zeros_like(values)
        if not values.any():
            return _nothing(values.shape, self._why_empty(method, goal), signed)
        if family == "hiding" and np.ptp(values) <= hiding.least_change(
            self.study.probe, self.sample.pixels, goal, self.settings.fill, method
        ):
            return _nothing(values.shape, hiding.ROUNDED, signed)
        return Heat(values, signed)

    def _is_even(self, goal: Goal, variance: Array) -> bool:
        """True where the gradients of the noisy copies differ by no more than rounding."""
        return bool(variance.max() <= (ROUNDING * self._of_pixels("smoothgrad", goal).max()) ** 2)

    def _why_empty(self, method: str, goal: Goal) -> Message:
        """Why every pixel of a map is zero: told from what the network does, not from the map."""
        if METHODS[method].family == "hiding":
            return _("its score stays as it is, whatever part of the image is hidden")
        if self.study.probe.input.whole:
            return _("the network takes whole numbers, by which its score cannot be differentiated")
        if method == "vargrad" and self._of_pixels("smoothgrad", goal).any():
            return _("every noisy copy has the same gradient: near this image the score is linear in the pixels")
        if method != "saliency" and not self.heat("saliency", goal).reason:
            return _("it is zero at every pixel, though the gradient is not")
        if self._responds(goal):
            return _(
                "its gradient is zero at every pixel, although the score does change with the image: on the way back "
                "something cannot be differentiated, or is flat here"
            )
        return _("the score does not change with any pixel")

    def _responds(self, goal: Goal) -> bool:
        """True where the score is another for another image: plain ones, the negative, noise."""
        def make() -> Array:
            pixels = self.sample.pixels
            noise = np.random.Generator(np.random.PCG64(0)).random((2, *pixels.shape), np.float32)
            plain = [gradients.plain_image(pixels, colour) for colour in ("black", "white", "mean")]
            batch = np.stack([pixels, *plain, 1 - pixels, *noise])
            scores = self.study.probe.evaluate(batch, [one.target for one in self.goals])
            changes: Array = np.ptp(scores, axis=0) > ROUNDING * np.abs(scores).max(axis=0)
            return changes

        return bool(self._once("responds", make)[self.goals.index(goal)])

    def _class_activation(self, method: str, goal: Goal) -> Heat:
        layer = self.layer(goal)
        if not layer:
            return _nothing((1, 1), _("no layer with places leads to it"))
        if method in cam.ONE_PASS:
            return self.cam(method, goal, layer)
        if method == "guided_gradcam":
            return self._guided(goal)
        trace = self.trace(goal)
        if layer not in trace.gradients:
            return _nothing((1, 1), _("the score does not depend on `{layer}`", layer=layer))
        chosen = self.tried_channels(layer, goal)
        answers = trace.outputs[layer][..., chosen].astype(np.float32)
        if not np.isfinite(answers).all() or not answers.any():
            return _nothing(answers.shape[:2], _silence(answers, np.ones_like(answers), layer))
        weights = self._score_weights(layer, goal) if method == "scorecam" else self._ablation_weights(layer, goal)
        if not weights.any():
            return _nothing(answers.shape[:2], _("the score does not change with any channel of it"))
        rows = answers.reshape(-1, len(chosen))
        return _told(cam.weighted(rows, weights).reshape(answers.shape[:2]))

    def _guided(self, goal: Goal) -> Heat:
        coarse = self.heat("gradcam", goal)
        if coarse.reason:
            return coarse
        fine = self.heat("guided", goal)
        size = (fine.values.shape[0], fine.values.shape[1])
        return fine if fine.reason else _told(fine.values * coarse.enlarged(size))

    def _score_weights(self, layer: str, goal: Goal) -> Array:
        """Score-CAM's weights; one round of trials serves every goal with the same layer."""
        chosen = self.tried_channels(layer, goal)

        def ask(batch: Array) -> Array:
            return self.study.probe.evaluate(batch, [one.target for one in self.goals])

        def make() -> Array:
            maps = self.trace(goal).outputs[layer][..., chosen].astype(np.float32)
            return hiding.channel_weights(self.sample.pixels, maps, ask, self.settings, self._said("Score-CAM"))

        found = self._once(("score", layer), make)[:, self.goals.index(goal)]
        return softmax(found) if found.any() else found

    def _ablation_weights(self, layer: str, goal: Goal) -> Array:
        chosen = self.tried_channels(layer, goal)

        def make() -> Array:
            pixels, targets = self.sample.pixels, [one.target for one in self.goals]
            answers = self.trace(goal).outputs[layer]
            whole = self.study.probe.evaluate(pixels[None], targets)[0]
            losses = np.zeros((len(chosen), len(targets)))
            on_share = self._said("Ablation-CAM")
            for start in range(0, len(chosen), hiding.AT_ONCE):
                some = chosen[start : start + hiding.AT_ONCE]
                silenced = np.repeat(answers[None], len(some), axis=0)
                silenced[np.arange(len(some)), ..., some] = 0
                batch = np.repeat(pixels[None], len(some), axis=0)
                found = self.study.probe.evaluate(batch, targets, layer=layer, answers=silenced)
                losses[start : start + len(some)] = whole - found
                on_share((start + len(some)) / len(chosen))
            return losses

        found: Array = self._once(("ablation", layer), make)[:, self.goals.index(goal)]
        return found

    def _of_pixels(self, method: str, goal: Goal) -> Array:
        probe, pixels, target = self.study.probe, self.sample.pixels, goal.target
        if method == "saliency":
            return gradients.strength(self._slopes(goal))
        if method == "gradient_input":
            return gradients.balance(self._slopes(goal) * probe.values(pixels))
        if method in ("smoothgrad", "vargrad"):
            noisy = self._once(("noisy", goal.name), lambda: gradients.noisy(probe, pixels, target, self.settings))
            return noisy.smooth if method == "smoothgrad" else noisy.variance
        if method == "integrated_gradients":
            return self.path(goal).map
        if method in ("guided", "deconvnet"):
            rule = gradients.gradient(probe, pixels, target, "guided" if method == "guided" else "rectified")
            return gradients.strength(rule)
        everything = self._once(("hiding", method), lambda: self._hidden(method))
        values: Array = everything[..., self.goals.index(goal)]
        return values

    def _slopes(self, goal: Goal) -> Array:
        """The plain gradient by the network's input values, from the recorded pass."""
        found = self.trace(goal).input_gradient
        return np.zeros_like(self.study.probe.values(self.sample.pixels)) if found is None else found

    def _hidden(self, method: str) -> Array:
        probe, pixels = self.study.probe, self.sample.pixels
        on_share = self._said(str(METHODS[method].title))
        if method == "occlusion":
            return hiding.occlusion(probe, pixels, [goal.target for goal in self.goals], self.settings, on_share)
        return hiding.rise(pixels, lambda batch: confidences(probe, batch, self.goals), self.settings, on_share)

    def _said(self, name: str) -> Callable[[float], None]:
        what = f"{name} for {self.sample.file}"
        return lambda share: self.study.progress(share, what)


def maps_of(study: Study, sample: Sample) -> Maps:
    """The maps of an image, the same for every section."""
    key = ("maps", sample.name, study.maps)
    if key not in study.memory:
        study.memory[key] = Maps(study, sample, goals_of(study, sample))
    maps: Maps = study.memory[key]
    return maps


def _silence(answers: Array, slopes: Array, layer: str) -> Message | None:
    """Why a layer's answers and gradients cannot give a map."""
    if not (np.isfinite(answers).all() and np.isfinite(slopes).all()):
        return _("some answers or gradients of `{layer}` are no numbers", layer=layer)
    if not answers.any():
        return _("`{layer}` answers nothing but zeros", layer=layer)
    if not slopes.any():
        return _("the gradient at `{layer}` is zero at every place", layer=layer)
    return None


def _told(values: Array) -> Heat:
    """A map of what speaks for the goal, or why it is empty."""
    if not np.isfinite(values).all():
        return _nothing(values.shape, _("some of its values are no numbers"))
    if not values.any():
        return _nothing(values.shape, _("everything here speaks against it, so nothing is left"))
    return Heat(values)


def _nothing(size: tuple[int, ...], reason: Message | None, signed: bool = False) -> Heat:
    return Heat(np.zeros(size[:2], np.float32), signed, reason)
