"""The user's own code is what stands in its file now."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reportgen.probe import own_code


def test_code_that_was_replaced_within_a_second_is_not_taken_from_old_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path, before = tmp_path / "own.py", set(sys.modules)
    for number in (1, 2):
        path.write_text(f"def answer(): return {number}\n")
        os.utime(path, (1_700_000_000, 1_700_000_000))
        assert own_code.named((f"{path}:answer",))["answer"]() == number
        for name in set(sys.modules) - before:
            del sys.modules[name]
    assert [one.name for one in tmp_path.iterdir()] == ["own.py"], "nothing is left beside it"
