"""The user's wishes: what is wrong with them is told at once and with the nearest right word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.artifacts import CATALOGUE
from reportgen.catalogue import expand
from reportgen.config import Config, read_config, schema, validate
from reportgen.errors import InputError, UsageError


def test_all_problems_are_told_at_once() -> None:
    data = {
        "langauge": "uk", "outputs": ["docx"], "model": {"fiel": "x"},
        "artifacts": {"activation_map": {}, "filter_images": {"chanels": 3}, "filter_statistics": {"alike": "much"}},
    }
    with pytest.raises(UsageError) as told:
        validate(data, "lab.toml")
    text = told.value.message
    assert text.startswith("lab.toml: ")
    for part in (
        "Did you mean 'language'?", "docx", "Did you mean 'file'?", "Did you mean 'activation_maps'?",
        "[artifacts.filter_images]: unknown parameter 'chanels'. Did you mean 'channels'?", "'alike'",
    ):
        assert part in text
    assert "pydantic" not in text


def test_paths_are_taken_from_the_files_own_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "net.keras").write_bytes(b"")
    path = tmp_path / "deep" / "lab.toml"
    path.write_text(
        'labels = "names.json"\nfolder = "out"\n[model]\nfile = "net.keras"\n[[image]]\nfile = "a.png"\nmask = "m.png"\n'
    )
    config = read_config(path, {})
    assert config.model.file == str(tmp_path / "deep" / "net.keras")
    assert config.image[0].file == tmp_path / "deep" / "a.png"
    assert config.image[0].mask == tmp_path / "deep" / "m.png"
    assert config.labels == tmp_path / "deep" / "names.json"
    assert config.folder == tmp_path / "deep" / "out"


def test_a_networks_name_is_no_path(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text('[model]\nfile = "vgg16"\nweights = "none"\n')
    assert read_config(path, {}).model.file == "vgg16"


def test_the_command_line_beats_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text('language = "uk"\n[model]\nfile = "vgg16"\nweights = "none"\n')
    config = read_config(path, {"language": ("en",), "model": {"file": "resnet50"}})
    assert config.language == ("en",)
    assert (config.model.file, config.model.weights) == ("resnet50", "none")


def test_groups_and_names_come_in_reading_order() -> None:
    assert list(expand(("all",))) == list(CATALOGUE)
    chosen = list(expand(("activations", "prediction", "filters")))
    assert chosen[0] == "prediction"
    assert chosen == [name for name in CATALOGUE if name in chosen]
    with pytest.raises(UsageError, match="Did you mean 'filters'"):
        expand(("filter",))


def test_chapters_of_the_users_own(tmp_path: Path) -> None:
    config = validate({"chapter": [{"title": "Мережа", "artifacts": ["summary", "filters"]}]}, "test")
    chosen = config.chosen()
    assert {chapter for chapter, _artifact in chosen} == {"Мережа"}
    assert chosen[0][1].name == "summary"


def test_parameters_reach_the_artifact() -> None:
    config = validate({"select": "filter_images", "artifacts": {"filter_images": {"channels": 4, "layers": ["a*"]}}}, "test")
    (_chapter, artifact), = config.chosen()
    assert (artifact.channels, artifact.layers) == (4, ("a*",))  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["language = ", "[model\n", "\x00"])
def test_broken_toml_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "lab.toml").write_text(text)
    with pytest.raises(UsageError, match="not valid TOML"):
        read_config(tmp_path / "lab.toml", {})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_config(tmp_path / "none.toml", {})


def test_the_schema_holds_every_artifact_and_is_json() -> None:
    document = json.loads(json.dumps(schema(), default=str))
    assert set(document["properties"]["artifacts"]["properties"]) == set(CATALOGUE)
    assert set(document["properties"]) == set(Config.model_fields)


def test_preprocessing_may_be_arithmetic() -> None:
    source = validate({"model": {"file": "x", "preprocessing": {"scale": 255, "mean": [1, 2, 3]}}}, "test").source()
    assert (source.preprocessing.scale, source.preprocessing.mean) == (255, (1, 2, 3))  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="cannot be 0"):
        validate({"model": {"preprocessing": {"std": [0]}}}, "test")


def test_the_example_configurations_are_valid() -> None:
    for path in (Path(__file__).parent.parent / "configs").glob("*.toml"):
        read_config(path, {})


def test_problems_of_attention_and_of_further_networks_are_told_with_their_place() -> None:
    with pytest.raises(UsageError) as told:
        validate({
            "attention": {"clases": 3},
            "more": [{"model": {"fille": "x"}, "select": ["camm"], "artifacts": {"cam": {"sides": 3}}}],
        }, "lab.toml")
    for part in ("'clases'", "Did you mean 'classes'?", "'fille'", "Did you mean 'file'?",
                 "unknown parameter 'sides'"):
        assert part in told.value.message
    with pytest.raises(UsageError, match="noise must be above 0"):
        validate({"attention": {"noise": 2}}, "lab.toml")
    with pytest.raises(UsageError, match="There is no artifact 'camm'"):
        validate({"more": [{"select": ["camm"]}]}, "lab.toml")


def test_paths_of_further_networks_start_from_the_files_folder_too(tmp_path: Path) -> None:
    (tmp_path / "b.keras").touch()
    (tmp_path / "lab.toml").write_text(
        'model = "lab:texture-unet"\n[[more]]\nmodel = "b.keras"\n[[more.image]]\nfile = "cat.png"\nmask = "m.png"\n'
    )
    first, second = read_config(tmp_path / "lab.toml", {}).studies
    assert first.model.file == "lab:texture-unet"
    assert second.model.file == str(tmp_path / "b.keras")
    assert (second.image[0].file, second.image[0].mask) == (tmp_path / "cat.png", tmp_path / "m.png")


def test_quick_builds_leave_optimization_out_unless_it_is_named() -> None:
    def names(**wishes: object) -> set[str]:
        return {artifact.name for _chapter, artifact in validate(wishes, "test").chosen()}

    quick = {"optimization": {"effort": "quick"}}
    assert "optimal_inputs" in names()
    assert not names(**quick) & set(expand(("optimization",)))
    assert names(select=["all", "deep_dream"], **quick) & set(expand(("optimization",))) == {"deep_dream"}
    assert names(select="optimization", **quick) == set(expand(("optimization",)))


def test_problems_of_optimization_are_told_with_their_place() -> None:
    for table, told in (
        ({"efort": "quick"}, "Did you mean 'effort'?"), ({"custom": {"stepps": 3}}, "Did you mean 'steps'?"),
        ({"custom": {"low": 1.0}}, "must hold 0 <= low < high <= 1"), ({"effort": "lazy"}, "'effort' = \"lazy\""),
    ):
        with pytest.raises(UsageError) as problem:
            validate({"optimization": table}, "lab.toml")
        assert told in problem.value.message
    assert validate({"optimization": {"custom": {"steps": 3}}}, "test").optimization.used.steps == 3


def test_colours_that_mislead_are_refused_with_the_reason() -> None:
    assert validate({"colours": "cividis"}, "test").colours == "cividis"
    with pytest.raises(UsageError, match="'colours' = \"jet\": its brightness goes up and down"):
        validate({"colours": "jet"}, "lab.toml")
    with pytest.raises(UsageError, match="'viridis' or 'cividis'"):
        validate({"colours": "plasma"}, "lab.toml")


def test_a_further_network_is_looked_at_as_the_first_unless_it_says_otherwise() -> None:
    def selected(data: dict[str, object]) -> list[set[str]]:
        return [{artifact.name for _chapter, artifact in study.chosen()} for study in validate(data, "test").studies]

    assert selected({"select": ["summary"], "more": [{}]}) == [{"summary"}, {"summary"}]
    assert selected({"select": ["summary"], "more": [{"select": ["input"]}]}) == [{"summary"}, {"input"}]
    assert selected({"more": [{}]})[1] == selected({})[0]
    chapter = [{"title": "Mine", "artifacts": ["input"]}]
    assert selected({"chapter": chapter, "more": [{}]}) == [{"input"}, {"input"}]


def test_the_command_line_says_for_every_network_what_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(
        'select = ["filters"]\n[optimization]\nunits = 3\n[artifacts.activation_maps]\nscale = "channel"\n'
        '[[more]]\nselect = ["input"]\n[more.optimization]\nunits = 2\n'
    )
    wishes = {"select": ("summary",), "optimization": {"effort": "quick", "layers": ("a",)},
              "artifacts": {"activation_maps": {"layers": ("a",)}}}
    first, second = read_config(tmp_path / "lab.toml", wishes).studies
    assert first.select == second.select == ("summary",)
    (tmp_path / "own.toml").write_text('[[chapter]]\ntitle = "Mine"\nartifacts = ["input"]\n')
    assert [artifact.name for _chapter, artifact in read_config(tmp_path / "own.toml", wishes).chosen()] == ["summary"]
    assert (second.optimization.effort, second.optimization.units, second.optimization.layers) == ("quick", 2, ())
    assert first.artifacts == {"activation_maps": {"scale": "channel", "layers": ("a",)}}, "the file's own values stay"


def test_steps_beside_a_recipe_of_ones_own_hold_or_are_refused() -> None:
    def used(**table: object) -> int:
        return validate({"optimization": table}, "test").optimization.used.steps

    assert used(steps=9, custom={"tv": 0.1}) == 9
    assert used(custom={"steps": 7}) == 7
    with pytest.raises(UsageError, match="steps are told twice: 9, and 7"):
        used(steps=9, custom={"steps": 7})


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16", "koi8-u"])
def test_a_configuration_in_another_encoding_gets_a_hint(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "lab.toml").write_bytes('title = "Звіт"\n'.encode(encoding))
    with pytest.raises(InputError, match=r"lab\.toml: the configuration is not in UTF-8") as told:
        read_config(tmp_path / "lab.toml", {})
    assert "Save it as UTF-8" in told.value.hint


def test_the_examples_of_both_languages_say_the_same() -> None:
    ukrainian, english = (read_config(Path(__file__).parent.parent / "configs" / f"lab.{code}.toml", {}) for code in ("uk", "en"))
    assert ukrainian.model_dump(exclude={"origin"}) == english.model_dump(exclude={"origin"})
