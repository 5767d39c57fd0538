"""Both languages say everything."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Message as Entry

from tests.messages import CATALOGUE, extract, placeholders, read


def entries() -> list[Entry]:
    return [message for message in extract() if message.id]


def test_every_string_has_a_ukrainian_translation() -> None:
    catalogue = read(CATALOGUE)
    missing = []
    for message in entries():
        known = catalogue.get(message.id, message.context)
        if known is None or known.fuzzy or not known.string or not all(known.string):
            missing.append(message.id)
    assert not missing, "run `make messages` and translate:\n" + "\n".join(map(str, missing))


def test_the_catalogue_holds_nothing_that_is_no_longer_said() -> None:
    said = {(message.id, message.context) for message in entries()}
    kept = {(message.id, message.context) for message in read(CATALOGUE) if message.id}
    assert kept - said == set()


def test_translations_fill_the_same_places() -> None:
    for message in read(CATALOGUE):
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        translations = message.string if isinstance(message.string, tuple) else (message.string,)
        allowed = [placeholders(original) for original in originals]
        for translation in translations:
            assert placeholders(translation) in allowed or set(placeholders(translation)) <= set(allowed[-1]), translation


def test_plurals_have_three_forms() -> None:
    for message in read(CATALOGUE):
        if isinstance(message.id, tuple):
            assert len(message.string) == 3, message.id


@pytest.mark.parametrize("mark", ["ы", "э", "ъ", "ё"])
def test_ukrainian_has_no_letters_of_another_alphabet(mark: str) -> None:
    assert mark not in CATALOGUE.read_text(encoding="utf-8").lower()
