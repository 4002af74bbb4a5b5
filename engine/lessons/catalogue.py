"""Which lessons there are: those that came with Lamina, and the user's own beside his settings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from engine.errors import LaminaError, NotFound
from engine.lessons.models import Lesson
from engine.lessons.reading import read_lesson
from engine.settings import settings_file

CONTENT = Path(__file__).parent / "content"
_NOT_LESSONS = {"glossary.toml"}


def own_directory() -> Path:
    """Where a user puts lessons of his own; it need not exist."""
    return settings_file().parent / "lessons"


def lesson_files() -> dict[str, Path]:
    """The file of each lesson, by name; what came with Lamina cannot be replaced."""
    found: dict[str, Path] = {}
    for directory in (own_directory(), CONTENT):
        for path in sorted(directory.glob("*.toml")):
            if path.name not in _NOT_LESSONS:
                found[path.stem] = path
    return found


def lessons() -> tuple[list[Lesson], list[LaminaError]]:
    """All lessons in their order, and what is wrong with files that are none."""
    found, faults = [], []
    for path in lesson_files().values():
        try:
            found.append(_read(path, *_changed(path)))
        except LaminaError as error:
            faults.append(error)
    return sorted(found, key=lambda lesson: (lesson.order, lesson.name)), faults


def _changed(path: Path) -> tuple[int, int]:
    """When a file was written, and how long it is; nothing where it cannot be looked at."""
    try:
        told = path.stat()
    except OSError:
        return 0, 0
    return told.st_mtime_ns, told.st_size


@lru_cache(maxsize=100)
def _read(path: Path, _moment: int, _size: int) -> Lesson:
    """A lesson that is read once for each time that its file is written: checking one takes some time."""
    return read_lesson(path, ours=path.parent == CONTENT)


def lesson(name: str) -> Lesson:
    """The lesson of a name, or of one of ours by its number. :raises NotFound: there is none."""
    files = lesson_files()
    if name not in files and name.isdigit():
        name = next((each.name for each in lessons()[0] if each.ours and str(each.order) == name), name)
    if name not in files:
        from difflib import get_close_matches

        likes = get_close_matches(name, files, 3) or sorted(files)
        raise NotFound(f"there is no lesson {name!r}", hint=f"there are: {', '.join(likes)}")
    return read_lesson(files[name], ours=files[name].parent == CONTENT)
