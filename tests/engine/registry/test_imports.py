"""Light names of the room do not bring the network with them."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "statement",
    [
        "import engine.oci, engine.registry",
        "from engine.oci import Digest, Reference, parse_document, parse_image_config",
        "from engine.registry import RegistryDirectory",
        "import engine.registry.served",
    ],
)
def test_nothing_heavy_is_loaded(statement: str) -> None:
    heavy = "{'aiohttp', 'asyncio', 'ssl', 'textual', 'pyroute2'}"
    program = f"{statement}; import sys; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
