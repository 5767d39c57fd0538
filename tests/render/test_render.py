"""From a report to a folder: complete, the same every time, without TensorFlow."""

from __future__ import annotations

import errno
import hashlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen import formats, plugins
from reportgen import render as rendering
from reportgen.errors import ReportgenError, UsageError
from reportgen.manifest import role
from reportgen.render import Output, render, steps_of
from reportgen.report import codec
from reportgen.watching import Watcher
from tests.render.sample_report import sample_report

LIGHT = ("html", "markdown", "json")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    render(sample_report(), folder, languages=("uk", "en"), formats=LIGHT)
    return folder


def test_the_folder_has_what_the_contract_says(folder: Path) -> None:
    names = set(contents(folder))
    assert {
        "index.html",
        "uk/index.html",
        "en/index.html",
        "report.json",
        "manifest.json",
        "summary.uk.md",
        "summary.en.md",
        "static/site.css",
        "static/site.js",
    } <= names
    assert "static/lab.css" not in names
    assert codec.dumps(codec.load(folder)) == codec.dumps(sample_report())


def test_the_manifest_lists_every_file_with_its_digest_size_and_role(folder: Path) -> None:
    found = contents(folder)
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["generator"] == "reportgen"
    listed = manifest["files"]
    assert [file["path"] for file in listed] == sorted(found)
    for file in listed:
        data = found[file["path"]]
        assert (file["sha256"], file["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    roles = {file["path"]: file["role"] for file in listed}
    assert (roles["index.html"], roles["report.json"], roles["summary.uk.md"]) == ("page", "report", "summary")
    assert "other" not in roles.values()


def test_the_roles_of_all_kinds_of_file() -> None:
    names = (
        "report.uk.pdf",
        "results/filters_conv1.png",
        "assets/0.png",
        "static/site.css",
        "uk/a.html",
        "stray.bin",
    )
    assert [role(name) for name in names] == ["document", "figure", "picture", "theme", "page", "other"]


class Told(Watcher):
    """Remembers what is finished."""

    def __init__(self) -> None:
        self.finished: list[str] = []

    def finish(self, name: str) -> None:
        self.finished.append(name)


def test_two_folders_and_two_processes_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "інша папка"
    told = Told()
    render(
        sample_report(),
        other,
        languages=("uk", "en"),
        formats=LIGHT,
        jobs=2,
        watcher=told,
    )
    assert contents(other) == contents(folder)
    assert sorted(told.finished) == ["html en", "html uk", "markdown en", "markdown uk"]
    assert sorted(step.name for step in steps_of(("uk", "en"), LIGHT)) == sorted(told.finished)


def test_the_hash_seed_and_the_time_zone_do_not_matter(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from reportgen.render import render; from reportgen.report import codec\n"
        f"render(codec.load(Path(sys.argv[1])), Path(sys.argv[2]), languages=('uk', 'en'), formats={LIGHT!r});"
        "bad = {'tensorflow', 'keras', 'h5py', 'weasyprint'} & set(sys.modules); assert not bad, bad"
    )
    environment = {
        "PYTHONHASHSEED": "7",
        "TZ": "Pacific/Apia",
        "LC_ALL": "C",
        "PATH": "",
        "PYTHONPATH": ":".join(sys.path),
    }
    subprocess.run([sys.executable, "-c", code, str(folder), str(tmp_path / "b")], check=True, env=environment)
    assert contents(tmp_path / "b") == contents(folder)


@pytest.mark.parametrize(
    "module", ["reportgen.render", "reportgen.render.html", "reportgen.render.pdf", "reportgen.render.figures"]
)
def test_no_renderer_loads_tensorflow(module: str) -> None:
    code = f"import sys, {module}; assert not {{'tensorflow', 'keras'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": "", "PYTHONPATH": ":".join(sys.path)})


def test_the_users_style_sheet_replaces_the_empty_one(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "static").mkdir(parents=True)
    (own / "static" / "custom.css").write_text("p { color: red }")
    (own / "static" / "logo.png").write_bytes(b"x")
    render(sample_report(), tmp_path / "out", languages=("en",), formats=("html",), templates=(own,))
    assert (tmp_path / "out" / "static" / "custom.css").read_text() == "p { color: red }"
    assert (tmp_path / "out" / "static" / "logo.png").exists()
    assert (tmp_path / "out" / "static" / "site.css").exists()


