"""Every option of every command, with a value that a user would give, reaches a valid configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from reportgen.cli import main
from reportgen.config import Config, read_config
from reportgen.options import wishes_of

VALUES: dict[str, tuple[str, ...]] = {
    "--model": ("net.keras",), "--weights": ("none",), "--architecture": ("net.json",), "--image": ("cat.jpg",),
    "--truth": ("tabby",), "--mask": ("cat.mask.png",), "--labels": ("classes.json",), "--preprocess": ("caffe",),
    "--input": ("image",), "--output": ("answer",), "--size": ("224", "320"), "--classes": ("4",),
    "--layers": ("conv1, block2_*",), "--target": ("#281",), "--cam-layer": ("conv4",), "--raw-maps": (),
    "--effort": ("quick",), "--artifacts": ("filters,prediction",), "--title": ("A report",), "--prefix": ("vgg16_",),
    "--trust-model": (), "--trust-config": (), "--custom": ("own.py:Layer",), "--seed": ("7",), "--language": ("en",), "--format": ("json",),
    "--site-url": ("https://example.org/site",), "--profile": ("kpi",), "--pdf-quality": ("draft",), "--single-file": (),
    "--force": (), "--out": ("folder",), "--templates": (".",), "--jobs": ("3",), "--colours": ("cividis",),
    "--commit": ("none",), "--cache": ("cache",), "--dry-run": (), "--no-cache": (), "--port": ("0",), "--submission": (),
    "--json": (), "--epochs": ("2",), "--data": ("cifar10",), "--log-file": ("log.txt",), "--verbose": (), "--quiet": (),
}
"""A sensible value of every option; a new option needs one here."""
NEEDS = {"--truth": "--image", "--mask": "--image"}
RUN = {"--trust-config", "--force", "--jobs", "--cache", "--dry-run", "--no-cache", "--port"}
"""Options about one run, which are no wishes about the report."""


def options() -> Iterator[tuple[str, str]]:
    """The commands that have a configuration, each with each of its options."""
    for name in ("build", "demo", "render", "serve"):
        command = main.commands[name]
        yield from ((name, option.opts[-1]) for option in command.params if isinstance(option, click.Option))


def walk(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Option]]:
    yield from ((path, one) for one in command.params if isinstance(one, click.Option))
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from walk(inner, f"{path} {name}".strip())


def configuration(command: str, *arguments: str) -> Config:
    """What the program makes of a command line, up to the artifacts with their parameters."""
    parsed = main.commands[command].make_context(command, [*arguments]).params
    given: dict[str, Any] = {key: value for key, value in parsed.items() if key not in ("config", "report", "path")}
    config = read_config(None, wishes_of(given))
    for study in config.studies:
        assert study.chosen() or study.select
    return config


def test_every_option_has_a_value_to_be_tried_with() -> None:
    known = {name for _path, option in walk(main) for name in option.opts if name.startswith("--")} - {"--version"}
    assert known - {"--verbose"} <= VALUES.keys()
    assert VALUES.keys() <= known


@pytest.mark.parametrize(("command", "option"), [*options()])
def test_every_option_makes_a_valid_configuration_and_leaves_a_trace_in_it(command: str, option: str) -> None:
    place = [] if command in ("build", "demo") else ["site"]
    before = [*place, NEEDS[option], "cat.jpg"] if option in NEEDS else place
    config = configuration(command, *before, option, *VALUES[option])
    if option not in RUN:
        assert config != configuration(command, *before)


def test_all_options_together_make_a_valid_configuration() -> None:
    words = [word for command, option in options() if command == "build" for word in (option, *VALUES[option])]
    config = configuration("build", *words)
    assert config.size == (224, 320)
    assert config.optimization.layers == ("conv1", "block2_*")


def test_layers_reach_every_artifact_that_draws_layers_and_no_count() -> None:
    config = configuration("build", "--layers", "conv1,block2_*")
    told = {artifact.name: getattr(artifact, "layers") for _chapter, artifact in config.chosen() if hasattr(artifact, "layers")}  # noqa: B009
    assert {"filter_images", "activation_maps", "activation_heatmaps", "dense_layers"} <= told.keys()
    assert set(told.values()) == {("conv1", "block2_*")}


def test_classes_reach_the_prediction_and_the_maps() -> None:
    config = configuration("build", "--classes", "4")
    told = {artifact.name: getattr(artifact, "classes") for _chapter, artifact in config.chosen() if hasattr(artifact, "classes")}  # noqa: B009
    assert told == {"prediction": 4, "class_images": 4}
    assert config.attention.classes == 4


def test_templates_may_be_given_to_a_rendering(tmp_path: Path) -> None:
    assert configuration("render", "site", "--templates", str(tmp_path)).templates == (tmp_path,)
