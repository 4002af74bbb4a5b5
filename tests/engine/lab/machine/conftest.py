"""What a virtual machine needs of this host, or why its tests are skipped."""

from __future__ import annotations

import pytest

from engine.errors import NotSupported
from engine.lab.machine.parts import Parts, find_parts


@pytest.fixture
def parts() -> Parts:
    """An emulator and a kernel; skips where one is missing."""
    try:
        return find_parts()
    except NotSupported as error:
        pytest.skip(f"{error.message}: {error.hint}")
