"""`make docs`: write `docs/artifacts.md` from the artifacts themselves; a test checks that it is current."""

from __future__ import annotations

import inspect
from pathlib import Path

from reportgen.artifacts import CATALOGUE
from reportgen.catalogue import parameters_of
from reportgen.optimization.recipes import Recipe
from reportgen.study import MapSettings, WishSettings

TARGET = Path(__file__).parent / "artifacts.md"
HEAD = """# Artifacts

Made from the code by `make docs`; change the code, not this page.

An artifact is chosen by its name or its group (`--artifacts filters,prediction`). Its parameters stand in the
configuration as `[artifacts.<name>]`; `--layers` and `--classes` reach every artifact that has them.
"""
TABLES = """# Tables that several artifacts share

What is set here holds for every section, so that sections speak of the same maps and images.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, artifact in CATALOGUE.items():
        about = " ".join(str(artifact.about).split())
        parts.append(f"## {name}\n\n**{artifact.title}** · group `{artifact.chapter}`\n\n{about}\n")
        if parameters_of(artifact):
            parts.append(_parameters(artifact))
    parts.append(TABLES)
    shared = {"attention": MapSettings, "optimization": WishSettings, "optimization.custom": Recipe}
    for title, settings in shared.items():
        parts.append(f"## [{title}]\n\n{_parameters(settings)}")
    return "\n".join(parts)


def _parameters(kind: type) -> str:
    """What the parameters mean, from the docstring, and their defaults."""
    meaning = inspect.getdoc(kind) or ""
    rows = [f"| `{key}` | `{default!r}` |" for key, default in parameters_of(kind).items()]
    return "\n".join([meaning, "", "| parameter | default |", "|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
