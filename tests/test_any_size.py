"""Networks whose input size is open, with pictures of any size: every section is made or says why not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.artifacts import CATALOGUE
from reportgen.artifacts.deep_dream import DeepDream
from reportgen.optimization.plans import own_size
from reportgen.report.blocks import Note
from reportgen.run import Look, look
from reportgen.study import Study, WishSettings, fitting_size
from tests.artifacts.scripted import facts
from tests.attention.studies import study_of
from tests.probe.probing import picture, probe_of

LEAST_MAPS: dict[str, Any] = {"classes": 1, "samples": 2, "steps": 1, "channels": 2, "masks": 2, "patch": 24, "stride": 24}
LEAST_WISHES = WishSettings(effort="quick", steps=1, units=1)


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def patches(keras: Any, stride: int) -> Any:
    """Cut into patches and laid out again, then joined with the input: sides must be multiples of the patch."""
    start = keras.Input((None, None, 3))
    deep = keras.layers.Conv2D(3, stride, strides=stride, activation="relu", name="patches")(start)
    up = keras.layers.Conv2DTranspose(2, stride, strides=stride, name="grow")(deep)
    joined = keras.layers.Concatenate()([up, start])
    last = keras.layers.Conv2D(3, 1, activation="relu", name="last")(joined)
    return keras.Model(start, keras.layers.Conv2D(1, 1, activation="sigmoid", name="mask")(last))


def unet(keras: Any, multiple: int) -> Any:
    """A U-Net whose sides must be multiples of 2, 4, 8 …"""
    layers = keras.layers
    maps = start = keras.Input((None, None, 3))
    skips = []
    while multiple > 1:
        skips.append(layers.Conv2D(3, 3, padding="same", activation="relu")(maps))
        maps, multiple = layers.MaxPooling2D()(skips[-1]), multiple // 2
    maps = layers.Conv2D(4, 3, padding="same", activation="relu")(maps)
    for skip in reversed(skips):
        maps = layers.Concatenate()([layers.UpSampling2D()(maps), skip])
        maps = layers.Conv2D(3, 3, padding="same", activation="relu")(maps)
    return keras.Model(start, layers.Conv2D(1, 1, activation="sigmoid")(maps))


def valid(keras: Any) -> Any:
    """A trunk without padding that takes nothing below 46 pixels."""
    layers = keras.layers
    return keras.Sequential([
        keras.Input((None, None, 3)),
        layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(4, 4, activation="relu"), layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
    ])


def pooled(keras: Any) -> Any:
    """A trunk that pools five times: of less than 32 pixels nothing is left."""
    layers = keras.layers
    maps = start = keras.Input((None, None, 3))
    for _time in range(5):
        maps = layers.MaxPooling2D()(layers.Conv2D(3, 3, padding="same", activation="relu")(maps))
    return keras.Model(start, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(maps)))


def odd(keras: Any) -> Any:
    """A network that takes odd sides only."""
    layers = keras.layers
    start = keras.Input((None, None, 3))
    maps = layers.Conv2D(4, 3, strides=2, activation="relu")(start)
    maps = layers.Concatenate()([layers.Conv2DTranspose(3, 3, strides=2, activation="relu")(maps), start])
    return keras.Model(start, layers.Conv2D(2, 1, activation="softmax")(maps))


def strides_of_two_and_three(keras: Any) -> Any:
    """Branches that need multiples of 2 and of 3: together of 6."""
    layers = keras.layers
    start = keras.Input((None, None, 3))
    ways = [layers.UpSampling2D(size)(layers.AveragePooling2D(size)(start)) for size in (2, 3)]
    maps = layers.Conv2D(4, 3, padding="same", activation="relu")(layers.Concatenate()([start, *ways]))
    return keras.Model(start, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(maps)))


def fixed(keras: Any) -> Any:
    """A U-Net of one size, which is asked about smaller images too."""
    start = keras.Input((44, 68, 3))
    return keras.Model(start, unet(keras, 4)(start))


NETWORKS: dict[str, tuple[Any, int, int]] = {
    "unet 4": (lambda keras: unet(keras, 4), 4, 4), "unet 8": (lambda keras: unet(keras, 8), 8, 8),
    "unet 16": (lambda keras: unet(keras, 16), 16, 16), "unet 32": (lambda keras: unet(keras, 32), 32, 32),
    "patches 7": (lambda keras: patches(keras, 7), 7, 7), "valid": (valid, 46, 1), "pooled": (pooled, 32, 1),
    "odd": (odd, 3, 2), "two and three": (strides_of_two_and_three, 6, 6),
}
"""Name → the network, the least side that it takes, and in which steps sides grow from there."""
SIZES = (
    (131, 97), pytest.param((1, 1), marks=pytest.mark.slow), pytest.param((3, 40), marks=pytest.mark.slow),
    pytest.param((183, 47), marks=pytest.mark.slow),
)


class Pixels:
    """A photograph of a size."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size


def study_with(model: Any, size: tuple[int, int]) -> Study:
    """A study of a picture of this size, made fit for the network as `open_sample` does."""
    wanted = fitting_size(probe_of(model).input, Pixels(size), None)  # type: ignore[arg-type]
    study = study_of(model, picture(*wanted, 3), mask=(picture(*wanted) > 0.5).astype(np.float32), **LEAST_MAPS)
    return dataclasses.replace(study, wishes=LEAST_WISHES)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_sides_that_a_network_takes_are_found(keras: Any, name: str) -> None:
    make, least, step = NETWORKS[name]
    probe = probe_of(make(keras))
    assert (probe.input.least, probe.input.multiple) == (least, step)
    for side in (least, least + step, least + 9 * step):
        assert np.isfinite(probe.trace(picture(side, side + 2 * step, 3)).scores).all()


@pytest.mark.parametrize("stride", range(1, 33))
def test_octaves_are_sizes_that_the_network_takes(keras: Any, stride: int) -> None:
    study = study_with(patches(keras, stride), (131, 97))
    assert study.probe.input.multiple == stride
    blocks = list(DeepDream(depths=9, steps=1).blocks(study, study.samples[0]))
    assert facts(blocks)["octaves"] == len({round(131 / 1.4**step / stride) for step in range(3)} | {round(131 / stride)})


@pytest.mark.parametrize("name", [*NETWORKS, "fixed"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_section_survives_any_picture(keras: Any, name: str, size: tuple[int, int]) -> None:
    model = fixed(keras) if name == "fixed" else NETWORKS[name][0](keras)
    study = study_with(model, size)
    for artifact in CATALOGUE.values():
        section = look(study, Look(artifact.name, artifact.chapter, artifact(), 0, ""))
        assert not section.failed, [str(block.text) for block in section.blocks if isinstance(block, Note)][-1]


def test_without_a_picture_one_of_a_size_that_is_taken_is_made_up(keras: Any) -> None:
    for make, least, step in NETWORKS.values():
        study = Study(probe_of(make(keras)), ())
        assert all(side >= least and (side - least) % step == 0 for side in own_size(study))


def test_a_user_who_asks_for_a_size_is_told_the_nearest(keras: Any) -> None:
    from reportgen.errors import UsageError

    facts_of_odd = probe_of(odd(keras)).input
    with pytest.raises(UsageError, match="nearest size is 39 × 63"):
        fitting_size(facts_of_odd, Pixels((9, 9)), (38, 63))  # type: ignore[arg-type]
    assert fitting_size(facts_of_odd, Pixels((9, 9)), (39, 63)) == (39, 63)  # type: ignore[arg-type]
