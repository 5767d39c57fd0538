"""Templates and style sheets from folders of the user's: files in them, and nothing that a link in them leads to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import BaseLoader, Environment, FileSystemLoader, TemplateNotFound
from jinja2.loaders import split_template_path

from reportgen.errors import UsageError
from reportgen.files import leads_out


def inside(path: Path, folder: Path) -> Path:
    """The same path, unless it leads out of the folder."""
    if leads_out(path, folder):
        raise UsageError(
            f"{path}: a link in a folder of templates leads out of it.", slug="template-outside",
            hint="Put the file itself there; a folder of templates may come from anyone.",
        )
    return path


class FolderLoader(BaseLoader):
    """Finds a template in the first folder that has it."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._loaders = tuple(FileSystemLoader(folder) for folder in folders)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The text of a template."""
        parts = split_template_path(template)
        for folder, loader in zip(self._folders, self._loaders, strict=True):
            if inside(folder.joinpath(*parts), folder).is_file():
                return loader.get_source(environment, template)
        raise TemplateNotFound(template)


def copy_static(target: Path, folders: Sequence[Path]) -> None:
    """Style sheets, scripts and icons, those of the first folder over those of the next."""
    problems: list[OSError] = []  # `copytree` gathers them as texts, without what the system answered

    def copy(one: str, other: str) -> None:
        try:
            shutil.copy2(one, other)
        except OSError as problem:
            problems.append(problem)
            raise

    for folder in reversed(folders):
        source = folder / "static"
        if source.is_dir():
            try:
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=_ignored(folder), copy_function=copy)
            except shutil.Error as problem:
                raise (problems or [problem])[0] from problem


def static_text(name: str, folders: Sequence[Path]) -> str:
    """The text of a file of `static/` from the first folder that has it; empty for none."""
    for folder in folders:
        path = inside(folder / "static" / name, folder)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def _ignored(folder: Path) -> Callable[[str, list[str]], set[str]]:
    hidden = shutil.ignore_patterns("lab.css", ".*")

    def ignored(within: str, names: list[str]) -> set[str]:
        left_out = hidden(within, names)
        paths = {name: inside(Path(within, name), folder) for name in names if name not in left_out}
        return left_out | {name for name, path in paths.items() if not (path.is_file() or path.is_dir())}

    return ignored
