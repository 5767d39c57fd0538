"""What every test may ask for."""

from __future__ import annotations

import pytest
from hypothesis import settings

from reportgen.study import Study
from tests.fakes import fake_study

settings.register_profile("patient", deadline=None)  # no test may depend on timing
settings.load_profile("patient")


@pytest.fixture
def study() -> Study:
    """The fake network with one image, half white and half black."""
    return fake_study()
