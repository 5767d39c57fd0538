"""The files beside a report's JSON: each is read once, and must be what its name and its header say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from reportgen.report import headers
from reportgen.report.limits import MOST_PIXELS, MOST_PIXELS_AGAIN, MOST_PIXELS_SHOWN
from reportgen.report.unfit import UnfitError, told

_ASSET = re.compile(r"([0-9a-f]{32})\.([a-z]{2,5})")


class Beside:
    """The files beside a document: each is read once, and is what its name says."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._known: dict[str, tuple[bytes, str]] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self.pixels_left, self.pixels_again_left = MOST_PIXELS_SHOWN, MOST_PIXELS_AGAIN
        self.depth = 0

    def picture(self, name: object) -> tuple[bytes, str, tuple[int, int]]:
        """A picture's bytes, their digest, and the size that its header tells."""
        data, digest = self._file(name)
        name = str(name)
        known = name in self._sizes
        if not known:
            try:
                self._sizes[name] = headers.size_of(data)
            except ValueError as problem:
                raise UnfitError(f"assets/{name} {problem}") from problem
            width, height = self._sizes[name]
            if width * height > MOST_PIXELS:
                most = f"{MOST_PIXELS // 1_000_000} million"
                raise UnfitError(f"assets/{name} has {width} × {height} pixels, more than {most}")
        width, height = self._sizes[name]
        self.pixels_left -= width * height
        self.pixels_again_left -= width * height if known else 0
        if min(self.pixels_left, self.pixels_again_left) < 0:
            raise UnfitError("there are pictures of more pixels together than can be shown")
        return data, digest, self._sizes[name]

    def attached(self, name: object, suffix: str) -> tuple[bytes, str]:
        """An attached file's bytes and their digest."""
        data, digest = self._file(name)
        if not str(name).endswith(f".{suffix}"):
            raise UnfitError(f"assets/{name} does not end in .{suffix}")
        return data, digest

    def _file(self, name: object) -> tuple[bytes, str]:
        match = _ASSET.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            raise UnfitError(f"{told(name)} names no file in the assets folder")
        if match[0] not in self._known:
            data = self._read(match[0])
            digest = hashlib.sha256(data).hexdigest()
            if not digest.startswith(match[1]):
                raise UnfitError(f"assets/{match[0]} is not the file that its name tells; it was changed or cut short")
            self._known[match[0]] = data, digest
        return self._known[match[0]]
