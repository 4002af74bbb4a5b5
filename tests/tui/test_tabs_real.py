"""The inspector's tabs over the real engine and a container that writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.containers.models import BindMount, ContainerOptions
from engine.engine import Engine
from engine.oci.run_config import HealthCheck
from engine.settings import load_settings
from tests.tui.driving import open_tab, ready, screen_lines, text_of, until
from tui.app import Lamina

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting an overlay for a container needs root here"),
]

_WRITES = "sleep 1; while :; do [ -e /go ] && echo x >> /etc/passwd && rm /go /etc/group; sleep 0.2; done"


@pytest.mark.timeout(180)
async def test_every_tab_tells_of_a_container_that_runs(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "store")
    engine = Engine(settings)
    try:
        await engine.lab_up()
        await engine.pull("lab/base:latest")
        made = await engine.create(
            ContainerOptions(
                image="lab/base:latest",
                command=("sh", "-c", _WRITES),
                name="writer",
                user="0",
                env=("GREETING=hello",),
                binds=(BindMount(str(tmp_path), "/here", read_only=True),),
                health=HealthCheck(("CMD-SHELL", "echo works"), interval=0.5, timeout=5),
            )
        )
        await engine.start(made.id)
        app = Lamina(settings)
        async with app.run_test(size=(160, 45)) as pilot:
            await ready(pilot)
            await open_tab(pilot, "Stats", lambda text: "of a core" in text and "█" in text)
            await open_tab(pilot, "Processes", lambda text: "sh -c sleep 1" in text)
            await open_tab(pilot, "Config", lambda text: "GREETING=hello" in text)
            await open_tab(pilot, "Mounts", lambda text: "/here" in text and "read only" in text)
            await open_tab(pilot, "Network", lambda _: "It has no network" in "\n".join(screen_lines(pilot)))
            await open_tab(pilot, "Namespaces", lambda text: "its own" in text and "NET_ADMIN" in text)
            await open_tab(pilot, "Steps", lambda text: "overlay" in text)
            await open_tab(pilot, "Health", lambda text: "works" in text.partition("\n")[2])
            await open_tab(pilot, "Events", lambda text: "create" in text and "start" in text)
            inspector = await open_tab(pilot, "Overlay", lambda text: "merged" in text)
            root = Path(f"/proc/{(await engine.container(made.id)).pid}/root")
            (root / "go").touch()
            await until(pilot, lambda: "copied up" in text_of(inspector), "the copy-up", seconds=30)
            await until(pilot, lambda: "deleted" in text_of(inspector), "the whiteout", seconds=30)
            await until(pilot, lambda: "layer 1" in text_of(inspector), "whose file it was", seconds=30)
    finally:
        for container in await engine.containers():
            await engine.remove(container.id, force=True)
        await engine.lab_down()
