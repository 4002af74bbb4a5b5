"""Lessons over the store that stands still: the real runner, in a place whose commands are canned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine.engine import Engine
from engine.errors import InvalidArgument, LaminaError
from engine.lessons.models import Lesson, Value
from engine.lessons.place import Outcome, Place
from engine.lessons.reading import read_lesson
from engine.lessons.runner import LessonRun
from engine.settings import Settings
from tests.tui.fake import _STACKS, FakeSource
from tui.lessons.school import Shelf, Told

if TYPE_CHECKING:
    from engine.registry import EmbeddedRegistry

FETCH = '''\
title = "Image"
about = "What is inside an image, and that nothing runs yet."

[[step]]
title = "Fetch one"
text = """
An [image] is what a program needs to run: its files, and a few settings. It is kept on a server, a
[registry]. To [pull] it is to fetch it from there.

The application of this one is `server.py`.
"""
hint = "Press Enter to have it done."
do = [
  { run = "lamina pull lab/web:1", name = "pull" },
]
check = [
  { check = "image_is_here", image = "lab/web:1" },
  { check = "at_least", of = "pull.seconds", value = 1 },
]
show = [{ picture = "stack", image = "lab/web:1" }]
after = "It took {measured.pull.seconds}, and `server.py` came last."

[[step]]
title = "Nothing runs yet"
text = "What runs from an image is called a [container], and there is none so far."
do = [{ run = "lamina images", name = "list" }, "lamina ps -a"]
check = [{ check = "says", of = "list.said", text = "lab/web" }]
after = "The list says lab/web."

[[step]]
title = "Remove it"
text = "An image that nobody needs can be removed."
do = ["lamina rmi lab/web:1"]
check = [{ check = "image_is_gone", image = "lab/web:1" }]
'''
LAYERS = FETCH.replace('"Image"', '"Layers"').replace("What is inside an image", "What a stack is made of")


class CannedPlace(Place):
    """A place over a standing store; `pull` and `rmi` change it, as a second terminal may."""

    def __init__(self, source: FakeSource, hold: asyncio.Event) -> None:
        settings = Settings(root=Path("/var/lib/lesson"), run=Path("/run/lesson"))
        super().__init__(settings, cast("EmbeddedRegistry", None), {}, Path("/var/lib/lesson"))
        self.source, self.hold = source, hold
        self.engine = cast("Engine", source)
        self.ran: list[tuple[str, ...]] = []
        source.stacks.pop("lab/web:1", None)

    async def lamina(self, *words: str, typed: str = "") -> Outcome:
        """What a command would say."""
        self.ran.append(words)
        await self.hold.wait()
        match words:
            case ("pull", name):
                self.source.stacks[name] = _STACKS["lab/web:1"]
                self.source.changed()
            case ("rmi", name):
                if self.source.stacks.pop(name, None) is None:
                    return Outcome(b"there is no such image", 1, 0.1)
                self.source.changed()
            case ("images",):
                return Outcome(b"REPOSITORY   TAG   SIZE\nlab/web      1     83 MB\n", 0, 0.3)
        return Outcome(b"CONTAINER ID   IMAGE\n", 0, 1.5)


class FakeSchool:
    """Two lessons, and how far one is; `open` says how many places there are."""

    def __init__(self, directory: Path, **lessons: str) -> None:
        self.source = FakeSource()
        self.done: dict[str, int] = {}
        self.faults: tuple[LaminaError, ...] = ()
        self.lessons = []
        for name, text in (lessons or {"image": FETCH, "layers": LAYERS}).items():
            path = directory / f"{name}.toml"
            path.write_text(text, "utf-8")
            self.lessons.append(read_lesson(path, ours=True))
        self.hold = asyncio.Event()
        self.hold.set()
        self.hold_open = asyncio.Event()
        self.hold_open.set()
        self.place: CannedPlace | None = None
        self.open = 0
        self.begun: list[dict[str, Value]] = []

    def shelf(self) -> Shelf:
        """All that there is."""
        return Shelf(tuple(self.lessons), self.faults, dict(self.done))

    def keep(self, name: str, step: int) -> None:
        """Note it."""
        self.done[name] = step

    async def reset(self, name: str) -> None:
        """Forget it."""
        self.done.pop(name, None)

    @asynccontextmanager
    async def opened(self, lesson: Lesson, tell: Told) -> AsyncIterator[LessonRun]:
        """A run in a canned place."""
        tell("lab/base: gathering", 1, 7)
        await self.hold_open.wait()
        self.place = CannedPlace(self.source, self.hold)
        self.open += 1
        self.begun.append(dict(lesson.given))
        try:
            yield LessonRun(lesson, self.place)
        finally:
            await asyncio.sleep(0)
            self.open -= 1


BROKEN = InvalidArgument("mine.toml:3: there is no key `tilte`", hint="title")
