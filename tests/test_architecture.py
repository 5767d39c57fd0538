"""The shape of the code: who may import what, and that nothing promised is missing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen import build, store

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "reportgen"
MODULES = sorted(PACKAGE.rglob("*.py"))
STANDARD = set(sys.stdlib_module_names)

IN_PROBE = tuple(
    f"probe/{name}.py" for name in ("keras", "recording", "facts", "graph", "feeding", "answers", "layouts", "rules",
                                    "climbing", "frames", "loading", "applications", "weights", "scoring", "asking",
                                    "beginning")
)
ONLY_IN = {
    "tensorflow": (*IN_PROBE, "labs/"),
    "keras": (*IN_PROBE, "labs/"),
    "h5py": ("probe/vetting.py", "probe/hdf5.py", "probe/weights.py"),
    "click": ("cli.py",),
    "rich": ("terminal.py",),
    "pydantic": ("config.py", "authoring.py", "catalogue.py"),
    "markdown_it": ("manuscript.py",),
    "jinja2": ("render/",),
    "markupsafe": ("render/",),
    "babel": ("render/",),
    "weasyprint": ("render/",),
    "pydyf": ("render/packed.py",),
    "matplotlib": ("render/",),
    "PIL": ("imaging.py", "photos.py", "render/", "labs/"),
}
"""A library and the only places that may import it (for keras also as a submodule)."""

MAY_USE = {
    "text": (), "errors": (), "languages": (), "files": (), "originals": ("errors", "files"),
    "report": ("text", "errors", "files"),
    "scales": ("report", "text"),
    "imaging": ("report",),
    "photos": ("imaging", "errors", "files", "text"),
    "labels": ("errors", "files"),
    "probe": ("text", "errors", "files", "report.names"),
    "shelf": (),
    "effort": ("probe",),
    "study": ("probe", "photos", "imaging", "errors", "text", "shelf", "optimization.recipes", "effort"),
    "optimization": ("study", "effort", "photos", "imaging", "probe", "text", "errors"),
    "measures": (),
    "probabilities": ("probe",),
    "attention": ("study", "effort", "imaging", "scales", "probabilities", "probe", "report", "text", "errors"),
    "artifacts": ("study", "effort", "attention", "optimization", "measures", "imaging", "scales", "probabilities", "probe",
                  "report", "text", "errors"),
    "declared": ("study",),
    "run": ("artifacts", "declared", "report", "study", "text", "errors"),
    "manuscript": (),
    "plugins": ("errors",),
    "formats": ("plugins", "errors"),
    "plugin_code": ("plugins", "store"),
    "catalogue": ("artifacts", "plugins", "report", "text", "errors"),
    "locks": (), "processes": (), "scratch": ("locks",),
    "render": ("report", "text", "errors", "files", "languages", "manuscript", "resources", "manifest", "processes", "scratch",
               "shelf", "watching", "formats", "plugins", "__version__"),
    "watching": (), "foresight": ("watching",), "terminal": ("foresight", "watching"),
    "store": ("report", "errors", "shelf", "locks", "originals"),
    "authoring": ("report", "errors", "files", "languages", "manuscript", "photos", "imaging", "resources"),
    "config": ("artifacts", "catalogue", "formats", "authoring", "files", "report", "study", "optimization.recipes", "probe.source", "errors",
               "languages"),
}
"""A package of ours and what else of ours it may import; what is not named may import anything."""

LARGER = {
    "probe/__init__.py": "the whole protocol of the first waist with its types",
    "probe/keras.py": "every way of asking a network, in one class",
    "cli.py": "one place for every command and its options",
    "render/charts.py": "four forms of charts in one layout",
    "config.py": "the schema of a configuration and the wording of its errors",
    "build.py": "the whole story of a build",
    "report/colours.py": "tables of colours",
}
"""Modules above 300 lines need a reason here."""


def imports(path: Path) -> set[str]:
    """Full names of everything a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_libraries_are_used_only_where_they_belong(path: Path) -> None:
    for name in imports(path):
        library = name.split(".")[0]
        if library in ONLY_IN:
            assert place(path).startswith(ONLY_IN[library]), f"{place(path)} may not import {library}"


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_packages_depend_in_one_direction(path: Path) -> None:
    part = place(path).removesuffix(".py").split("/")[0]
    if part not in MAY_USE:
        return
    for name in imports(path):
        if not name.startswith("reportgen."):
            continue
        wanted = name.removeprefix("reportgen.")
        allowed = (part, *MAY_USE[part])
        assert wanted.startswith(allowed), f"{place(path)} may not import {name}"


