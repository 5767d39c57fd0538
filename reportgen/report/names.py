"""From names that anyone may have given to names that are safe in a file system and in a page.

A layer or an image may be called anything: `<script>`, `..`, 240 letters. What is made of it here is
the same every time and different for different names.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 80
"""Bytes of UTF-8 that a slug may take."""
_PLAIN = re.compile(r"[^\W_][\w-]*")
_RESERVED = frozenset(
    {"index", "con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789")}
)
"""The index page's own name, and names that Windows keeps for devices."""


def slug(name: str) -> str:
    """A name that is fit for a file; one that had to be changed ends in a digest of the original."""
    composed = unicodedata.normalize("NFC", name)
    fits = composed == name and len(name.encode("utf-8", "surrogatepass")) <= LONGEST and _PLAIN.fullmatch(name)
    if fits and name.casefold() not in _RESERVED:
        return name
    words = re.sub(r"[^\w]+", "-", composed).strip("-_").lower().encode("utf-8", "ignore")[: LONGEST - 9]
    return f"{words.decode('utf-8', 'ignore').strip('-_') or 'name'}-{digest(name)}"


def digest(name: str) -> str:
    """Eight digits that tell one name from another."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
