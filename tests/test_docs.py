"""Documentation that the code can check."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from docs.generate import TARGET, page
from reportgen.artifacts import CATALOGUE
from reportgen.catalogue import parameters_of
from reportgen.optimization.recipes import Recipe
from reportgen.render import Output
from reportgen.study import MapSettings, Study, WishSettings
from tests.render.sample_report import sample_report

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.uk.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]


def test_the_page_of_artifacts_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    prose = re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
        assert (path.parent / link).exists(), link


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "README.uk.md"], ids=["en", "uk"])
def test_the_readmes_options_exist(path: Path) -> None:
    source = (ROOT / "reportgen" / "cli.py").read_text(encoding="utf-8")
    for option in re.findall(r"reportgen [^`\n]*?(--[a-z-]+)|`(--[a-z-]+)", path.read_text(encoding="utf-8")):
        assert f'"{"".join(option)}"' in source, option


def test_the_readmes_tell_the_same() -> None:
    english, ukrainian = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.uk.md"))
    assert english.count("\n## ") == ukrainian.count("\n## ")
    for word in ("make report", "make test", "reportgen build", "reportgen init", "[lab]", "--trust-model"):
        assert word in english
        assert word in ukrainian


@pytest.mark.parametrize("kind", [*CATALOGUE.values(), MapSettings, WishSettings, Recipe], ids=lambda kind: kind.__name__)
def test_the_page_of_artifacts_says_what_each_parameter_means(kind: type) -> None:
    told = str(kind.__doc__)
    assert [name for name in parameters_of(kind) if f"`{name}`" not in told] == []
    assert not parameters_of(kind) or told.partition("\n")[0].strip() in page()


@pytest.fixture
def example(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The artifact of CONTRIBUTING.md, its test, and the format, as files."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = [textwrap.dedent(block) for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)]
    files = tmp_path / "brightest_channel.py", tmp_path / "test_brightest_channel.py", tmp_path / "facts.py"
    for path, words in zip(files, parts, strict=True):
        path.write_text(words, encoding="utf-8")
    return files


def imported(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_example_of_contributing_works(example: tuple[Path, Path, Path], study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    code, test, _format = example
    monkeypatch.setitem(sys.modules, "reportgen.artifacts.brightest_channel", ModuleType("brightest_channel"))
    imported(code, "reportgen.artifacts.brightest_channel")
    monkeypatch.setitem(sys.modules, "test_of_the_example", ModuleType("test"))
    imported(test, "test_of_the_example").test_the_copying_filter_is_not_brighter_than_the_sum(study)


def test_the_format_of_contributing_works(example: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "facts", ModuleType("facts"))
    imported(example[2], "facts").render(sample_report(), Output(tmp_path, "uk", "facts"))
    assert re.search(r"[а-яі]+.*: .+\n", (tmp_path / "facts.uk.txt").read_text(encoding="utf-8"))


def test_the_examples_of_contributing_are_in_style(example: tuple[Path, Path, Path]) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--config", ROOT / "pyproject.toml", example[0], example[2]]
    assert subprocess.run([*map(str, command)], check=False).returncode == 0
