"""Who looks on while a report is made is told what is to be done, how far it is, and what is finished."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done. `kind` tells what it costs: the name of an artifact, of a format, or "open".

    Steps of the same kind and `network` do the same with different images.
    """

    name: str
    title: str
    kind: str
    network: int = 0


OPENING = Step("open the network", "Opening the network", "open")


class Watcher:
    """This one looks away."""

    def begin(self, looks: Sequence[Step], files: Sequence[Step], kept: int) -> None:
        """Looks come first, one after the other, then files, side by side; so many sections are there already."""

    def within(self, name: str, share: float, what: str) -> None:
        """A step is so far (0…1), and busy with something; it has begun at the latest now."""

    def finish(self, name: str) -> None:
        """A step is done; told again, it says nothing new."""

    def notice(self, words: str) -> None:
        """Something that one should know now."""
        log.info("%s", words)


NOBODY = Watcher()
