"""Where the system's text library is missing: one sentence, at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.errors import ReportgenError
from reportgen.render import fonts
from tests.test_cli import told

WITHOUT = """
import ctypes.util, sys
import cffi
real = cffi.FFI.dlopen
def missing(self, name, flags=0):
    if "pango" in str(name):
        raise OSError(name)
    return real(self, name, flags)
cffi.FFI.dlopen = missing
from reportgen.errors import ReportgenError
from reportgen.render.fonts import import_weasyprint
try:
    import_weasyprint()
except ReportgenError as problem:
    sys.exit(problem.slug != "pango-missing")
"""


def test_weasyprints_advice_is_not_printed() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_it_is_noticed_without_importing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.refuse_without_pango()
    monkeypatch.setattr(fonts, "PANGO", (("libnothing-of-this-name.so",),))
    with pytest.raises(ReportgenError, match="Pango is missing"):
        fonts.refuse_without_pango()


def test_a_build_ends_before_it_computes(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom reportgen.render import fonts\nfonts.PANGO = (('libnothing-of-this-name.so',),)\n"
        "from reportgen.cli import main\nsys.argv = ['reportgen', *sys.argv[1:]]\nmain()\n"
    )
    (tmp_path / "without.py").write_text(script)
    command = ["build", "--model", "lab:texture-unet", "--artifacts", "summary", "--cache", "cache"]
    done = subprocess.run([sys.executable, "without.py", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Pango is missing" in told(done, 4)
    assert not (tmp_path / "site").exists()
