"""The classifier's lab: pictures that say what they promise, the shipped network, and its training."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import InputError, UsageError
from reportgen.labs import DATA, SHAPES, class_names, find_lab
from reportgen.labs.shapes import CONTRAST, DRAWN, SIDE, picture

HELD_OUT = 1_000_000
LIGHTNESS = (0.299, 0.587, 0.114)


def pictures(first: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    made = [picture(seed) for seed in range(first, first + count)]
    return np.stack([one[0] for one in made]), np.array([one[1] for one in made]), np.stack([one[2] for one in made])


def test_the_same_seed_gives_the_same_picture() -> None:
    first, second, other = picture(7), picture(7), picture(8)
    assert all(np.array_equal(one, same) for one, same in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_pictures_are_pixels_and_the_object_stands_within_them() -> None:
    images, numbers, masks = pictures(0, 300)
    assert images.shape == (300, SIDE, SIDE, 3)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert not masks[:, [0, -1], :].any()
    assert not masks[:, :, [0, -1]].any()
    shares = masks.mean(axis=(1, 2))
    assert shares.min() > 0.05
    assert shares.max() < 0.65
    counts = np.bincount(numbers, minlength=len(DRAWN))
    assert counts.min() > 10


def test_the_object_stands_out_from_its_background() -> None:
    """The mean lightness at the object's edge differs from the one just outside, in nearly all pictures."""
    images, _numbers, masks = pictures(0, 200)
    differences = [
        abs(float((image[mask] @ LIGHTNESS).mean() - (image[~mask] @ LIGHTNESS).mean()))
        for image, mask in zip(images, masks, strict=True)
    ]
    assert np.median(differences) > 0.7 * CONTRAST


def test_a_class_differs_from_another_by_its_outline_or_its_pattern_alone() -> None:
    assert len(set(DRAWN)) == len(DRAWN) == len(SHAPES) == 10
    y, x = np.mgrid[-1.2:1.2:121j, -1.2:1.2:121j]
    outlines = {outline: outline(x, y) for outline, _pattern in DRAWN}
    assert len({shape.tobytes() for shape in outlines.values()}) == len(outlines)
    assert all(0.08 < shape.mean() < 0.6 for shape in outlines.values())
    patterns = {pattern: pattern(x, y) & outline(x, y) for outline, pattern in DRAWN if outline.__name__ == "ball"}
    assert all(0.3 < marks.sum() / (x**2 + y**2 < 0.95**2).sum() < 0.7 for marks in patterns.values())


def test_colour_alone_does_not_tell_the_classes() -> None:
    """A linear classifier of mean, deviation and histogram of the colours stays far below one that sees shapes."""
    images, numbers, _masks = pictures(0, 1500)

    def features(some: np.ndarray) -> np.ndarray:
        flat = some.reshape(len(some), -1, 3)
        bins = np.stack([((flat >= low) & (flat < low + 0.25)).mean(axis=1) for low in (0, 0.25, 0.5, 0.75)], axis=1)
        parts = [flat.mean(axis=1), flat.std(axis=1), bins.reshape(len(some), -1), np.ones((len(some), 1))]
        return np.concatenate(parts, axis=1).astype(np.float64)

    weights = np.linalg.lstsq(features(images[:1000]), np.eye(10)[numbers[:1000]], rcond=None)[0]
    right = (features(images[1000:]) @ weights).argmax(axis=1) == numbers[1000:]
    assert right.mean() < 0.3


def test_the_samples_are_pictures_that_no_training_has_seen() -> None:
    pytest.importorskip("keras")
    from reportgen.labs.cifar10_cnn import HELD_OUT as FIRST
    from reportgen.labs.cifar10_cnn import SAMPLES

    classes = set()
    for name, seed in SAMPLES.items():
        image, number, mask = picture(seed)
        assert seed >= FIRST
        assert np.array_equal(np.asarray(Image.open(DATA / f"{name}.png")), np.rint(image * 255).astype(np.uint8))
        assert np.array_equal(np.asarray(Image.open(DATA / f"{name}.mask.png")), mask)
        classes.add(number)
    assert len(classes) == len(SAMPLES) == 3


