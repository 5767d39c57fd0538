"""A skip leaps over work that is done on the same answer; branches side by side do not."""

from __future__ import annotations

import pytest

from reportgen.artifacts.skips import skips
from reportgen.probe import Layer, Layers


def conv(name: str, parent: str, side: int = 3) -> Layer:
    return Layer(name, "Conv2D", "convolution", (8, 8, 4), (parent,), 10, kernel=(side, side), strides=(1, 1))


def join(name: str, *parents: str, kind: str = "Concatenate") -> Layer:
    return Layer(name, kind, "merge", (8, 8, 8), parents)


def of(kind: str, name: str, parent: str) -> Layer:
    family = {"ReLU": "activation", "BatchNormalization": "normalization", "MaxPooling2D": "pooling", "Dropout": "other",
              "UpSampling2D": "upsampling", "Cropping2D": "reshape"}[kind]
    return Layer(name, kind, family, (8, 8, 4), (parent,))  # type: ignore[arg-type]


def found(*layers: Layer) -> list[tuple[str, str]]:
    return skips(Layers([Layer("in", "InputLayer", "input", (8, 8, 3)), *layers]))


def test_the_concatenations_of_a_u_net_are_skips() -> None:
    assert found(
        conv("a", "in"), of("ReLU", "a_relu", "a"), of("MaxPooling2D", "pool", "a_relu"), conv("b", "pool"),
        of("UpSampling2D", "up", "b"), of("Cropping2D", "crop", "a_relu"), of("Dropout", "drop", "crop"),
        join("join", "up", "drop"),
    ) == [("a_relu", "join")]


def test_a_residual_block_has_one_skip_whether_it_is_projected_or_not() -> None:
    plain = (conv("a", "in"), conv("b", "a"), conv("c", "b"))
    assert found(*plain, join("add", "c", "a", kind="Add")) == [("a", "add")]
    projected = (conv("p", "a", 1), of("BatchNormalization", "p_bn", "p"))
    assert found(*plain, *projected, join("add", "c", "p_bn", kind="Add")) == [("a", "add")]
    pooled = of("MaxPooling2D", "small", "a")
    assert found(*plain, pooled, join("add", "c", "small", kind="Add")) == [("a", "add")]


def test_the_fire_modules_of_squeezenet_and_inception_have_none() -> None:
    fire = (conv("squeeze", "in", 1), conv("expand1", "squeeze", 1), conv("expand3", "squeeze", 3))
    assert found(*fire, of("ReLU", "r1", "expand1"), of("ReLU", "r3", "expand3"), join("cat", "r1", "r3")) == []
    reduction = (conv("a", "in"), conv("left", "a"), of("MaxPooling2D", "right", "a"))
    assert found(*reduction, join("mixed", "left", "right")) == []


def test_a_fire_module_that_is_bypassed_has_one() -> None:
    fire = (conv("a", "in"), conv("squeeze", "a", 1), conv("one", "squeeze", 1), conv("three", "squeeze", 3))
    assert found(*fire, join("cat", "one", "three"), join("add", "cat", "a", kind="Add")) == [("a", "add")]


def test_every_layer_of_a_densenet_takes_all_before_it_past_itself() -> None:
    assert found(
        conv("a", "in"), conv("b", "a"), join("ab", "a", "b"), of("ReLU", "relu", "ab"), conv("c", "relu"),
        join("abc", "ab", "c"),
    ) == [("a", "ab"), ("ab", "abc")]
    assert len(found(conv("a", "in"), conv("b", "a"), conv("c", "b"), join("all", "a", "b", "c"))) == 2


@pytest.mark.parametrize("kind", ["Multiply", "Subtract", "Dot"])
def test_a_gate_is_no_skip(kind: str) -> None:
    assert found(conv("a", "in"), conv("gate", "a"), join("gated", "a", "gate", kind=kind)) == []


def test_what_is_merged_without_work_between_is_no_skip() -> None:
    assert found(conv("a", "in"), of("ReLU", "relu", "a"), join("add", "a", "relu", kind="Add")) == []
    assert found(conv("a", "in"), conv("b", "in"), join("add", "a", "b", kind="Add")) == []


def test_attention_is_work() -> None:
    attend = Layer("attend", "MultiHeadAttention", "attention", (16, 4), ("a",), 99)
    assert found(conv("a", "in"), attend, join("add", "a", "attend", kind="Add")) == [("a", "add")]
