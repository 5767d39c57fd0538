"""What someone who means ill, or a disk that fails, may do to the JSON of a report: one change or a few, by a seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

Data = Any
LONGEST = 5_000_000
"""What becomes longer is not tried: the text itself would take the memory that is measured."""

Place = tuple[dict[str, Data] | list[Data], str | int]

VALUES: tuple[Data, ...] = (
    None, True, False, 0, 1, -1, 2, 99, 10**6, 2**63, -(2**63), 10**30, 10**400, 0.5, -0.5, 1e-320, 5e-324, 1e308, -1e308, 1e999,
    "", "x", " ", "\0", "a\x1b[31mb", "\x7f\x9f", "\u202eabc", "\ud800", "\uffff", "<script>alert(1)</script>", "../../etc/passwd",
    "x" * 300, "слово " * 3000, "y" * 19_000, "z" * 200_000, "`" * 5000, "[" * 5000, "*_" * 3000, "{", "}", "{}", "{x}", "{0}",
    "{x.y}", "{x!r}", "{layer:>999999999}", "{count}", "{layer:.500000000f}", "=1+1", "x;=1+1", "%n%s", "\n\n\n", "|", "\\", "$", "#",
    ".3f", ",d", ".99f", ".500000000f", "999999999d", ">999999999", "+,.2%", "s", "%", "c", "n", "html", "npz", "eps", "map", "photo",
    "bars", "columns", "lines", "curves", "finding", "failed", "tile", "diverging", "conv1", "*layers", "*layer", "summary", "input",
    "*", "uk", "en", "own.png", "[^1]: [^1]\n" * 50, "\\frac{" * 150, "\\frac{a}{b}" * 80, "\\undefined", "$", "{" * 900 + "}" * 900,
    "9" * 40, "1e400", "nan", "http://example.org/x.png", "file:///etc/passwd", "data:text/html,x", "javascript:alert(1)",
    [], {}, [[]], [None], [1] * 5000, ["x"] * 5000, [[1, 2]] * 2000, [["x"] * 100] * 100, {"say": "x"}, {"say": "{x}"}, {"say": 5},
    {"say": "{x}", "with": {"x": {"say": "{y}"}}}, {"say": "{n:.2f}", "with": {"n": "words"}}, {"say": "a", "plural": "b"},
    {"say": "a", "plural": "{count}", "with": {"count": "many"}}, {"say": "a", "plural": "b", "with": {"count": {"number": "nan"}}},
    {"number": "nan"}, {"number": "inf"}, {"number": "-inf"}, {"number": "x"}, {"number": 5}, {"block": "note"}, {"block": "prose"},
    {"asset": "x"}, {"asset": "../../../etc/passwd"}, {"asset": "0" * 32 + ".png"}, {"asset": "0" * 32 + ".html", "suffix": "html"},
)


def deep(levels: int) -> Data:
    """Messages within messages."""
    made: Data = "x"
    for _level in range(levels):
        made = {"say": "{x}{x}", "with": {"x": made}}
    return made


def mutated(document: Data, seed: int) -> str:
    """The document's text with one to four changes; as it was where it became deeper than can be written."""
    try:
        return _mutated(document, random.Random(seed))
    except RecursionError:
        return json.dumps(document)


def _mutated(document: Data, chance: random.Random) -> str:
    changed = copy.deepcopy(document)
    for _time in range(chance.choice((1, 1, 1, 2, 4))):
        changed = chance.choice(CHANGES)(changed, chance)
    if weight(changed) > LONGEST:
        changed = document
    text = json.dumps(changed, ensure_ascii=chance.random() < 0.5, allow_nan=True)
    return chance.choice(SPOILT)(text, chance) if chance.random() < 0.06 else text


def weight(data: Data) -> int:
    """About how long the data is as text."""
    if isinstance(data, dict):
        return sum(weight(one) for one in data.values()) + 20 * len(data)
    return sum(map(weight, data)) if isinstance(data, list) else len(data) if isinstance(data, str) else 8


def places(data: Data) -> list[Place]:
    """Every place at which a value stands."""
    found: list[Place] = []
    inside = [data]
    while inside:
        one = inside.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            inside.append(one[key])
    return found


def _any(data: Data, chance: random.Random) -> Place:
    found = places(data)
    return chance.choice(found) if found else ({"empty": data}, "empty")


def replaced(data: Data, chance: random.Random) -> Data:
    home, key = _any(data, chance)
    home[key] = copy.deepcopy(chance.choice(VALUES))
    return data


def alike(data: Data, chance: random.Random) -> Data:
    """A value of the same type, so that more of what is wrong comes through."""
    home, key = _any(data, chance)
    same = [value for value in VALUES if type(value) is type(home[key])]
    if same and not isinstance(home[key], dict | list):
        home[key] = copy.deepcopy(chance.choice(same))
    return data


def exchanged(data: Data, chance: random.Random) -> Data:
    (one, first), (other, second) = _any(data, chance), _any(data, chance)
    one[first], other[second] = copy.deepcopy(other[second]), copy.deepcopy(one[first])
    return data


def without(data: Data, chance: random.Random) -> Data:
    home, key = _any(data, chance)
    del home[key]
    return data


def renamed(data: Data, chance: random.Random) -> Data:
    home, key = _any(data, chance)
    if isinstance(home, dict):
        home[str(chance.choice(("x", "say", "number", "block", "with", "name", "rows", "__class__", "kind", "\0")))] = home.pop(key)
    return data


def many(data: Data, chance: random.Random) -> Data:
    """A list grown a thousandfold."""
    lists = [(home, key) for home, key in places(data) if isinstance(home[key], list) and home[key]]
    if lists:
        home, key = chance.choice(lists)
        home[key] = (home[key] * chance.choice((2, 100, 3000)))[:20_000]
    return data


def longer(data: Data, chance: random.Random) -> Data:
    texts = [(home, key) for home, key in places(data) if isinstance(home[key], str)]
    if texts:
        home, key = chance.choice(texts)
        home[key] = (home[key] or "x") * chance.choice((10, 300, 5000))
    return data


def nested(data: Data, chance: random.Random) -> Data:
    home, key = _any(data, chance)
    home[key] = deep(chance.choice((2, 15, 60, 200)))
    return data


CHANGES: tuple[Callable[[Data, random.Random], Data], ...] = (
    replaced, alike, alike, alike, exchanged, without, renamed, many, longer, nested,
)


def cut(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text))]


def struck(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text))
    return text[:place] + chance.choice("\0{}[]\",:0eé\\") + text[place + 1 :]


def doubled(text: str, chance: random.Random) -> str:
    """A key told twice."""
    return text.replace('"title":', '"title": 5, "title":', 1).replace('"name":', '"name": [], "name":', chance.randrange(1, 9))


def buried(text: str, chance: random.Random) -> str:
    depth = chance.choice((50, 900, 100_000))
    return text.replace('"title":', '"title": ' + "[" * depth + "]" * depth + ', "x":', 1)


SPOILT: tuple[Callable[[str, random.Random], str], ...] = (cut, struck, doubled, buried)
