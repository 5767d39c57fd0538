"""The formats that a report can be written in, by name."""

from __future__ import annotations

from reportgen import plugins
from reportgen.errors import did_you_mean

BUILT_IN: tuple[str, ...] = ("html", "pdf", "figures", "markdown", "json", "single")
"""Those that come with the tool, in the order in which they are named to the user."""
USUAL: tuple[str, ...] = BUILT_IN[:-1]
"""What is written unless asked otherwise."""


def known() -> tuple[str, ...]:
    """These, and those that installed packages bring; nothing of them is imported."""
    return (*BUILT_IN, *(name for name in plugins.offered(plugins.RENDERERS) if name not in BUILT_IN))


def brought(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those among the formats that do not come with the tool."""
    return tuple(name for name in names if name not in BUILT_IN)


def checked(name: str) -> str:
    """The name of a format, if it is one."""
    if name not in BUILT_IN and name not in known():
        raise ValueError(
            "no format of this name comes with reportgen or with an installed package. Known are"
            f" {', '.join(known())}.{did_you_mean(name, known())}"
        )
    return name
