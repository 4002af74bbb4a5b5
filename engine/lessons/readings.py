"""Words that read what a command wrote."""

from __future__ import annotations

from engine.errors import NotFound
from engine.lessons.figures import Figure
from engine.lessons.measures import named
from engine.lessons.place import Place
from engine.lessons.vocabulary import measure

_REFUSED = "lamina: "  # what each refusal begins with


@measure()
async def last_line(place: Place, *, of: str) -> Figure:
    """The last line of a measured text, which of a program that failed says why."""
    name, figure = named(place, of)[0]
    lines = [line.strip() for line in str(figure.value).splitlines() if line.strip()]
    if not lines:
        raise NotFound(f"{name} holds no line")
    return Figure(lines[-1])


@measure()
async def complaint(place: Place, *, of: str) -> Figure:
    """What `lamina` said when it refused: the line of a measured text that begins with its name."""
    name, figure = named(place, of)[0]
    for line in str(figure.value).splitlines():
        if line.startswith(_REFUSED):
            return Figure(line.removeprefix(_REFUSED).strip())
    raise NotFound(f"{name} holds no refusal of lamina's")
