"""A whole build on the network that is known in closed form: the output folder's contract, and what is not done twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reportgen import artifacts, build, originals
from reportgen.artifacts.base import ModelArtifact
from reportgen.config import Config, validate
from reportgen.errors import Interrupted, UsageError
from reportgen.render import figures
from reportgen.render.crew import Crew
from reportgen.render.language import Speaker
from reportgen.report.blocks import Block, Fact, Figure, Gallery
from reportgen.report.codec import load
from reportgen.report.document import Report, Section
from reportgen.store import Store
from reportgen.study import Study
from reportgen.text import _
from reportgen.watching import OPENING, Step, Watcher
from tests.fakes import FakeProbe, half_image


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> FakeProbe:
    """Stands in for TensorFlow; counts how often a model is opened and passed through."""
    made = FakeProbe()
    made.opened = 0  # type: ignore[attr-defined]

    def open_fake(_source: object) -> FakeProbe:
        made.opened += 1  # type: ignore[attr-defined]
        return made

    monkeypatch.setattr(build, "open_probe", open_fake)
    return made


def inputs(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.keras").write_bytes(b"stands for a model")
    Image.fromarray((half_image() * 255).astype("uint8")).save(folder / "half.png")
    return folder


LOOKS = ("overview", "filters", "activations")
"""What asks for no gradients, and is quick for that reason."""


EVERYTHING = (*LOOKS, "attention")
QUICK = {"samples": 2, "steps": 2, "masks": 8}


def config(folder: Path, /, **more: Any) -> Config:
    wishes: dict[str, Any] = {
        "select": LOOKS,
        "model": {"file": str(folder / "tiny.keras")}, "image": [{"file": str(folder / "half.png"), "label": "cat"}],
        "labels": ("cat", "dog", "owl"), "folder": str(folder / "site"), "attention": QUICK,
    }
    return validate({**wishes, **more}, "test")


def run(wishes: Config, folder: Path, **more: Any) -> Report | None:
    return build.build_site(wishes, Store(folder / "cache"), jobs=1, isolated=False, **more)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_output_folder_keeps_its_contract(tmp_path: Path, probe: FakeProbe) -> None:
    report = run(config(inputs(tmp_path), select=EVERYTHING), tmp_path)
    assert report is not None
    assert not report.failed, [str(note.text) for section in report.sections for note in section.notes if note.level == "failed"]
    names = set(files(tmp_path / "site"))
    assert {
        "index.html", "uk/index.html", "en/index.html", "report.json", "report.uk.pdf", "report.en.pdf",
        "summary.uk.md", "summary.en.md", "manifest.json",
    } <= names
    assert {name.removeprefix("uk/") for name in names if name.startswith("uk/")} == {
        name.removeprefix("en/") for name in names if name.startswith("en/")
    }
    assert {
        "results/filters_edges.png", "results/filters_comparison.png", "results/filter_statistics.png",
        "results/input_image_for_activations.png", "results/activations_00_edges.png", "results/activation_heatmaps.png",
        "results/activation_statistics.png", "results/layer_progression.png", "results/gradcam_mix_cat.png", "results/attention_cam.png",
    } <= names
    manifest = json.loads((tmp_path / "site" / "manifest.json").read_text())
    assert {entry["path"] for entry in manifest["files"]} == names - {"manifest.json"}
    assert load(tmp_path / "site") == report


def test_all_artifacts_share_one_pass(tmp_path: Path, probe: FakeProbe) -> None:
    run(config(inputs(tmp_path)), tmp_path)
    assert probe.passes == 1


def test_all_maps_of_a_class_share_one_more_pass_each(tmp_path: Path, probe: FakeProbe) -> None:
    wishes = config(inputs(tmp_path), select=(*LOOKS, "cam", "cam_layers", "pointing"))
    report = run(wishes, tmp_path)
    assert report is not None
    classes = 3
    assert probe.passes == 1 + classes


def test_the_same_build_again_opens_nothing_and_writes_nothing(tmp_path: Path, probe: FakeProbe) -> None:
    wishes = config(inputs(tmp_path))
    run(wishes, tmp_path)
    stamp = (tmp_path / "site" / "manifest.json").stat().st_mtime_ns
    assert run(wishes, tmp_path) is None
    assert (tmp_path / "site" / "manifest.json").stat().st_mtime_ns == stamp
    assert (probe.opened, probe.passes) == (1, 1)  # type: ignore[attr-defined]


def test_another_language_or_template_needs_no_pass(tmp_path: Path, probe: FakeProbe) -> None:
    run(config(inputs(tmp_path)), tmp_path)
    looks = tmp_path / "looks"
    (looks / "static").mkdir(parents=True)
    (looks / "static" / "custom.css").write_text("body { color: red }")
    run(config(tmp_path, language="en"), tmp_path)
    assert not (tmp_path / "site" / "uk").exists()
    run(config(tmp_path, templates=(str(looks),)), tmp_path)
    assert (tmp_path / "site" / "static" / "custom.css").read_text() == "body { color: red }"
    assert (probe.opened, probe.passes) == (1, 1)  # type: ignore[attr-defined]


def test_a_changed_image_or_parameter_is_looked_at_anew(tmp_path: Path, probe: FakeProbe) -> None:
    run(config(inputs(tmp_path)), tmp_path)
    run(config(tmp_path, artifacts={"filter_statistics": {"alike": 0.5}}), tmp_path)
    assert (probe.opened, probe.passes) == (2, 1)  # type: ignore[attr-defined]
    Image.new("RGB", (8, 8), "gray").save(tmp_path / "half.png")
    run(config(tmp_path), tmp_path)
    assert probe.passes == 2


def test_two_builds_of_the_same_inputs_are_the_same_bytes(tmp_path: Path, probe: FakeProbe) -> None:
    one, other = inputs(tmp_path / "one"), inputs(tmp_path / "a much longer name with spaces")
    run(config(one), one)
    run(config(other), other)
    first, second = files(one / "site"), files(other / "site")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_two_processes_write_the_same_as_one(tmp_path: Path, probe: FakeProbe) -> None:
    folder = inputs(tmp_path)
    for name, jobs in (("a", 1), ("b", 2)):
        store = Store(tmp_path / "cache")
        build.build_site(config(folder, folder=str(tmp_path / name), select=EVERYTHING), store, jobs=jobs, isolated=False)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_two_images_have_their_own_sections_and_figures(tmp_path: Path, probe: FakeProbe) -> None:
    folder = inputs(tmp_path)
    Image.new("RGB", (8, 8), "white").save(tmp_path / "white.png")
    wishes = config(folder, image=[{"file": str(folder / "half.png")}, {"file": str(folder / "white.png")}])
    report = run(wishes, tmp_path)
    assert report is not None
    names = [section.name for section in report.sections]
    assert {"prediction-half", "prediction-white", "filter_images"} <= set(names)
    assert (tmp_path / "site" / "results" / "activation_heatmaps_white.png").exists()


def test_a_further_image_costs_its_own_figures_only(
    tmp_path: Path, probe: FakeProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = inputs(tmp_path)
    Image.new("RGB", (8, 8), "white").save(tmp_path / "white.png")
    images = [{"file": str(folder / name)} for name in ("half.png", "white.png")]
    wishes = {"outputs": ("figures",), "select": ("prediction", "activation_heatmaps")}
    run(config(folder, image=images[:1], **wishes), tmp_path)
    drawn: list[str] = []
    draw = figures.draw

    def counted(block: Block, speaker: Speaker) -> Image.Image:
        drawn.append(block.name)  # type: ignore[union-attr]
        return draw(block, speaker)

    monkeypatch.setattr(figures, "draw", counted)
    run(config(folder, image=images, **wishes), tmp_path)
    assert sorted(set(drawn)) == ["activation_heatmaps", "prediction"]
    assert len(drawn) == len(set(drawn)), "the first image's figures are drawn again"


class Told(Watcher):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.looks: list[Step] = []
        self.files: list[Step] = []
        self.kept = 0
        self.finished: list[str] = []
        self.within_of: list[str] = []
        self.notices: list[str] = []

    def notice(self, words: str) -> None:
        self.notices.append(words)

    def begin(self, looks: Sequence[Step], files: Sequence[Step], kept: int) -> None:
        self.looks, self.files, self.kept = list(looks), list(files), kept

    def within(self, name: str, share: float, what: str) -> None:
        assert 0 <= share <= 1
        self.within_of.append(name)

    def finish(self, name: str) -> None:
        self.finished.append(name)


@pytest.mark.parametrize("cached", [True, False])
def test_figures_are_drawn_while_the_network_is_looked_at(
    tmp_path: Path, probe: FakeProbe, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    given: list[str] = []

    def ahead(_crew: Crew, _work: object, section: object, *_what: object) -> None:
        if isinstance(section, Section):
            assert probe.passes <= 1
            given.append(section.name)

    monkeypatch.setattr(Crew, "ahead", ahead)
    wishes = config(inputs(tmp_path), outputs=("json",), select=("summary", "prediction"))
    build.build_site(wishes, Store(tmp_path / "cache" if cached else None), jobs=2, isolated=False)
    assert given == ["summary", "prediction"]


@dataclass(frozen=True)
class Broken(ModelArtifact):
    """Always fails."""

    name = "broken"
    chapter = "overview"
    title = _("Summary")
    about = _("Summary")
    reading = _("Summary")

    def blocks(self, study: Study) -> Iterator[Block]:
        yield Fact("before", _("Layers"), 1)
        raise ZeroDivisionError("on purpose")


def test_a_broken_artifact_costs_its_own_section_only(
    tmp_path: Path, probe: FakeProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(artifacts.CATALOGUE, "broken", Broken)
    wishes = config(inputs(tmp_path), outputs=("html",), select=(*LOOKS, "broken"))
    report = run(wishes, tmp_path)
    assert report is not None
    failed = [section.name for section in report.sections if section.failed]
    assert failed == ["broken"]
    assert "ZeroDivisionError: on purpose" in (tmp_path / "site" / "en" / "broken.html").read_text()
    run(wishes, tmp_path, force=True)
    assert probe.opened == 2, "a failed section is tried again"  # type: ignore[attr-defined]


def test_without_an_image_the_network_alone_is_shown(tmp_path: Path, probe: FakeProbe) -> None:
    report = run(config(inputs(tmp_path), image=(), outputs=("html", "pdf")), tmp_path)
    assert report is not None
    assert {section.sample for section in report.sections} == {""}
    assert probe.passes == 0


def test_the_command_in_the_report_names_no_folder(tmp_path: Path, probe: FakeProbe) -> None:
    report = run(config(inputs(tmp_path), outputs=("json",)), tmp_path)
    assert report is not None
    assert report.provenance.command.startswith("reportgen build reportgen.toml")
    assert 'label = "cat"' in report.provenance.settings
    assert str(tmp_path) not in (tmp_path / "site" / "report.json").read_text()


def test_one_choice_colours_every_map_without_sign(tmp_path: Path, probe: FakeProbe) -> None:
    def colours(**wishes: Any) -> set[str]:
        report = run(config(inputs(tmp_path), outputs=("json",), select=EVERYTHING, attention=QUICK, **wishes), tmp_path)
        assert report is not None
        blocks = [block for section in report.sections for block in section.blocks]
        return {block.scale.colours for block in blocks if isinstance(block, Figure | Gallery) and block.scale}

    assert colours() == {"viridis", "diverging"}
    assert colours(colours="cividis") == {"cividis", "diverging"}


def test_a_render_that_fails_leaves_the_old_report(
    tmp_path: Path, probe: FakeProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(config(inputs(tmp_path), outputs=("html",)), tmp_path)
    before = files(tmp_path / "site")
    looks = tmp_path / "looks" / "site"
    looks.mkdir(parents=True)
    (looks / "index.html.j2").write_text("{{ nothing.like.this }}")
    with pytest.raises(Exception, match="nothing"):
        run(config(tmp_path, outputs=("html",), templates=(str(looks.parent),)), tmp_path)
    assert files(tmp_path / "site") == before
    assert not list(tmp_path.glob(".site*"))


def test_two_networks_stand_in_one_report(tmp_path: Path, probe: FakeProbe) -> None:
    folder = inputs(tmp_path)
    (folder / "second.keras").write_bytes(b"stands for another")
    further = {
        "model": {"file": str(folder / "second.keras")}, "image": [{"file": str(folder / "half.png")}],
        "labels": ("cat", "dog", "owl"), "select": ("summary", "prediction", "cam"),
    }
    report = run(config(folder, more=[further], select=("summary", "prediction")), tmp_path)
    assert report is not None
    assert not report.failed
    assert str(report.title) == "Report on the networks tiny, second"
    assert [section.name for section in report.sections] == [
        "summary", "prediction", "second-summary", "second-prediction", "second-cam",
    ]
    assert {section.network for section in report.sections} == {"", "second"}
    assert probe.opened == 2  # type: ignore[attr-defined]
    site = tmp_path / "site"
    assert "Attention: second" in (site / "en" / "index.html").read_text(encoding="utf-8")
    assert (site / "results" / "second_attention_cam.png").exists()
    assert [source.name for source in report.provenance.sources if source.role == "model"] == [
        "tiny.keras", "second.keras",
    ]


def test_a_target_that_is_not_there_is_refused_before_anything_is_looked_at(tmp_path: Path, probe: FakeProbe) -> None:
    wishes = config(inputs(tmp_path), select=EVERYTHING, attention={"targets": ("zebra",)})
    with pytest.raises(UsageError, match="zebra"):
        run(wishes, tmp_path)
    assert probe.passes == 0
    assert not (tmp_path / "site").exists()


def test_raw_maps_stand_beside_the_figures_and_on_the_page(tmp_path: Path, probe: FakeProbe) -> None:
    run(config(inputs(tmp_path), select=("cam", "saliency"), attention={**QUICK, "raw_maps": True}), tmp_path)
    site = tmp_path / "site"
    with np.load(site / "results" / "attention_cam_half.npz", allow_pickle=False) as arrays:
        assert "gradcam.cat" in arrays.files
    assert 'download="attention_cam_half.npz"' in (site / "uk" / "cam.html").read_text(encoding="utf-8")


def test_a_stopped_build_says_what_is_kept_and_what_is_missing(tmp_path: Path, probe: FakeProbe) -> None:
    wishes = config(inputs(tmp_path), select=("summary", "prediction", "cam"))

    class Stopping(Told):
        def finish(self, name: str) -> None:
            super().finish(name)
            if name == "prediction":
                raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"2 of 3 sections .* Missing: cam\."):
        run(wishes, tmp_path, watcher=Stopping())
    assert not (tmp_path / "site").exists()
    told = Told()
    run(wishes, tmp_path, watcher=told)
    assert [step.name for step in told.looks] == [OPENING.name, "cam"]
    assert told.kept == 2


def test_whoever_looks_on_is_told_the_plan_first_and_then_each_step(tmp_path: Path, probe: FakeProbe) -> None:
    told = Told()
    run(config(inputs(tmp_path), select=("summary", "prediction", "cam"), outputs=("html", "markdown")), tmp_path, watcher=told)
    assert [step.name for step in told.looks] == [OPENING.name, "summary", "prediction", "cam"]
    assert [step.name for step in told.files] == ["html uk", "html en", "markdown uk", "markdown en"]
    assert list(dict.fromkeys(told.finished)) == [step.name for step in (*told.looks, *told.files)]
    assert list(dict.fromkeys(told.within_of)) == ["summary", "prediction", "cam"], "each tells that it has begun"


def test_steps_for_several_images_are_told_apart(tmp_path: Path, probe: FakeProbe) -> None:
    folder = inputs(tmp_path)
    Image.new("RGB", (8, 8), "white").save(tmp_path / "white.png")
    images = [{"file": str(folder / name)} for name in ("half.png", "white.png")]
    told = Told()
    run(config(folder, image=images, select=("prediction",), outputs=("markdown",)), tmp_path, watcher=told)
    assert [step.title for step in told.looks[1:]] == ["Prediction (half)", "Prediction (white)"]


def test_any_damage_in_the_cache_costs_nothing_but_its_section(
    tmp_path: Path, probe: FakeProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "SETTLED_NS", 0)
    wishes = config(inputs(tmp_path), outputs=("html",))
    run(wishes, tmp_path)
    site = files(tmp_path / "site")
    cache = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != "lock"]
    whole = files(tmp_path / "cache")
    assert {path.parent.name for path in cache} >= {"sections", "assets", "digests"}
    for change in (lambda data: b"", lambda data: data[:-1], lambda data: data[:-1] + bytes([data[-1] ^ 1])):
        for path in cache:
            path.write_bytes(change(path.read_bytes()))
        run(wishes, tmp_path, force=True)
        assert files(tmp_path / "site") == site
        assert files(tmp_path / "cache") == whole


def test_a_cache_that_takes_nothing_is_told_once_and_stops_nothing(
    tmp_path: Path, probe: FakeProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Store(tmp_path / "cache")
    for kind in (tmp_path / "cache").iterdir():
        kind.rmdir()
        kind.write_text("in the way")
    told = Told()
    report = build.build_site(config(inputs(tmp_path), outputs=("html",)), cache, jobs=1, isolated=False, watcher=told)
    assert report is not None
    assert not report.failed
    assert len(told.notices) == 1
    assert "Not everything could be kept in the cache" in told.notices[0]
