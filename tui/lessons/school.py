"""Where the screen has its lessons from: the catalogue, how far somebody is, and a place to run one in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from engine.errors import LaminaError
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.lab.models import LabProgress
    from engine.lessons.models import Lesson
    from engine.lessons.runner import LessonRun

Told = Callable[[str, int, int], None]
"""What is told while a place is made: what is being made, how much is done, of how much."""

_NEEDED = ("engine.lab.lesson_images", "engine.lessons.runner", "engine.lessons.scratch", "engine.registry")


@dataclass(frozen=True, slots=True)
class Shelf:
    """All lessons.

    :param faults: what is wrong with files that are none.
    :param done: by lesson, the last step that was done.
    """

    lessons: tuple[Lesson, ...]
    faults: tuple[LaminaError, ...]
    done: dict[str, int]

    def first_of(self, lesson: Lesson) -> int:
        """The step at which one goes on; the first where the end was reached."""
        done = self.done.get(lesson.name, 0)
        return done + 1 if done < len(lesson.steps) else 1


class School(Protocol):
    """What the screen asks; `shelf` and `keep` read and write files, and are called in threads."""

    def shelf(self) -> Shelf: ...
    def keep(self, name: str, step: int) -> None: ...
    async def reset(self, name: str) -> None: ...
    def opened(self, lesson: Lesson, tell: Told) -> AbstractAsyncContextManager[LessonRun]: ...


class OwnSchool:
    """The lessons that came with Lamina and the user's own, run in the scratch store of a store.

    :param settings: of the learner's store.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def shelf(self) -> Shelf:
        """What there is now."""
        from engine.lessons.catalogue import lessons
        from engine.lessons.progress import read_progress

        found, faults = lessons()
        return Shelf(tuple(found), tuple(faults), read_progress(self._settings))

    def keep(self, name: str, step: int) -> None:
        """Note the last step that was done; 0 forgets the lesson."""
        from engine.lessons.progress import keep_progress

        keep_progress(self._settings, name, step)

    async def reset(self, name: str) -> None:
        """Forget how far one is, and remove what a lesson that was killed left."""
        from engine.lessons import scratch

        await scratch.reset(self._settings)
        await asyncio.to_thread(self.keep, name, 0)

    @asynccontextmanager
    async def opened(self, lesson: Lesson, tell: Told) -> AsyncIterator[LessonRun]:
        """A run of a lesson in a fresh place; everything in it is gone at the end."""
        loop = asyncio.get_running_loop()

        def heard(progress: LabProgress) -> None:  # in the thread that makes the images
            loop.call_soon_threadsafe(tell, progress.what, progress.done, progress.total)

        await asyncio.to_thread(_load)
        from engine.lessons.runner import LessonRun
        from engine.lessons.scratch import opened

        async with opened(self._settings, lesson.given, heard) as place:
            yield LessonRun(lesson, place)


def _load() -> None:
    """Load all that a lesson needs, which takes longer than a key may wait for."""
    for name in _NEEDED:
        import_module(name)
    from engine.lessons import vocabulary

    vocabulary.load()