def test_the_classes_have_names_in_the_order_of_their_numbers() -> None:
    drawn = [(outline.__name__, pattern.__name__) for outline, pattern in DRAWN]
    patterned = {"striped": "stripes", "spotted": "spots", "chequered": "chequers"}
    for (outline, pattern), name in zip(drawn, class_names("cifar10-cnn"), strict=True):
        first, _space, second = str(name).partition(" ")
        assert (outline, pattern) == ((second, patterned[first]) if second else (first, "plain"))
    with pytest.raises(UsageError, match="'texture-unet' has no classes"):
        class_names("texture-unet")


@pytest.mark.tf
def test_the_shipped_network_is_the_guides_and_knows_the_shapes() -> None:
    keras = pytest.importorskip("keras")
    from reportgen.labs.cifar10_cnn import cifar10_cnn

    path = DATA / "cifar10-cnn.keras"
    assert path.stat().st_size <= 2_500_000
    network = keras.models.load_model(path, compile=False)
    assert [(layer.name, type(layer), layer.output.shape) for layer in network.layers] == [
        (layer.name, type(layer), layer.output.shape) for layer in cifar10_cnn().layers
    ]
    assert getattr(network, "optimizer", None) is None
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(c.filters, c.kernel_size, c.strides) for c in convolutions] == [
        (32, (3, 3), (1, 1)), (32, (3, 3), (2, 2)), (64, (3, 3), (1, 1)), (64, (3, 3), (2, 2)),
    ]
    images, numbers, _masks = pictures(HELD_OUT, 500)
    assert (network.predict(images, verbose=0).argmax(axis=1) == numbers).mean() >= 0.95


@pytest.mark.tf
def test_training_writes_a_network_that_opens(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    from reportgen.labs import cifar10_cnn

    seen: list[float] = []
    result = cifar10_cnn.train(
        tmp_path / "small.keras", seed=3, epochs=1, pictures=256, on_progress=lambda share, _text: seen.append(share)
    )
    assert set(result.metrics) == {"held-out accuracy"}
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["small.keras"]
    assert keras.models.load_model(result.path, compile=False).output_shape == (None, 10)


@pytest.mark.tf
def test_cifar10_that_cannot_be_had_is_answered_with_a_sentence(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")

    def unreachable() -> None:
        raise Exception("URL fetch failure on https://example.org: None")  # noqa: TRY002 - what Keras raises

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.datasets.cifar10, "load_data", unreachable)
        with pytest.raises(InputError, match="CIFAR-10 is not on this computer") as caught:
            find_lab("cifar10-cnn").train(
                tmp_path / "real.keras", seed=0, epochs=1, on_progress=lambda _share, _text: None, data="cifar10"
            )
    assert caught.value.slug == "offline-data"
    assert "--data shapes" in (caught.value.hint or "")
    assert not list(tmp_path.iterdir())


@pytest.mark.tf
def test_cifar10_in_kerass_own_folder_is_trained_on(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(0)

    def found() -> object:
        images = random.integers(0, 256, (192, 32, 32, 3)).astype(np.uint8)
        classes = random.integers(0, 10, (192, 1)).astype(np.uint8)
        return (images[:128], classes[:128]), (images[128:], classes[128:])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.datasets.cifar10, "load_data", found)
        result = find_lab("cifar10-cnn").train(
            tmp_path / "real.keras", seed=0, epochs=1, on_progress=lambda _share, _text: None, data="cifar10"
        )
    assert 0 <= result.metrics["held-out accuracy"] <= 1


def test_a_lab_is_trained_only_on_data_that_it_knows(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be trained on 'mnist'") as caught:
        find_lab("cifar10-cnn").train(tmp_path / "x.keras", seed=0, epochs=1, on_progress=lambda _s, _t: None, data="mnist")
    assert re.search("shapes, cifar10", caught.value.hint or "")
    with pytest.raises(UsageError, match="its own generated data alone|cannot be trained on 'shapes'"):
        find_lab("texture-unet").train(
            tmp_path / "x.keras", seed=0, epochs=1, on_progress=lambda _s, _t: None, data="shapes"
        )
