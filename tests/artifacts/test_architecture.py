"""The graph of the network and the table of its layers."""

from __future__ import annotations

from reportgen.artifacts.architecture import Architecture
from reportgen.probe import Layer, Layers
from reportgen.report.blocks import Diagram
from tests.artifacts.scripted import facts, findings, table
from tests.fakes import FakeProbe, fake_study


def drawn(*layers: Layer) -> list:
    probe = FakeProbe()
    probe.layers = Layers([Layer("in", "InputLayer", "input", (16, 16, 3)), *layers])
    return list(Architecture().blocks(fake_study(probe=probe)))


def conv(name: str, *parents: str, side: int | None = 16, stride: int = 1) -> Layer:
    return Layer(name, "Conv2D", "convolution", (side, side, 4), parents, 10, kernel=(3, 3), strides=(stride, stride),
                 dilation=(1, 1), padding="same", activation="relu")


def diagram(blocks: list) -> Diagram:
    return next(block for block in blocks if isinstance(block, Diagram))


def test_two_skips_of_a_u_shaped_network_are_counted_and_drawn() -> None:
    blocks = drawn(
        conv("a", "in"), conv("b", "a", side=8, stride=2), conv("c", "b", side=4, stride=2),
        Layer("up1", "UpSampling2D", "upsampling", (8, 8, 4), ("c",), factor=(2, 2)),
        Layer("join1", "Concatenate", "merge", (8, 8, 8), ("up1", "b")),
        Layer("up2", "UpSampling2D", "upsampling", (16, 16, 8), ("join1",), factor=(2, 2)),
        Layer("join2", "Concatenate", "merge", (16, 16, 12), ("up2", "a")),
    )
    assert facts(blocks)["skips"] == 2
    assert {(2, 5), (1, 7)} <= set(diagram(blocks).edges)
    assert "The network has 2 skip connections past deeper layers." in findings(blocks)
    rows = table(blocks, "architecture_layers")
    assert rows["up1"]["Kernel, stride"] == "× 2 × 2"
    assert rows["b"]["Kernel, stride"] == "3 × 3 / 2 × 2"
    assert rows["a"]["Kernel, stride"] == "3 × 3"
    assert "from 16 × 16 × 3 at the input through 4 × 4 × 4 in `c`" in str(diagram(blocks).alt)


def test_a_chain_has_no_skip_and_says_nothing_of_one() -> None:
    blocks = drawn(conv("a", "in"), conv("b", "a"))
    assert facts(blocks)["skips"] == 0
    assert not any("skip" in words for words in findings(blocks))


def test_parameters_are_shared_out() -> None:
    layers = (conv("a", "in"), Layer("d", "Dense", "dense", (3,), ("a",), 30, activation="linear"))
    blocks = drawn(*layers)
    assert findings(blocks) == [
        "75.0% of the 40 parameters are in one layer, `d`.", "Convolutions hold 25.0% of the parameters.",
    ]
    assert table(blocks, "architecture_layers")["d"]["Activation"] is None
    assert str(table(blocks, "architecture_layers")["d"]["Receptive field"]) == "whole image"


def test_a_network_of_nothing_but_pooling_has_no_finding_about_parameters() -> None:
    pool = Layer("p", "MaxPooling2D", "pooling", (8, 8, 3), ("in",), kernel=(2, 2), strides=(2, 2), padding="valid")
    assert findings(drawn(pool)) == []


def test_open_sizes_and_nested_names_are_drawn() -> None:
    blocks = drawn(conv("base/block/conv", "in", side=None))
    node = diagram(blocks).nodes[1]
    assert (node.name, node.title, node.shape, node.size) == ("base/block/conv", "conv", "… × … × 4", None)


def test_a_network_without_maps_has_a_description_too() -> None:
    probe = FakeProbe()
    probe.layers = Layers([
        Layer("in", "InputLayer", "input", (5,)), Layer("d", "Dense", "dense", (2,), ("in",), 12),
    ])
    blocks = list(Architecture().blocks(fake_study(probe=probe)))
    assert str(diagram(blocks).alt) == "Diagram of the network `tiny` with 2 layers."
