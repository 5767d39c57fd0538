"""What comes from the process that owns the network, and what is told where it ends before its work is done."""

from __future__ import annotations

import io
import json
import signal
from typing import Any

import pytest

from reportgen.report import codec
from reportgen.report.document import Section
from reportgen.worker import _death, _receive
from tests.render.sample_report import sample_report


def received(answers: bytes, count: int) -> tuple[int, list[Section]]:
    got: list[Section] = []
    plans: list[Any] = [None] * count
    made = _receive(
        io.BytesIO(answers), plans, lambda _plan, section: got.append(section), lambda _share, _what: None, lambda _words: None
    )
    return made, got


def test_answers_that_are_cut_anywhere_give_the_sections_before() -> None:
    sections = sample_report().sections
    answers = b'{"progress": 0.5, "doing": "something"}\n'
    ends = []
    for section in sections:
        assets = {codec.asset_name(asset): asset.data for asset in codec.assets_of(section)}
        sizes = [(name, len(data)) for name, data in assets.items()]
        answers += json.dumps({"section": codec.dumps(section), "assets": sizes}).encode() + b"\n" + b"".join(assets.values())
        ends.append(len(answers))
    assert any(codec.assets_of(sections[-1])) or len(sections) > 1
    for cut in {0, 10, *ends, *(end - 1 for end in ends), *range(40, len(answers), 997)}:
        made, got = received(answers[:cut], len(sections))
        whole = sum(end <= cut for end in ends)
        assert made == whole
        assert [codec.dumps(section) for section in got] == [codec.dumps(section) for section in sections[:whole]]


@pytest.mark.parametrize(
    ("code", "slug", "part"),
    [(-signal.SIGKILL, "out-of-memory", "memory ran short"), (-signal.SIGSEGV, "native-crash", "SIGSEGV"),
     (-signal.SIGTERM, "worker-ended", "Terminated"), (-signal.SIGRTMIN, "worker-ended", "outside"),
     (1, "internal", "exit code 1"), (0, "internal", "it said nothing")],
)
def test_how_it_died_is_told(code: int, slug: str, part: str) -> None:
    told = _death(code, "")
    assert told.slug == slug
    assert part in told.message
