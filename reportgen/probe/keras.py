"""The probe of a Keras network: NumPy in, NumPy out, everything by a layer's path."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from reportgen.errors import ReportgenError, UsageError
from reportgen.probe import Array, InputFacts, Layer, Layers, OutputFacts, Pull, Rule, Target, Trace
from reportgen.probe.answers import meaning, rank
from reportgen.probe.asking import Question, as_written, can_run, compiled_answers
from reportgen.probe.climbing import Slopes
from reportgen.probe.facts import canonical_weight, layer_facts, model_facts, names_of_weights, total_strides
from reportgen.probe.failures import attempt, cannot_run
from reportgen.probe.feeding import feeding_of, input_facts
from reportgen.probe.graph import one_of, parents, unbatched
from reportgen.probe.layouts import channels_first
from reportgen.probe.ports import (
    TRIED_SIDE,
    Port,
    chosen_port,
    input_ports,
    open_sides,
    output_names,
    sized,
    zeros_for,
)
from reportgen.probe.recording import EVERYWHERE, RecordedPass, Result, ask
from reportgen.probe.rules import rectifiers_in
from reportgen.probe.scoring import before_squashing
from reportgen.probe.shuffling import shuffled
from reportgen.probe.source import ModelSource, Preprocessing
from reportgen.text import Message, _, listed

if TYPE_CHECKING:
    from reportgen.probe.loading import OpenedModel

BATCH_BYTES = 512 << 20
"""How much the outputs of all layers may weigh for the images that `scores` runs at once."""
LARGEST_BATCH = 32
COMPILED = 4
"""How many compiled climbs are kept; each holds a graph of its own."""


class KerasProbe:
    """Implements `Probe` for any Keras model; the model is never changed."""

    def __init__(
        self, model: Any, *, source: ModelSource, opened: OpenedModel, preprocessing: Preprocessing,
        assumptions: tuple[Message, ...] = (),
    ) -> None:
        self._model = model
        self._source = source
        self._ports = input_ports(model)
        self._chosen = chosen_port(self._ports, source.input)
        if not (model.built and model.weights):  # a model makes its weights when it is first called
            attempt(lambda: ask(model, zeros_for(self._ports)))
        self._passes: dict[tuple[str | None, tuple[int, ...]], RecordedPass] = {}
        self._questions: dict[tuple[Any, ...], Question] = {}
        self._slopes: dict[tuple[Any, ...], Slopes] = {}
        self._batched: Callable[[Sequence[Array]], Array] | None = None
        self._sized_only = False
        self._output_names: tuple[str, ...] = ()
        self._output_at = 0
        self._first: frozenset[str] = frozenset()
        self._open = any(None in port.shape for port in self._ports)
        seen = self._look()
        self._own: dict[str, tuple[Any, ...]] = {}
        self.layers = self._describe(seen)
        self._feeding = feeding_of(
            self._ports, self._chosen, self._ports[self._chosen].name in self._first, preprocessing, source
        )
        self.output, said = self._describe_answer(seen)
        self.input: InputFacts = input_facts(self._feeding, *self._sides(), (*assumptions, *said))
        self.model = model_facts(model, opened, rectifiers_in(seen.graph))

    def weights(self, layer: str) -> Mapping[str, Array]:
        """See `Probe`."""
        known = self.layers[layer]
        named = names_of_weights(self._own.get(known.owner or layer, ()))
        turned = self._feeding.preprocessing.bgr and self.layers.sees_input(self.layers[known.owner or layer])
        return MappingProxyType({
            name: canonical_weight(weight, known, blue_first=turned) for name, weight in named.items()
        })

    def scores(self, batch: Array) -> Array:
        """See `Probe`. Large batches are run in pieces."""
        batch = np.asarray(batch, np.float32)
        if not len(batch):
            return np.zeros((0, *(side or 0 for side in self.output.shape)), np.float32)
        size = self._batch_size(batch.shape[1:3])
        pieces = [self._feeding.arrays(batch[start : start + size]) for start in range(0, len(batch), size)]
        found = attempt(lambda: [one for piece in pieces for one in self._answer_all(piece)], batch.shape[1:])
        return np.stack([self._answer(one) for one in found]).astype(np.float32, copy=False)

    def _answer_all(self, arrays: list[Array]) -> Array:
        """Answers to a batch; one by one where the network cannot be compiled for any number of images."""
        if self._batched is None:
            try:
                self._batched = compiled_answers(self._model, self._ports, self._pick_output)
            except Exception:  # a layer of the user's own may count on knowing every size
                self._batched = self._one_by_one
        return self._batched(arrays)

    def _one_by_one(self, arrays: Sequence[Array]) -> Array:
        shape = tuple(arrays[self._chosen].shape[1:])
        each = [[array[at : at + 1] for array in arrays] for at in range(len(arrays[0]))]
        return np.concatenate([self._run(None, shape, one).answer for one in each])

    def trace(self, pixels: Array, target: Target | None = None) -> Trace:
        """See `Probe`."""
        pixels = np.asarray(pixels, np.float32)
        arrays = self._feeding.arrays(pixels[None])
        layer = None if target is None else self._target_layer(target)
        shape = tuple(arrays[self._chosen].shape[1:])
        result = attempt(lambda: self._run(layer, shape, arrays, target), pixels.shape)
        return Trace(
            outputs=self._canonical(result.outputs),
            scores=self._answer(result.answer[0]).astype(np.float32, copy=False),
            input=self._fed(arrays[self._chosen][0]),
            score=result.score,
            gradients=self._canonical(result.gradients),
            input_gradient=self._by_picture(result.gradients, shape),
        )

    def _by_picture(self, gradients: Mapping[str, Array], shape: tuple[int, ...]) -> Array | None:
        """The gradient by the picture, from those by the inputs that show it; None where nothing depends on them."""
        names = [self._ports[position].name for position in self._feeding.showing(shape)]
        found = [gradients[name] for name in names if name in gradients]
        return self._feeding.over_frames(self._fed(np.sum(found, axis=0)[0])[None])[0] if found else None

    def values(self, pixels: Array) -> Array:
        """See `Probe`."""
        fed = self._fed(self._feeding.arrays(np.asarray(pixels, np.float32)[None])[self._chosen][0])
        return self._feeding.frame(fed)

    def evaluate(
        self, batch: Array, targets: Sequence[Target], *, layer: str = "", answers: Array | None = None
    ) -> Array:
        """See `Probe`. Large batches are run in pieces."""
        batch = np.asarray(batch, np.float32)
        found = np.zeros((len(batch), len(targets)))
        size = self._batch_size(batch.shape[1:3])
        for at in sorted({self._target_layer(target) for target in targets}):
            asked = [number for number, target in enumerate(targets) if self._target_layer(target) == at]
            name = at or self.output.layer
            for start in range(0, len(batch), size):
                piece = slice(start, start + size)
                given = None if answers is None else self._laid(layer, answers[piece])
                raw = self._ask(batch[piece], at, replaced=layer, answers=given)
                for row, answer in enumerate(raw):
                    said = self._turned(name, answer)
                    found[start + row, asked] = [targets[number].score(said) for number in asked]
        return found

    def gradients(self, batch: Array, target: Target, rule: Rule = "plain") -> Array:
        """See `Probe`. Large batches are run in even pieces, half as large as those without gradients at most."""
        batch = np.asarray(batch, np.float32)
        size = max(1, self._batch_size(batch.shape[1:3]) // 2)
        size = math.ceil(len(batch) / math.ceil(len(batch) / size)) if len(batch) else size
        layer = self._target_layer(target)
        pieces = [
            self._ask(batch[start : start + size], layer, rule=rule, target=target)
            for start in range(0, len(batch), size)
        ]
        return self._feeding.over_frames(np.stack([self._fed(one) for piece in pieces for one in piece]))

    def climb(self, batch: Array, pulls: Sequence[Pull]) -> tuple[Array, Array]:
        """See `Probe`."""
        batch = np.asarray(batch, np.float32)
        pulls = [dataclasses.replace(pull, layer=self._known(pull.layer)) for pull in pulls]
        arrays = self._feeding.arrays(batch, any_size=True)
        ports = tuple(
            Port(port.name, array.shape[1:], port.dtype) for port, array in zip(self._ports, arrays, strict=True)
        )
        key = (*(port.shape for port in ports), len(batch), *((pull.layer, pull.kind, pull.middle) for pull in pulls))

        def run() -> tuple[Array, Array]:
            if key not in self._slopes:
                self._slopes[key] = Slopes(
                    self._model, ports, len(batch), pulls, output=self._pick_output,
                    wrt=self._feeding.showing(arrays[self._chosen].shape[1:]), first=self._first,
                )
                for old in list(self._slopes)[:-COMPILED]:
                    del self._slopes[old]
            return self._slopes[key].run(arrays, pulls)

        values, slopes = attempt(run, batch.shape[1:])
        return values, self._feeding.by_pixel(slopes)

    def randomized(self, layers: Sequence[str], seed: int) -> AbstractContextManager[None]:
        """See `Probe`."""
        return shuffled([weight for layer in layers for weight in self._own.get(layer, ())], seed)

    # looking at the network

    def _look(self) -> RecordedPass:
        """The pass from which the facts are read; for a network of one size it is also the one that runs."""
        try:
            return self._compile(None, None)
        except ReportgenError:
            raise
        except Exception as problem:
            if not self._open:
                raise cannot_run("", problem) from problem
        seen: RecordedPass = attempt(lambda: self._compile(None, sized(self._ports, 2 * TRIED_SIDE)))
        self._sized_only = True
        return seen

    def _compile(self, layer: str | None, ports: tuple[Port, ...] | None) -> RecordedPass:
        made = RecordedPass(
            self._model, ports or self._ports, output=self._pick_output, target=layer, first=self._first
        )
        if ports is None:
            self._passes[layer, ()] = made
        return made

    def _pass(self, layer: str | None, shape: tuple[int, ...]) -> RecordedPass:
        """The compiled pass for a target layer; one for all sizes where the network compiles so."""
        key = (layer, shape if self._sized_only else ())
        if key not in self._passes:
            ports = sized(self._ports, 0, self._chosen, shape) if self._sized_only else None
            self._passes[key] = self._compile(layer, ports)
        return self._passes[key]

    def _run(
        self, layer: str | None, shape: tuple[int, ...], arrays: Sequence[Array], target: Target | None = None
    ) -> Result:
        compiled = self._pass(layer, shape)
        channel, places = (target.channel, weights_of(target)) if target else (0, EVERYWHERE)
        # where oneDNN is missing, channels-first convolutions run on a processor only when rewritten
        with nullcontext() if self._first else as_written():
            return compiled.run(arrays, channel, places)

    def _ask(
        self, batch: Array, layer: str, *, replaced: str = "", answers: Array | None = None, rule: Rule = "plain",
        target: Target | None = None,
    ) -> Array:
        """One piece of a batch through the question of this kind; with a target its gradient is asked for."""
        arrays = self._feeding.arrays(batch)
        shape = tuple(arrays[self._chosen].shape[1:])
        key = (layer, replaced, rule, target is not None, shape if self._sized_only else ())
        channel, places = (target.channel, weights_of(target)) if target else (0, EVERYWHERE)

        def run() -> Array:
            if key not in self._questions:
                ports = sized(self._ports, 0, self._chosen, shape) if self._sized_only else self._ports
                self._questions[key] = Question(
                    self._model, ports, output=self._pick_output, layer=layer, replaced=replaced, rule=rule,
                    gradient=target is not None, wrt=self._feeding.showing(shape),
                    first=(layer or self.output.layer) in self._first,
                )
            return self._questions[key].ask(arrays, answers=answers, channel=channel, places=places)

        return attempt(run, batch.shape[1:])

    def _pick_output(self, answers: Any) -> int:
        """The position of the chosen output among the flat answers: the one asked for, else the first of those that
        can be explained best. It is chosen once."""
        if self._output_names:
            return self._output_at
        paths, flat = zip(*keras.tree.flatten_with_path(answers), strict=True)
        names = output_names(self._model, paths)
        wanted = self._source.output
        if wanted and wanted not in names:
            raise UsageError(
                f"The network has no output '{wanted}'.", slug="unknown-output",
                hint=f"Its outputs are: {', '.join(names)}.",
            )
        ranks = [
            rank(before_squashing(answer)[1], unbatched(answer.shape), name, whole=not answer.dtype.is_floating)
            for name, answer in zip(names, flat, strict=True)
        ]
        self._output_names = names
        self._output_at = names.index(wanted) if wanted else ranks.index(min(ranks))
        return self._output_at

    def _describe(self, seen: RecordedPass) -> Layers:
        """The facts of all calls, from the recorded graph."""
        producers = seen.recorder.producers
        ups: dict[str, tuple[str, ...]] = {name: () for name in seen.inputs}
        ups |= {call.name: parents(call.outputs, producers) for call in seen.calls}
        tensors = seen.inputs | {call.name: call.output for call in seen.calls}
        ranks = {name: len(unbatched(tensor.shape)) for name, tensor in tensors.items()}
        objects: dict[str, Any] = dict.fromkeys(seen.inputs)
        objects |= {call.name: call.layer for call in seen.calls}
        self._first = channels_first(objects, ups, ranks)
        layers = [
            Layer(name, "InputLayer", "input", self._shape(name, tensor, ranks[name]))
            for name, tensor in seen.inputs.items()
        ]
        claimed: set[int] = set()
        for call in seen.calls:
            own: tuple[Any, ...] = ()
            if call.owner == call.name:
                own = tuple(weight for weight in getattr(call.layer, "weights", ()) if id(weight) not in claimed)
                claimed.update(map(id, own))
                self._own[call.name] = own
            shape = self._shape(call.name, call.output, ranks[call.name])
            layers.append(layer_facts(
                call.name, call.layer, shape=shape, parents=ups[call.name], owner=call.owner, weights=own
            ))
        return Layers(layers)

    def _shape(self, name: str, tensor: Any, rank: int) -> tuple[int | None, ...]:
        shape = unbatched(tensor.shape)
        if self._sized_only and rank >= 2:
            spatial = range(1, rank) if name in self._first else range(rank - 1)
            shape = tuple(None if axis in spatial else side for axis, side in enumerate(shape))
        return (*shape[1:], shape[0]) if name in self._first else shape

    def _describe_answer(self, seen: RecordedPass) -> tuple[OutputFacts, tuple[Message, ...]]:
        layer = self.layers[seen.answer_layer]
        shape = layer.shape
        if len(shape) == 3 and shape[:2] == (1, 1):
            shape = shape[2:]
        name = self._output_names[self._output_at]
        found = meaning(seen.squashing, shape, layer, self._feeding.shape, (self._model.name, name))
        raw = bool(seen.squashing) or (layer.activation == "linear" and layer.family != "other")
        facts = OutputFacts(
            name, layer.name, found.kind, shape, found.from_logits, self._output_names, before_activation=raw,
            constant=found.constant,
        )
        return facts, (*found.assumptions, *self._about_choice())

    def _about_choice(self) -> tuple[Message, ...]:
        """Which output was chosen though it is not the first, and which were left."""
        if self._source.output or not self._output_at:
            return ()
        left = [name for place, name in enumerate(self._output_names) if place != self._output_at]
        return (_(
            "Of the network's outputs `{output}` is looked at, because it can be explained best; left out: `{left}`. "
            "Another one can be named with `--output`.",
            output=self._output_names[self._output_at], left=listed(left),
        ),)

    def _sides(self) -> tuple[int, int]:
        """The least length of an open side, and in which steps it grows from there."""
        if None not in self._feeding.size:
            return 1, 1
        return open_sides(
            lambda side: can_run(self._model, sized(self._ports, side)), total_strides(self.layers), TRIED_SIDE
        )

    # answering

    def _known(self, layer: str) -> str:
        """The layer's path, "" for the one that gives the answer; what is not there is refused."""
        if layer and not any(layer == known.name for known in self.layers):
            raise UsageError(f"The network has no layer '{layer}'.", slug="unknown-layer")
        return "" if layer == self.output.layer else layer

    def _target_layer(self, target: Target) -> str:
        """The target's layer, "" for the answer; a channel that is not there is refused."""
        layer = self._known(target.layer)
        channels = self.layers[layer or self.output.layer].channels
        if channels is not None and not 0 <= target.channel < channels:
            raise UsageError(
                f"Layer '{layer or self.output.layer}' has the channels 0…{channels - 1}, but {target.channel} was"
                " asked for.", slug="unknown-channel",
            )
        return layer

    def _canonical(self, arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        return MappingProxyType({name: self._turned(name, one_of(array)) for name, array in arrays.items()})

    def _laid(self, name: str, answers: Array) -> Array:
        """Canonical answers of a layer as the layer itself gives them."""
        return np.moveaxis(answers, -1, 1) if name in self._first else answers

    def _fed(self, array: Array) -> Array:
        return self._feeding.picture(array.astype(np.float32, copy=False))

    def _turned(self, name: str, array: Array) -> Array:
        return np.moveaxis(array, 0, -1) if name in self._first else array

    def _answer(self, array: Array) -> Array:
        array = self._turned(self.output.layer, array)
        return array[0, 0] if array.ndim == 3 and len(self.output.shape) == 1 else array

    def _batch_size(self, size: tuple[int, ...]) -> int:
        open_area = math.prod(size)  # more than what a layer of unknown size really has
        numbers = sum(
            math.prod(side for side in layer.shape if side) * (open_area if None in layer.shape else 1)
            for layer in self.layers
        )
        return max(1, min(LARGEST_BATCH, BATCH_BYTES // (4 * max(numbers, 1))))


def weights_of(target: Target) -> Array:
    """How much each place counts, with the target's sign."""
    weights = EVERYWHERE if target.places is None else target.places.weights
    return np.asarray(weights * np.float32(target.sign))
