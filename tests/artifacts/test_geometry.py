"""Receptive fields against closed forms and against pixels that were really touched."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.geometry import fields
from reportgen.probe import Layer, Layers


def conv(name: str, parent: str, side: int, *, kernel: int = 3, stride: int = 1, dilation: int = 1, kind: str = "Conv2D") -> Layer:
    family = "pooling" if "Pool" in kind else "convolution"
    return Layer(name, kind, family, (side, side, 4), (parent,), kernel=(kernel,) * 2, strides=(stride,) * 2,
                 dilation=(dilation,) * 2, padding="same")


def chain(*layers: Layer, side: int = 224) -> Layers:
    return Layers([Layer("in", "InputLayer", "input", (side, side, 3)), *layers])


def test_a_chain_of_three_by_three_convolutions_sees_two_pixels_more_each() -> None:
    layers = chain(*(conv(f"c{n}", f"c{n - 1}" if n else "in", 224) for n in range(6)))
    seen = fields(layers)
    assert [seen[f"c{n}"].size for n in range(6)] == [(3 + 2 * n, 3 + 2 * n) for n in range(6)]


def test_vgg16_has_its_known_fields() -> None:
    made, parent, side = [], "in", 224
    for block, count in enumerate((2, 2, 3, 3, 3), start=1):
        for number in range(1, count + 1):
            made.append(conv(f"b{block}c{number}", parent, side))
            parent = f"b{block}c{number}"
        side //= 2
        made.append(conv(f"b{block}p", parent, side, kernel=2, stride=2, kind="MaxPooling2D"))
        parent = f"b{block}p"
    seen = fields(chain(*made))
    known = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
    assert [seen[layer.name].size for layer in made] == [(size, size) for size in known]
    assert seen["b5p"].jump == 32


def test_dilation_spreads_the_kernel() -> None:
    assert fields(chain(conv("c", "in", 224, dilation=4)))["c"].size == (9, 9)


def test_a_dense_or_global_layer_sees_everything() -> None:
    layers = chain(conv("c", "in", 224), Layer("g", "GlobalAveragePooling2D", "pooling", (4,), ("c",)),
                   Layer("d", "Dense", "dense", (2,), ("g",)))
    seen = fields(layers)
    assert seen["g"].whole
    assert seen["d"].size is None


def touched(layers: Layers, name: str, side: int) -> tuple[int, int]:
    """First and last row that change the middle unit of a layer, found by touching every row of a real signal."""

    def run(signal: np.ndarray) -> dict[str, np.ndarray]:
        out: dict[str, np.ndarray] = {}
        for layer in layers:
            parents = [out[parent] for parent in layer.parents]
            if not parents:
                out[layer.name] = signal
            elif layer.family == "upsampling":
                out[layer.name] = np.repeat(parents[0], layer.factor[0])
            elif layer.family == "merge":
                out[layer.name] = sum(parents)
            elif "Transpose" in layer.kind:
                stride, kernel = layer.strides[0], layer.kernel[0]
                full = np.zeros(len(parents[0]) * stride + kernel)
                for place, value in enumerate(parents[0]):
                    full[place * stride : place * stride + kernel] += value
                pad = max(0, kernel - stride) // 2
                out[layer.name] = full[pad : pad + len(parents[0]) * stride]
            else:
                out[layer.name] = correlate(parents[0], layer)
        return out

    base = run(np.ones(side))[name]
    middle = len(base) // 2
    changed = []
    for row in range(side):
        signal = np.ones(side)
        signal[row] = 2
        if run(signal)[name][middle] != base[middle]:
            changed.append(row)
    return changed[0], changed[-1]


def correlate(signal: np.ndarray, layer: Layer) -> np.ndarray:
    stride, reach = layer.strides[0], (layer.kernel[0] - 1) * layer.dilation[0]
    count = -(-len(signal) // stride)
    total = max(0, (count - 1) * stride + reach + 1 - len(signal))
    padded = np.pad(signal, (total // 2, total - total // 2))
    return np.array([padded[place * stride : place * stride + reach + 1 : layer.dilation[0]].sum() for place in range(count)])


SIDE = 48


@pytest.mark.parametrize("seed", range(12))
def test_any_network_sees_what_really_changes_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    layers, parent, side = [Layer("in", "InputLayer", "input", (SIDE, SIDE, 1))], "in", SIDE
    sides = {"in": SIDE}
    for number in range(6):
        choice, name = random.choice(["conv", "stride", "dilated", "up", "transpose", "skip"]), f"n{number}"
        if choice in ("stride", "up", "transpose"):
            side = side // 2 if choice == "stride" and side % 2 == 0 and side > 6 else side * (1 if choice == "stride" else 2)
        shrinks = sides[parent] // side if side < sides[parent] else 1
        if choice == "up":
            layers.append(Layer(name, "UpSampling2D", "upsampling", (side, side, 1), (parent,), factor=(2, 2)))
        elif choice == "transpose":
            layers.append(Layer(name, "Conv2DTranspose", "convolution", (side, side, 1), (parent,), kernel=(3, 3),
                                strides=(2, 2), dilation=(1, 1), padding="same"))
        elif choice == "skip" and parent != "in":
            mate = next((n for n in reversed(list(sides)) if sides[n] == side and n != parent), parent)
            layers.append(Layer(name, "Add", "merge", (side, side, 1), tuple(dict.fromkeys((parent, mate)))))
        else:
            layers.append(conv(name, parent, side, stride=shrinks, dilation=2 if choice == "dilated" else 1))
        sides[name], parent = side, name
    made = Layers(layers)
    low, high = fields(made)[parent].rows
    seen = touched(made, parent, SIDE)
    assert (max(int(low), 0), min(int(high), SIDE - 1)) == seen
