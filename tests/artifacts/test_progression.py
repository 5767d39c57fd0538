"""From input to output, and whether the textbook's claims hold."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.artifacts.base import NotApplicable
from reportgen.artifacts.progression import Progression, main_path
from reportgen.artifacts.trends import channels_grow, size_falls, sparsity_grows
from reportgen.probe import Layer, Layers
from reportgen.study import Study
from tests.artifacts.scripted import check_words, findings, look, named, scripted_study, table


def test_the_strip_leads_from_the_image_through_every_map(study: Study) -> None:
    blocks = look(Progression(), study)
    strip = named(blocks, "layer_progression")
    assert [str(label) for label in strip.labels] == ["Input", "edges", "pool", "mix"]
    assert [str(note) for note in strip.notes] == ["8 × 8 × 3", "8 × 8 × 4", "4 × 4 × 4", "4 × 4 × 2"]
    assert strip.layout == "strip"
    rows = table(blocks, "layer_progression")
    assert rows["scores"]["Size"] is None
    assert rows["scores"]["Channels or units"] == 3
    outputs = study.probe.trace(study.samples[0].pixels).outputs
    assert rows["pool"]["Exact zeros"] == pytest.approx((outputs["pool"] == 0).mean())
    check_words(blocks)


def test_the_strongest_channel_may_be_shown_and_is_named(study: Study) -> None:
    strip = named(look(Progression(shown="strongest"), study), "layer_progression")
    means = study.probe.trace(study.samples[0].pixels).outputs["edges"].mean(axis=(0, 1))
    assert str(strip.notes[1]) == f"8 × 8 × 4, channel {means.argmax()}"


def test_a_long_way_is_shown_in_even_steps() -> None:
    layers = [Layer(f"conv{k}", "Conv2D", "convolution", (4, 4, 1), (f"conv{k - 1}" if k else "image",), 9)
              for k in range(30)]
    study = scripted_study(layers, {layer.name: np.random.default_rng(k).random((4, 4, 1), np.float32)
                                    for k, layer in enumerate(layers)})
    strip = named(look(Progression(steps=6), study), "layer_progression")
    assert len(strip.pictures) == 6
    assert (strip.labels[1], strip.labels[-1]) == ("conv0", "conv29")
    assert "(25 steps between them are left out)" in str(strip.caption)


def test_the_three_claims_are_judged_for_this_model(study: Study) -> None:
    size, channels, sparsity = findings(look(Progression(), study))
    assert size.startswith("“Spatial size falls” is true of this model: from 8 × 8 in `image` to 4 × 4 in `mix`.")
    assert channels.startswith("“Channels grow” is not true of this model: from 4 to 2. Rises: 0 in 1 steps")
    assert sparsity.startswith("“Sparsity grows” cannot be told: 2 layers with a ReLU lie on the way, too few")


def unet() -> Layers:
    return Layers([
        Layer("image", "InputLayer", "input", (8, 8, 3)),
        Layer("down", "Conv2D", "convolution", (8, 8, 4), ("image",)),
        Layer("pool", "MaxPooling2D", "pooling", (4, 4, 4), ("down",)),
        Layer("bottom", "Conv2D", "convolution", (4, 4, 8), ("pool",)),
        Layer("up", "UpSampling2D", "upsampling", (8, 8, 8), ("bottom",)),
        Layer("join", "Concatenate", "merge", (8, 8, 12), ("down", "up")),
        Layer("mask", "Conv2D", "convolution", (8, 8, 1), ("join",)),
    ])


def test_the_longest_way_leads_through_the_bottleneck() -> None:
    assert main_path(unet(), "mask") == ["image", "down", "pool", "bottom", "up", "join", "mask"]
    assert main_path(unet(), "bottom") == ["image", "down", "pool", "bottom"]
    assert main_path(unet(), "unknown")[-1] == "mask"


def test_of_a_u_net_the_claims_hold_for_the_encoder_only() -> None:
    shapes = [layer.shape for layer in unet()]
    areas = [float(shape[0] * shape[1]) for shape in shapes]  # type: ignore[operator]
    names = [layer.name for layer in unet()]
    sizes = [f"{shape[0]} × {shape[1]}" for shape in shapes]
    assert str(size_falls(areas, sizes, names)) == (
        "“Spatial size falls” is true of the first part of this model only (the encoder): it falls from 8 × 8 to"
        " 4 × 4 in `pool` and ends at 8 × 8. Falls: 1 in 6 steps, rises: 1."
    )
    assert str(channels_grow([shape[2] for shape in shapes], areas, names)) == (  # type: ignore[misc]
        "“Channels grow” is true of the first part of this model only (the encoder): from 3 to 8 in `bottom`; at"
        " the output there are 1. Rises: 3 in 6 steps, falls: 1."
    )


def test_channels_that_never_fall_grow() -> None:
    assert "is true of this model: from 3 to 64" in str(channels_grow([3, 16, 16, 64], [9, 9, 4, 4], list("abcd")))


def test_channels_with_exceptions_grow_as_a_trend() -> None:
    words = str(channels_grow([3, 64, 16, 128, 32, 256, 64, 512], [9, 9, 9, 9, 4, 4, 4, 4], list("abcdefgh")))
    assert "as a trend with exceptions" in words


def test_equal_channels_do_not_grow() -> None:
    words = str(channels_grow([10] * 5, [9, 9, 4, 4, 1], list("abcde")))
    assert "is not true of this model: each of its 5 layers with channels of their own has 10" in words


def test_size_that_stays_does_not_fall() -> None:
    assert "is not true of this model" in str(size_falls([9, 9], ["3 × 3", "3 × 3"], ["a", "b"]))


@pytest.mark.parametrize(("shares", "words"), [
    ((0.1, 0.2, 0.3, 0.4, 0.5), "is true of this model and this image"),
    ((0.5, 0.4, 0.3, 0.2, 0.1), "is not true of this model and this image, it falls"),
    ((0.3, 0.3, 0.3, 0.3, 0.3), "cannot be told of this model and this image"),
    ((0.1, 0.5, 0.2, 0.4, 0.3), "cannot be told of this model and this image"),
    ((0.1, 0.2, 0.3, 0.4), "cannot be told: 4 layers with a ReLU lie on the way, too few for a trend"),
])
def test_sparsity_is_judged_against_what_chance_gives(shares: tuple[float, ...], words: str) -> None:
    assert words in str(sparsity_grows([(f"relu{k}", share) for k, share in enumerate(shares)]))


def test_of_random_sparsity_few_networks_have_a_trend() -> None:
    random = np.random.default_rng(0)
    told = [str(sparsity_grows([(f"relu{k}", share) for k, share in enumerate(random.random(8))])) for _seed in range(200)]
    assert sum("cannot be told" in words for words in told) >= 180


def test_the_colours_of_the_image_are_no_step_of_the_channels() -> None:
    layers = [Layer(f"conv{k}", "Conv2D", "convolution", (4, 4, 10), (f"conv{k - 1}" if k else "image",), 9)
              for k in range(4)]
    study = scripted_study(layers, {layer.name: np.ones((4, 4, 10), np.float32) for layer in layers})
    _size, channels, _sparsity = findings(look(Progression(), study))
    assert "each of its 4 layers with channels of their own has 10" in channels


def test_a_network_without_maps_is_skipped() -> None:
    study = scripted_study([Layer("dense", "Dense", "dense", (5,), ("image",), 9)], {"dense": np.ones(5)})
    with pytest.raises(NotApplicable, match="no way to follow"):
        look(Progression(), study)
