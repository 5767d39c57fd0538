"""The loop on real small networks: objectives rise, optima known in closed form, equal seeds, what is kept."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.artifacts.made_to_order import read_objective
from reportgen.errors import UsageError
from reportgen.optimization.climbing import Climb, climb
from reportgen.optimization.dreaming import dream, octaves
from reportgen.optimization.inverting import invert
from reportgen.optimization.objectives import Objective, channel, direction, like, logit, loud, together, value_of
from reportgen.optimization.recipes import RECIPES, Recipe
from reportgen.optimization.seeking import AT_ONCE, Made, Wish, _cured, seek
from reportgen.probe import Pull
from reportgen.shelf import Shelf
from reportgen.store import Store
from reportgen.study import Study, WishSettings
from tests.attention.studies import study_of
from tests.probe.probing import picture, probe_of, slope

QUICK = Recipe(steps=12, shift=1, scale=0.02, turn=2)
PLAIN = dataclasses.replace(RECIPES["simple"], steps=40)


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def network(keras: Any, activation: str = "relu") -> Any:
    keras.utils.set_random_seed(3)
    start = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(6, 3, padding="same", activation=activation, name="one")(start)
    x = (keras.layers.MaxPooling2D if activation == "relu" else keras.layers.AveragePooling2D)(2, name="pool")(x)
    x = keras.Sequential([
        keras.layers.Conv2D(8, 3, padding="same", name="two"), keras.layers.Activation(activation, name="relu"),
    ], name="inner")(x)
    x = keras.layers.Dense(7, activation=activation, name="hidden")(keras.layers.Flatten()(x))
    return keras.Model(start, keras.layers.Dense(4, activation="softmax", name="classes")(x))


@pytest.fixture(scope="module")
def probe(keras: Any) -> Any:
    return probe_of(network(keras))


def objectives(probe: Any) -> dict[str, Objective]:
    one, two, hidden = (probe.layers[name] for name in ("one", "inner/relu", "hidden"))
    return {
        "channel": channel(one, 2), "nested": channel(two, 3), "middle": channel(one, 2, middle=True),
        "dense": channel(hidden, 1), "class": logit(probe, 2), "least": -channel(one, 4),
        "direction": direction("one", np.array([1, -1, 0.5, 0, 0, 2], np.float32)),
        "sum": channel(one, 0) + 0.5 * channel(two, 1), "difference": logit(probe, 0) - logit(probe, 1),
        "loud": loud("inner/relu"), "like": like("one", np.ones((16, 16, 6), np.float32)),
    }


NAMES = ("channel", "nested", "middle", "dense", "class", "least", "direction", "sum", "difference", "loud", "like")


@pytest.mark.parametrize("name", NAMES)
def test_slopes_agree_with_differences(keras: Any, name: str) -> None:
    probe = probe_of(network(keras, "softplus"))  # without corners, over which differences would reach
    pulls = together([objectives(probe)[name]])
    image, way = picture(1, 16, 16, 3), np.random.default_rng(1).normal(size=(1, 16, 16, 3)).astype(np.float32)
    found = float((probe.climb(image, pulls)[1] * way).sum())
    expected = slope(lambda at: float(value_of(pulls, probe.climb(at.astype(np.float32), pulls)[0])[0]), image, way, 1e-3)
    assert found == pytest.approx(expected, rel=0.02, abs=1e-4)


@pytest.mark.parametrize(("name", "waves"), list(itertools.product(NAMES, (True, False))))
def test_every_objective_rises_on_every_canvas(probe: Any, name: str, waves: bool) -> None:
    recipe = dataclasses.replace(QUICK, waves=waves, decorrelated=waves, bound="sigmoid" if waves else "clip")
    found = climb(probe, [objectives(probe)[name]], (16, 16), recipe)
    assert found.risen.all()
    assert found.images.min() >= 0
    assert found.images.max() <= 1


def test_the_optimum_of_a_linear_network_is_known(keras: Any) -> None:
    keras.utils.set_random_seed(1)
    start = keras.Input((4, 5, 3))
    model = keras.Model(start, keras.layers.Dense(2, name="classes")(keras.layers.Flatten()(start)))
    probe = probe_of(model)
    weights = probe.weights("classes")["kernel"][:, 1].reshape(4, 5, 3)
    found = climb(probe, [logit(probe, 1)], (4, 5), dataclasses.replace(PLAIN, rate=0.5, noise=0.01))
    assert np.array_equal(found.images[0] > 0.5, weights > 0)
    assert set(np.unique(found.images)) == {0.0, 1.0}
    least = climb(probe, [-logit(probe, 1)], (4, 5), dataclasses.replace(PLAIN, rate=0.5, noise=0.01))
    assert np.array_equal(least.images[0] > 0.5, weights < 0)


def test_weights_of_a_sum_do_not_multiply_up(probe: Any) -> None:
    one = probe.layers["one"]
    image = picture(1, 16, 16, 3)

    def value(objective: Objective) -> float:
        pulls = together([objective])
        return float(value_of(pulls, probe.climb(image, pulls)[0])[0])

    a, b = channel(one, 0), channel(one, 1)
    assert value(a + 2 * b) == pytest.approx(value(a) + 2 * value(b), rel=1e-4)
    doubled = 2 * b
    assert value(a + doubled) == pytest.approx(value(a + 2 * b), rel=1e-6)
    assert value(3 * (a - b)) == pytest.approx(3 * (value(a) - value(b)), rel=1e-3, abs=1e-6)


def test_softmax_is_left_out_and_a_batch_is_its_images_one_by_one(probe: Any) -> None:
    images = picture(3, 16, 16, 3)
    wanted = [logit(probe, number) for number in (0, 3, 1)]
    values, slopes = probe.climb(images, together(wanted))
    for place, objective in enumerate(wanted):
        value, alone = probe.climb(images[place : place + 1], together([objective]))
        assert values[place, 0] == pytest.approx(value[0, 0], rel=1e-4)
        assert np.allclose(slopes[place], alone[0], atol=1e-5)
    logits = np.log(probe.scores(images))
    assert values[0, 0] - probe.climb(images[:1], together([logit(probe, 1)]))[0][0, 0] == pytest.approx(
        logits[0, 0] - logits[0, 1], abs=1e-3
    )


@pytest.mark.parametrize("size", [8, 24])
def test_a_cut_trunk_takes_any_size(probe: Any, size: int) -> None:
    image = picture(1, size, size, 3)
    value, slopes = probe.climb(image, together([channel(probe.layers["inner/relu"], 3)]))
    assert np.isfinite(value).all()
    assert slopes.shape == image.shape
    assert slopes.any()


def test_the_cut_network_answers_as_the_whole_one(probe: Any) -> None:
    image = picture(1, 16, 16, 3)
    answer = probe.trace(image[0]).outputs["one"]
    kernel, bias = (probe.weights("one")[name] for name in ("kernel", "bias"))
    value = probe.climb(image, together([channel(probe.layers["one"], 2)]))[0][0, 0]
    raw = np.zeros((16, 16))
    padded = np.pad(image[0], ((1, 1), (1, 1), (0, 0)))
    for y, x in np.ndindex(16, 16):
        raw[y, x] = (padded[y : y + 3, x : x + 3] * kernel[..., 2]).sum() + bias[2]
    assert value == pytest.approx(np.maximum(raw, 0).mean(), rel=1e-4), "the leak is for the way up alone"
    assert np.maximum(raw, 0) == pytest.approx(answer[..., 2], abs=1e-4)


def test_preprocessing_is_part_of_the_way(keras: Any) -> None:
    from reportgen.probe.preprocessing import NAMED

    probe = probe_of(network(keras), preprocessing=NAMED["caffe"])
    pulls = together([channel(probe.layers["one"], 1)])
    image, way = picture(1, 16, 16, 3), np.random.default_rng(1).normal(size=(1, 16, 16, 3)).astype(np.float32)
    expected = slope(lambda at: float(probe.climb(at.astype(np.float32), pulls)[0][0, 0]), image, way, 1e-3)
    assert float((probe.climb(image, pulls)[1] * way).sum()) == pytest.approx(expected, rel=0.02)


def test_layers_with_channels_first_are_read_with_channels_last(keras: Any) -> None:
    start = keras.Input((3, 12, 12))
    x = keras.layers.Conv2D(5, 3, data_format="channels_first", name="one")(start)
    probe = probe_of(keras.Model(start, keras.layers.Dense(2)(keras.layers.Flatten()(x))))
    image = picture(1, 12, 12, 3)
    expected = probe.trace(image[0]).outputs["one"][..., 4].mean()
    value, slopes = probe.climb(image, together([channel(probe.layers["one"], 4)]))
    assert value[0, 0] == pytest.approx(expected, rel=1e-4)
    assert slopes.shape == image.shape


def test_an_unknown_layer_is_refused(probe: Any) -> None:
    with pytest.raises(UsageError, match="no layer 'none'"):
        probe.climb(picture(1, 16, 16, 3), [Pull("none", "loud")])


def test_equal_seeds_give_equal_images_and_others_do_not(probe: Any) -> None:
    objective = [channel(probe.layers["one"], 0)]
    first, again, other = (
        climb(probe, objective, (16, 16), dataclasses.replace(QUICK, seed=seed)).images for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("change", [
    {"tv": 1e6}, {"norm": 1e6, "norm_power": 40.0}, {"decay": 1e6}, {"rate": 1e4}, {"noise": 1e3}, {"blur": 3.0},
])
def test_extreme_weights_give_no_number_that_is_none(probe: Any, change: dict[str, float]) -> None:
    for base in (QUICK, dataclasses.replace(RECIPES["pixels"], steps=6)):
        found = climb(probe, [logit(probe, 1)], (16, 16), dataclasses.replace(base, **change))  # type: ignore[arg-type]
        assert np.isfinite(found.images).all()
        assert found.images.min() >= 0
        assert found.images.max() <= 1


def test_penalties_make_smoother_images(probe: Any) -> None:
    from reportgen.optimization.penalties import total_variation

    rough, smooth = (
        climb(probe, [logit(probe, 1)], (16, 16), dataclasses.replace(RECIPES["dense"], steps=30, tv=weight)).images
        for weight in (0.0, 5.0)
    )
    assert total_variation(smooth)[0][0] < 0.3 * total_variation(rough)[0][0]


def test_an_image_to_start_from_is_taken(probe: Any) -> None:
    start = picture(1, 16, 16, 3)
    found = climb(probe, [logit(probe, 1)], (16, 16), dataclasses.replace(QUICK, steps=1, rate=1e-4), start=start)
    assert np.abs(found.images - start).max() < 0.01


class Remembering(Shelf):
    """A shelf in memory that counts."""

    def __init__(self) -> None:
        self.arrays: dict[tuple[object, ...], dict[str, np.ndarray]] = {}

    def get(self, key: tuple[object, ...]) -> dict[str, np.ndarray] | None:
        return self.arrays.get(key)

    def put(self, key: tuple[object, ...], arrays: dict[str, np.ndarray]) -> None:
        self.arrays[key] = arrays


def seeking(model: Any, shelf: Shelf, **settings: Any) -> Study:
    study = study_of(model, picture(16, 16, 3))
    return dataclasses.replace(study, shelf=shelf, wishes=WishSettings(**settings))


def wishes_of(study: Study, count: int) -> list[Wish]:
    layer = study.probe.layers["inner/relu"]
    return [Wish(f"two:{number}", channel(layer, number % 8), (16, 16)) for number in range(count)]


def test_finished_images_are_kept_one_by_one_and_a_broken_run_goes_on(keras: Any) -> None:
    shelf = Remembering()
    study = seeking(network(keras), shelf)
    wishes = wishes_of(study, AT_ONCE + 3)
    steps = 0

    def stop(share: float, what: str) -> None:
        nonlocal steps
        steps += 1
        if steps > QUICK.steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seek(dataclasses.replace(study, progress=stop), wishes, QUICK, "test")
    assert len(shelf.arrays) == AT_ONCE
    told: list[str] = []
    made = seek(dataclasses.replace(study, notice=told.append), wishes, QUICK, "Images")
    assert len(shelf.arrays) == len(made) == len(wishes)
    assert told[0].startswith(f"Images: 3 images × {QUICK.steps} steps, about")
    again = seek(dataclasses.replace(study, notice=told.append), wishes, QUICK, "Images")
    assert len(told) == 1
    assert all(np.array_equal(one.image, other.image) for one, other in zip(made, again, strict=True))


def test_kept_arrays_survive_the_process_and_a_broken_file_is_no_file(tmp_path: Path) -> None:
    shelf = Store(tmp_path).shelf("network")
    key = ("unit", 3, (16, 16))
    assert shelf.get(key) is None
    shelf.put(key, {"image": np.eye(3)})
    kept = Store(tmp_path).shelf("network").get(key)
    assert kept is not None
    assert np.array_equal(kept["image"], np.eye(3))
    assert Store(tmp_path).shelf("other").get(key) is None
    for path in (tmp_path / "arrays").iterdir():
        path.write_bytes(b"broken")
    assert shelf.get(key) is None


def test_memory_is_bounded_by_the_batch(keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    study = seeking(network(keras), Shelf())
    sizes: list[int] = []
    asked = study.probe.climb
    monkeypatch.setattr(study.probe, "climb", lambda batch, pulls: (sizes.append(len(batch)), asked(batch, pulls))[1])
    seek(study, wishes_of(study, 2 * AT_ONCE + 1), dataclasses.replace(QUICK, steps=1), "test")
    assert max(sizes) == AT_ONCE


def test_what_does_not_rise_is_cured_or_told(keras: Any) -> None:
    study = seeking(network(keras), Shelf())
    flat = Wish("flat", direction("one", np.zeros(6, np.float32)), (16, 16))
    stuck = dataclasses.replace(QUICK, tv=1e5, noise=0.0)
    ill, well = seek(study, [flat, *wishes_of(study, 1)], stuck, "test")
    assert not ill.risen
    assert not ill.cured
    assert well.risen


def test_the_cure_is_judged_from_its_own_start() -> None:
    """Of negative scores, too, the smoothed image must keep half of the rise, not half of the number."""

    def climbed(first: float, last: float) -> Climb:
        return Climb(np.zeros((1, 2, 2, 3)), np.zeros((4, 1)), np.zeros((4, 1)), np.array([first]), np.array([last]))

    kept = _cured(climbed(-10, -2), climbed(-2, -5), 0)
    assert (kept.first, kept.last, kept.risen, kept.cured) == (-10, -5, True, True)
    lost = _cured(climbed(-10, -2), climbed(-2, -9), 0)
    assert (lost.first, lost.last) == (-10, -2)
    fallen = _cured(climbed(1, 0.5), climbed(0.5, 0.2), 0)
    assert (fallen.risen, fallen.cured) == (False, False)


def test_jitter_alone_is_not_taken_for_a_rise_that_goes_on() -> None:
    random = np.random.default_rng(0)
    told = []
    for _made in range(200):
        values = 1 + 0.2 * random.normal(size=100)
        told.append(Made(np.zeros(1), values, values, 0.0, 1.0, risen=True).unfinished)
    assert sum(told) <= 200 * 0.05
    rising = np.linspace(0, 1, 100) + 0.01 * random.normal(size=100)
    assert Made(np.zeros(1), rising, rising, 0.0, 1.0, risen=True).unfinished


def test_a_layer_that_insists_on_its_size_gets_it(keras: Any) -> None:
    start = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(start)
    x = keras.layers.Reshape((8, 32, 4))(x)
    x = keras.layers.Conv2D(4, 3, name="late")(x)
    study = seeking(keras.Model(start, keras.layers.Dense(2)(keras.layers.Flatten()(x))), Shelf())
    made = seek(study, [Wish("late", channel(study.probe.layers["late"], 0), (24, 24))], QUICK, "test")
    assert made[0].image.shape == (16, 16, 3)


def test_an_inverted_first_layer_gives_the_image_back(keras: Any) -> None:
    probe = probe_of(network(keras))
    image = picture(16, 16, 3)
    answers = probe.trace(image).outputs["one"]
    found = invert(probe, image, "one", answers, Recipe(steps=150, shift=0, scale=0, turn=0, waves=False, noise=0.1))
    assert found.error < 0.3 * found.start
    assert found.difference < 0.2


def test_a_dream_makes_its_layer_louder_within_the_range(keras: Any) -> None:
    probe = probe_of(network(keras))
    image = picture(16, 16, 3)
    settings = {"sizes": [(11, 11), (16, 16)], "steps": 4, "rate": 0.02, "shift": 2, "seed": 0}
    dreamt, heights = dream(probe, image, loud("inner/relu"), **settings)  # type: ignore[arg-type]
    assert heights[-1] > heights[0]
    assert dreamt.min() >= 0
    assert dreamt.max() <= 1
    assert np.array_equal(dreamt, dream(probe, image, loud("inner/relu"), **settings)[0])  # type: ignore[arg-type]


def test_octaves_end_at_the_images_own_size() -> None:
    assert octaves((224, 112), 3, 2.0) == [(112, 56), (224, 112)]
    assert octaves((20, 20), 3, 1.4) == [(20, 20)]
    assert octaves((96, 64), 3, 1.4, lambda side: 16 * round(side / 16)) == [(48, 32), (64, 48), (96, 64)]
    assert octaves((64, 64), 3, 1.05, lambda side: 64) == [(64, 64)]


def test_objectives_are_read_from_text(keras: Any) -> None:
    study = seeking(network(keras), Shelf())
    found = read_objective(study, "one:2 - 0.5 inner/relu:3@middle + #1")
    assert [(pull.layer, pull.weight, pull.middle) for pull in found.pulls] == [
        ("one", 1.0, False), ("inner/relu", -0.5, True), ("", 1.0, False),
    ]
    assert read_objective(study, "-one:*").pulls[0].weight == -1


@pytest.mark.parametrize("text", ["", "one", "none:1", "one:99", "#9", "one:1 two", "one:1 one:2", "+"])
def test_objectives_that_name_nothing_are_refused(keras: Any, text: str) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        read_objective(seeking(network(keras), Shelf()), text)


def test_images_may_start_from_the_photo_or_from_an_earlier_result(keras: Any, tmp_path: Path) -> None:
    from PIL import Image

    earlier = picture(32, 32, 3, seed=9)
    Image.fromarray(np.uint8(255 * earlier)).save(tmp_path / "earlier.png")
    still = dataclasses.replace(QUICK, steps=1, rate=1e-5)
    made = {
        start: seek(seeking(network(keras), Shelf(), start=start), wishes_of(seeking(network(keras), Shelf()), 1), still, "")
        for start in ("noise", "photo", str(tmp_path / "earlier.png"))
    }
    noise, photo, result = (one[0].image for one in made.values())
    assert np.abs(photo - picture(16, 16, 3)).max() < 0.01
    assert np.abs(result - earlier.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))).max() < 0.2
    assert np.abs(noise - 0.5).mean() < 0.1


def test_another_start_is_another_image_on_the_shelf(keras: Any) -> None:
    shelf = Remembering()
    for start in ("noise", "photo"):
        study = seeking(network(keras), shelf, start=start)
        seek(study, wishes_of(study, 1), dataclasses.replace(QUICK, steps=1), "")
    assert len(shelf.arrays) == 2
