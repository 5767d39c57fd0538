"""A network whose every answer is known in closed form, so that artifacts are tested without TensorFlow.

The network looks at an 8 × 8 RGB image:

    image ── edges (4 filters 3×3, relu) ── pool (2×2 max) ── mix (2 filters 1×1, relu) ── flat ── scores (3, softmax)

`edges` holds a horizontal edge, a vertical edge, red minus green, and a filter of zeros (dead);
`mix` copies channel 0 and adds all channels. Passes are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from reportgen.probe import InputFacts, Layer, Layers, ModelFacts, OutputFacts, Pull, Rule, Target, Trace
from reportgen.study import Sample, Study

SIZE = 8
NAMES = ("cat", "dog", "owl")


def edge_kernel() -> np.ndarray:
    """(3, 3, 3 inputs, 4 filters)."""
    kernel = np.zeros((3, 3, 3, 4), np.float32)
    kernel[0, :, :, 0], kernel[2, :, :, 0] = 1 / 3, -1 / 3
    kernel[:, 0, :, 1], kernel[:, 2, :, 1] = 1 / 3, -1 / 3
    kernel[1, 1, :, 2] = (1, -1, 0)
    return kernel


def convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Cross-correlation with zero padding, same size: the definition, in four loops of NumPy."""
    height, width = kernel.shape[:2]
    padded = np.pad(image, ((height // 2,) * 2, (width // 2,) * 2, (0, 0)))
    out = np.zeros((*image.shape[:2], kernel.shape[-1]), np.float32)
    for row in range(height):
        for column in range(width):
            part = padded[row : row + image.shape[0], column : column + image.shape[1]]
            out += part @ kernel[row, column]
    return out


def softmax(values: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class FakeProbe:
    """Implements `reportgen.probe.Probe`; `passes` counts traces, `batches` counts score calls."""

    def __init__(self) -> None:
        self.passes = 0
        self.batches = 0
        mixing = np.zeros((1, 1, 4, 2), np.float32)
        mixing[0, 0, 0, 0] = 1
        mixing[0, 0, :, 1] = 1
        dense = np.linspace(-1, 1, 32 * 3, dtype=np.float32).reshape(32, 3)
        self._weights = {
            "edges": {"kernel": edge_kernel(), "bias": np.zeros(4, np.float32)},
            "mix": {"kernel": mixing, "bias": np.zeros(2, np.float32)},
            "scores": {"kernel": dense, "bias": np.zeros(3, np.float32)},
        }
        self.layers = Layers([
            Layer("image", "InputLayer", "input", (SIZE, SIZE, 3)),
            Layer("edges", "Conv2D", "convolution", (SIZE, SIZE, 4), ("image",), 112, 112, "relu",
                  (3, 3), (1, 1), (1, 1), "same", initializer="GlorotUniform"),
            Layer("pool", "MaxPooling2D", "pooling", (4, 4, 4), ("edges",), kernel=(2, 2), strides=(2, 2),
                  padding="valid"),
            Layer("mix", "Conv2D", "convolution", (4, 4, 2), ("pool",), 10, 10, "relu",
                  (1, 1), (1, 1), (1, 1), "same", initializer="GlorotUniform"),
            Layer("flat", "Flatten", "reshape", (32,), ("mix",)),
            Layer("scores", "Dense", "dense", (3,), ("flat",), 99, 99, "softmax", initializer="GlorotUniform"),
        ])
        self.model = ModelFacts("tiny", "tiny", 221, 221, "float32", "Functional", 884, rectifiers=2)
        self.input = InputFacts("image", (SIZE, SIZE), 3)
        self.output = OutputFacts("scores", "scores", "classes", (3,), names=("scores",))

    def weights(self, layer: str) -> Mapping[str, np.ndarray]:
        """See `Probe`."""
        return self._weights.get(layer, {})

    def _run(self, pixels: np.ndarray, layer: str = "", answer: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Every layer's answer; `layer` is taken to have said `answer`. "logits" is the score before softmax."""
        found: dict[str, np.ndarray] = {"image": pixels}

        def say(name: str, value: np.ndarray) -> np.ndarray:
            found[name] = answer if name == layer and answer is not None else value
            return found[name]

        edges = say("edges", np.maximum(convolve(pixels, self._weights["edges"]["kernel"]), 0))
        pool = say("pool", edges.reshape(4, 2, 4, 2, 4).max(axis=(1, 3)))
        mix = say("mix", np.maximum(convolve(pool, self._weights["mix"]["kernel"]), 0))
        flat = say("flat", mix.reshape(-1))
        logits = say("logits", flat @ self._weights["scores"]["kernel"])
        say("scores", softmax(logits))
        return found

    def _back(
        self, found: Mapping[str, np.ndarray], target: Target, rule: Rule = "plain", start: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """The gradient of the target by every layer before it, written out by hand; `start` is that by its own layer."""

        def rectified(name: str, slope: np.ndarray) -> np.ndarray:
            open_ = np.ones(slope.shape, bool) if rule == "rectified" else found[name] > 0
            return slope * (open_ if rule == "plain" else open_ & (slope > 0))

        def seed(name: str) -> np.ndarray:
            start = np.zeros(found[name].shape, np.float32)
            start[..., target.channel] = target.sign / start[..., 0].size
            return start

        order = ["edges", "pool", "mix", "flat", "scores"]
        last = target.layer or "scores"
        first = seed("logits" if last == "scores" else last) if start is None else start
        slopes: dict[str, np.ndarray] = {last: first}
        if last == "scores":
            slopes["flat"] = self._weights["scores"]["kernel"] @ slopes["scores"]
        if order.index(last) >= 3:
            slopes["mix"] = slopes["flat"].reshape(4, 4, 2)
        if order.index(last) >= 2:
            slopes["pool"] = rectified("mix", slopes["mix"]) @ self._weights["mix"]["kernel"][0, 0].T
        if order.index(last) >= 1:
            windows = found["edges"].reshape(4, 2, 4, 2, 4).transpose(0, 2, 4, 1, 3).reshape(4, 4, 4, 4)
            best = np.eye(4, dtype=np.float32)[windows.argmax(axis=-1)]  # the first of equal ones, as TensorFlow does
            shares = (best * slopes["pool"][..., None]).reshape(4, 4, 4, 2, 2)
            slopes["edges"] = shares.transpose(0, 3, 1, 4, 2).reshape(8, 8, 4)
        flipped = self._weights["edges"]["kernel"][::-1, ::-1].transpose(0, 1, 3, 2)
        slopes["image"] = convolve(rectified("edges", slopes["edges"]), flipped)
        return slopes

    def scores(self, batch: np.ndarray) -> np.ndarray:
        """See `Probe`."""
        self.batches += 1
        return np.stack([self._run(pixels)["scores"] for pixels in batch])

    def trace(self, pixels: np.ndarray, target: Target | None = None) -> Trace:
        """See `Probe`."""
        self.passes += 1
        pixels = np.asarray(pixels, np.float32)
        outputs = self._run(pixels)
        said = {name: answer for name, answer in outputs.items() if name != "logits"}
        if target is None:
            return Trace(said, outputs["scores"], pixels)
        slopes = self._back(outputs, target)
        about_input = slopes.pop("image")
        score = target.score(outputs[target.layer or "logits"])
        return Trace(said, outputs["scores"], pixels, score, slopes, about_input)

    def values(self, pixels: np.ndarray) -> np.ndarray:
        """See `Probe`."""
        return pixels

    def evaluate(
        self, batch: np.ndarray, targets: Sequence[Target], *, layer: str = "", answers: np.ndarray | None = None
    ) -> np.ndarray:
        """See `Probe`."""
        self.batches += 1
        runs = [
            self._run(pixels, layer, None if answers is None else answers[place]) for place, pixels in enumerate(batch)
        ]
        return np.array([[target.score(run[target.layer or "logits"]) for target in targets] for run in runs])

    def climb(self, batch: np.ndarray, pulls: Sequence[Pull]) -> tuple[np.ndarray, np.ndarray]:
        """See `Probe`; at the network's own size alone."""
        self.batches += 1
        values, slopes = np.zeros((len(batch), len(pulls))), np.zeros_like(batch)
        for place, pixels in enumerate(batch):
            run = self._run(pixels)
            for number, pull in enumerate(pulls):
                if pull.kind != "along":
                    said = run[pull.layer]
                    size = 1.0 if pull.model is None else float((pull.model**2).mean())
                    apart = said if pull.model is None else said - pull.model
                    sign = 1 if pull.kind == "loud" else -1
                    values[place, number] = sign * (apart**2).mean() / size
                    start = (pull.weight * sign * 2 * apart / apart.size / size).astype(np.float32)
                    slopes[place] += self._back(run, Target(0, pull.layer), start=start)["image"]
                    continue
                assert pull.directions is not None
                layer = "" if pull.layer == "scores" else pull.layer
                for channel, share in enumerate(pull.directions[place]):
                    target = Target(channel, layer)
                    values[place, number] += share * target.score(run[layer or "logits"])
                    slopes[place] += pull.weight * share * self._back(run, target)["image"]
        return values, slopes

    def gradients(self, batch: np.ndarray, target: Target, rule: Rule = "plain") -> np.ndarray:
        """See `Probe`."""
        self.batches += 1
        return np.stack([self._back(self._run(pixels), target, rule)["image"] for pixels in batch])

    @contextmanager
    def randomized(self, layers: Sequence[str], seed: int) -> Iterator[None]:
        """See `Probe`."""
        kept = self._weights
        random = np.random.default_rng(seed)
        self._weights = {
            layer: {name: random.permutation(w.reshape(-1)).reshape(w.shape) if layer in layers else w
                    for name, w in weights.items()}
            for layer, weights in kept.items()
        }
        try:
            yield
        finally:
            self._weights = kept


def half_image() -> np.ndarray:
    """White above, black below; a red square in the lower right corner."""
    pixels = np.zeros((SIZE, SIZE, 3), np.float32)
    pixels[: SIZE // 2] = 1
    pixels[-3:, -3:] = (1, 0, 0)
    return pixels


def fake_study(*images: np.ndarray, probe: FakeProbe | None = None) -> Study:
    """A study of the fake network with the given images (or the half image)."""
    samples = tuple(
        Sample(f"image-{number}", f"image-{number}.png", f"{number:064x}", pixels, pixels, label="cat")
        for number, pixels in enumerate(images or (half_image(),), start=1)
    )
    return Study(probe or FakeProbe(), samples, NAMES)  # type: ignore[arg-type]
