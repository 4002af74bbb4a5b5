"""Blocking work beside the event loop, such that cancelling never leaves it half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

from engine.errors import Conflict
from engine.layers.settling import settled

_Value = TypeVar("_Value")
__all__ = ["leaf", "patiently", "settled"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25  # seconds between two looks at a lock that another front holds


@asynccontextmanager
async def patiently(acquire: Callable[[], AbstractContextManager[_Value]]) -> AsyncIterator[_Value]:
    """Hold a lock of the store for the length of the block, waiting for other fronts without a thread.

    :param acquire: makes a lock that tries once (`timeout=0`), which takes microseconds.
    """
    pause = _FIRST_PAUSE
    while True:
        holder = acquire()
        try:
            value = holder.__enter__()
        except Conflict:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            break
    try:
        yield value
    finally:
        holder.__exit__(None, None, None)


def leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a task group, out of however many groups around it."""
    first = group.exceptions[0]
    return leaf(first) if isinstance(first, BaseExceptionGroup) else first
