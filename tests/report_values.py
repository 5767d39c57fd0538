"""Reports of random content, for laws that hold for every report."""

from __future__ import annotations

from hypothesis import strategies as st

from reportgen.report import blocks as b
from reportgen.report.document import Formula, Provenance, Report, Section, Source
from reportgen.report.lab import Illustration, Lab, Listing, Person, Question, Style
from reportgen.report.references import Reference
from reportgen.text import Message

names = st.text(max_size=20)
numbers = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False))
messages = st.builds(
    Message, st.text(max_size=20), st.text(max_size=20),
    st.dictionaries(names, st.one_of(names, numbers, st.booleans()), max_size=3).map(lambda d: tuple(sorted(d.items()))),
    names,
)
texts = st.one_of(names, messages)
cells = st.one_of(st.none(), names, numbers, st.booleans(), messages)
grids = st.none() | st.builds(b.Grid, *[st.integers(1, 9)] * 4, st.lists(st.integers(0, 99), max_size=4).map(tuple))
pictures = st.builds(
    b.Picture, st.binary(min_size=1, max_size=20), st.integers(1, 99), st.integers(1, 99),
    st.sampled_from(["map", "photo"]), grids,
)
scales = st.none() | st.builds(
    b.Scale, st.sampled_from(["viridis", "diverging"]), numbers, numbers, st.sampled_from(["block", "picture", "tile"]),
    st.none() | messages, st.booleans(),
)


def tuples(of: st.SearchStrategy, size: int = 3) -> st.SearchStrategy:
    return st.lists(of, max_size=size).map(tuple)


series = st.builds(b.Series, messages, tuples(st.none() | numbers), tuples(st.none() | numbers))
blocks = st.one_of(
    st.builds(b.Prose, messages),
    st.builds(b.Fact, names, messages, cells, names, st.none() | messages),
    st.builds(b.Figure, names, pictures, texts, texts, scales),
    st.builds(b.Gallery, names, tuples(pictures), tuples(texts), messages, messages, st.just("strip"), scales, tuples(texts)),
    st.builds(b.Table, names, tuples(st.builds(b.Column, messages, names, st.booleans())), tuples(tuples(cells)), messages),
    st.builds(b.Chart, names, st.just("lines"), tuples(texts), tuples(series), messages, st.none() | messages,
              st.none() | messages, tuples(st.floats(allow_nan=False)), tuples(st.integers(0, 9)), names, st.booleans()),
    st.builds(b.Diagram, names, tuples(st.builds(b.Node, names, names, names, names, st.none() | st.integers(0, 9))),
              tuples(st.tuples(st.integers(0, 9), st.integers(0, 9))), messages, messages),
    st.builds(b.Note, messages, st.sampled_from(["finding", "warning", "failed"])),
)
sections = st.builds(
    Section, names, names, names, messages, messages, messages, tuples(blocks, 6),
    tuples(st.builds(Formula, names, st.none() | messages)), names, names, tuples(names), st.none() | messages,
)
words = tuples(st.tuples(names, names))
labs = st.builds(
    Lab, tuples(st.tuples(names, words)), tuples(st.builds(Person, names, st.sampled_from(["", "f", "m"]), names, names)),
    tuples(st.builds(Person, names)), tuples(st.tuples(names, words)), tuples(st.builds(Question, names, names)),
    st.booleans(), tuples(st.builds(Reference, names, st.just("book"), names, tuples(names), names)),
    tuples(st.builds(Listing, names, names)), tuples(st.builds(Illustration, names, pictures)), st.booleans(),
    tuples(st.tuples(names, st.builds(Style, names, st.just("letter"), st.floats(5, 60), order=tuples(names)))),
)
reports = st.builds(
    Report, texts, tuples(sections), st.builds(Provenance, tuples(st.builds(Source, names, names, names, st.integers(0)))),
    labs, names,
)
