"""A lab that is taken down again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.lab.service import Lab
from engine.settings import Settings


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    """The lab of a store of its own, down."""
    lab = Lab(settings)
    yield lab
    lab.down()
