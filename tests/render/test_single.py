"""The report as one file: nothing outside is asked for, and its size is minded."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import logging
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import UsageError
from reportgen.render import Output, Wishes, render, single
from tests.render.sample_report import sample_report, speaker

OUTPUT = Output(Path(), "uk", "single")


@pytest.fixture(scope="module")
def text() -> str:
    return single.page(sample_report(), speaker("uk"))


def test_nothing_outside_the_file_is_named(text: str) -> None:
    addresses = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert addresses
    assert [one for one in addresses if not one.startswith(("#", "data:image/"))] == []


def test_the_policy_lets_in_its_own_style_and_script_alone(text: str) -> None:
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in text


def test_every_place_has_a_name_of_its_own_and_every_link_a_place(text: str) -> None:
    names = re.findall(r' id="([^"]+)"', text)
    assert len(names) == len(set(names))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(names)


def test_maps_lose_nothing_and_photographs_become_smaller() -> None:
    for picture in (block.picture for section in sample_report().sections for block in section.blocks
                    if hasattr(block, "picture")):
        _kind, data = single._packed(picture)
        assert len(data) <= len(picture.data)
        if picture.kind == "map":
            was, now = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in (picture.data, data))
            assert np.array_equal(was, now)


def test_a_large_file_is_told_and_a_very_large_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    output = dataclasses.replace(OUTPUT, folder=tmp_path)
    monkeypatch.setattr(single, "LARGE", 10)
    with caplog.at_level(logging.WARNING):
        single.render(sample_report(), output)
    assert "will open slowly" in caplog.text
    monkeypatch.setattr(single, "LARGEST", 20)
    with pytest.raises(UsageError, match="MB, more than a browser opens well"):
        single.render(sample_report(), output)
    single.render(sample_report(), dataclasses.replace(output, wishes=Wishes(force=True)))


def test_it_is_made_beside_the_site(tmp_path: Path) -> None:
    render(sample_report(), tmp_path, languages=("uk",), formats=("html", "single"))
    assert (tmp_path / "report.uk.html").stat().st_size > 100_000
    assert 'href="../report.uk.html"' in (tmp_path / "uk" / "index.html").read_text(encoding="utf-8")
