"""Reports of random content, for laws that hold for every report."""

from __future__ import annotations

import struct
import zlib

from hypothesis import strategies as st

from reportgen.report import blocks as b
from reportgen.report.document import Formula, Provenance, Report, Section, Source
from reportgen.report.lab import Illustration, Lab, Listing, Person, Question, Style
from reportgen.report.references import Reference
from reportgen.text import Message

names = st.text(max_size=20)
numbers = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False))


@st.composite
def messages_of(draw: st.DrawFn, values: st.SearchStrategy) -> Message:
    """A sentence whose fields have values; with a plural there is a count."""
    given = draw(st.dictionaries(st.sampled_from(["layer", "share", "місце"]), values, max_size=3))
    plain = st.text(max_size=20).map(lambda text: text.replace("{", "{{").replace("}", "}}"))
    pattern = draw(plain) + "".join(f"{{{name}}}" for name in given)
    plural = draw(st.just("") | plain)
    given |= {"count": draw(st.integers(0, 99))} if plural else {}
    return Message(pattern, plural, tuple(sorted(given.items())), draw(names))


messages = messages_of(names | numbers | st.booleans() | messages_of(names | numbers))
texts = st.one_of(names, messages)
cells = st.one_of(st.none(), names, numbers, st.booleans(), messages)


def pixels(width: int, height: int, level: int = 0) -> bytes:
    """A gray PNG of that size."""
    rows = zlib.compress(b"".join(b"\0" + bytes([level]) * width for _ in range(height)))
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@st.composite
def pictures_of(draw: st.DrawFn) -> b.Picture:
    """A picture, it may be with tiles that lie within it."""
    grid = draw(st.none() | st.builds(
        b.Grid, *[st.integers(1, 5)] * 4, st.lists(st.integers(0, 99), max_size=4).map(tuple)
    ))
    width, height = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    if grid:
        width, height = width + 4 * (grid.tile_width + grid.gap), height + 4 * (grid.tile_height + grid.gap)
    data = pixels(width, height, draw(st.integers(0, 9)))
    return b.Picture(data, width, height, draw(st.sampled_from(["map", "photo"])), grid)


pictures = pictures_of()
formats = st.sampled_from(["", ",d", ".3g", ".1%", ".10f", "+,.2e"])
scales = st.none() | st.builds(
    b.Scale, st.sampled_from(["viridis", "diverging"]), numbers, numbers, st.sampled_from(["block", "picture", "tile"]),
    st.none() | messages, st.booleans(),
)


def tuples(of: st.SearchStrategy, size: int = 3) -> st.SearchStrategy:
    return st.lists(of, max_size=size).map(tuple)


series = st.builds(b.Series, messages, tuples(st.none() | numbers), tuples(st.none() | numbers))
blocks = st.one_of(
    st.builds(b.Prose, messages),
    st.builds(b.Fact, names, messages, cells, formats, st.none() | messages),
    st.builds(b.Figure, names, pictures, texts, texts, scales),
    st.builds(b.Gallery, names, tuples(pictures), tuples(texts), messages, messages, st.just("strip"), scales, tuples(texts)),
    st.integers(0, 3).flatmap(lambda count: st.builds(
        b.Table, names, st.tuples(*[st.builds(b.Column, messages, formats, st.booleans())] * count),
        tuples(st.tuples(*[cells] * count)), messages,
    )),
    st.builds(b.Chart, names, st.just("lines"), tuples(texts), tuples(series), messages, st.none() | messages,
              st.none() | messages, tuples(st.floats(allow_nan=False)), tuples(st.integers(0, 9)), formats, st.booleans()),
    st.builds(b.Diagram, names, st.tuples(*[st.builds(b.Node, names, names, names, names, st.none() | st.integers(0, 9))] * 3),
              tuples(st.tuples(st.integers(0, 2), st.integers(0, 2))), messages, messages),
    st.builds(b.Note, messages, st.sampled_from(["finding", "warning", "failed"])),
    st.builds(b.Download, names, st.builds(b.Attachment, st.binary(max_size=20), st.just("npz")), messages),
)
sections = st.builds(
    Section, names.filter(lambda name: not name.startswith("*")), names.filter(lambda name: not name.startswith("*")), names, messages, messages, messages, tuples(blocks, 6),
    tuples(st.builds(Formula, names, st.none() | messages)), names, names, tuples(names), st.none() | messages,
)
words = tuples(st.tuples(names, names))
labs = st.builds(
    Lab, tuples(st.tuples(names, words)), tuples(st.builds(Person, names, st.sampled_from(["", "f", "m"]), names, names)),
    tuples(st.builds(Person, names)), tuples(st.tuples(names, words)), tuples(st.builds(Question, names, names)),
    st.booleans(), tuples(st.builds(Reference, names, st.just("book"), names, tuples(names), names)),
    tuples(st.builds(Listing, names, names)), tuples(st.builds(Illustration, names, pictures)), st.booleans(),
    tuples(st.tuples(names, st.builds(Style, names, st.just("letter"), st.floats(5, 60), size=st.floats(8, 20), order=tuples(names)))),
)
reports = st.builds(
    Report, texts, st.lists(sections, max_size=3, unique_by=lambda one: one.name).map(tuple), st.builds(Provenance, tuples(st.builds(Source, names, names, names, st.integers(0, 10**15)))),
    labs, names,
)
