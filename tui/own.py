"""Commands of one's own over the selected object, from the settings.

[screen.commands]
"shell in tmux" = "tmux new-window lamina exec -it {name} sh"

A template is split into words first and filled in then, and no shell reads it: whatever a name holds,
it stays one word. The fields are `name`, `id` and `image`.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Mapping

from engine.errors import InvalidArgument, Unavailable
from tui.actions import Context

FIELDS = ("name", "id", "image")
_FIELD = re.compile(r"\{([a-z]*)\}")
_MOST_OUTPUT = 4096  # bytes that Activity is told of


def parse(template: str) -> tuple[str, ...]:
    """The words of a template.

    :raises InvalidArgument: it is empty, its quotes do not close, or it names a field that there is not.
    """
    try:
        words = tuple(shlex.split(template))
    except ValueError as error:
        raise InvalidArgument(str(error).lower()) from error
    if not words or "\0" in template:
        raise InvalidArgument("it is empty")
    for field in _FIELD.findall(template):
        if field not in FIELDS:
            raise InvalidArgument(f"there is no field {{{field}}}, only {', '.join(FIELDS)}")
    return words


def fields_of(ctx: Context) -> Mapping[str, str]:
    """What may be filled in where the person stands; nothing where nothing is selected."""
    if ctx.container is not None:
        return {"name": ctx.container.name, "id": ctx.container.id, "image": ctx.container.image}
    if ctx.image is not None:
        return {"name": ctx.image_name, "id": ctx.image.id, "image": ctx.image_name}
    return {}


def fill(template: str, fields: Mapping[str, str]) -> list[str] | None:
    """The words with their fields filled in; None where one of them is not known."""
    words = parse(template)
    if any(field not in fields for word in words for field in _FIELD.findall(word)):
        return None
    return [_FIELD.sub(lambda found: fields[found[1]], word) for word in words]


async def carry_out(words: list[str]) -> str:
    """Run a command to its end without a terminal; the first of what it said.

    :raises Unavailable: it cannot be started, or ends with another code than 0.
    """
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
    except (OSError, ValueError) as error:
        raise Unavailable(f"{words[0]} cannot be started: {error}") from error
    try:
        said = await _beginning(process)
        code = await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if code:
        raise Unavailable(f"ended with {code}: {said}" if said else f"ended with {code}")
    return said or "done"


async def _beginning(process: asyncio.subprocess.Process) -> str:
    """The first bytes of the output; the rest is read and forgotten, so that nobody waits for a full pipe."""
    assert process.stdout is not None
    kept = b""
    while block := await process.stdout.read(_MOST_OUTPUT):
        kept += block[: _MOST_OUTPUT - len(kept)]
    return kept.decode("utf-8", "replace").strip()
