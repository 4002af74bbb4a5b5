"""Volumes carried out of a store and into one, as tar archives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Conflict, LaminaError, NotFound, Unavailable

if TYPE_CHECKING:
    from engine.volumes.store import VolumeStore

_LONGEST_ANSWER = 1 << 20  # bytes


def export_volume(data: Path, write: Callable[[bytes | memoryview], object]) -> int:
    """Write what is in a volume as an archive; bytes of it.

    A file that changes its size meanwhile is cut, or filled with zeros; sockets are left out.

    :param data: the volume's directory that containers see. :param write: takes the archive's bytes.
    """
    from engine.containers.reading import TreeReader
    from engine.layers.writer import TarWriter

    archive = TarWriter(write)
    top = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for item in TreeReader().tree(top, b".", b"."):
            archive.add(item.member, item.content())
    finally:
        os.close(top)
    archive.end()
    return archive.size


def import_volume(volumes: VolumeStore, name: str, archive: int) -> None:
    """Fill a volume from an archive, whole or not at all; it is made where it is missing.

    :param archive: a descriptor to read it from: plain, gzip or zstd.
    :raises Conflict: the volume holds something. :raises Malformed: the archive breaks its format, or would
        lead out of the volume. :raises LimitExceeded: it is larger than the disk, or than we accept.
    """
    from engine.volumes.fill import fill

    try:
        volumes.get(name)
        new = False
    except NotFound:
        volumes.create(name)
        new = True
    try:
        with volumes.locked(name):
            if not fill(volumes.directory(name), lambda target: _unpack(archive, target)):
                raise Conflict(
                    f"the volume {name} holds something, which an import would mix with",
                    hint="import into a new volume, or remove this one first",
                )
    except OSError as error:
        raise Unavailable(f"the volume {name} cannot be filled: {error.strerror}") from error
    except BaseException:
        if new:
            volumes.drop_unused(name)
        raise


def _unpack(archive: int, target: int) -> None:
    # In a process of its own: files are made with their very mode only where the umask is 0.
    from engine.layers.protocol import decode

    done = subprocess.run(
        [sys.executable, "-m", "engine.volumes.unpacking", str(target)],
        stdin=archive,
        stdout=subprocess.PIPE,
        pass_fds=[target],
        umask=0,
        check=False,
    )
    answer = decode(done.stdout[:_LONGEST_ANSWER])
    if isinstance(answer, LaminaError):
        raise answer
