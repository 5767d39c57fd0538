"""A network whose every answer is known in closed form, so that artifacts are tested without TensorFlow.

The network looks at an 8 × 8 RGB image:

    image ── edges (4 filters 3×3, relu) ── pool (2×2 max) ── mix (2 filters 1×1, relu) ── flat ── scores (3, softmax)

`edges` holds a horizontal edge, a vertical edge, red minus green, and a filter of zeros (dead);
`mix` copies channel 0 and adds all channels. Passes are counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reportgen.probe import InputFacts, Layer, Layers, ModelFacts, OutputFacts, Target, Trace
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
        self.model = ModelFacts("tiny", "tiny", 221, 221, "float32", "Functional", 884)
        self.input = InputFacts("image", (SIZE, SIZE), 3)
        self.output = OutputFacts("scores", "scores", "classes", (3,), names=("scores",))

    def weights(self, layer: str) -> Mapping[str, np.ndarray]:
        """See `Probe`."""
        return self._weights.get(layer, {})

    def _run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        edges = np.maximum(convolve(pixels, self._weights["edges"]["kernel"]), 0)
        pool = edges.reshape(4, 2, 4, 2, 4).max(axis=(1, 3))
        mix = np.maximum(convolve(pool, self._weights["mix"]["kernel"]), 0)
        flat = mix.reshape(-1)
        scores = softmax(flat @ self._weights["scores"]["kernel"])
        return {"image": pixels, "edges": edges, "pool": pool, "mix": mix, "flat": flat, "scores": scores}

    def scores(self, batch: np.ndarray) -> np.ndarray:
        """See `Probe`."""
        self.batches += 1
        return np.stack([self._run(pixels)["scores"] for pixels in batch])

    def trace(self, pixels: np.ndarray, target: Target | None = None) -> Trace:
        """See `Probe`."""
        self.passes += 1
        outputs = self._run(np.asarray(pixels, np.float32))
        return Trace(outputs, outputs["scores"], np.asarray(pixels, np.float32))


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
