"""Slugs are safe, stable, and never the same for two names."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reportgen.report.names import LONGEST, slug


def test_plain_names_stay_as_they_are() -> None:
    for name in ("enc_conv1_1", "block1-conv2", "згортка_1", "a", "Conv2D"):
        assert slug(name) == name


@given(st.text())
def test_a_slug_is_a_safe_file_name(name: str) -> None:
    made = slug(name)
    assert re.fullmatch(r"[^\W_][\w-]*", made)
    assert len(made.encode()) <= LONGEST


@given(st.text(), st.text())
def test_different_names_have_different_slugs(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


def test_names_that_differ_in_signs_alone_do_not_meet() -> None:
    names = ["conv", "conv.", "conv/", "..", "index", "nul", "x" * 240, "x" * 241, "<script>", ""]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
