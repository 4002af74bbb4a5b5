"""Where no virtual machine can be started it is said what to install; where one was, none is left."""

from __future__ import annotations

import os
import platform
import signal
from pathlib import Path

import pytest

from engine.errors import NotSupported
from engine.lab.machine import parts
from engine.lessons.catalogue import lesson_files
from engine.lessons.events import Checked, Skipped, StepDone
from engine.lessons.reading import read_lesson
from engine.lessons.runner import LessonRun
from engine.lessons.scratch import opened, reset
from engine.settings import Settings
from tests.support import leaks
from tests.support.command import Lamina
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_OF_MACHINES = [3, 4, 5, 6, 7]  # steps of the lesson that need one
_BOOT = """
title = "Boot"
about = "A machine that waits."

[[step]]
title = "Boot"
text = "It is started."
do = [
  "lamina pull -q lab/base",
  { action = "make_machine_disk", image = "lab/base" },
  { action = "boot_machine" },
]
check = [{ check = "machine_runs" }]
"""


async def test_lesson_goes_on_without_a_machine_and_says_what_to_install(
    outer: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("machines are started on x86_64 only")
    monkeypatch.setattr(parts, "PROGRAMS", str(tmp_path))
    monkeypatch.setattr(parts, "KERNELS", ())
    lesson = read_lesson(lesson_files()["virtual-machine"], ours=True)
    async with opened(outer, lesson.given) as place:
        run = LessonRun(lesson, place)
        events = [event async for event in run.whole()]
        assert [number for number in range(1, len(lesson.steps) + 1) if run.left_out(number)] == _OF_MACHINES
    skipped = [event for event in events if isinstance(event, Skipped)]
    assert [event.number for event in skipped] == _OF_MACHINES
    assert {event.why for event in skipped} == {"this machine lacks QEMU and a kernel to start in it"}
    assert {event.hint for event in skipped} == {
        "sudo apt-get install --no-install-recommends qemu-system-x86 linux-image-cloud-amd64"
    }
    assert all(event.ok for event in events if isinstance(event, StepDone | Checked))
    assert "(not measured)" not in "".join(event.after for event in events if isinstance(event, StepDone))


async def test_machine_of_a_lesson_that_is_killed_ends_with_it(outer: Settings, tmp_path: Path) -> None:
    try:
        parts.find_parts()
    except NotSupported as error:
        pytest.skip(f"{error.message}: {error.hint}")
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "boot.toml").write_text(_BOOT, "utf-8")
    lamina = Lamina(outer.root)
    words = ("lab", "start", "boot", "--auto", "--speed", "0")
    with lamina.start(*words, env={"LAMINA_CONFIG": str(tmp_path)}) as process:
        assert eventually(lambda: emulators(outer.root), 60, every=0.1)
        (machine,) = emulators(outer.root)
        process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not os.path.exists(f"/proc/{machine}"))
    await reset(outer)


def emulators(root: Path) -> list[int]:
    """Emulators that have files of a store open."""
    return [process.pid for process in leaks.processes_of(root) if "/qemu-" in process.command.split(" ")[0]]
