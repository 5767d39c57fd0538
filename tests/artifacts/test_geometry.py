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


def seen_in_two_axes(layers: Layers, name: str, run, shape: tuple[int, int]) -> tuple[int, int, int, int]:  # type: ignore[no-untyped-def]
    """First and last row and column that change the middle unit, found by touching every pixel of a real image."""
    base = run(np.ones(shape))
    middle = tuple(side // 2 for side in base.shape)
    changed = np.zeros(shape, bool)
    for place in np.ndindex(shape):
        touched_image = np.ones(shape)
        touched_image[place] = 2
        changed[place] = run(touched_image)[middle] != base[middle]
    rows, columns = np.nonzero(changed)
    return rows.min(), rows.max(), columns.min(), columns.max()


def windows(image: np.ndarray, kernel: tuple[int, int], stride: tuple[int, int]) -> np.ndarray:
    """Sums over windows without padding."""
    view = np.lib.stride_tricks.sliding_window_view(image, kernel)
    return view[:: stride[0], :: stride[1]].sum(axis=(2, 3))


def test_uneven_kernels_padding_cropping_and_joining_in_two_axes() -> None:
    def run(image: np.ndarray) -> np.ndarray:
        first = windows(image, (5, 3), (2, 1))  # 21 × 18 → 9 × 16
        padded = np.pad(first, ((2, 2), (1, 1)))  # 13 × 18
        second = windows(padded, (3, 2), (1, 2))  # 11 × 9
        cropped = first[1:-1, 3:-3]  # 7 × 10
        other = windows(cropped, (1, 2), (1, 1))  # 7 × 9
        return second[2:-2] + other  # 7 × 9

    def layer(name: str, kind: str, family: str, shape: tuple[int, int], *parents: str, **more: object) -> Layer:
        return Layer(name, kind, family, (*shape, 1), parents, **more)  # type: ignore[arg-type]

    layers = Layers([
        layer("in", "InputLayer", "input", (21, 18)),
        layer("first", "Conv2D", "convolution", (9, 16), "in", kernel=(5, 3), strides=(2, 1), padding="valid"),
        layer("padded", "ZeroPadding2D", "reshape", (13, 18), "first"),
        layer("second", "AveragePooling2D", "pooling", (11, 9), "padded", kernel=(3, 2), strides=(1, 2),
              padding="valid"),
        layer("second-cropped", "Cropping2D", "reshape", (7, 9), "second"),
        layer("cropped", "Cropping2D", "reshape", (7, 10), "first"),
        layer("other", "Conv2D", "convolution", (7, 9), "cropped", kernel=(1, 2), strides=(1, 1), padding="valid"),
        layer("joined", "Concatenate", "merge", (7, 9), "second-cropped", "other"),
    ])
    field = fields(layers)["joined"]
    assert (*field.rows, *field.columns) == seen_in_two_axes(layers, "joined", run, (21, 18))


def test_a_dense_layer_on_a_map_works_at_every_place_by_itself() -> None:
    layers = chain(conv("c", "in", 224), Layer("d", "Dense", "dense", (224, 224, 8), ("c",)),
                   Layer("f", "Flatten", "reshape", (401408,), ("d",)), Layer("e", "Dense", "dense", (2,), ("f",)))
    seen = fields(layers)
    assert seen["d"].size == (3, 3)
    assert seen["f"].whole
    assert seen["e"].whole


def test_a_sequence_has_a_field_along_its_one_axis() -> None:
    layers = Layers([
        Layer("in", "InputLayer", "input", (64, 3)),
        Layer("c", "Conv1D", "convolution", (64, 4), ("in",), kernel=(3,), strides=(1,), dilation=(4,), padding="causal"),
    ])
    field = fields(layers)["c"]
    assert field.rows == (32 - 8, 32), "a causal convolution looks back only"
    assert field.columns == (0, 0)


def test_sizes_left_open_are_taken_from_what_was_seen() -> None:
    layers = Layers([
        Layer("in", "InputLayer", "input", (None, None, 3)),
        Layer("c", "Conv2D", "convolution", (None, None, 4), ("in",), kernel=(3, 3), strides=(2, 2), dilation=(1, 1),
              padding="same"),
    ])
    assert fields(layers, {"in": (16, 16), "c": (8, 8)})["c"].rows == (8, 10)
    assert fields(layers)["c"].size == (3, 3)
