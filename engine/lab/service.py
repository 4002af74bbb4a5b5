"""The lab: sample images of this host, served by a registry process that outlives the front."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import Unavailable
from engine.events import Event
from engine.lab.models import LabProgress, LabStatus
from engine.registry.served import Announcement, announcement
from engine.settings import Settings
from engine.store.atomic import write_atomic
from engine.store.journal import Journal
from engine.store.layout import Layout
from engine.store.locks import lock

_START_TIMEOUT = 30  # seconds until the registry's process must serve
_STOP_TIMEOUT = 10  # seconds until it is killed
_PORT_FILE = "port"


class Lab:
    """The lab of one store. Calls block; any number of fronts may make them at once."""

    def __init__(self, settings: Settings) -> None:
        self._layout = Layout.of(settings)

    def up(
        self, tell: Callable[[LabProgress], None] = lambda _: None, *, speed: int | None = None
    ) -> LabStatus:
        """Make the images where they are missing, and serve them where nobody does yet.

        :param tell: called as the images are made.
        :param speed: bytes a second that the registry's link is held to, whoever serves already; 0 is no
            limit, None leaves it as it is.
        :raises InvalidArgument: nothing can be so slow.
        :raises NotSupported: this host lacks what the images are made of.
        :raises Unavailable: the images cannot be written, or the registry does not start.
        """
        from engine.lab.images import make_images
        from engine.registry.link import Link

        Link(speed or 0)  # refused before anything is made
        self._layout.create()
        with lock(self._layout, "lab"):
            try:
                images = make_images(self._layout.root, tell)
            except OSError as error:
                raise Unavailable(f"cannot make the lab's images: {error}") from error
            found = announcement(self._layout.run)
            if found is not None and speed not in (None, found.speed):
                _stop(found, self._layout.run)  # it starts again at its address, and pulls go on there
                found = None
            if found is None:
                self._start(images, speed or 0)
        return self.status()

    def down(self) -> LabStatus:
        """Stop serving; the images stay, and so does what was pulled."""
        self._layout.create()
        with lock(self._layout, "lab"):
            found = announcement(self._layout.run)
            if found is not None:
                _stop(found, self._layout.run)
                self._tell("down", found.address)
        return self.status()

    def status(self) -> LabStatus:
        """Whether the lab serves, where, and what; changes nothing."""
        from engine.lab.images import read_images

        images = read_images(self._layout.root)
        found = announcement(self._layout.run)
        return LabStatus(
            running=found is not None,
            made=bool(images),
            address=found.address if found is not None else "",
            pid=found.pid if found is not None else 0,
            images=images,
            speed=found.speed if found is not None else 0,
        )

    def _start(self, images: Path, speed: int) -> None:
        words = (images, self._layout.run, self._port(), speed)
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.lab.serve", *map(str, words)],
            env={**os.environ, "PYTHONPATH": _import_path()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # neither Ctrl-C in the front's terminal nor its end reaches it
            cwd="/",
        )
        assert process.stdout is not None
        with process.stdout:
            answer = _first_line(process.stdout.fileno())
        process.wait()  # it has forked: the child serves
        if "address" not in answer:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise Unavailable(
                f"the lab's registry does not start: {answer.get('error', 'it ended without a word')}"
            )
        address = answer["address"]
        write_atomic(self._port_file(), address.rpartition(":")[2].encode())
        self._tell("up", address)

    def _port_file(self) -> Path:
        return self._layout.root / "lab" / _PORT_FILE

    def _port(self) -> int:
        """The port of last time; 0, which takes a free one, at first."""
        try:
            text = self._port_file().read_text("ascii")
        except (FileNotFoundError, UnicodeDecodeError):
            return 0
        return int(text) if text.isdigit() and 1024 <= int(text[:6]) < 65536 else 0

    def _tell(self, action: str, address: str) -> None:
        event = Event(time.time(), "lab", action, "lab", {"address": address})
        Journal(self._layout).append(event)


def _import_path() -> str:
    """Where `engine` is imported from; the process starts in another directory."""
    import engine

    assert engine.__file__ is not None
    here = str(Path(engine.__file__).parent.parent)
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))


def _first_line(descriptor: int) -> dict[str, str]:
    """What the registry's process reports, up to the line's end; empty when it does not in time."""
    deadline = time.monotonic() + _START_TIMEOUT
    data = b""
    while not data.endswith(b"\n") and len(data) < 4096:
        if not select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
            return {"error": f"no answer within {_START_TIMEOUT} s"}
        chunk = os.read(descriptor, 4096)
        if not chunk:
            return {}
        data += chunk
    found = json.loads(data)
    assert isinstance(found, dict)
    return found


def _stop(found: Announcement, run: Path) -> None:
    try:
        process = os.pidfd_open(found.pid)
    except ProcessLookupError:
        return
    try:
        # The descriptor is of the process that holds the announcement only if it still does.
        if announcement(run) != found:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(process, number)
            if select.select([process], [], [], _STOP_TIMEOUT)[0]:
                return
    finally:
        os.close(process)
