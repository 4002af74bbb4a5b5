"""The front's side of unpacking: starts a helper, tells it how far the blob has grown, hears the outcome."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Conflict, LaminaError, Unavailable
from engine.layers.blob import interrupted
from engine.layers.limits import Limits
from engine.layers.protocol import GROWTH, Done, Task, decode
from engine.layers.settling import settled, to_the_end
from engine.layers.store import LayerStore, LayerUsage
from engine.oci.digest import Digest
from engine.store.locks import lock

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_BETWEEN_TRIES = 0.05  # seconds, while another process makes the same layer
# Isolated, so that neither the working directory nor the environment can put modules before ours.
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from engine.layers.helper import main; sys.exit(main())"
)
_ENGINE_HOME = str(Path(__file__).resolve().parents[2])
_LONGEST_LINE = 1 << 20
# Bytes, compressed: what takes less time than the start of a process. Half of an image's layers are so small.
_SMALL = 64 * 1024


class Feed:
    """How far a blob's file has grown; one is for one unpack. To be used in the event loop's thread.

    Whoever downloads calls `grown` (or `done`, which is `grown` with the whole size) or `failed`.
    """

    def __init__(self) -> None:
        self._total = 0
        self._whole = False
        self._failed = False
        self._changed = asyncio.Event()

    def grown(self, total: int) -> None:
        """The file's first `total` bytes are the blob's."""
        self._total = max(self._total, total)
        self._changed.set()

    def done(self) -> None:
        """All bytes are there."""
        self._whole = True
        self._changed.set()

    def failed(self) -> None:
        """No more bytes will come; the unpack is given up."""
        self._failed = True
        self._changed.set()

    async def totals(self, size: int) -> AsyncIterator[int]:
        """Each new total until all `size` bytes are there.

        :raises Unavailable: the download was given up.
        """
        told = -1
        while told < size:
            await self._changed.wait()
            self._changed.clear()
            if self._failed:
                raise interrupted()
            total = size if self._whole else min(self._total, size)
            if total > told:
                told = total
                yield total


async def unpack_layer(
    store: LayerStore,
    diff_id: Digest,
    blob: Path,
    size: int,
    digest: Digest,
    feed: Feed,
    media_type: str,
    on_progress: Callable[[int], None] | None,
    limits: Limits,
) -> LayerUsage:
    """See `LayerStore.unpack`."""
    async with _sole_maker(store, diff_id):
        if store.has(diff_id):
            return await asyncio.to_thread(store.usage, diff_id)
        unfinished = store.begin(diff_id)  # a few system calls on names of its own
        try:
            task = Task(str(blob), size, digest.hex, diff_id.hex, media_type, unfinished.descriptor, limits)
            done = await _unpack(task, feed, on_progress)
            await settled(lambda: store.finish(diff_id, unfinished))
        finally:
            await settled(unfinished.discard)
        # As the table counts, which is asked from now on: marks of opaque directories are members, not paths.
        found = await asyncio.to_thread(store.usage, diff_id)
        return found._replace(notes=done.notes)


async def _unpack(task: Task, feed: Feed, on_progress: Callable[[int], None] | None) -> Done:
    if task.size > _SMALL:
        return await _run_helper(task, feed, on_progress)
    from engine.layers.inline import unpack_here

    async for _ in feed.totals(task.size):
        pass
    return await settled(lambda: unpack_here(task))


@asynccontextmanager
async def _sole_maker(store: LayerStore, diff_id: Digest) -> AsyncIterator[None]:
    """Hold the layer's lock. Tries instead of waiting in a thread, which could not be cancelled."""
    while True:
        held = lock(store.layout, store.lock_name(diff_id), timeout=0)
        try:
            held.__enter__()
        except Conflict:
            await asyncio.sleep(_BETWEEN_TRIES)
            continue
        break
    try:
        yield
    finally:
        held.__exit__(None, None, None)


async def _run_helper(task: Task, feed: Feed, on_progress: Callable[[int], None] | None) -> Done:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _START, _ENGINE_HOME,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        pass_fds=(task.directory,), limit=_LONGEST_LINE,
    )  # fmt: skip
    handle = _handle(process)
    feeding = asyncio.create_task(_feed(process, task, feed))
    hearing = asyncio.create_task(_hear(process, on_progress))
    try:
        await asyncio.wait((feeding, hearing), return_when=asyncio.FIRST_COMPLETED)
        if feeding.done():
            feeding.result()  # raises where the download was given up
        return await hearing
    finally:
        await to_the_end(_wind_up(process, handle, feeding, hearing))


async def _wind_up(
    process: Process, handle: int | None, feeding: asyncio.Task[None], hearing: asyncio.Task[Done]
) -> None:
    for job in (feeding, hearing):
        job.cancel()
    await asyncio.gather(feeding, hearing, return_exceptions=True)
    await _end(process, handle, kill=hearing.cancelled())


def _handle(process: Process) -> int | None:
    """A descriptor to signal the helper by; None where it has ended. Its number may be another's by then."""
    try:
        return os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None


async def _feed(process: Process, task: Task, feed: Feed) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(task.encode())
        async for total in feed.totals(task.size):
            process.stdin.write(GROWTH.pack(total))
            await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the helper has ended; what it said before tells why


async def _hear(process: Process, on_progress: Callable[[int], None] | None) -> Done:
    assert process.stdout is not None
    async for line in process.stdout:
        said = decode(line)
        if isinstance(said, LaminaError):
            raise said
        if isinstance(said, Done):
            return said
        if on_progress is not None:
            on_progress(said)
    raise await _silence(process)


async def _silence(process: Process) -> Unavailable:
    """The error for a helper that ended without an outcome."""
    assert process.stderr is not None
    complaint = (await process.stderr.read(_LONGEST_LINE)).decode("utf-8", "replace").strip()
    status = await process.wait()
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    last = f": {complaint.splitlines()[-1]}" if complaint else ""
    return Unavailable(
        f"the unpack helper {how} before the layer was made{last}",
        hint="try again; if it was killed, the host may be short of memory",
    )


async def _end(process: Process, handle: int | None, *, kill: bool) -> None:
    """Let the helper end, or end it, and wait for that."""
    try:
        if handle is not None and kill:
            # Not process.kill(), which would take the exit status away from the event loop's watcher.
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        if handle is not None:
            os.close(handle)
    assert process.stdin is not None
    process.stdin.close()
    # Reads what is left, or the transport would stay open; nothing of it is needed.
    await process.communicate()
