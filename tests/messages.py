"""`python -m tests.messages`: bring every language's catalogue up to date with the strings in code and templates.

Further arguments are `.po` files whose translations are taken over where the catalogue has none.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from reportgen.languages import CODES, catalogue_file

ROOT = Path(__file__).parent.parent
TRANSLATED = tuple(code for code in CODES if code != "en")
"""The languages that need a catalogue: the program thinks in English."""
TEMPLATES = ROOT / "templates"
OPTIONS = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.i18n"}


def extract(language: str) -> Catalog:
    """Every string that a reader may see, yet to be translated."""
    catalogue = Catalog(locale=language, project="reportgen", charset="utf-8")
    for path in sorted((ROOT / "reportgen").rglob("*.py")):
        for line, key, context in in_code(path):
            catalogue.add(key, locations=[(path.relative_to(ROOT).as_posix(), line)], context=context)
    for path in sorted(TEMPLATES.rglob("*.j2")):
        with path.open("rb") as file:
            found = list(babel_extract(file, ("gettext", "ngettext", "pgettext", "npgettext", "_"), (), dict(OPTIONS)))
        for line, function, words, _comments in found:
            key, context = in_template(function, words)
            catalogue.add(key, locations=[(path.relative_to(ROOT).as_posix(), line)], context=context)
    return catalogue


def in_code(path: Path) -> Iterator[tuple[int, str | tuple[str, str], str | None]]:
    """The calls of `_` in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"):
            continue
        words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        assert len(words) == len(node.args), f"{path}:{node.lineno}: a message must be a plain string"
        context = next((k.value.value for k in node.keywords if k.arg == "context" and isinstance(k.value, ast.Constant)), None)
        yield node.lineno, words[0] if len(words) == 1 else (words[0], words[1]), context


def in_template(function: str | None, words: object) -> tuple[str | tuple[str, str], str | None]:
    """A template's string as a catalogue's key."""
    parts = [word for word in (words if isinstance(words, tuple) else (words,)) if isinstance(word, str)]
    context = parts.pop(0) if function in ("pgettext", "npgettext") else None
    return (parts[0] if len(parts) == 1 else (parts[0], parts[1])), context


def read(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language)


def placeholders(text: str) -> list[str]:
    """The fields of a pattern, with their formats."""
    return sorted(re.findall(r"\{[^{}]*\}|%\([a-z_]+\)[sd]", text))


def update(language: str, sources: list[str]) -> None:
    """Write the catalogue of a language anew."""
    path = catalogue_file(language)
    old = read(path, language) if path.exists() else Catalog(locale=language)
    fragments = [old, *(read(Path(source), language) for source in sources)]
    new = extract(language)
    new.header_comment = f"# {Locale.parse(language).english_name} translation of reportgen."
    for message in new:
        if not message.id:
            continue
        for fragment in fragments:
            known = fragment.get(message.id, message.context)
            if known and known.string and (known.string if isinstance(known.string, str) else all(known.string)):
                message.string = known.string
                break
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=110, sort_output=True, no_location=True, omit_header=False)
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|Report-Msgid-Bugs-To).*\n', "", text, flags=re.M), encoding="utf-8")
    missing = [message.id for message in new if message.id and not (message.string and all(message.string))]
    print(f"{language}: {len(new)} strings, {len(missing)} without translation", *missing, sep="\n  ")  # noqa: T201


if __name__ == "__main__":
    for code in TRANSLATED:
        update(code, sys.argv[1:])
