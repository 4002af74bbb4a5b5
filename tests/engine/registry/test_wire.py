"""Connections that nobody waits for any more."""

from __future__ import annotations

import asyncio
import gc
import os
from contextlib import suppress

import pytest

from engine.registry.hosts import Origin
from engine.registry.wire import connect

_STEPS = 24  # of the event loop; a connection to loopback is made in about half as many


def _sockets() -> int:
    return sum(
        os.readlink(f"/proc/self/fd/{each}").startswith("socket:")
        for each in os.listdir("/proc/self/fd")
        if os.path.lexists(f"/proc/self/fd/{each}")
    )


@pytest.mark.parametrize("steps", range(_STEPS))
async def test_whoever_is_cancelled_while_it_connects_leaves_no_connection(steps: int) -> None:
    closed = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        closed.set()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        before = _sockets()
        port = server.sockets[0].getsockname()[1]
        connecting = asyncio.create_task(connect(Origin("http", "127.0.0.1", port), None, 5.0))
        for _ in range(steps):
            await asyncio.sleep(0)
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            (await connecting).close()
        del connecting
        # The server's side, where it came to that, ends when ours is closed, and not before.
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await closed.wait()
        await asyncio.sleep(0)
        gc.collect()
        assert _sockets() <= before
