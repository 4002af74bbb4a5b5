"""The unpack helper: a process that makes one layer from one blob. See `engine.layers.protocol`.

It is run as a fresh interpreter, one for each layer, so that layers use all cores. What it imports is
paid for every layer, so it keeps away from asyncio, dataclasses and the rest of the engine.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
import threading

from engine.errors import LaminaError, Malformed, Unavailable
from engine.layers.blob import GrowingBlob, interrupted
from engine.layers.limits import Limits
from engine.layers.protocol import GROWTH, Done, Task, encode_done, encode_failure, encode_progress
from engine.layers.table_writer import write_table
from engine.layers.unpack import unpack
from engine.layers.verified import read_verified
from engine.linux.syncfs import syncfs

_STDIN, _STDOUT = 0, 1
_BETWEEN_REPORTS = 0.1  # seconds
_LONGEST_TASK = 1 << 20


def main() -> int:
    """Read a task from standard input, do it, say how it went; the exit status."""
    # Fewer hand-overs of the interpreter's lock wait for each other than at the default of 5 ms.
    sys.setswitchinterval(0.001)
    gc.disable()  # the tree lives until the end, and looking for garbage in it takes 5 % of the time
    os.umask(0)  # files are made with the very mode they shall have
    line, rest = _read_task()
    task = Task.decode(line)
    blob = GrowingBlob(os.open(task.blob, os.O_RDONLY | os.O_CLOEXEC), task.size)
    threading.Thread(target=_listen, args=(blob, rest), name="growth", daemon=True).start()
    ended = threading.Event()
    reporter = threading.Thread(target=_report, args=(blob, ended), name="progress", daemon=True)
    reporter.start()
    try:
        answer, status = encode_done(perform(task, blob)), 0
    except LaminaError as error:
        answer, status = encode_failure(error), 1
    except Exception as error:  # noqa: BLE001  whatever happens, the front must be told
        failure = Unavailable(f"unpacking failed: {type(error).__name__}: {error}")
        answer, status = encode_failure(failure), 1
    ended.set()
    reporter.join()
    _say(answer)
    return status


def perform(task: Task, blob: GrowingBlob) -> Done:
    """Unpack, verify and write out.

    :raises DigestMismatch: the blob or the archive in it is not what the manifest says.
    :raises Malformed: it is, and breaks its format.
    :raises Unavailable: the disk refuses.
    """
    try:
        return _perform(task, blob)
    except OSError as error:
        raise _refusal(error) from error


def _perform(task: Task, blob: GrowingBlob) -> Done:
    fs = os.open("fs", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=task.directory)
    try:
        limits = _within_free_space(task.limits, fs)
        unpacker = read_verified(
            blob,
            task.media_type,
            task.digest,
            task.diff_id,
            limits,
            lambda stream: unpack(stream, fs, limits),
        )
    finally:
        os.close(fs)
    write_table(unpacker.root, task.directory, "table", limits)
    syncfs(task.directory)
    return Done(unpacker.content_bytes, unpacker.entries, tuple(unpacker.notes))


def _within_free_space(limits: Limits, directory: int) -> Limits:
    """A bomb must not fill the disk before it is found out."""
    disk = os.fstatvfs(directory)
    return limits._replace(unpacked=min(limits.unpacked, disk.f_bavail * disk.f_frsize))


def _read_task() -> tuple[bytes, bytes]:
    received = b""
    while b"\n" not in received:
        data = os.read(_STDIN, 65536)
        if not data or len(received) > _LONGEST_TASK:
            raise SystemExit("no task on standard input; this program is started by lamina itself")
        received += data
    line, _, rest = received.partition(b"\n")
    return line, rest


def _listen(blob: GrowingBlob, pending: bytes) -> None:
    """Hand on how far the blob has grown, until the front goes away."""
    while True:
        whole = len(pending) - len(pending) % GROWTH.size
        if whole:
            (total,) = GROWTH.unpack_from(pending, whole - GROWTH.size)
            blob.grown(total)
            pending = pending[whole:]
        data = os.read(_STDIN, 4096)
        if not data:
            blob.fail(interrupted())
            return
        pending += data


def _report(blob: GrowingBlob, ended: threading.Event) -> None:
    told = 0
    while not ended.wait(_BETWEEN_REPORTS):
        if blob.offset != told:
            told = blob.offset
            _say(encode_progress(told))


def _say(line: bytes) -> None:
    try:
        os.write(_STDOUT, line)
    except BrokenPipeError:
        pass  # the front is gone; whoever comes next sweeps what was made


def _refusal(error: OSError) -> LaminaError:
    name = f" ({error.filename!r})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(
            f"there is no room for the layer on the store's disk: {error.strerror}",
            hint="remove images that you do not need, or choose another place with --root",
        )
    if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
        return Malformed(f"the archive has a name that the store's disk cannot take{name}: {error.strerror}")
    return Unavailable(f"the layer cannot be written to the store{name}: {error.strerror}")


if __name__ == "__main__":
    raise SystemExit(main())