@pytest.mark.parametrize(
    ("languages", "formats", "slug"),
    [
        (("fr",), ("html",), "unknown-language"),
        (("en",), ("docx",), "unknown-format"),
        ((), ("html",), "unknown-language"),
        (("en",), (), "unknown-format"),
    ],
)
def test_what_is_not_known_is_said_before_anything_is_written(languages, formats, slug, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as problem:
        render(sample_report(), tmp_path, languages=languages, formats=formats)
    assert problem.value.slug == slug
    assert not list(tmp_path.iterdir())


def told_apart(report: object, output: Output, templates: object = ()) -> None:
    (output.folder / f"{output.language}.txt").write_text("x")


@pytest.fixture
def brings(monkeypatch: pytest.MonkeyPatch):
    def install(**values: str) -> None:
        entries = [importlib.metadata.EntryPoint(name, value, plugins.RENDERERS) for name, value in values.items()]
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries)
        forget()

    def forget() -> None:
        plugins.offered.cache_clear()
        rendering._brought.cache_clear()

    yield install
    forget()


def test_a_package_may_add_a_format(brings, tmp_path: Path) -> None:
    brings(text=f"{__name__}:told_apart")
    render(sample_report(), tmp_path, languages=("uk", "en"), formats=("text",))
    assert {"uk.txt", "en.txt"} <= set(contents(tmp_path))


@pytest.mark.parametrize("value", ["nowhere_at_all:f", f"{__name__}:LIGHT", "builtins:len", f"{__name__}:stumbles", "nothing"])
def test_a_broken_plugin_is_one_clear_error_for_who_needs_it(value: str, brings, tmp_path: Path) -> None:
    brings(text=value)
    render(sample_report(), tmp_path / "other", languages=("en",), formats=("markdown",))
    with pytest.raises(UsageError, match="'text'") as problem:
        render(sample_report(), tmp_path, languages=("en",), formats=("text",))
    assert problem.value.slug == "plugin-broken"


def stumbles(report: object, output: Output, templates: object = ()) -> None:
    raise KeyError("on purpose")


def fills_the_disk(report: object, output: Output, templates: object = ()) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_no_fault_of_a_plugin(brings, tmp_path: Path) -> None:
    brings(text=f"{__name__}:fills_the_disk")
    with pytest.raises(OSError, match="No space left"):
        render(sample_report(), tmp_path, languages=("en",), formats=("text",))


def test_a_plugin_cannot_take_the_place_of_what_comes_with_the_tool(brings, tmp_path: Path) -> None:
    brings(markdown=f"{__name__}:told_apart")
    render(sample_report(), tmp_path, languages=("en",), formats=("markdown",))
    assert "en.txt" not in contents(tmp_path)
    assert formats.known() == formats.BUILT_IN


def test_two_packages_with_one_name_are_told(monkeypatch: pytest.MonkeyPatch, brings, tmp_path: Path) -> None:
    brings()
    entries = [importlib.metadata.EntryPoint("text", f"{__name__}:{name}", plugins.RENDERERS) for name in ("told_apart", "stumbles")]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries)
    plugins.offered.cache_clear()
    with pytest.raises(UsageError, match="brings one of the same name"):
        render(sample_report(), tmp_path, languages=("en",), formats=("text",))


def test_an_error_in_a_worker_arrives_whole(tmp_path: Path) -> None:
    own = tmp_path / "own" / "site"
    own.mkdir(parents=True)
    (own / "index.html.j2").write_text("{{ nothing }}")
    with pytest.raises(ReportgenError) as problem:
        render(
            sample_report(),
            tmp_path / "out",
            languages=("uk", "en"),
            formats=("html",),
            templates=(own.parent,),
            jobs=2,
        )
    assert problem.value.slug == "template-broken"
    assert problem.value.hint
    assert not (tmp_path / "out" / "manifest.json").exists()
