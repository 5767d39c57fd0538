"""What every test may ask for."""

from __future__ import annotations

import pytest

from reportgen.study import Study
from tests.fakes import fake_study


@pytest.fixture
def study() -> Study:
    """The fake network with one image, half white and half black."""
    return fake_study()
