"""Where a lesson works: a store of its own, its registry, and what was measured there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.engine import Engine
from engine.errors import Unavailable
from engine.lessons.figures import Figure
from engine.lessons.models import Value
from engine.registry.link import Link
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.lab.machine.disk import Disk
    from engine.lab.machine.running import Machine
    from engine.lessons.events import Picture
    from engine.lessons.stepping import SteppedStart
    from engine.oci import Digest
    from engine.registry import EmbeddedRegistry

_OUTPUT = 256 << 10  # bytes of a command's output that are kept
_TIMEOUT = 120  # seconds until a command of a lesson is ended


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. :param output: of both streams, as it came, its first 256 KiB."""

    output: bytes
    code: int
    seconds: float

    @property
    def text(self) -> str:
        """The output as text; what is no UTF-8 replaced."""
        return self.output.decode("utf-8", "replace")


class Place:
    """A lesson's own store while it is opened; `engine.lessons.scratch.opened` makes one.

    :ivar settings: of its store. :ivar engine: works on it. :ivar registry: serves lab/ to it alone.
    :ivar link: what all its registries send over; as fast as the machine until a lesson slows it down.
    :ivar private: a second registry that wants a login; None until a lesson asks for it.
    :ivar sketch: shows a picture of what goes on, in the place of the one before.
    :ivar figures: what was measured, by name. :ivar commands: those that were run, by what they measure.
    :ivar stepped: a start that stands still between two steps.
    :ivar disk: of its virtual machine, once one is made. :ivar machine: that runs, or None.
    :ivar counted: what the registries had sent when the count was begun.
    :ivar closing: what has to be closed at the end.
    """

    def __init__(
        self, settings: Settings, registry: EmbeddedRegistry, given: Mapping[str, Value], images: Path,
        link: Link | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.engine = Engine(settings)
        self.registry = registry
        self.images = images
        self.link = link or Link()
        self.private: EmbeddedRegistry | None = None
        self.given = given
        self.figures: dict[str, Figure] = {}
        self.commands: dict[str, str] = {}
        self.stepped: SteppedStart | None = None
        self.disk: Disk | None = None
        self.machine: Machine | None = None
        self.counted: Counter[Digest] = Counter()
        self.sketch: Callable[[Picture], None] = lambda _: None
        self.closing = contextlib.AsyncExitStack()

    def look(self, kind: str, name: str) -> Figure | None:
        """What a placeholder stands for; None where it was not measured."""
        if kind == "measured":
            return self.figures.get(name)
        if name == "store":
            return Figure(str(self.settings.root))
        return Figure(self.private.address) if self.private is not None else None

    def sent(self) -> Counter[Digest]:
        """Bytes of each blob that the registries of this place have sent, by their own count."""
        sent: Counter[Digest] = Counter()
        for registry in filter(None, (self.registry, self.private)):
            sent.update({digest: served.bytes for digest, served in registry.served.items()})
        return sent

    def travelled(self) -> Counter[Digest]:
        """What was sent since the count was begun, `counted`."""
        return self.sent() - self.counted

    def environment(self) -> dict[str, str]:
        """What commands of this place are started with: its store and its own settings."""
        import engine

        assert engine.__file__ is not None
        here = str(Path(engine.__file__).parent.parent)
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")])),
            "LAMINA_ROOT": str(self.settings.root),
            "LAMINA_CONFIG": str(self.settings.root / "config"),
            "DOCKER_CONFIG": str(self.settings.root / "config"),
        }

    async def lamina(self, *words: str, typed: str = "") -> Outcome:
        """Run `lamina` on this place's store, to its end.

        :param typed: what it reads from standard input.
        :raises Unavailable: it does not end.
        """
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "engine.cli", *words,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=self.environment(), cwd="/",
        )  # fmt: skip
        try:
            async with asyncio.timeout(_TIMEOUT):
                output, _ = await process.communicate(typed.encode())
        except TimeoutError:
            raise Unavailable(f"lamina {shlex.join(words)} did not end within {_TIMEOUT} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Outcome(output[:_OUTPUT], process.returncode or 0, time.monotonic() - began)
