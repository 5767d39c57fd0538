"""The wheel is complete: it runs from an empty folder with nothing of the checkout beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.tf
@pytest.mark.slow
def test_the_wheel_builds_the_demo_from_an_empty_folder(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    wheels, installed, empty = tmp_path / "wheels", tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, ROOT], check=True)
    (wheel,) = wheels.glob("reportgen-*.whl")
    assert wheel.stat().st_size < 5_000_000
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", installed, wheel], check=True)
    environment = {**os.environ, "PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    where = subprocess.run(
        [sys.executable, "-P", "-c", "import reportgen; print(reportgen.__file__)"], cwd=empty, env=environment,
        check=True, capture_output=True, text=True,
    )
    assert where.stdout.startswith(str(installed))
    subprocess.run(
        [sys.executable, "-P", "-m", "reportgen", "demo", "--language", "uk", "--format", "html", "--format", "pdf"],
        cwd=empty, env=environment, check=True,
    )
    assert "Передбачення" in (empty / "site" / "uk" / "prediction.html").read_text(encoding="utf-8")
    assert (empty / "site" / "static" / "site.css").is_file()
    assert (empty / "site" / "report.uk.pdf").read_bytes().startswith(b"%PDF")
