"""How large the parts of a report may be. A report may come from a stranger, so that nothing in it is without a bound.

Bounds are told in the annotations of the dataclasses; `reader` holds whoever reads a report to them. They lie far
above what the program itself writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, TypeAlias

LARGEST_REPORT = 64 << 20
"""Bytes of a report.json."""
MOST_CONTAINERS, MOST_VALUES = 600_000, 4_000_000
"""Lists and tables, and values, in one JSON document; they are counted before it is taken apart."""
LARGEST_ASSET, LARGEST_ASSETS = 128 << 20, 512 << 20
"""Bytes of one file beside a report, and of all of them together."""
MOST_PIXELS, MOST_PIXELS_SHOWN, MOST_PIXELS_AGAIN = 25_000_000, 10_000_000_000, 2_000_000_000
"""Of one picture, of all that are shown, and of those among them that were shown before."""
LONGEST, MOST = 20_000, 100_000
"""Letters of a text and members of a list where an annotation says nothing else."""
MOST_CELLS = 250_000
"""Of a table."""
MOST_BARS, MOST_POINTS = 1_500, 80_000
"""Bars of a chart, each with its words; and points or columns, of which no more than `ACROSS` are drawn of a series."""
ACROSS = 1_000
MOST_TEX = 20_000
"""Letters of all formulas of a report."""
DEEPEST, LONGEST_SAID = 120, 50_000
"""How often a message may stand within a message, and how long the whole may become when it is said."""
LARGEST_NUMBER = 1 << 63
"""A whole number has fewer digits than this."""


@dataclass(frozen=True, slots=True)
class Letters:
    """A text has no more letters than this."""

    most: int


@dataclass(frozen=True, slots=True)
class Members:
    """A tuple has no more members than this."""

    most: int


@dataclass(frozen=True, slots=True)
class Between:
    """A number lies between two others or is one of them."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Written:
    """A text is written as a pattern says; `what` names such a text."""

    pattern: str
    what: str


NUMBER_FORMAT = re.compile(r"\+?,?(?:d|(?:\.\d{1,2})?[fge%])|")
"""How a number may be asked to be written: ",d", ".3f", ".1%", or nothing for the usual way."""
NumberFormat: TypeAlias = Annotated[str, Written(NUMBER_FORMAT.pattern, "the format of a number")]
LONGEST_ESSAY = 300_000
Essay: TypeAlias = Annotated[str, Letters(LONGEST_ESSAY)]
"""What an author wrote, or a file's text."""
Tex: TypeAlias = Annotated[str, Letters(1_000)]
"""A formula; setting one takes time that grows faster than its length."""
