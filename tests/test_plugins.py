"""Installed packages bring artifacts and formats, which are used like those that come with the tool."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from reportgen import catalogue, plugins
from reportgen.artifacts.base import ModelArtifact
from reportgen.cli import main
from reportgen.config import validate
from reportgen.errors import UsageError
from reportgen.options import wishes_of
from reportgen.report import codec
from reportgen.report.blocks import Block, Fact
from reportgen.run import Look, check_layers, look
from reportgen.study import Study
from reportgen.text import Message, _
from tests.plugin_package import ARTIFACT, announce, install
from tests.render.sample_report import sample_report
from tests.test_cli import told


def reportgen(*arguments: object, folder: Path, packages: Path) -> subprocess.CompletedProcess[str]:
    """Run the program where these packages are installed."""
    path = os.pathsep.join([str(packages), *filter(None, [os.environ.get("PYTHONPATH"), str(Path(__file__).parent.parent)])])
    return subprocess.run(
        [sys.executable, "-B", "-m", "reportgen", *map(str, arguments)], cwd=folder, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": path},
    )


def break_with(packages: Path, line: str) -> None:
    """Have the modules of the package do something else than what they are for."""
    for module in ("own_looks/__init__.py", "own_format.py"):
        (packages / module).write_text(line)


def test_what_a_package_brings_is_listed_with_the_rest(tmp_path: Path) -> None:
    packages = install(tmp_path / "packages")
    listed = json.loads(reportgen("artifacts", "--json", folder=tmp_path, packages=packages).stdout)
    assert listed["brightness"]["group"] == "filters"
    assert listed["brightness"]["package"] == "own-looks 1.2"
    assert listed["brightness"]["parameters"] == {"least": 0.0, "layers": []}
    assert list(listed).index("brightness") == list(listed).index("filter_statistics") + 1, "the last of its chapter"
    assert "(own-looks 1.2)" in reportgen("artifacts", folder=tmp_path, packages=packages).stdout
    schema = json.loads(reportgen("config", "schema", folder=tmp_path, packages=packages).stdout)
    assert "least" in schema["properties"]["artifacts"]["properties"]["brightness"]["properties"]
    assert "text" in schema["properties"]["outputs"]["items"]["enum"]


def test_help_names_a_format_and_imports_no_plugin(tmp_path: Path) -> None:
    packages = install(tmp_path / "packages")
    break_with(packages, f"open({str(tmp_path / 'imported')!r}, 'w')\n")
    done = reportgen("build", "--help", folder=tmp_path, packages=packages)
    told(done, 0)
    assert "|text]" in "".join(done.stdout.split())
    told(reportgen("--help", folder=tmp_path, packages=packages), 0)
    told(reportgen("build", "--format", "txt", folder=tmp_path, packages=packages), 2)
    assert not (tmp_path / "imported").exists()


def test_a_shell_offers_the_formats() -> None:
    (option,) = (one for one in main.commands["build"].params if "--format" in one.opts)
    context = main.commands["build"].make_context("build", ["--model", "vgg16"])
    assert [item.value for item in option.shell_complete(context, "m")] == ["markdown"]


def test_the_command_line_starts_without_looking_for_packages() -> None:
    script = "import sys, reportgen.cli; sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path += {sys.path!r}; {script}"], check=False).returncode == 0


def test_a_package_says_its_words_in_ukrainian_and_changes_none_of_ours(tmp_path: Path) -> None:
    packages = install(tmp_path / "packages")
    script = (
        "from reportgen.render.language import Speaker; from reportgen.text import _\n"
        "for text in (_('How bright the image is'), _('Summary'), _('Mean')): print(Speaker('uk').say(text))"
    )

    def said() -> list[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(packages), *sys.path]), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True, env=environment)
        return done.stdout.splitlines()

    assert said() == ["Яскравість зображення", "Підсумок", "Середнє"], "ours comes first"
    (packages / "own_looks" / "locale" / "uk.po").write_text('msgid "unfinished')
    assert said()[0] == "How bright the image is"


@pytest.mark.tf
def test_a_package_takes_part_in_a_build(tmp_path: Path) -> None:
    packages = install(tmp_path / "packages")
    Image.new("RGB", (32, 32), (51, 51, 51)).save(tmp_path / "dark.png")
    (tmp_path / "lab.toml").write_text(
        'model = "lab:cifar10-cnn"\nimage = "dark.png"\nselect = ["summary", "brightness"]\noutputs = ["json", "text"]\n'
        "[artifacts.brightness]\nleast = 0.1\n"
    )
    command = ("build", "lab.toml", "--language", "en")
    assert "The report is in site/report.json" in told(reportgen(*command, folder=tmp_path, packages=packages), 0)
    report = codec.load(tmp_path / "site")
    assert [section.name for section in report.sections] == ["summary", "brightness"]
    assert ("own-looks", "1.2") in report.provenance.versions
    assert "[artifacts.brightness]\nleast = 0.1" in report.provenance.settings
    assert "brightness brightness 0.2" in (tmp_path / "site" / "facts.en.text").read_text()
    assert "Nothing has changed" in told(reportgen(*command, folder=tmp_path, packages=packages), 0)

    told(reportgen("render", "site", folder=tmp_path, packages=packages), 0)
    assert (tmp_path / "site" / "facts.en.text").is_file(), "in its own folder it is made as it was"

    def to_be_made() -> str:
        return reportgen(*command, "--dry-run", folder=tmp_path, packages=packages).stdout

    assert "of them in the cache 2" in to_be_made()
    (packages / "own_looks" / "bright.py").write_text(ARTIFACT.replace("mean())", "max())"))
    assert "To be made: brightness." in to_be_made()
    announce(packages, "1.3")
    told(reportgen(*command, folder=tmp_path, packages=packages), 0)
    assert ("own-looks", "1.3") in codec.load(tmp_path / "site").provenance.versions
    (packages / "own_format.py").write_text((packages / "own_format.py").read_text().replace("facts.", "all."))
    told(reportgen(*command, folder=tmp_path, packages=packages), 0)
    assert (tmp_path / "site" / "all.en.text").is_file(), "another code of a format is another output"


def test_a_broken_package_stops_who_needs_or_lists_it_and_nobody_else(tmp_path: Path) -> None:
    packages = install(tmp_path / "packages")
    break_with(packages, "raise ImportError('a library that is missing')\n")
    codec.save(sample_report(), tmp_path / "saved")
    few = ("build", "--model", "lab:cifar10-cnn", "--dry-run", "--layers", "conv1")
    told(reportgen("render", "saved", "-o", "out", "--format", "markdown", folder=tmp_path, packages=packages), 1)
    told(reportgen(*few, "--artifacts", "summary", folder=tmp_path, packages=packages), 0)
    for command in (
        ("artifacts",), ("config", "schema"), (*few, "--artifacts", "brightness"), (*few, "--artifacts", "filters"), few,
    ):
        said = told(reportgen(*command, folder=tmp_path, packages=packages), 2)
        assert said == (
            "Error: The artifact 'brightness' of the package own-looks 1.2 (own_looks.bright:Brightness) cannot be used:"
            " ImportError: a library that is missing.\n"
            "       Update or uninstall the package that brings it.\n       See docs/errors.md#plugin-broken\n"
        )
    said = told(reportgen("render", "saved", "-o", "other", "--format", "text", folder=tmp_path, packages=packages), 2)
    assert "The renderer 'text' of the package own-looks 1.2" in said
    assert not (tmp_path / "other").exists()
    examined = reportgen("doctor", folder=tmp_path, packages=packages)
    assert examined.returncode == 1
    assert "BAD  The artifact 'brightness'" in examined.stdout
    assert "BAD  The renderer 'text'" in examined.stdout


def test_a_report_with_a_format_that_is_no_longer_installed_tells_what_to_name(tmp_path: Path) -> None:
    packages = install(tmp_path / "packages")
    (packages / "own_looks" / "__init__.py").write_text("print('hello')\n")
    json.loads(reportgen("artifacts", "--json", folder=tmp_path, packages=packages).stdout)
    codec.save(sample_report(), tmp_path / "saved")
    command = ("render", "saved", "-o", "out", "--language", "en")
    told(reportgen(*command, "--format", "text", "--format", "markdown", folder=tmp_path, packages=packages), 1)
    said = told(reportgen("render", "out", folder=tmp_path, packages=tmp_path / "none"), 2)
    assert "'outputs' = \"text\": no format of this name comes with reportgen or with an installed package." in said
    assert (tmp_path / "out" / "facts.en.text").is_file()
    told(reportgen("render", "out", "--format", "markdown", folder=tmp_path, packages=tmp_path / "none"), 1)
    assert not (tmp_path / "out" / "facts.en.text").exists()


def code_of(folder: Path, name: str) -> set[str]:
    """The files that count as the code of what a package in a folder brings."""
    script = (
        "import sys; from reportgen import plugins; from reportgen.plugin_code import files_of\n"
        "(entry,) = plugins.offered(sys.argv[1])[sys.argv[2]]; home, files = files_of(entry)\n"
        "print(*(path.relative_to(home).as_posix() for path in files))"
    )
    group = plugins.ARTIFACTS if name == "brightness" else plugins.RENDERERS
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, group, name], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
    )
    return set(done.stdout.split())


def test_the_code_of_a_package_is_all_that_belongs_to_it(tmp_path: Path) -> None:
    packages = install(tmp_path / "packages")
    (packages / "own_helper.py").write_text("import own_other, numpy\n")
    (packages / "own_other.py").write_text("")
    (packages / "alien.py").write_text("")
    (packages / "own_format.py").write_text("def render(report, output, templates=()):\n    import own_helper\n")
    assert code_of(packages, "text") == {"own_format.py", "own_helper.py", "own_other.py"}
    assert code_of(packages, "brightness") == {"own_looks/__init__.py", "own_looks/bright.py", "own_looks/locale/uk.po"}

    (packages / "alien-1.0.dist-info").mkdir()
    assert code_of(packages, "text") == {"own_format.py"}, "among the packages of others only the list tells whose a module is"
    (packages / "own_looks.dist-info" / "RECORD").write_text("own_format.py,,\nown_helper.py,,\nown_looks/__init__.py,,\n")
    assert code_of(packages, "text") == {"own_format.py", "own_helper.py", "own_looks/__init__.py"}


@pytest.fixture
def brings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Have a package that brings artifacts of this module."""

    def forget() -> None:
        plugins.offered.cache_clear()
        catalogue._brought.cache_clear()

    def announce(**values: str) -> None:
        entries = [importlib.metadata.EntryPoint(name, f"{__name__}:{value}", plugins.ARTIFACTS) for name, value in values.items()]
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries if group == plugins.ARTIFACTS else [])
        forget()

    yield announce
    forget()


