"""What the room's light parts must not load: each import is paid by every command or every layer."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("asyncio", "aiohttp", "textual", "rich", "pyroute2", "sqlite3")


@pytest.mark.parametrize(
    ("module", "refused"),
    [
        ("engine.layers", (*HEAVY, "hashlib", "zlib")),
        ("engine.layers.store", (*HEAVY, "isal", "zstandard")),
        ("engine.layers.overlay", (*HEAVY, "isal", "zstandard")),
        ("engine.layers.seam", (*HEAVY, "isal", "zstandard")),
        ("engine.layers.helper", (*HEAVY, "dataclasses", "inspect", "zstandard", "pathlib", "logging")),
    ],
)
def test_a_light_module_loads_nothing_heavy(module: str, refused: tuple[str, ...]) -> None:
    script = f"import sys, {module}; print(*(set({refused!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
