"""The speaker: numbers, plurals and words in the reader's language."""

from __future__ import annotations

import io
import math

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as some

from reportgen.errors import InputError
from reportgen.languages import CODES, manners
from reportgen.render.language import Speaker
from reportgen.text import Message, _

PO = """
msgid ""
msgstr ""
"Language: uk\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 "
": n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "{count} layer"
msgid_plural "{count} layers"
msgstr[0] "{count} шар"
msgstr[1] "{count} шари"
msgstr[2] "{count} шарів"

msgid "the layer `{name}` is {share:.1%} zero & <more>"
msgstr "шар `{name}` нульовий на {share:.1%} & <більше>"

msgid "see: {inner}"
msgstr "див.: {inner}"

msgctxt "file"
msgid "model"
msgstr "файл моделі"

msgid "model"
msgstr "модель"

#, fuzzy
msgid "doubtful"
msgstr "сумнівно"
"""
NBSP = "\u00a0"


def catalogue() -> Catalog:
    return read_po(io.BytesIO(PO.encode()), locale="uk")


@pytest.fixture
def uk() -> Speaker:
    return Speaker("uk", catalogue())


@pytest.fixture
def en() -> Speaker:
    return Speaker("en")


@pytest.mark.parametrize(
    ("value", "form", "english", "ukrainian"),
    [
        (1234, "", "1,234", "1234"),
        (12345, ",d", "12,345", f"12{NBSP}345"),
        (1234567.891, ",.1f", "1,234,567.9", f"1{NBSP}234{NBSP}567,9"),
        (0.634, ".1%", "63.4%", f"63,4{NBSP}%"),
        (-0.5, ".2f", "−0.50", "−0,50"),
        (-0.0001, ".2f", "0.00", "0,00"),
        (0.5, "+.1f", "+0.5", "+0,5"),
        (0.00015, ".2g", "0.00015", "0,00015"),
        (1.5e-7, ".2g", "1.5×10⁻⁷", "1,5·10⁻⁷"),
        (6.02e23, ".3g", "6.02×10²³", "6,02·10²³"),
        (0.0, ".3g", "0", "0"),
        (7.0, "d", "7", "7"),
        (math.nan, ".3g", "–", "–"),
        (math.inf, ".3g", "∞", "∞"),
        (-math.inf, ".3g", "−∞", "−∞"),
        (True, "", "yes", "так"),
        (None, ",d", "–", "–"),
        ("conv<1>", "", "conv<1>", "conv<1>"),
    ],
)
def test_numbers_follow_the_language(value, form, english, ukrainian, en, uk) -> None:
    assert (en.number(value, form), uk.number(value, form)) == (english, ukrainian)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 шарів"),
        (1, "1 шар"),
        (2, "2 шари"),
        (4, "4 шари"),
        (5, "5 шарів"),
        (11, "11 шарів"),
        (14, "14 шарів"),
        (21, "21 шар"),
        (22, "22 шари"),
        (101, "101 шар"),
        (111, "111 шарів"),
        (1_000_002, f"1{NBSP}000{NBSP}002 шари"),
    ],
)
def test_ukrainian_has_three_plural_forms(count, said, uk) -> None:
    assert uk.say(_("{count} layer", "{count} layers", count=count)) == said


def test_english_has_two(en) -> None:
    said = [en.say(_("{count} layer", "{count} layers", count=count)) for count in (0, 1, 2)]
    assert said == ["0 layers", "1 layer", "2 layers"]


def test_plain_text_has_no_backticks_and_markup_has_code(uk) -> None:
    message = _("the layer `{name}` is {share:.1%} zero & <more>", name="a`<b>&", share=0.25)
    assert uk.say(message) == f"шар a`<b>& нульовий на 25,0{NBSP}% & <більше>"
    assert uk.markup(message) == (f"шар <code>a`&lt;b&gt;&amp;</code> нульовий на 25,0{NBSP}% &amp; &lt;більше&gt;")


def test_a_message_within_a_message_is_said_and_escaped_once(uk) -> None:
    message = _("see: {inner}", inner=_("the layer `{name}` is {share:.1%} zero & <more>", name="<i>", share=1.0))
    assert uk.say(message).startswith("див.: шар <i> нульовий")
    assert uk.markup(message).startswith("див.: шар <code>&lt;i&gt;</code>")


def test_a_string_is_data_and_is_never_translated(uk) -> None:
    assert uk.say("model") == "model"
    assert uk.markup("`model` <b>") == "`model` &lt;b&gt;"


def test_the_context_tells_two_words_apart(uk) -> None:
    assert uk.say(_("model")) == "модель"
    assert uk.say(_("model", context="file")) == "файл моделі"
    assert uk.pgettext("file", "model") == "файл моделі"


@pytest.mark.parametrize("word", ["unheard of", "doubtful"])
def test_what_is_not_translated_is_said_in_english_and_told_once(word, uk, caplog) -> None:
    assert [uk.say(_(word)), uk.say(_(word))] == [word, word]  # type: ignore[list-item]
    assert uk.missing == {word}
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("{gone}", ()),
        ("{a.__class__}", (("a", 1),)),
        ("{a[0]}", (("a", "x"),)),
        ("{", ()),
        ("{a:.1q}", (("a", 1),)),
        ("{}", ()),
    ],
)
def test_a_sentence_that_cannot_be_filled_is_one_clear_error(pattern, values, en) -> None:
    for say in (en.say, en.markup):
        with pytest.raises(InputError, match="cannot be said") as problem:
            say(Message(pattern, values=values))
        assert problem.value.slug == "sentence-broken"


@given(some.floats(allow_nan=False, allow_infinity=False), some.sampled_from([".3g", ".4f", ",.2f", "+.1f", ".1%"]))
def test_a_number_reads_back_to_what_python_would_write(value, form) -> None:
    written = Speaker("uk", catalogue()).number(value, form)
    plain = written.replace(NBSP, "").replace("−", "-").replace(",", ".")
    power = 0
    if "·10" in plain:
        plain, exponent = plain.split("·10")
        power = int(exponent.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")))
    read = float(plain.rstrip("%")) * (0.01 if plain.endswith("%") else 1) * 10.0**power
    expected = format(value, form.replace(",", ""))
    expected = float(expected[:-1]) / 100 if expected.endswith("%") else float(expected)
    assert read == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(some.text())
def test_any_name_comes_out_of_markup_escaped(name) -> None:
    from markupsafe import escape

    assert Speaker("en").markup(_("`{name}`", name=name)) == f"<code>{escape(name)}</code>"
    assert Speaker("en").say(_("{name}", name=name)) == name


def test_every_language_names_itself() -> None:
    assert {code: manners(code).name for code in CODES} == {"uk": "Українська", "en": "English"}
