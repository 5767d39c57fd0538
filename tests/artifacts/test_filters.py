"""The filters' artifacts on the network that is known in closed form, and on kernels of every shape."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from reportgen.artifacts import CATALOGUE
from reportgen.artifacts.architecture import Architecture
from reportgen.artifacts.base import ImageArtifact, ModelArtifact, NotApplicable
from reportgen.artifacts.filter_comparison import FilterComparison
from reportgen.artifacts.filter_images import FilterImages
from reportgen.artifacts.filter_reading import FilterReading
from reportgen.artifacts.filter_statistics import FilterStatistics
from reportgen.artifacts.receptive_field import ReceptiveField
from reportgen.artifacts.summary import Summary
from reportgen.probe import Layer, Layers
from reportgen.report import codec
from reportgen.report.blocks import Block, Chart, Diagram, Fact, Figure, Gallery, Note, Table
from reportgen.report.document import Section
from reportgen.study import Study
from reportgen.text import _
from tests.fakes import FakeProbe, fake_study


def of(kind: type, blocks: Iterable[Block]) -> list:
    return [block for block in blocks if isinstance(block, kind)]


def pixels(figure: Figure) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(figure.picture.data)).convert("RGB"))


def with_kernel(name: str, kernel: np.ndarray, kind: str = "Conv2D", weight: str = "kernel") -> Study:
    """The fake network with one convolution of another shape."""
    probe = FakeProbe()
    probe.layers = Layers([
        probe.layers[0], Layer(name, kind, "convolution", (8, 8, kernel.shape[-1]), ("image",), initializer="HeNormal"),
    ])
    probe._weights = {name: {weight: kernel.astype(np.float32)}}
    return fake_study(probe=probe)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_section_is_plain_data_with_its_own_alt_texts(name: str) -> None:
    study = fake_study()
    study = replace(study, samples=(replace(study.samples[0], mask=study.samples[0].pixels[..., 0] > 0.5),))
    artifact = CATALOGUE[name](**{"wishes": ("mix:0 - mix:1",)} if name == "made_to_order" else {})
    blocks: list[Block] = []
    try:
        if isinstance(artifact, ImageArtifact):
            blocks = list(artifact.blocks(study, study.samples[0]))
        elif isinstance(artifact, ModelArtifact):
            blocks = list(artifact.blocks(study))
    except NotApplicable as answer:
        pytest.fail(f"the fake network has something for every artifact: {answer}")
    words = _("words")
    codec.dumps(Section(name, name, "overview", words, words, words, tuple(blocks)))
    alts = [str(block.alt) for block in blocks if isinstance(block, Figure | Gallery | Diagram)]
    assert all(len(alt) >= 20 for alt in alts)
    assert len(set(alts)) == len(alts)
    names = [block.name for block in blocks if isinstance(block, Figure | Gallery | Diagram | Chart)]
    assert len(set(names)) == len(names)


def test_the_summary_counts(study: Study) -> None:
    facts = {fact.name: fact.value for fact in of(Fact, Summary().blocks(study))}
    assert (facts["layers"], facts["convolutions"], facts["parameters"], facts["frozen"]) == (5, 2, 221, 0)
    assert facts["classes"] == 3


def test_a_list_of_names_that_does_not_fit_is_told() -> None:
    study = Study(FakeProbe(), (), ("cat", "dog"))  # type: ignore[arg-type]
    assert "2 entries" in str(of(Note, Summary().blocks(study))[0].text)


def test_the_architecture_has_a_row_and_a_box_for_every_layer(study: Study) -> None:
    blocks = list(Architecture().blocks(study))
    (diagram,), (table,) = of(Diagram, blocks), of(Table, blocks)
    assert [node.name for node in diagram.nodes] == [layer.name for layer in study.probe.layers]
    assert diagram.edges == ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))
    assert [row[1] for row in table.rows] == ["edges", "pool", "mix", "flat", "scores"]
    assert table.rows[0][-1] == "3 × 3"
    assert table.rows[1][-1] == "4 × 4"


def test_skip_connections_are_counted() -> None:
    probe = FakeProbe()
    layers = list(probe.layers)[:3]
    deeper = Layer("deeper", "Conv2D", "convolution", (4, 4, 4), ("pool",), kernel=(3, 3))
    probe.layers = Layers([*layers, deeper, Layer("add", "Add", "merge", (4, 4, 4), ("deeper", "pool"))])
    facts = {fact.name: fact.value for fact in of(Fact, Architecture().blocks(fake_study(probe=probe)))}
    assert facts["skips"] == 1


def test_the_field_is_drawn_where_it_is(study: Study) -> None:
    blocks = list(ReceptiveField().blocks(study, study.samples[0]))
    (gallery,), (table,) = of(Gallery, blocks), of(Table, blocks)
    assert list(gallery.labels) == ["edges", "pool"]
    assert table.rows[0][:4] == ("edges", 3, 3, 1.0)
    assert table.rows[1][:4] == ("pool", 4, 4, 2.0)
    image = np.asarray(Image.open(io.BytesIO(gallery.pictures[0].data)).convert("RGB"))
    assert image[3, 3].tolist() == [255, 217, 26]
    assert image[0, 0].max() < 255 * 0.4


def test_a_filter_of_colours_is_drawn_around_middle_gray(study: Study) -> None:
    figure = of(Figure, FilterImages().blocks(study))[0]
    assert figure.name == "filters_edges"
    picture = pixels(figure)
    tile = figure.picture.grid
    assert tile is not None
    x = 2 % tile.columns * (tile.tile_width + tile.gap) + 1
    y = 2 // tile.columns * (tile.tile_height + tile.gap) + 1
    assert picture[y, x].tolist() == [255, 0, 128], "red minus green"
    assert picture[y - 1, x - 1].tolist() == [128, 128, 128]


def test_a_convolution_of_one_pixel_is_a_matrix(study: Study) -> None:
    figure = of(Figure, FilterImages().blocks(study))[1]
    assert (figure.picture.height, figure.picture.width) == (4, 2)
    assert figure.picture.grid is None


@pytest.mark.parametrize(
    ("kind", "shape", "weight", "tile", "count"),
    [
        ("Conv2D", (5, 3, 8, 6), "kernel", (3, 5), 6), ("Conv1D", (7, 8, 4), "kernel", (7, 1), 4),
        ("Conv3D", (3, 5, 5, 2, 4), "kernel", (5, 5), 4), ("DepthwiseConv2D", (3, 3, 6, 2), "kernel", (3, 3), 12),
        ("SeparableConv2D", (3, 3, 6, 1), "depthwise_kernel", (3, 3), 6),
    ],
)
def test_kernels_of_every_shape_are_drawn(kind: str, shape: tuple[int, ...], weight: str, tile: tuple[int, int], count: int) -> None:
    kernel = np.random.default_rng(0).normal(size=shape)
    study = with_kernel("c", kernel, kind, weight)
    if weight == "depthwise_kernel":
        study.probe._weights["c"]["pointwise_kernel"] = np.ones((1, 1, 6, 5), np.float32)  # type: ignore[attr-defined]
    figure = of(Figure, FilterImages().blocks(study))[0]
    assert figure.picture.grid is not None
    assert (figure.picture.grid.tile_width, figure.picture.grid.tile_height) == tile
    assert len(figure.picture.grid.numbers) == count


def test_single_channels_and_chosen_layers_on_demand() -> None:
    study = with_kernel("deep/conv.1", np.random.default_rng(0).normal(size=(3, 3, 8, 6)))
    names = [block.name for block in FilterImages(channels=4).blocks(study) if isinstance(block, Figure | Gallery)]
    assert len(names) == 2
    assert names[1] == names[0] + "_channels"
    with pytest.raises(NotApplicable):
        list(FilterImages(layers=("other*",)).blocks(study))


def test_doubles_and_empty_filters_are_found() -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 8))
    kernel[..., 5] = 2 * kernel[..., 1]
    kernel[..., 3] = 0
    blocks = list(FilterStatistics().blocks(with_kernel("c", kernel)))
    doubles = next(table for table in of(Table, blocks) if table.name == "filter_doubles")
    assert doubles.rows == (("c", 1, 5, pytest.approx(1.0, abs=1e-6)),)
    row = next(table for table in of(Table, blocks) if table.name == "filter_statistics_table").rows[0]
    assert row[5:7] == (1, 1)
    assert row[1] == pytest.approx(kernel.mean(), rel=1e-4)
    assert row[2] == pytest.approx(kernel.std(), rel=1e-4)
    assert any("Empty filters of `c`: 3" in str(note.text) for note in of(Note, blocks))


def test_an_untrained_layer_is_named() -> None:
    fresh = np.random.default_rng(1).normal(size=30_000)
    fresh = fresh[np.abs(fresh) < 2][: 3 * 3 * 16 * 64].reshape(3, 3, 16, 64) * np.sqrt(2 / 144) / 0.87962566
    told = " ".join(str(note.text) for note in of(Note, FilterStatistics().blocks(with_kernel("c", fresh))))
    assert "1 of 1 tested convolutions may be as they were before training" in told
    moved = " ".join(str(note.text) for note in of(Note, FilterStatistics().blocks(with_kernel("c", fresh * 1.3))))
    assert "were moved away from their initializer" in moved


def test_the_strongest_filters_stand_in_the_comparison() -> None:
    kernel = np.ones((3, 3, 4, 5)) * np.array([1, 5, 2, 4, 3])
    gallery = of(Gallery, FilterComparison(filters=3).blocks(with_kernel("c", kernel)))[0]
    assert gallery.pictures[0].grid is not None
    assert gallery.pictures[0].grid.numbers == (1, 3, 4)


def test_the_exercise_is_answered(study: Study) -> None:
    blocks = list(FilterReading().blocks(study, study.samples[0]))
    exercise = next(table for table in of(Table, blocks) if table.name == "filter_exercise")
    answers = {str(row[0]): (row[1], round(float(row[2]), 2), str(row[-1])) for row in exercise.rows}
    assert answers["horizontal edge"] == (0, 1.0, "found")
    assert answers["vertical edge"] == (1, 1.0, "found")
    assert answers["sensitive to red"][0] == 2
    (gallery,) = of(Gallery, blocks)
    assert len(gallery.pictures) == len(gallery.labels) == len(gallery.notes)


def test_a_network_that_does_not_see_colours_directly_is_told() -> None:
    with pytest.raises(NotApplicable):
        list(FilterReading().blocks(with_kernel("c", np.ones((3, 3, 8, 2))), fake_study().samples[0]))
