"""`make docs`: write `docs/artifacts.md` from the artifacts themselves; a test checks that it is current."""

from __future__ import annotations

from pathlib import Path

from reportgen.artifacts import CATALOGUE
from reportgen.config import parameters_of

TARGET = Path(__file__).parent / "artifacts.md"
HEAD = """# Artifacts

Made from the code by `make docs`; change the code, not this page.

An artifact is chosen by its name or its group (`--artifacts filters,prediction`). Its parameters stand in the
configuration as `[artifacts.<name>]`; `--layers` and `--classes` reach every artifact that has them.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, artifact in CATALOGUE.items():
        about = " ".join(str(artifact.about).split())
        parts.append(f"## {name}\n\n**{artifact.title}** · group `{artifact.chapter}`\n\n{about}\n")
        parameters = parameters_of(artifact)
        if parameters:
            rows = [f"| `{key}` | `{default!r}` |" for key, default in parameters.items()]
            parts.append("\n".join(["| parameter | default |", "|---|---|", *rows]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