@dataclass(frozen=True)
class Good(ModelArtifact):
    """Nothing is wrong with it; `layers` are names."""

    name = "good"
    chapter = "overview"
    title = _("Summary")
    about = _("Summary")
    reading = _("Summary")
    layers: tuple[str, ...] = ()
    count: int = 3

    def blocks(self, study: Study) -> Iterator[Block]:
        yield Fact("count", _("Layers"), self.count)


@dataclass(frozen=True)
class Needy(Good):
    name = "needy"
    wanted: str = field(kw_only=True)


@dataclass(frozen=True)
class Secret(Good):
    name = "secret"
    hidden: int = field(default=0, repr=False)


@dataclass(frozen=True)
class Elsewhere(Good):
    name = "elsewhere"
    chapter = "appendix"  # type: ignore[assignment]


@dataclass(frozen=True)
class Wordless(Good):
    name = "wordless"
    title = "plain words"  # type: ignore[assignment]


@dataclass(frozen=True)
class Greedy(Good):
    name = "greedy"
    uses = ("everything",)  # type: ignore[assignment]


@dataclass(frozen=True)
class Odd(Good):
    name = "odd"
    thing: Callable[[], Message] = print  # type: ignore[assignment]


class Loose(Good):
    name = "loose"


@dataclass(frozen=True)
class Counting(Good):
    """Its `layers` is a count."""

    name = "counting"
    layers: int = 2  # type: ignore[assignment]


