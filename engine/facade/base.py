"""What every part of the façade stands on: the rooms, and threads for their blocking calls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

# Whole before threads ask for its parts: two that import a package at once which imports its own may fail.
import engine.oci  # noqa: F401
from engine.rooms import Rooms
from engine.settings import Settings

_Result = TypeVar("_Result")


class Facade:
    """A part of the engine's façade.

    :param settings: where the store is; see `engine.settings.load_settings`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._rooms = Rooms(settings)

    async def _call(self, call: Callable[[Rooms], _Result]) -> _Result:
        """Run a blocking call in a thread; a room it is the first to use is opened there too."""
        return await asyncio.to_thread(call, self._rooms)


async def in_own_thread(call: Callable[[], _Result]) -> _Result:
    """Run a call that may block for days; in the pool it would take a thread from all the others."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[_Result] = loop.create_future()

    def settle(value: _Result | None, error: BaseException | None) -> None:
        if outcome.done():
            return  # whoever waited was cancelled
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(cast("_Result", value))

    def run() -> None:
        value, problem = None, None
        try:
            value = call()
        except Exception as error:  # noqa: BLE001  handed to whoever waits
            problem = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, problem)

    threading.Thread(target=run, name="wait", daemon=True).start()
    return await outcome
