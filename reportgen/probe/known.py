"""Which networks the installed Keras brings, read from its text: loading Keras to refuse a name takes seconds."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from reportgen.errors import InputError, did_you_mean
from reportgen.probe.preprocessing import application_of, plain


def check_name(name: str) -> None:
    """Stop at what is no network's name; where Keras' text tells nothing, so does this."""
    known = frozenset(map(plain, _names()))
    if known and key_of(name, known) not in known:
        raise unknown(name, known)


def key_of(name: str, known: Collection[str]) -> str:
    """The plain name of the network that is meant, however it is written."""
    return plain(name) if plain(name) in known else application_of(name)


def unknown(name: str, known: Collection[str]) -> InputError:
    """The error for a name that is no network's, with the nearest that is."""
    shown = name if len(name) <= 80 else name[:79] + "…"
    return InputError(
        f"'{shown}' is neither a file nor a network of keras.applications.{did_you_mean(plain(name), sorted(known))}",
        slug="model-unknown", hint=f"Known networks: {', '.join(sorted(known))}.",
    )


def _names() -> list[str]:
    spec = find_spec("keras")
    folders = spec.submodule_search_locations if spec else None
    try:
        text = (Path(next(iter(folders or ()), "")) / "applications" / "__init__.py").read_text(encoding="utf-8")
    except OSError:
        return []
    return re.findall(r"\b([A-Z]\w*) as \1\b", text)
