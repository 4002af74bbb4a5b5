"""Logs over the real engine: containers that write, followed, narrowed, marked, merged and saved."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.containers.models import BindMount, ContainerOptions
from engine.engine import Engine
from engine.settings import load_settings
from tests.tui.driving import app_of, ready, screen_lines, until
from tui.app import Lamina

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting an overlay for a container needs root here"),
]

# Writes a line, and one more for each file that a test puts beside it.
_WRITES = (
    "echo begins; echo no door >&2; n=1; "
    "while :; do [ -e /here/$n ] && echo \"$NAME hears $n\" && n=$((n+1)) || sleep 0.1; done"
)  # fmt: skip


@pytest.mark.timeout(180)
async def test_logs_of_containers_that_write(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "store")
    engine = Engine(settings)
    here = tmp_path / "here"
    here.mkdir()
    try:
        await engine.lab_up()
        await engine.pull("lab/base:latest")
        for name in ("one", "two"):
            made = await engine.create(_options(name, here))
            await engine.start(made.id)
        app = Lamina(settings)
        async with app.run_test(size=(160, 45)) as pilot:
            await ready(pilot)
            await pilot.press("2", "l")

            def shows(words: str) -> bool:
                return any(words in line for line in screen_lines(pilot))

            await until(pilot, lambda: shows("! no door"), "its errors", seconds=30)
            await pilot.press("minus")
            (here / "1").touch()
            await until(pilot, lambda: shows("hears 1"), "a line that came after", seconds=30)
            await pilot.press("k", "k")
            (here / "2").touch()
            await until(pilot, lambda: shows("paused · 1 new"), "what is new", seconds=30)
            await pilot.press("G", "slash", *"hears", "enter")
            await until(pilot, lambda: not shows("begins") and shows("hears 2"), "the filter")
            await pilot.press("K", "ctrl+u", *str(tmp_path / "its.log"), "enter")
            await until(pilot, lambda: shows("2 lines, "), "the file", seconds=30)
            name = app.state.logs.book.names()[0]
            assert (tmp_path / "its.log").read_text() == f"{name} hears 1\n{name} hears 2\n"
            await pilot.press("escape", "2", "asterisk", "l")
            await until(pilot, lambda: shows("one hears 2") and shows("two hears 2"), "both", seconds=30)
            (here / "3").touch()
            await until(
                pilot, lambda: shows("one hears 3") and shows("two hears 3"), "both go on", seconds=30
            )
            await pilot.press("escape")
            assert app_of(pilot).workbench.is_current
    finally:
        for container in await engine.containers():
            await engine.remove(container.id, force=True)
        await engine.lab_down()


def _options(name: str, here: Path) -> ContainerOptions:
    return ContainerOptions(
        image="lab/base:latest", command=("sh", "-c", _WRITES), name=name, env=(f"NAME={name}",),
        binds=(BindMount(str(here), "/here", read_only=True),),
    )  # fmt: skip
