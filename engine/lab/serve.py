"""The lab's registry as a process of its own: `python -m engine.lab.serve`, started by `engine.lab.service`.

It says one line of JSON on standard output when it serves or cannot, then works until SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from engine.registry import EmbeddedRegistry, RegistryDirectory
from engine.registry.link import Link
from engine.registry.served import announce

PREFIX = "docker.io/lab/"


async def serve(images: Path, run: Path, port: int, speed: int) -> None:
    """Serve until SIGTERM or SIGINT.

    :param port: tried first, so that an address stays what it was; another where it is taken.
    :param speed: bytes a second that all it sends is held to; 0 is no limit.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    registry = await _started(RegistryDirectory(images), port, Link(speed))
    try:
        held = await asyncio.to_thread(announce, run, PREFIX, registry.address, speed)
        _report({"address": registry.address})
        await stopped.wait()
        os.close(held)
    finally:
        await registry.close()


async def _started(directory: RegistryDirectory, port: int, link: Link) -> EmbeddedRegistry:
    try:
        registry = EmbeddedRegistry(directory, port=port, link=link)
        await registry.start()
    except OSError:
        if not port:
            raise
        await registry.close()
        return await _started(directory, 0, link)
    return registry


def _report(message: dict[str, str]) -> None:
    """Say how it stands, and let go of standard output: whoever waits there reads to the end."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: list[str]) -> int:
    """Serve images; arguments: their directory, the run directory, the port to try, bytes a second."""
    images, run, port, speed = arguments
    if os.fork():
        os._exit(0)  # whoever started it need not reap it: the child that serves is nobody's
    try:
        asyncio.run(serve(Path(images), Path(run), int(port), int(speed)))
    except OSError as error:
        _report({"error": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
