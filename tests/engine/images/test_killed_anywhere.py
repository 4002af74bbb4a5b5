"""A pull that is killed at any of its steps leaves a whole image or none, and a prune gets the space back.

Python tells an audit hook of every file that is opened, renamed or removed and of every process that is
started; the pull is killed (SIGKILL) as one of these is about to happen.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from engine.images.check_models import CheckReport
from engine.images.service import ImageService
from engine.settings import Settings
from engine.store import Layout
from tests.engine.images.publish import Registry, layer, noise
from tests.support.leaks import processes_of
from tests.support.waiting import eventually

BASE = layer({"etc/os": b"base", "bin/big": noise("base", 300_000)})
APP = layer({"srv/app": b"one" + noise("one", 50_000)})
POINTS = 24  # of a few hundred steps, spread evenly, so that all tests together take seconds

PULL = """
import asyncio, os, signal, sys
from pathlib import Path
from engine.images.service import ImageService
from engine.settings import Settings
root, reference, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
steps = 0
def step(event, arguments):
    global steps
    if event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "sqlite3.connect",
                 "subprocess.Popen", "fcntl.flock") or event == "open" and root in str(arguments[0]):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
images = ImageService(Settings(Path(root), Path(root) / "run"))
sys.addaudithook(step)
asyncio.run(images.pull(reference))
print(steps)
"""


async def pull(root: Path, reference: str, last: int) -> tuple[int, int]:
    """Pull in a process that is killed at step `last`, 0 for never; its status and the steps it took."""
    words = (sys.executable, "-c", PULL, str(root), reference, str(last))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, int(out or 0)


async def check(images: ImageService) -> CheckReport:
    return await images.check([], lambda _: False)


@pytest.mark.parametrize("part", range(4))
async def test_a_pull_killed_at_any_step_leaves_a_whole_image_or_none(
    images: ImageService, settings: Settings, registry: Registry, tmp_path: Path, part: int
) -> None:
    reference = registry.publish("web:1", BASE, APP)
    status, steps = await pull(tmp_path / "measured", reference, 0)
    assert status == 0
    assert steps > POINTS
    layout = Layout.of(settings)
    for point in range(part, POINTS, 4):
        status, _ = await pull(settings.root, reference, 1 + point * (steps - 1) // (POINTS - 1))
        assert await asyncio.to_thread(eventually, lambda: not processes_of(settings.root))
        # A layer may take a step less than last time, so the last points can come too late.
        assert status in (0, -9)
        report = await check(images)
        assert report.problems == ()
        assert len(images.list()) == report.images <= 1
        if not report.images:
            said = images.preview_prune()
            assert images.prune() == said
            assert left(layout) == []
        images.prune(all_unused=True)
        assert left(layout) == []


def left(layout: Layout) -> list[str]:
    """Names of all that is not of an empty store."""
    places = (layout.blobs, layout.layers, layout.seams, layout.ingest)
    temporary = [name for name in os.listdir(layout.root) if name.startswith(".tmp-")]
    return [name for place in places for name in os.listdir(place)] + temporary
