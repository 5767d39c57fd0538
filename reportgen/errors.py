"""What can go wrong, and how it is told.

    ReportgenError            exit code 4, an internal or rendering error
    ├── UsageError            exit code 2, the command or the configuration is wrong
    ├── InputError            exit code 3, a model, image or report cannot be read or is refused
    └── CheckError            exit code 1, a check or a threshold failed

Each error has a slug; `docs/errors.md#<slug>` says what it means and what to do.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from typing import ClassVar

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""What the system answers where nothing more can be written, through no fault of ours."""


class ReportgenError(Exception):
    """One sentence for the user: what, where, and (in `hint`) what to do."""

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, slug: str = "internal", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.slug = slug
        self.hint = hint


class UsageError(ReportgenError):
    """The command line or the configuration asks for something that cannot be."""

    exit_code = 2


class InputError(ReportgenError):
    """A file given by the user cannot be read, or is refused."""

    exit_code = 3


class CheckError(ReportgenError):
    """A check was run and did not hold."""

    exit_code = 1


class Interrupted(KeyboardInterrupt):
    """The user stopped a build; the text says what is kept and what is missing."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A suggestion to end an error with, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
