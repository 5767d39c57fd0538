"""What must be refused is refused by the command line itself, before the process with TensorFlow is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from reportgen import build
from reportgen.config import read_config, validate
from reportgen.errors import InputError
from reportgen.probe import known
from reportgen.store import Store
from tests.probe import models

PLAIN = models.new_layer("Conv2D", {"name": "conv", "filters": 2, "kernel_size": [3, 3]})


def model(folder: Path) -> Path:
    return models.write_keras(folder / "plain.keras", models.new_sequential(PLAIN))


def picture(folder: Path) -> Path:
    path = folder / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)).save(path)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-200])
    return path


def written(path: Path, data: bytes = b"") -> Path:
    path.write_bytes(data)
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def table(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["people/age"] = np.arange(5)
        file["people/height"] = np.arange(5.0)
        file["people/name"] = ["Оля", "Іван", "Ada", "Bo", "Cy"]
        file["ids"] = np.arange(5)
    return path


def weights(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        models.write_legacy_weights(file, {"conv": [np.zeros((3, 3, 3, 2), "float32")]})
    return path


def foreign(path: Path) -> Path:
    return models.write_keras(path, models.new_sequential(PLAIN, models.new_layer("Lambda", {"name": "evil"})))


def architecture(path: Path) -> Path:
    config = models.new_sequential(models.new_layer("Lambda", {"name": "evil"}))
    return written(path, json.dumps(config).encode())


CASES: dict[str, tuple[Callable[[Path], dict[str, Any]], str, str]] = {
    "empty model": (lambda folder: {"model": written(folder / "m.keras")}, "model-not-model", "empty"),
    "no model there": (lambda folder: {"model": folder / "none.keras"}, "file-missing", "no such file"),
    "text for a model": (lambda folder: {"model": written(folder / "m.h5", b"hello")}, "model-not-model", "not a model"),
    "damaged model": (lambda folder: {"model": cut(model(folder))}, "model-damaged", "damaged"),
    "foreign class": (lambda folder: {"model": foreign(folder / "m.keras")}, "model-refused", "Lambda"),
    "weights alone": (lambda folder: {"model": weights(folder / "w.h5")}, "weights-alone", "weights alone"),
    "data table": (lambda folder: {"model": table(folder / "t.h5")}, "model-not-model", "data ('ids', 'people')"),
    "pipe for a model": (lambda folder: {"model": pipe(folder / "m.keras")}, "model-unreadable", "a pipe"),
    "folder for a model": (lambda folder: {"model": folder}, "model-not-model", "a folder"),
    "device for a model": (lambda folder: {"model": Path("/dev/zero")}, "model-unreadable", "a device"),
    "foreign architecture": (
        lambda folder: {"model": weights(folder / "w.h5"), "architecture": architecture(folder / "a.json")},
        "model-refused", "Lambda",
    ),
    "unknown network": (lambda folder: {"model": Path("vgg166")}, "model-unknown", "Did you mean 'vgg16'"),
    "empty picture": (lambda folder: {"image": written(folder / "p.png")}, "image-unreadable", "empty"),
    "cut picture": (lambda folder: {"image": cut(picture(folder))}, "image-unreadable", "cut short"),
    "no picture there": (lambda folder: {"image": folder / "none.png"}, "file-missing", "no such file"),
    "folder for a picture": (lambda folder: {"image": folder}, "file-missing", "a folder"),
    "pipe for a picture": (lambda folder: {"image": pipe(folder / "p.png")}, "file-missing", "a pipe"),
    "cut mask": (lambda folder: {"mask": cut(picture(folder))}, "image-unreadable", "cut short"),
    "device for a mask": (lambda folder: {"mask": Path("/dev/zero")}, "file-missing", "a device"),
    "start that is none": (lambda folder: {"start": written(folder / "s.png", b"x")}, "image-unreadable", "not an image"),
    "name that is too long": (lambda folder: {"image": folder / ("x" * 5000)}, "file-missing", "too long"),
    "name with a zero byte": (lambda folder: {"mask": Path("a\0b.png")}, "file-missing", "no file can have this name"),
    "pipe for labels": (lambda folder: {"labels": pipe(folder / "l.txt")}, "file-missing", "a pipe"),
    "labels that are none": (lambda folder: {"labels": written(folder / "l.json", b"[1]")}, "labels-unreadable", "names"),
    "code that is not there": (lambda folder: {"custom": f"{folder / 'none.py'}:Mine"}, "custom-unreadable", "no file"),
    "code without a name": (lambda folder: {"custom": str(written(folder / "c.py"))}, "custom-unreadable", "look like"),
    "pipe for code": (lambda folder: {"custom": f"{pipe(folder / 'c.py')}:Mine"}, "custom-unreadable", "a pipe"),
}


def asked(folder: Path, *, model: Path, image: Path, mask: Path | None = None, labels: Path | None = None,
          custom: str = "", start: str = "noise", architecture: Path | None = None) -> dict[str, Any]:
    """A configuration as plain data."""
    return {
        "model": {"file": str(model), "custom": [custom] if custom else [], "architecture": architecture},
        "image": [{"file": str(image), "mask": mask}], "labels": labels or (), "folder": str(folder / "site"),
        "optimization": {"start": str(start)}, "select": ("overview",), "outputs": ("json",),
    }


@pytest.mark.parametrize("case", CASES)
def test_it_is_told_before_tensorflow_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    make, slug, words = CASES[case]
    started: list[object] = []
    monkeypatch.setattr(build, "look_apart", lambda *args: started.append(args))
    monkeypatch.setattr(build, "Crew", lambda *args: started.append(args))
    wishes = {"model": model(tmp_path), "image": picture(tmp_path), **make(tmp_path)}
    with pytest.raises(InputError) as told:
        build.build_site(validate(asked(tmp_path, **wishes), "test"), Store(tmp_path / "cache"))
    assert not started
    assert slug == told.value.slug
    assert words in told.value.message
    assert "\n" not in told.value.message
    assert not (tmp_path / "site").exists()


def test_what_is_fine_goes_on_to_the_process_with_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class StartedError(Exception):
        pass

    def start(*_args: object) -> None:
        raise StartedError

    monkeypatch.setattr(build, "look_apart", start)
    wishes = asked(tmp_path, model=model(tmp_path), image=picture(tmp_path), mask=picture(tmp_path))
    with pytest.raises(StartedError):
        build.build_site(validate(wishes, "test"), Store(tmp_path / "cache"), jobs=1)


def test_a_pipe_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a pipe, not a file") as told:
        read_config(pipe(tmp_path / "lab.toml"), {})
    assert told.value.slug == "config-unreadable"


def test_a_model_of_an_impossible_name_is_told(tmp_path: Path) -> None:
    for name in ("x" * 5000, "x" * 5000 + ".keras", "a\0b.keras"):
        (tmp_path / "lab.toml").write_text(f"model = {json.dumps(name)}\nselect = 'summary'\n")
        with pytest.raises(InputError) as told:
            build.build_site(read_config(tmp_path / "lab.toml", {}), Store(None))
        assert told.value.slug in ("model-unreadable", "file-missing", "model-unknown")


def test_the_command_line_loads_little_to_refuse_a_file(tmp_path: Path) -> None:
    path = written(tmp_path / "m.keras")
    script = (
        "import sys; from reportgen import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'weasyprint', 'jinja2', 'babel'} & set(sys.modules)\n"
        "print(code, *sorted(heavy))"
    )
    for arguments in (
        ["build", "--model", str(path), "--no-cache"], ["inspect", str(path)], ["inspect", "vgg166"],
        ["inspect", str(weights(tmp_path / "w.h5"))],
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        assert done.stdout.split() == ["3"], done.stdout + done.stderr


def test_known_networks_are_let_through_however_they_are_written() -> None:
    for name in ("vgg16", "VGG16", "MobileNetV3Small", "efficientnetv2-b0", "convnext_tiny", "mobilenet_1.00_224"):
        known.check_name(name)
