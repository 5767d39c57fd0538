"""The command line: what it answers, its exit codes, and that nobody ever sees a traceback."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from reportgen.labs import demo_files
from reportgen.report import codec
from tests.render.sample_report import sample_report

FAST = ["--language", "en", "--format", "json"]


def reportgen(*arguments: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as its user does."""
    return subprocess.run(
        [sys.executable, "-m", "reportgen", *map(str, arguments)], cwd=folder, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, check=False, env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **environment},
    )


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """What the user reads; never a traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("verb", ["", "build", "demo", "render", "inspect", "artifacts", "train", "init", "doctor", "config", "check", "serve"])
def test_every_verb_explains_itself(tmp_path: Path, verb: str) -> None:
    done = reportgen(*([verb] if verb else []), "--help", folder=tmp_path)
    told(done, 0)
    assert "Usage:" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["buidl"], 2, "Did you mean 'build'?"),
        (["build"], 2, "Name a model"),
        (["build", "--nonsense"], 2, "--nonsense"),
        (["build", "--model", "no.keras"], 3, "no.keras: there is no such file"),
        (["build", "--model", "vgg61", "--no-cache"], 3, "vgg61"),
        (["build", "none.toml"], 3, "none.toml: the configuration cannot be read"),
        (["build", "bad.toml"], 2, "Did you mean 'model'?"),
        (["build", "--model", "text.keras", "--no-cache"], 3, "text.keras"),
        (["build", "--model", "lab:texture-unet", "--image", "text.png", "--no-cache"], 3, "text.png: the image cannot be read"),
        (["build", "--model", "lab:texture-unet", "--image", "no.png"], 3, "no.png"),
        (["build", "--model", "lab:texture-unet", "--artifacts", "gradcam2"], 2, "There is no artifact 'gradcam2'"),
        (["build", "--model", "lab:texture-unet", "-o", "thesis"], 2, "was not made by reportgen"),
        (["build", "--model", "lab:texture-unet", "--labels", "no.json", "--image", "lab:texture-1.png"], 3, "no.json"),
        (["build", "--model", "lab:cifar10-cnn", "--image", "lab:shape-1.png", "--target", "zebra"], 2, "The target 'zebra'"),
        (["build", "--model", "lab:cifar10-cnn", "--image", "lab:shape-1.png", "--cam-layer", "conv9"], 2, "'conv9'"),
        (["build", "--model", "lab:cifar10-cnn", "--mask", "m.png"], 2, "more values of --mask than images"),
        (["train", "cifar10-cnn", "--data", "imagenet"], 2, "imagenet"),
        (["build", "--model", "lab:cifar10-cnn", "--effort", "lazy"], 2, "'lazy'"),
        (["render", "none"], 3, "no report can be read"),
        (["train", "texture"], 2, "Did you mean 'texture-unet'?"),
        (["init", "bad.toml"], 2, "is left as it is"),
        (["inspect", "no.keras"], 3, "no.keras"),
        (["build", "--model", "vgg61", "--dry-run"], 3, "vgg61"),
        (["build", "--model", "text.keras", "--dry-run"], 3, "text.keras"),
        (["build", "--model", "texture-unet"], 3, "Did you mean 'lab:texture-unet'?"),
        (["build", "--model", "Cifar10_cnn", "--dry-run"], 3, "Did you mean 'lab:cifar10-cnn'?"),
    ],
)
def test_bad_input_gets_one_sentence_and_its_code(tmp_path: Path, arguments: list[str], code: int, part: str) -> None:
    (tmp_path / "bad.toml").write_text("[modle]\nfile = 'x'\n")
    (tmp_path / "text.keras").write_text("not a model")
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    assert part in told(reportgen(*arguments, folder=tmp_path), code)
    assert not (tmp_path / "site").exists()
    assert not list(tmp_path.glob(".site*"))


def test_errors_lead_to_their_page(tmp_path: Path) -> None:
    assert "docs/errors.md#file-missing" in told(reportgen("build", "--model", "no.keras", folder=tmp_path), 3)


def test_artifacts_and_schema_are_json(tmp_path: Path) -> None:
    catalogue = json.loads(reportgen("artifacts", "--json", folder=tmp_path).stdout)
    assert catalogue["filter_images"]["parameters"]["channels"] == 0
    assert "artifacts" in json.loads(reportgen("config", "schema", folder=tmp_path).stdout)["properties"]
    assert "filter_images" in reportgen("artifacts", folder=tmp_path).stdout


def test_init_writes_a_configuration_to_fill_in(tmp_path: Path) -> None:
    told(reportgen("init", folder=tmp_path), 0)
    assert "[lab]" in (tmp_path / "lab.toml").read_text(encoding="utf-8")
    assert "титульний аркуш" in (tmp_path / "lab.toml").read_text(encoding="utf-8")
    told(reportgen("init", "en.toml", "--language", "en", folder=tmp_path), 0)
    assert "the cover page" in (tmp_path / "en.toml").read_text(encoding="utf-8")


def test_doctor_finds_everything_in_order(tmp_path: Path) -> None:
    done = reportgen("doctor", folder=tmp_path)
    told(done, 0)
    assert "Pango is there" in done.stdout


@pytest.mark.tf
def test_build_render_and_again(tmp_path: Path) -> None:
    files = demo_files()
    log = tmp_path / "build.log"
    command = ["--log-file", log, "build", "--model", files.model, "--image", files.images[0], "--artifacts", "summary,prediction", *FAST]
    told(reportgen(*command, folder=tmp_path), 0)
    assert (tmp_path / "site" / "report.json").is_file()
    assert "Nothing has changed" in told(reportgen(*command, folder=tmp_path), 0)
    for part in ("model: texture-unet.keras (sha256 ", "Summary (", "The report is in ", "Nothing has changed"):
        assert part in log.read_text(encoding="utf-8")
    told(reportgen("render", "site", "--language", "uk", "--format", "html", "-o", "seite", folder=tmp_path), 0)
    assert "Передбачення" in (tmp_path / "seite" / "uk" / "prediction.html").read_text(encoding="utf-8")
    told(reportgen("render", "seite", "--profile", "kpi", folder=tmp_path), 0)
    assert not list((tmp_path / "seite").glob("report.??.*")), "in its own folder it is made as it was"
    assert not (tmp_path / "seite" / "en").exists()


@pytest.mark.parametrize("arguments", [["artifacts"], ["build"]])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_change_nothing(tmp_path: Path, arguments: list[str], closed: str) -> None:
    command = shlex.join([sys.executable, "-m", "reportgen", *arguments])
    plain = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    done = subprocess.run(["sh", "-c", f"{command} {closed}"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == plain.returncode
    assert done.stdout == ("" if ">&-" in closed.split() else plain.stdout)
    assert done.stderr == ("" if "2>&-" in closed.split() else plain.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    def run(arguments: str) -> str:
        done = subprocess.run(["sh", "-c", f"{shlex.quote(sys.executable)} -m reportgen {arguments}"], cwd=tmp_path,
                              capture_output=True, text=True, check=False)
        return told(done, 4)

    quiet = reportgen("--log-file", "/dev/full", "-v", "build", "--model", "none.keras", folder=tmp_path)
    assert "none.keras: there is no such file" in told(quiet, 3)
    assert run("artifacts >/dev/full") == (
        "Error: What was to be said cannot be written (No space left on device).\n"
        "       Make room on the disk.\n       See docs/errors.md#disk-full\n"
    )


@pytest.mark.parametrize("command", [["init", "/proc/lab.toml"], ["init", "none/lab.toml"], ["init", "small.toml"],
                                     ["train", "texture-unet", "-o", "/proc/unet.keras"]])
def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path: Path, command: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 1; exec {shlex.join([sys.executable, '-B', '-m', 'reportgen', *command])}"], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )
    assert f"{command[-1]}: the file cannot be written there" in told(done, 2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("home", ["/proc/nowhere", None])
def test_without_a_usable_home_the_build_goes_on_without_a_cache(tmp_path: Path, home: str | None) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": "", "HOME": home or ""}
    unknown = "import os, pwd, runpy, sys\n" + (
        "def nobody(number): raise KeyError(number)\n"  # a user without an entry, as in many containers
        "pwd.getpwuid = nobody; del os.environ['HOME']\n" if home is None else ""
    ) + "sys.argv[0] = 'reportgen'; runpy.run_module('reportgen', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", unknown, "build", "--model", "lab:texture-unet", "--artifacts", "summary", "--dry-run"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )
    assert "The build goes on without one" in told(done, 0)
    assert "summary" in done.stdout


def test_without_a_usable_home_nothing_is_said_while_rendering(tmp_path: Path) -> None:
    codec.save(sample_report(), tmp_path / "saved")
    (tmp_path / "tmp").mkdir()
    homes = {name: "/proc/nowhere" for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    done = reportgen("-q", "render", "saved", "-o", "out", "--language", "en", "--format", "html", "--format", "pdf", folder=tmp_path,
                     TMPDIR=str(tmp_path / "tmp"), MPLCONFIGDIR="", **homes)
    assert told(done, 1) == "Failed: dream: DivisionByZero: 0 / 0\n", "-q keeps the steps, which come with time, away"
    assert [path.name for path in (tmp_path / "tmp").glob("*/*")] == ["fonts"]


@pytest.mark.tf
def test_environment_stands_between_command_line_and_file(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('language = "uk"\nselect = "summary"\n[model]\nfile = "lab:texture-unet"\n')
    environment = {"REPORTGEN_BUILD_LANGUAGES": "en", "REPORTGEN_BUILD_FORMATS": "html"}
    told(reportgen("build", "lab.toml", folder=tmp_path, **environment), 0)
    assert [path.name for path in (tmp_path / "site").iterdir() if path.name in ("uk", "en")] == ["en"]
    told(reportgen("build", "lab.toml", "--language", "uk", folder=tmp_path, **environment), 0)
    assert [path.name for path in (tmp_path / "site").iterdir() if path.name in ("uk", "en")] == ["uk"]


@pytest.mark.tf
def test_inspect_tells_what_can_be_drawn(tmp_path: Path) -> None:
    done = reportgen("inspect", "lab:texture-unet", "--json", folder=tmp_path)
    told(done, 0)
    facts = json.loads(done.stdout)
    assert [layer["name"] for layer in facts["layers"]][:2] == ["image", "enc_conv1_1"]
    assert facts["artifacts"]["filter_images"] == ""
    assert facts["artifacts"]["dense_layers"] != ""
    assert facts["asks_for"] == []


@pytest.mark.tf
def test_when_native_code_dies_one_sentence_is_left_and_the_old_report(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import os, signal, keras\n"
        "@keras.saving.register_keras_serializable('own')\n"
        "class Falling(keras.layers.Layer):\n"
        "    def call(self, values):\n"
        "        if os.environ.get('FALL'):\n"
        "            os.kill(os.getpid(), signal.SIGSEGV)\n"
        "        return values\n"
    )
    script = (
        "import keras, own\n"
        "keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3), own.Falling()]).save('falling.keras')"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True)
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    command = [
        "build", "--model", "falling.keras", "--image", "red.png", "--custom", "own.py:Falling", "--no-cache", *FAST
    ]
    told(reportgen(*command, folder=tmp_path), 0)
    before = (tmp_path / "site" / "report.json").read_bytes()
    text = told(reportgen(*command, "--force", folder=tmp_path, FALL="1"), 4)
    assert "native code broke down (SIGSEGV)" in text
    assert (tmp_path / "site" / "report.json").read_bytes() == before


@pytest.mark.tf
def test_kill_9_during_a_build_leaves_the_old_site_and_no_process(tmp_path: Path) -> None:
    files = demo_files()
    command = ["build", "--model", str(files.model), "--image", str(files.images[0]), "--artifacts", "summary,input", "--no-cache"]
    told(reportgen(*command, "--format", "html", folder=tmp_path), 0)
    before = {path: path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.is_file()}
    process = subprocess.Popen(
        [sys.executable, "-m", "reportgen", *command, "--title", "Another"], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(tmp_path.glob(".site.building/new-*/report.json")):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert {path: path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.is_file()} == before
    told(reportgen(*command, "--title", "Another", "--format", "html", folder=tmp_path), 0)
    assert "Another" in (tmp_path / "site" / "index.html").read_text()
    assert not list(tmp_path.glob(".site*"))


@pytest.mark.tf
def test_a_stopped_run_says_what_is_kept_and_goes_on_there(tmp_path: Path) -> None:
    command = ["build", "--model", "lab:cifar10-cnn", "--image", "lab:shape-1.png", "--artifacts", "summary,optimal_inputs",
               "--cache", "cache", *FAST]
    process = subprocess.Popen(
        [sys.executable, "-m", "reportgen", *command, "--effort", "thorough"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and not list(tmp_path.glob("cache/arrays/*.npz")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _out, said = process.communicate()
    assert process.returncode == 130
    assert "1 of 2 sections and every optimized image that was finished are in the cache" in said
    assert "Missing: optimal_inputs." in said
    assert "Traceback" not in said
    assert not (tmp_path / "site").exists()
    assert list(tmp_path.glob("cache/arrays/*.npz"))


def test_what_would_be_made_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    done = reportgen("demo", "--dry-run", "--no-cache", "--format", "json", folder=tmp_path)
    told(done, 0)
    assert "of them in the cache 0." in done.stdout
    assert "To be made: summary, " in done.stdout
    assert not (tmp_path / "site").exists()


def test_every_value_of_a_configuration_is_shown_with_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('title = "T"\nmodel = "m.keras"\n[lab]\ntopic = "X"\n', encoding="utf-8")
    done = reportgen("config", "show", "lab.toml", "--json", folder=tmp_path)
    told(done, 0)
    rows = {row["name"]: (row["value"], row["origin"]) for row in json.loads(done.stdout)}
    assert rows["title"] == ('"T"', "lab.toml")
    assert rows["lab.topic"] == ('"X"', "lab.toml")
    assert rows["lab.number"] == ('""', "default")
    assert rows["model.file"][1] == "lab.toml"


def test_the_steps_are_logged_into_a_file(tmp_path: Path) -> None:
    command = ["-q", "--log-file", "x.log", "build", "--model", "lab:texture-unet", "--image", "lab:texture-1.png",
               "--artifacts", "summary", "-o", "thesis"]
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    told(reportgen(*command, folder=tmp_path), 2)
    log = (tmp_path / "x.log").read_text(encoding="utf-8")
    assert "build --model lab:texture-unet" in log, "what was asked for"
    assert "Error: " in log, "what was told"
    assert "was not made by reportgen" in log
    assert "the log cannot be written there" in told(reportgen("--log-file", "no/x.log", "artifacts", folder=tmp_path), 2)


def test_quiet_says_nothing(tmp_path: Path) -> None:
    done = reportgen("-q", "init", folder=tmp_path)
    assert (told(done, 0), done.stdout) == ("", "")
