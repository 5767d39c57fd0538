"""An artifact sees of a study's settings what it declared to use: its section's key holds these and no others."""

from __future__ import annotations

import dataclasses
from typing import Any

from reportgen.study import Study


def limited_to(study: Study, uses: tuple[str, ...]) -> Study:
    """The same study, of whose settings only these can be read."""
    key = ("limited", uses)
    if key not in study.memory:
        settings: dict[str, Any] = {"attention": study.maps, "optimization": study.wishes}
        settings |= {table: NotDeclared(table) for table in settings if table not in uses}
        study.memory[key] = dataclasses.replace(
            study, maps=settings["attention"], wishes=settings["optimization"]
        )
    limited: Study = study.memory[key]
    return limited


class UndeclaredError(RuntimeError):
    """An artifact looks into settings that it did not say it uses; its section would not follow them."""


class NotDeclared:
    """Stands in the place of such settings: whatever one asks it, it refuses."""

    def __init__(self, table: str) -> None:
        self._table = table

    def __getattr__(self, _name: str) -> Any:
        raise UndeclaredError(f"it looks into [{self._table}] without naming it in its `uses`")

    def __hash__(self) -> int:
        return int(self.asked)  # settings are keys of what is kept
