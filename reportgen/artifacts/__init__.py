"""The catalogue of artifacts, in the order in which a reader should meet them."""

from __future__ import annotations

from reportgen.artifacts.base import Artifact

ORDER: tuple[type[Artifact], ...] = ()
CATALOGUE: dict[str, type[Artifact]] = {artifact.name: artifact for artifact in ORDER}
GROUPS: dict[str, tuple[str, ...]] = {
    chapter: tuple(name for name, artifact in CATALOGUE.items() if artifact.chapter == chapter)
    for chapter in ("filters", "activations", "attention", "optimization")
}
