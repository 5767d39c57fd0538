"""How it is told that data is not what a report holds: what is wrong, and where."""

from __future__ import annotations


class UnfitError(ValueError):
    """Data that does not fit; the place is put together on the way out."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.steps: list[str | int] = []

    def at(self, step: str | int) -> UnfitError:
        """The same, one step further out."""
        self.steps.append(step)
        return self

    def __str__(self) -> str:
        """The place and the problem."""
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in reversed(self.steps))
        return f"{place.lstrip('.')}: {self.problem}" if place else self.problem


def told(data: object) -> str:
    """Data in a few letters, none of them strange."""
    if isinstance(data, dict | list):
        return "a table" if isinstance(data, dict) else "a list"
    words = ascii(data) if isinstance(data, str) else str(data)
    return words if len(words) <= 60 else f"{words[:57]}…"
