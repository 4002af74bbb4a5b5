"""The end of a process is heard of though nobody writes an event."""

from __future__ import annotations

import subprocess

from engine.containers.models import Status
from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready, until
from tests.tui.fake import FakeSource, container


async def test_a_container_whose_process_was_killed_is_looked_at_again(make: Make) -> None:
    source = FakeSource()
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            source.made = [container("pg1", "postgres:15", Status.RUNNING)._replace(pid=process.pid)]
            async with make(source).run_test(size=(120, 40)) as pilot:
                await ready(pilot)
                source.made = [source.made[0]._replace(status=Status.DEAD, pid=0)]
                process.kill()
                state = app_of(pilot).state
                await until(pilot, lambda: (state.containers or ())[0].status is Status.DEAD, "the truth")
        finally:
            process.kill()
