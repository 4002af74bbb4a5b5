"""The workstation over the real engine: from an empty store to the log of a running container."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.containers.models import Status
from engine.engine import Engine
from engine.settings import load_settings
from tests.tui.driving import app_of, ready, screen_lines, text_of, until
from tui.app import Lamina
from tui.screens.pull import PullDialog

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting an overlay for a container needs root here"),
]


@pytest.mark.timeout(180)
async def test_from_an_empty_store_to_a_followed_log(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "store")
    engine = Engine(settings)
    app = Lamina(settings)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await ready(pilot)
            bench = app_of(pilot).workbench
            await pilot.press("L")
            await until(pilot, lambda: isinstance(app.screen, PullDialog), "the offer", seconds=60)
            await until(pilot, lambda: "3 of 3 layers to fetch" in "\n".join(screen_lines(pilot)), "the plan")
            await pilot.press("enter")
            await until(
                pilot, lambda: "as predicted" in "\n".join(screen_lines(pilot)), "the pull", seconds=60
            )
            await pilot.press("enter")
            await until(pilot, lambda: "lab/web:1" in text_of(bench.images), "the image")
            await until(pilot, lambda: app.state.detail is not None, "its layers")

            await pilot.press("R", "tab", *"web", *["tab"] * 4, *"none", "enter")
            await until(
                pilot, lambda: "web runs as process" in text_of(bench.activity), "the start", seconds=60
            )
            await until(pilot, lambda: bench.panel is bench.containers, "the cursor on it")
            await pilot.press("l")
            await until(pilot, lambda: "listens" in text_of(bench.inspector), "its log", seconds=30)

            app.commands.open_pull("lab/web:2")
            await until(pilot, lambda: "1 of 3 layers to fetch" in "\n".join(screen_lines(pilot)), "the plan")
            await pilot.press("escape", "2", "s")
            await until(
                pilot,
                lambda: (app.state.containers or ())[0].status is Status.EXITED,
                "the stop",
                seconds=30,
            )
    finally:
        for container in await engine.containers():
            await engine.remove(container.id, force=True)
        await engine.lab_down()
