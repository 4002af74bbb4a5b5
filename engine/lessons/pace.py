"""How long an unattended lesson waits, so that people can read along."""

from __future__ import annotations

from engine.lessons.events import LessonEvent, Pictured, Ran, StepDone, StepStarted

_READ = 18  # characters that are read in a second
_LOOK = 2.0  # seconds for a picture, or what a command wrote
_LONGEST = 12.0  # seconds of one pause


def pause_after(event: LessonEvent) -> float:
    """Seconds in which an event is read at the common speed."""
    return min(_LONGEST, _reading(event))


def _reading(event: LessonEvent) -> float:
    match event:
        case StepStarted(text=text, terms=terms):
            return (len(text) + sum(len(term.means) for term in terms)) / _READ
        case StepDone(after=after):
            return len(after) / _READ + 1
        case Ran() | Pictured():
            return _LOOK
        case _:
            return 0
