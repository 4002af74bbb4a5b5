"""The networks of an ordinary user's store: in a namespace of their own, which all its containers share.

There everything is as on root's host, so `NetworkService` does its work unchanged, in a thread that has
entered the namespace; nobody comes back from there to the host's, so the thread ends with the work. What
has to happen on the host, binding published ports, the calling thread does meanwhile.
"""

from __future__ import annotations

import os

# The modules in C, for `queue` and `threading` over them would be felt by every start.
from _queue import SimpleQueue
from _thread import _local, start_new_thread
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from engine.errors import LaminaError, Unavailable
from engine.launch import syscalls
from engine.network import ports, rules
from engine.network.models import Endpoint, Network, NetworkOptions, Sandbox
from engine.network.service import NetworkService
from engine.network.wishes import Attachment, Publish

if TYPE_CHECKING:
    from engine.rootless.outside import Uplink

_MOST_PORTS = 1000  # that one container publishes; each is a socket that somebody has to keep
_Made = TypeVar("_Made")


class ApartNetworks(NetworkService):
    """The networks of a store of an ordinary user."""

    _visit = _local()

    def create(self, options: NetworkOptions) -> Network:
        """See `NetworkService.create`."""
        return self._apart(lambda: super(ApartNetworks, self).create(options))

    def remove(self, name: str) -> Network:
        """See `NetworkService.remove`."""
        return self._apart(lambda: super(ApartNetworks, self).remove(name), needed=False)

    def prune(self) -> list[Network]:
        """See `NetworkService.prune`."""
        return self._apart(super().prune, needed=False)

    def connect(self, container_id: str, attachment: Attachment, namespace: int = -1) -> Endpoint:
        """See `NetworkService.connect`."""
        put = super().connect
        return self._apart(lambda: put(container_id, attachment, namespace), needed=namespace >= 0)

    def disconnect(self, container_id: str, network: Network, namespace: int = -1) -> None:
        """See `NetworkService.disconnect`."""
        take = super().disconnect
        self._apart(lambda: take(container_id, network, namespace), needed=False)

    def open(self, container_id: str, wanted: Sequence[Publish]) -> Sandbox:
        """See `NetworkService.open`; what the monitor keeps is the connection by which ports are served."""
        link = self._uplink()
        sandbox = None
        make = super().open
        try:
            sandbox = self._apart(lambda: make(container_id, wanted), link=link)
            if wanted:
                link.publish(sandbox.held, sandbox.release)
        except BaseException:
            link.close()
            if sandbox:
                os.close(sandbox.namespace)
                self.release(container_id)
            raise
        finally:
            for descriptor in sandbox.held if sandbox else ():
                os.close(descriptor)
        return Sandbox(sandbox.namespace, link.detach(), ())

    def within(self, look: Callable[[], _Made]) -> _Made:
        """Do something where the networks are: in the namespace that containers share."""
        return self._apart(look, needed=False)

    # inner

    def _add_default(self) -> None:
        self._apart(super()._add_default, needed=False)

    def _withdraw(self, container_id: str, published: Sequence[Publish]) -> None:
        give = super()._withdraw
        self._apart(lambda: give(container_id, published), needed=False)

    def _new_held(self) -> ports.Held:
        return _HeldOnHost(self._on_machine)

    def _uplink(self) -> Uplink:
        from engine.rootless.outside import uplink

        link = uplink(self._layout.run, self._layout.root)
        if link.follows:
            self._bring_in()
        return link

    def _bring_in(self) -> None:
        """Have the process that followed a killed one know who runs, and serve ports that are published."""
        from engine.rootless.session import monitors

        for container_id, pid in monitors(self._layout.root):
            if self.endpoints(container_id):
                with suppress(LaminaError, OSError):
                    process = os.pidfd_open(pid)
                    try:
                        self._bring_in_one(container_id, process)
                    finally:
                        os.close(process)

    def _bring_in_one(self, container_id: str, process: int) -> None:
        from engine.network.interfaces import way_out
        from engine.rootless.outside import standing_uplink

        link = standing_uplink(self._layout.run)
        if link is None:
            return
        held, published = self._new_held(), self.published(container_id)
        out = way_out(self.endpoints(container_id))
        try:
            for each in published:
                with suppress(OSError):  # somebody has taken the port meanwhile
                    held.bind(each, bool(out and out.address6))
            release = rules.TABLE.removal(ports.elements(published, out)) if out else ()
            link.publish(held.descriptors, release, process)
        finally:
            held.close()
            link.close()

    def _apart(
        self, action: Callable[[], _Made], *, needed: bool = True, link: Uplink | None = None
    ) -> _Made:
        """Do something in the shared namespace.

        :param needed: have it made where it is not there; else an empty one does, which nobody ever sees,
            as long as no running container is plugged in anywhere.
        :param link: a connection to it, which stays open.
        """
        if getattr(self._visit, "requests", None):
            return action()
        from engine.rootless.outside import standing_uplink

        own = None
        if link is None:
            own = link = None if needed else standing_uplink(self._layout.run)
            if link is None and (needed or self._is_peopled()):
                own = link = self._uplink()
        try:
            return _Visit(self._visit, link.namespace if link else -1).do(action)
        finally:
            if own:
                own.close()

    def _is_peopled(self) -> bool:
        """Whether a container that runs is on any of the networks: they are somewhere then."""
        from engine.rootless.session import monitors

        return any(self.endpoints(container_id) for container_id, _ in monitors(self._layout.root))

    def _on_machine(self, action: Callable[[], None]) -> None:
        """Have the thread that waits for this one do something on the host."""
        requests = getattr(self._visit, "requests", None)
        if requests is None:
            action()
            return
        answers: SimpleQueue[BaseException | None] = SimpleQueue()
        requests.put((action, answers))
        if (problem := answers.get()) is not None:
            raise problem


