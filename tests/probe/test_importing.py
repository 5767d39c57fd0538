"""Keras is imported with less around it, and leaves nothing of that behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.tf

SCRIPT = """
import gc, sys, typing
from reportgen.probe.importing import quick_imports
with quick_imports():
    import keras
assert "tensorflow" in sys.modules
assert not [name for name in sys.modules if name.split(".")[0] == "matplotlib"]
assert gc.isenabled() and gc.get_freeze_count() > 100_000
assert not hasattr(typing, "compile")
import matplotlib.figure
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
assert model.count_params() == 3
"""
THERE_ALREADY = """
import sys, matplotlib
from reportgen.probe.importing import quick_imports
with quick_imports():
    assert sys.modules["matplotlib"] is matplotlib
assert sys.modules["matplotlib"] is matplotlib
"""


@pytest.mark.parametrize("script", [SCRIPT, THERE_ALREADY], ids=["fresh", "drawing already"])
def test_nothing_but_the_import_is_changed(script: str) -> None:
    pytest.importorskip("keras")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
