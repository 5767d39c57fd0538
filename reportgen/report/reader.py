"""From JSON data to the dataclasses of a report, as their annotations say.

For every annotation one function is made, once; it takes data that may come from anywhere and gives what the
annotation promises, within its bounds, or tells what does not fit and where. A new block kind or a new field needs no
line here. What must hold between fields is in `soundness`.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from reportgen.report import soundness
from reportgen.report.beside import Beside
from reportgen.report.blocks import KINDS, Attachment, Picture
from reportgen.report.limits import (
    DEEPEST,
    LARGEST_NUMBER,
    LONGEST,
    MOST,
    Between,
    Letters,
    Members,
    Written,
)
from reportgen.report.unfit import UnfitError, told
from reportgen.text import Message, Value

KIND = {kind.kind: kind for kind in KINDS}  # type: ignore[attr-defined]
_NUMBERS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
"""Numbers that JSON does not have."""


Read = Callable[[Any, Beside], Any]


@functools.cache
def reader_of(hint: Any) -> Read:
    """The function that reads what an annotation promises."""
    bounds: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *bounds = get_args(hint)  # type: ignore[assignment]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _choice(arguments)
    if origin is tuple:
        return _tuple(arguments, bounds)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if hint in _PLAIN:
        return _PLAIN[hint](bounds)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _SPECIAL.get(hint) or _record(hint)
    raise TypeError(f"a report can hold no {hint}")


def _text(bounds: tuple[Any, ...]) -> Read:
    longest = next((one.most for one in bounds if isinstance(one, Letters)), LONGEST)
    written = next((one for one in bounds if isinstance(one, Written)), None)
    pattern = re.compile(written.pattern) if written else None

    def read(data: Any, _beside: Beside) -> str:
        if type(data) is not str:
            raise UnfitError(f"{told(data)} is no text")
        if len(data) > longest:
            raise UnfitError(f"a text of {len(data)} letters is too long")
        if pattern and written and not pattern.fullmatch(data):
            raise UnfitError(f"{told(data)} is not {written.what}")
        return data

    return read


def _whole(bounds: tuple[Any, ...]) -> Read:
    low, high = next(((one.low, one.high) for one in bounds if isinstance(one, Between)),
                     (-LARGEST_NUMBER, LARGEST_NUMBER))

    def read(data: Any, _beside: Beside) -> int:
        if type(data) is not int:
            raise UnfitError(f"{told(data)} is no whole number")
        if not low <= data <= high:
            raise UnfitError(f"the number {told(data)} is not from {low} to {high}")
        return data

    return read


def _real(bounds: tuple[Any, ...]) -> Read:
    low, high = next(((one.low, one.high) for one in bounds if isinstance(one, Between)), (None, None))

    def read(data: Any, _beside: Beside) -> Any:
        if type(data) is dict and data.keys() == {"number"} and type(data["number"]) is str:
            data = _NUMBERS.get(data["number"])
        if type(data) is not float and (type(data) is not int or abs(data) > LARGEST_NUMBER):
            raise UnfitError(f"{told(data)} is no number")
        if low is not None and high is not None and not low <= data <= high:
            raise UnfitError(f"the number {told(data)} is not from {low:g} to {high:g}")
        return data

    return read


def _exactly(kind: type, what: str) -> Callable[[tuple[Any, ...]], Read]:
    def read(data: Any, _beside: Beside) -> Any:
        if type(data) is not kind:
            raise UnfitError(f"{told(data)} is not {what}")
        return data

    return lambda _bounds: read


_PLAIN: dict[Any, Callable[[tuple[Any, ...]], Read]] = {
    str: _text, int: _whole, float: _real, bool: _exactly(bool, "true or false"),
    types.NoneType: _exactly(types.NoneType, "nothing"),
}


def _choice(known: tuple[Any, ...]) -> Read:
    def read(data: Any, _beside: Beside) -> Any:
        if type(data) is not str or data not in known:
            raise UnfitError(f"{told(data)} is not one of {', '.join(map(repr, known))}")
        return data

    return read


def _tuple(arguments: tuple[Any, ...], bounds: tuple[Any, ...]) -> Read:
    most = next((one.most for one in bounds if isinstance(one, Members)), MOST)
    alike = len(arguments) == 2 and arguments[1] is Ellipsis
    readers = tuple(reader_of(part) for part in (arguments[:1] if alike else arguments))

    def read(data: Any, beside: Beside) -> tuple[Any, ...]:
        if type(data) is not list:
            raise UnfitError(f"{told(data)} is no list")
        if len(data) > most:
            raise UnfitError(f"a list of {len(data)} members is too long")
        if not alike and len(data) != len(readers):
            raise UnfitError(f"a list of {len(data)} members stands in place of one of {len(readers)}")
        done: list[Any] = []
        try:
            if alike:
                first = readers[0]
                for item in data:
                    done.append(first(item, beside))  # noqa: PERF401 - its length tells where it went wrong
            else:
                for reader, item in zip(readers, data, strict=True):
                    done.append(reader(item, beside))
        except UnfitError as problem:
            raise problem.at(len(done)) from None
        return tuple(done)

    return read


def _union(arguments: tuple[Any, ...]) -> Read:
    """By the kind of JSON data, and for tables by their tag: a message, a number, a block, or the one that is left."""
    flat: tuple[Any, ...] = tuple(_flattened(arguments))
    words = [part for part in flat if get_origin(part) is Literal]
    by_type: dict[type, Read] = {}
    if words:
        by_type[str] = _choice(tuple(word for part in words for word in get_args(part)))
    for part in flat:
        if part in _PLAIN:
            by_type[part] = reader_of(part)
    if float in by_type and int not in by_type:
        by_type[int] = by_type[float]
    tables: set[Any] = {part for part in flat if dataclasses.is_dataclass(part)}
    alone = [part for part in tables if part is not Message and part not in KINDS]

    def table(data: dict[str, Any]) -> Read | None:
        if "say" in data and Message in tables:
            return _message
        if "number" in data and float in by_type:
            return by_type[float]
        kind = data.get("block")
        if type(kind) is str and KIND.get(kind) in tables:
            return reader_of(KIND[kind])
        return reader_of(alone[0]) if len(alone) == 1 else None

    def read(data: Any, beside: Beside) -> Any:
        reader = table(data) if type(data) is dict else by_type.get(type(data))
        if reader is None:
            raise UnfitError(f"{told(data)} cannot stand there")
        return reader(data, beside)

    return read


def _flattened(arguments: tuple[Any, ...]) -> Iterator[Any]:
    for part in arguments:
        if get_origin(part) in (Union, types.UnionType):
            yield from _flattened(get_args(part))
        else:
            yield part


def _record(kind: type) -> Read:
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)
    readers = {field.name: reader_of(hints[field.name]) for field in fields}
    needed = {field.name for field in fields if field.default is dataclasses.MISSING}
    tags = {"block"} if kind in KINDS else set()
    check = soundness.CHECKS.get(kind)

    def read(data: Any, beside: Beside) -> Any:
        if type(data) is not dict:
            raise UnfitError(f"{told(data)} is no table")
        values = {}
        for name, value in data.items():
            reader = readers.get(name)
            if reader is None:
                if name in tags:
                    continue
                raise UnfitError(f"{told(name)} is not known there")
            try:
                values[name] = reader(value, beside)
            except UnfitError as problem:
                raise problem.at(name) from None
        if not needed <= values.keys():
            raise UnfitError(f"{', '.join(sorted(needed - values.keys()))} is missing")
        made = kind(**values)
        unsound = check(made) if check else ""
        if unsound:
            raise UnfitError(unsound)
        return made

    return read


def _message(data: Any, beside: Beside) -> Message:
    if type(data) is not dict or "say" not in data or not data.keys() <= {"say", "plural", "with", "context"}:
        raise UnfitError(f"{told(data)} is no message")
    given = data.get("with", {})
    if type(given) is not dict:
        raise UnfitError(f"{told(given)} is no table").at("with")
    words = [_SHORT(data.get(name, ""), beside) for name in ("say", "plural", "context")]
    beside.depth += 1
    if beside.depth > DEEPEST:
        raise UnfitError("messages stand within each other too often")
    value = reader_of(Value)
    made = Message(words[0], words[1], tuple(sorted((name, value(item, beside)) for name, item in given.items())),
                   words[2])
    beside.depth -= 1
    problem = soundness.message(made)
    if problem:
        raise UnfitError(f"the sentence {told(made.id)} cannot be said: {problem}")
    return made


def _picture(data: Any, beside: Beside) -> Picture:
    fields = _asset(Picture, data)
    content, digest, size = beside.picture(fields.pop("asset"))
    values = {name: _PICTURE[name](value, beside) for name, value in fields.items()}
    if (values.get("width"), values.get("height")) != size:
        raise UnfitError(f"assets/{data['asset']} is {size[0]} × {size[1]} pixels, and it is said to be otherwise")
    made = Picture(content, **values)
    made.__dict__["digest"] = digest  # so it is not computed again
    problem = soundness.picture(made)
    if problem:
        raise UnfitError(problem)
    return made


def _attachment(data: Any, beside: Beside) -> Attachment:
    fields = _asset(Attachment, data)
    suffix = _SUFFIX(fields.get("suffix"), beside)
    content, digest = beside.attached(fields["asset"], suffix)
    made = Attachment(content, suffix)
    made.__dict__["digest"] = digest
    return made


def _asset(kind: type, data: Any) -> dict[str, Any]:
    known = {"asset"} | {field.name for field in dataclasses.fields(kind)} - {"data"}
    if type(data) is not dict or "asset" not in data or not data.keys() <= known:
        raise UnfitError(f"{told(data)} names no file beside the report")
    return dict(data)


_SHORT = reader_of(str)
_SPECIAL: dict[Any, Read] = {Message: _message, Picture: _picture, Attachment: _attachment}
_PICTURE = {
    name: reader_of(hint) for name, hint in get_type_hints(Picture, include_extras=True).items() if name != "data"
}
_SUFFIX = reader_of(get_type_hints(Attachment, include_extras=True)["suffix"])