@pytest.mark.parametrize("path", [path for path in MODULES if place(path).startswith(("report/", "text", "errors"))], ids=place)
def test_the_document_needs_only_the_standard_library(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} <= STANDARD | {"reportgen"}


@pytest.mark.parametrize(
    "module", ["reportgen.render", "reportgen.build", "reportgen.config", "reportgen.cli", "reportgen.artifacts", "reportgen.labs"]
)
def test_importing_does_not_load_tensorflow(module: str) -> None:
    script = f"import sys, {module}; sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def modules_by_name() -> dict[str, Path]:
    """Every module of ours under the name that it is imported by."""
    return {f"reportgen.{place(path).removesuffix('.py').replace('/', '.')}".removesuffix(".__init__"): path for path in MODULES}


def reached(*folders: str) -> set[str]:
    """The places of all modules of ours that those in the folders import, one through the other."""
    known = modules_by_name()
    found: set[Path] = set()
    left = [path for path in MODULES if place(path).startswith(folders)]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += [known[part] for name in imports(path) for part in (name, name.rpartition(".")[0]) if part in known]
    return {place(path) for path in found} - {"__init__.py"}


def test_a_change_of_any_code_that_computes_makes_sections_anew() -> None:
    kept = (*(f"{folder}/" for folder in store._COMPUTING), *store._COMPUTING_FILES)
    silent = {"errors.py", "files.py", "shelf.py"}
    """What words errors, opens files and keeps finished images changes no section."""
    assert {name for name in reached("artifacts/", "run.py") if not name.startswith(kept)} == silent


def test_a_change_of_any_code_that_renders_makes_files_anew() -> None:
    kept = ("render/", "report/", "text.py", "errors.py", "files.py", *build.RENDERING_FILES)
    assert {name for name in reached("render/") if not name.startswith(kept)} == set()


def test_the_command_line_starts_without_anything_heavy() -> None:
    script = (
        "import sys, reportgen.cli\n"
        "heavy = {'numpy', 'pydantic', 'jinja2', 'matplotlib', 'weasyprint', 'PIL', 'rich', 'babel', 'tensorflow'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_long_module_has_a_reason(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 300 or place(path) in LARGER, f"{place(path)} has {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_code_speaks_english(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search("[А-Яа-яЇїІіЄєҐґ]", text), f"{place(path)} holds Cyrillic"


def test_every_error_slug_is_documented() -> None:
    documented = set(re.findall(r"^## (\S+)$", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.M))
    used: set[str] = set()
    for path in MODULES:
        used.update(re.findall(r"slug=\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")))
    assert used - documented == set()
    assert documented - used - {"internal", "unknown-language", "unknown-format", "unknown-parameter"} == set()


def test_the_catalogue_holds_every_artifact_module() -> None:
    from reportgen.artifacts import CATALOGUE
    from reportgen.artifacts.base import Artifact

    def all_below(kind: type) -> set[type]:
        return {kind, *(below for sub in kind.__subclasses__() for below in all_below(sub))}

    for path in (PACKAGE / "artifacts").glob("*.py"):
        if path.stem not in ("__init__", "base"):
            __import__(f"reportgen.artifacts.{path.stem}")
    named = {kind for kind in all_below(Artifact) if "name" in vars(kind) and kind.__module__.startswith("reportgen.")}
    assert named == set(CATALOGUE.values())


def test_every_artifact_explains_itself_and_is_a_value() -> None:
    import dataclasses
    import pickle

    from reportgen.artifacts import CATALOGUE
    from reportgen.text import Message

    for artifact in CATALOGUE.values():
        made = artifact()
        assert pickle.loads(pickle.dumps(made)) == made
        assert eval(repr(made), {artifact.__name__: artifact}) == made  # the cache key tells everything
        for words in (artifact.title, artifact.about, artifact.reading):
            assert isinstance(words, Message)
        assert len(str(artifact.about)) >= 60
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.name = "other"  # type: ignore[misc]
