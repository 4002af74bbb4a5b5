"""Verbs for containers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from engine.containers.models import (
    ContainerOptions,
    ContainerSummary,
    LogLine,
    LogRange,
    RestartPolicy,
    StepRow,
)
from engine.facade.base import Facade, in_own_thread

if TYPE_CHECKING:
    from engine.containers.boot import Booted
    from engine.containers.life import PrunedContainers
    from engine.runtime.start import OnStep


class ContainerVerbs(Facade):
    """The containers of one store."""

    async def containers(self, all: bool = True) -> list[ContainerSummary]:
        """Containers, the newest first; with `all` false only those that run."""
        return await self._call(lambda rooms: rooms.containers.list(all))

    async def container(self, name: str) -> ContainerSummary:
        """One container.

        :raises NotFound: no container has that name.
        """
        return await self._call(lambda rooms: rooms.containers.get(name))

    async def create(self, options: ContainerOptions) -> ContainerSummary:
        """Make a container of an image that is here; it does not run yet."""
        return await self._call(lambda rooms: rooms.containers.create(options))

    async def start(self, name: str, on_step: OnStep | None = None) -> ContainerSummary:
        """Start a container; it outlives this process.

        :param on_step: called after each step of the start, in a thread of its own, which it may block; the
            next step is done when it returns, and none when it raises.
        :raises LaunchError: a step failed; it names the stage.
        """
        if on_step is None:
            started = await self._call(lambda rooms: rooms.containers.start(name))
        else:
            started = await in_own_thread(lambda: self._rooms.containers.start(name, on_step=on_step))
        return await self.container(started.id)

    async def stop(self, name: str, timeout: float | None = None) -> None:  # noqa: ASYNC109  Docker's grace, not ours
        """Ask a container to end, and kill it when `timeout` seconds have passed."""
        await self._call(lambda rooms: rooms.containers.stop(name, timeout))

    async def kill(self, name: str, signal: str = "KILL") -> None:
        """Send a signal to a container's first process."""
        await self._call(lambda rooms: rooms.containers.kill(name, signal))

    async def restart(self, name: str, timeout: float | None = None, signal: str = "") -> None:  # noqa: ASYNC109
        """End a container, by a signal or its own stop signal, and start it again."""
        await self._call(lambda rooms: rooms.life.restart(name, timeout, signal))

    async def pause(self, name: str) -> None:
        """Have the kernel stop every process of a container where it is."""
        await self._call(lambda rooms: rooms.life.pause(name))

    async def unpause(self, name: str) -> None:
        """Let a paused container go on."""
        await self._call(lambda rooms: rooms.life.unpause(name))

    async def rename(self, name: str, new: str) -> None:
        """Give a container another name; it may run."""
        await self._call(lambda rooms: rooms.life.rename(name, new))

    async def update(self, name: str, limits: dict[str, Any], restart: RestartPolicy | None = None) -> None:
        """Give a container other limits (fields of Resources) and another policy, at once where it runs."""
        await self._call(lambda rooms: rooms.life.update(name, limits, restart))

    async def prune_containers(self) -> PrunedContainers:
        """Remove all containers that do not run."""
        return await self._call(lambda rooms: rooms.life.prune())

    async def boot(self) -> list[Booted]:
        """Start what should run after a start of the machine; nothing twice."""
        return await self._call(lambda rooms: rooms.boot.up())

    async def remove(self, name: str, force: bool = False) -> None:
        """Remove a container and its writable layer; `force` kills it first."""
        await self._call(lambda rooms: rooms.containers.remove(name, force))

    async def wait(self, name: str) -> int:
        """The container's exit code, when it has ended; 137 where that is not known."""
        container = await self.container(name)
        return await in_own_thread(lambda: self._rooms.containers.wait(container.id))

    async def inspect(self, name: str) -> dict[str, Any]:
        """A container or an image with Docker's keys; a container where both have the name."""
        return await self._call(lambda rooms: rooms.inspect(name))

    async def steps(self, name: str) -> tuple[StepRow, ...]:
        """What was done to start a container, in order, with the shell command that would do the same."""
        return await self._call(lambda rooms: rooms.containers.steps(name))

    async def logs(
        self,
        name: str,
        tail: int | None = None,
        follow: bool = False,
        since: float | None = None,
        until: float | None = None,
    ) -> AsyncGenerator[list[LogLine], None]:
        """A container's output, in batches as they come.

        :param tail: begin with the last so many lines; None begins at the start.
        :param follow: go on until the container has ended and all is read, or until `until`.
        :param since: only what came then or later, seconds since the epoch. :param until: or earlier.
        """
        from engine.follow import follow_log

        part = LogRange(tail, since, until)
        reader = await self._call(lambda rooms: rooms.containers.logs(name, part))
        async with aclosing(follow_log(reader, follow)) as batches:
            async for batch in batches:
                yield batch
