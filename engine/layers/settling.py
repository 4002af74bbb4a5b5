"""Work that must end before what follows a cancellation may begin."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Value = TypeVar("_Value")


async def to_the_end(work: Awaitable[_Value]) -> _Value:
    """Wait until the work has ended, however often this task is cancelled meanwhile; then heed that."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled() and task.exception() is not None:
            raise cancelled from task.exception()
        raise cancelled
    return task.result()


async def settled(call: Callable[[], _Value]) -> _Value:
    """Run a blocking call in a thread; a cancellation is heeded when the call has ended.

    A thread cannot be stopped: whoever went on at once would work on the files that it still works on.
    """
    return await to_the_end(asyncio.to_thread(call))
