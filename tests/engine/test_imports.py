"""What is loaded by whom: no screen in the engine, and nothing slow in quick commands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.cli.main import cli
from tests.support.command import Lamina

SCREEN = {"textual", "rich", "tui"}
SLOW = {"asyncio", "aiohttp", "pyroute2"}
VERBS = cli.list_commands(None)  # type: ignore[arg-type]  # the table needs no context


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after `code`."""
    tail = "\nimport sys; print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, timeout=60, check=True
    )
    line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("LOADED"))
    return set(line.split()[1:])


def loaded_by_command(lamina: Lamina, *words: str) -> set[str]:
    """Top-level modules that a command has loaded when it ends."""
    arguments = ["--root", str(lamina.root), *words]
    return loaded_by(f"from engine.cli.main import main\nassert main(arguments={arguments!r}) == 0")


@pytest.mark.parametrize("module", ["engine", "engine.engine", "engine.cli.main"])
def test_engine_loads_no_screen(module: str) -> None:
    assert not loaded_by(f"import {module}") & SCREEN


@pytest.mark.parametrize("verb", VERBS)
def test_verb_loads_no_screen(verb: str, lamina: Lamina) -> None:
    assert not loaded_by_command(lamina, verb, "--help") & SCREEN


@pytest.mark.parametrize("words", [["--version"], ["ps"], ["images"]], ids=" ".join)
def test_quick_command_loads_nothing_slow_and_no_screen(words: list[str], lamina: Lamina) -> None:
    assert not loaded_by_command(lamina, *words) & (SLOW | SCREEN)
