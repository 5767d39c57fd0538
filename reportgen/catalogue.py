"""What can be shown: the artifacts that come with the tool, and those that installed packages bring.

A name is known before the package that brings it is imported; who lists them all, or asks for a group, imports all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import TypeAdapter

from reportgen import plugins
from reportgen.artifacts import CATALOGUE
from reportgen.artifacts.base import Artifact, Chapter, ImageArtifact, ModelArtifact, Settings
from reportgen.errors import UsageError, did_you_mean
from reportgen.report import codec
from reportgen.report.document import Section
from reportgen.text import Message

GROUPS: tuple[str, ...] = get_args(Chapter)
ALL = "all"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def names() -> tuple[str, ...]:
    """The name of every artifact there is. Nothing is imported."""
    return (*CATALOGUE, *(name for name in plugins.offered(plugins.ARTIFACTS) if name not in CATALOGUE))


def find(name: str) -> type[Artifact] | None:
    """The artifact of a name; only the package that brings this one is imported."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    return _brought(name) if name in plugins.offered(plugins.ARTIFACTS) else None


def everything() -> dict[str, type[Artifact]]:
    """Every artifact by its name, in reading order."""
    for name in plugins.offered(plugins.ARTIFACTS):
        if name in CATALOGUE:
            raise plugins.broken(plugins.ARTIFACTS, name, "reportgen itself has one of this name")
    return _in_order(names())


def usable() -> dict[str, type[Artifact]]:
    """The same without those that cannot be used: what is told of them is told where somebody asks for them."""
    found = set(CATALOGUE)
    for name in names():
        with contextlib.suppress(UsageError):
            find(name)
            found.add(name)
    return _in_order(found)


def check(wanted: Iterable[str]) -> None:
    """Stop at what is the name of neither an artifact nor a group. Nothing is imported."""
    for name in wanted:
        if name in CATALOGUE or name in GROUPS or name in (ALL, *names()):
            continue
        known = (*names(), *GROUPS, ALL)
        raise UsageError(
            f"There is no artifact '{name}'.{did_you_mean(name, known)}", slug="unknown-artifact",
            hint=f"Known are: {', '.join(known)}.",
        )


def expand(wanted: tuple[str, ...]) -> dict[str, type[Artifact]]:
    """The artifacts of names and groups in reading order, each once."""
    check(wanted)
    if not {ALL, *GROUPS} & {*wanted}:
        return _in_order(wanted)
    return {
        name: artifact for name, artifact in everything().items() if {name, artifact.chapter, ALL} & {*wanted}
    }


def adapter_of(artifact: type[Artifact]) -> TypeAdapter[Artifact]:
    """What makes an artifact from its table in a configuration."""
    return TypeAdapter(artifact)


def is_brought(name: str) -> bool:
    """True for an artifact that does not come with the tool."""
    return name not in CATALOGUE


def origin_of(name: str) -> str:
    """The name and version of the package that brings an artifact; "" for those that come with the tool."""
    return plugins.package_of(plugins.offered(plugins.ARTIFACTS)[name][0]) if is_brought(name) else ""


def parameters_of(kind: type) -> dict[str, Any]:
    """The parameters of an artifact, or of a table that several share, with their defaults."""
    return {field.name: field.default for field in dataclasses.fields(kind)}


def _in_order(wanted: Iterable[str]) -> dict[str, type[Artifact]]:
    """As a reader should meet them: those of packages behind the last of their chapter."""
    last = {artifact.chapter: place for place, artifact in enumerate(CATALOGUE.values())}
    places = {name: (place, False, name) for place, name in enumerate(CATALOGUE)}
    found = {name: artifact for name in wanted if (artifact := find(name))}
    return dict(sorted(
        found.items(), key=lambda item: places.get(item[0], (last[item[1].chapter], True, item[0]))
    ))


@functools.cache
def _brought(name: str) -> type[Artifact]:
    artifact = plugins.load(plugins.ARTIFACTS, name)
    try:
        why = _fault(artifact, name)
    except Exception as problem:
        raise plugins.broken(plugins.ARTIFACTS, name, f"{type(problem).__name__}: {problem}") from problem
    if why:
        raise plugins.broken(plugins.ARTIFACTS, name, why)
    return artifact  # type: ignore[no-any-return]


def _fault(artifact: Any, name: str) -> str:
    """Why something is no artifact; whatever else is wrong with it raises what it raises."""
    if not (isinstance(artifact, type) and issubclass(artifact, ModelArtifact | ImageArtifact)):
        return "it is no subclass of ModelArtifact or ImageArtifact"
    words = [word for word in ("title", "about", "reading") if not isinstance(getattr(artifact, word, None), Message)]
    made_by = vars(artifact).get("__dataclass_params__")
    faults = {
        "it is no frozen dataclass": made_by is None or not made_by.frozen,
        f"its name must be '{name}' like that of its entry point": getattr(artifact, "name", None) != name,
        "a name is made of small letters, digits and _, and is no group": not _NAME.fullmatch(name)
        or name in (*GROUPS, ALL),
        f"its chapter must be one of {', '.join(GROUPS)}": getattr(artifact, "chapter", None) not in GROUPS,
        f"its {', '.join(words)} must be said with _(…)": bool(words),
        f"its uses must be a tuple of {', '.join(get_args(Settings))}": not isinstance(artifact.uses, tuple)
        or not {*artifact.uses} <= {*get_args(Settings)},
    }
    for why, wrong in faults.items():
        if wrong:
            return why
    if not all(field.repr for field in dataclasses.fields(artifact)):
        return "every parameter must be told in its repr, which is part of the cache key"
    artifact()
    adapter_of(artifact).json_schema()
    told = Section(name, name, artifact.chapter, artifact.title, artifact.about, artifact.reading, (),
                   artifact.formulas, "", "", artifact.references, artifact.question)
    codec.loads(codec.dumps(told), Section, str.encode)
    return ""