class _Visit:
    """One thread's way into a namespace, where it does one thing and ends.

    :param place: where the thread finds by whom requests are done. :param namespace: -1 is a new one.
    """

    def __init__(self, place: _local, namespace: int) -> None:
        self._place = place
        self._namespace = namespace
        self._requests: SimpleQueue[tuple[Callable[[], None], SimpleQueue[BaseException | None]] | None] = (
            SimpleQueue()
        )

    def do(self, action: Callable[[], _Made]) -> _Made:
        """Do it, and meanwhile what is asked of this thread; what was raised there is raised here."""
        made: list[_Made] = []
        problems: list[BaseException] = []

        def work() -> None:
            try:
                self._enter()
                self._place.requests = self._requests
                made.append(action())
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                problems.append(error)
            finally:
                self._requests.put(None)

        start_new_thread(work, ())  # not joined: the last thing that it does is to say so
        while (request := self._requests.get()) is not None:
            asked, answers = request
            problem: BaseException | None = None
            try:
                asked()
            except BaseException as error:  # noqa: BLE001 - raised in the thread that asked
                problem = error
            answers.put(problem)
        if problems:
            raise problems[0]
        return made[0]

    def _enter(self) -> None:
        if self._namespace < 0:
            syscalls.unshare(syscalls.CLONE_NEWNET)
            return
        try:
            syscalls.setns(self._namespace, syscalls.CLONE_NEWNET)
        except PermissionError as error:
            # It is that of an earlier user namespace, whose keeper was killed: it ends by itself.
            raise Unavailable(
                "networks of an earlier session are still ending", hint="try it again"
            ) from error


class _HeldOnHost(ports.Held):
    """Sockets of the host, which are served and not just held."""

    most = _MOST_PORTS
    serves = True

    def __init__(self, on_machine: Callable[[Callable[[], None]], None]) -> None:
        super().__init__()
        self._on_machine = on_machine

    def bind(self, publish: Publish, with_ipv6: bool) -> None:
        """See `ports.Held.bind`; streams may come from now on."""
        bind = super().bind
        self._on_machine(lambda: bind(publish, with_ipv6))
