"""The embedded lab: its data say what they promise, and its network does what it was trained for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import UsageError
from reportgen.labs import demo_files, find_lab
from reportgen.labs.textures import COARSE, FAMILIES, FINE, ranked, region, texture, two_textures

HELD_OUT = range(1_000_000, 1_000_016)


def test_the_same_seed_gives_the_same_image() -> None:
    first, second = two_textures(7), two_textures(7)
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    assert not np.array_equal(two_textures(8)[0], first[0])


def test_images_are_pixels_and_masks_take_a_sensible_share() -> None:
    for seed in range(20):
        image, mask = two_textures(seed, side=64)
        assert image.shape == (64, 64, 3)
        assert image.dtype == np.float32
        assert image.min() >= 0
        assert image.max() <= 1
        assert 0.2 < mask.mean() < 0.7


def test_ranking_makes_all_gray_levels_equally_frequent() -> None:
    counts, _edges = np.histogram(ranked(np.random.default_rng(0).normal(size=(64, 64)) ** 3), bins=16, range=(0, 1))
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_coarse_textures_change_more_slowly_than_fine_ones(family: str) -> None:
    def roughness(period: float) -> float:
        made = [FAMILIES[family](np.random.default_rng(seed), 96, period) for seed in range(6)]
        return float(np.mean([np.abs(np.diff(field, axis=axis)).mean() for field in made for axis in (0, 1)]))

    assert roughness(np.mean(COARSE)) < 0.7 * roughness(np.mean(FINE))


def test_every_family_is_drawn() -> None:
    random = np.random.default_rng(0)
    drawn = {texture(random, 32, 5.0).tobytes() for _round in range(8)}
    assert len(drawn) == 8
    assert set(FAMILIES) == {"grating", "weave", "noise", "cells"}
    assert region(random, 32).dtype == bool


def test_colour_alone_does_not_tell_the_textures_apart() -> None:
    """The best line through colour space, fitted to many images, is no better than a guess on others."""
    pairs = [two_textures(seed, side=64) for seed in range(120)]
    colours = np.concatenate([image.reshape(-1, 3)[::16] for image, _mask in pairs[:80]]).astype(np.float64)
    truth = np.concatenate([mask.reshape(-1)[::16] for _image, mask in pairs[:80]])
    features = np.column_stack([colours, colours**2, colours[:, [0]] * colours[:, [1]], np.ones(len(colours))])
    weights = np.linalg.lstsq(features, truth * 2.0 - 1, rcond=None)[0]
    scores = []
    for image, mask in pairs[80:]:
        seen = image.reshape(-1, 3).astype(np.float64)
        predicted = np.column_stack([seen, seen**2, seen[:, [0]] * seen[:, [1]], np.ones(len(seen))]) @ weights > 0
        scores.append((predicted & mask.reshape(-1)).sum() / (predicted | mask.reshape(-1)).sum())
    assert np.mean(scores) < 0.55


def test_the_demo_images_were_never_trained_on() -> None:
    files = demo_files()
    for path, mask in zip(files.images, files.masks, strict=True):
        image = np.asarray(Image.open(path))
        matches = [
            seed for seed in HELD_OUT
            if np.array_equal(np.rint(two_textures(seed)[0] * 255).astype(np.uint8), image)
        ]
        assert len(matches) == 1
        assert np.array_equal(np.asarray(Image.open(mask)), two_textures(matches[0])[1])


def test_an_unknown_lab_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'texture-unet'"):
        find_lab("texture-net")


@pytest.mark.tf
def test_the_shipped_network_is_the_labs_and_finds_the_coarse_texture() -> None:
    keras = pytest.importorskip("keras")
    from reportgen.labs.texture_unet import held_out_iou, texture_unet

    path = demo_files().model
    assert path.stat().st_size <= 2_000_000
    network = keras.models.load_model(path, compile=False)
    reference = texture_unet()
    assert [(layer.name, layer.output.shape) for layer in network.layers] == [
        (layer.name, layer.output.shape) for layer in reference.layers
    ]
    assert network.count_params() == 471_553
    assert held_out_iou(network, len(HELD_OUT), HELD_OUT.start) >= 0.90


@pytest.mark.tf
def test_training_writes_a_network_that_opens(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    from reportgen.labs import texture_unet

    seen: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texture_unet, "STEPS_PER_EPOCH", 2)
        patch.setattr(texture_unet, "BATCH", 2)
        patch.setattr(texture_unet, "CROP", 32)
        patch.setattr(texture_unet, "held_out_iou", lambda _network, _count: 0.5)
        result = find_lab("texture-unet").train(
            tmp_path / "small.keras", seed=1, epochs=1, on_progress=lambda share, _text: seen.append(share)
        )
    assert result.metrics == {"held-out IoU": 0.5}
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["small.keras"]
    assert keras.models.load_model(result.path, compile=False).input_shape == (None, 256, 256, 3)
