"""The report as data: `report.json` and the pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.render import Output
from reportgen.report import codec
from reportgen.report.document import Report


def render(report: Report, output: Output, templates: Sequence[Path] = ()) -> None:
    """Write the report; it has no language."""
    codec.save(report, output.folder)
