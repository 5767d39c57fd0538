"""Every language says everything."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry

from reportgen.languages import catalogue_file
from tests.messages import TRANSLATED, extract, placeholders, read

each_language = pytest.mark.parametrize("language", TRANSLATED)


def catalogue_of(language: str) -> Catalog:
    return read(catalogue_file(language), language)


def entries(language: str) -> list[Entry]:
    return [message for message in extract(language) if message.id]


@each_language
def test_every_string_has_a_translation(language: str) -> None:
    catalogue = catalogue_of(language)
    missing = []
    for message in entries(language):
        known = catalogue.get(message.id, message.context)
        if known is None or known.fuzzy or not known.string or not all(known.string):
            missing.append(message.id)
    assert not missing, "run `make messages` and translate:\n" + "\n".join(map(str, missing))


@each_language
def test_the_catalogue_holds_nothing_that_is_no_longer_said(language: str) -> None:
    said = {(message.id, message.context) for message in entries(language)}
    kept = {(message.id, message.context) for message in catalogue_of(language) if message.id}
    assert kept - said == set()


@each_language
def test_translations_fill_the_same_places(language: str) -> None:
    for message in catalogue_of(language):
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        translations = message.string if isinstance(message.string, tuple) else (message.string,)
        allowed = [placeholders(original) for original in originals]
        for translation in translations:
            assert placeholders(translation) in allowed or set(placeholders(translation)) <= set(allowed[-1]), translation


@each_language
def test_plurals_have_every_form(language: str) -> None:
    catalogue = catalogue_of(language)
    for message in catalogue:
        if isinstance(message.id, tuple):
            assert len(message.string) == catalogue.num_plurals, message.id


def test_ukrainian_has_three_forms_of_plurals() -> None:
    assert catalogue_of("uk").num_plurals == 3


@pytest.mark.parametrize("mark", ["ы", "э", "ъ", "ё"])
def test_ukrainian_has_no_letters_of_another_alphabet(mark: str) -> None:
    assert mark not in catalogue_file("uk").read_text(encoding="utf-8").lower()