@dataclass(frozen=True)
class Cited(Good):
    name = "cited"
    references = (1, 2)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("good", "nothing", "has no attribute 'nothing'"), ("good", "told", "no subclass"), ("better", "Good", "'better'"),
        ("needy", "Needy", "wanted"), ("secret", "Secret", "repr"), ("elsewhere", "Elsewhere", "chapter"),
        ("wordless", "Wordless", "title"), ("greedy", "Greedy", "uses"), ("odd", "Odd", "JsonSchema"), ("loose", "Loose", "frozen"),
        ("cited", "Cited", "references"), ("filters", "Good", "'filters'"), ("summary", "Good", "reportgen itself"),
    ],
)
def test_what_is_no_artifact_is_told(name: str, value: str, part: str, brings: Callable[..., None]) -> None:
    brings(**{name: value})
    with pytest.raises(UsageError) as problem:
        catalogue.everything()
    assert problem.value.slug == "plugin-broken"
    assert f"The artifact '{name}'" in problem.value.message
    assert part in problem.value.message


def test_a_package_changes_nothing_of_what_comes_with_the_tool(brings: Callable[..., None]) -> None:
    brings(summary="Good")
    (one,) = catalogue.expand(("summary",)).values()
    assert one.__module__ == "reportgen.artifacts.summary"


def test_options_and_tables_reach_what_a_package_brings(brings: Callable[..., None], study: Study) -> None:
    brings(good="Good", better="Good", counting="Counting")
    wishes = wishes_of({"layers": "conv1"})
    assert wishes["artifacts"]["good"] == {"layers": ("conv1",)}
    assert "counting" not in wishes["artifacts"]
    check_layers(study, [Look("counting", "overview", Counting(), None, "")])
    assert "better" not in wishes["artifacts"], "what cannot be used is told where it is asked for"
    (found,) = validate({"select": "good", "artifacts": {"good": {"count": 5}}}, "here").chosen()
    assert found == ("overview", Good(count=5))
    with pytest.raises(UsageError, match="unknown parameter 'cuont'. Did you mean 'count'"):
        validate({"artifacts": {"good": {"cuont": 5}}}, "here")
    with pytest.raises(UsageError, match="Did you mean 'good'"):
        validate({"select": "goood"}, "here")


@dataclass(frozen=True)
class Stray(Good):
    name = "stray"
    what: str = "words"

    def blocks(self, study: Study) -> Iterator[Block]:
        yield "words" if self.what == "words" else Fact("count", "no message", object())  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("what", ["words", "value"])
def test_blocks_that_nobody_could_read_cost_the_section_alone(what: str, study: Study) -> None:
    section = look(study, Look("stray", "overview", Stray(what=what), None, ""))
    assert section.failed
    codec.dumps(section)
