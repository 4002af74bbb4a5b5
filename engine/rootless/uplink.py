"""The process that keeps the network namespace which all containers of an ordinary user's store share.

Bridges, names and rules lie in that namespace as root's lie in the host's. A program of others leads it
outside (`engine.rootless.leading`). Whoever connects gets a descriptor of the namespace, may hand over
sockets of the host whose connections are to be passed on, and counts as being in it for as long as any
process has that connection open: monitors inherit it. When nobody is left it ends, and all with it.

One thread stays on the host and sees that the program runs; the other is in the namespace for good, for
nobody comes back from there.
"""

from __future__ import annotations

import _thread
import contextlib
import fcntl
import marshal
import os
import resource
import select
import socket
from collections.abc import Sequence
from pathlib import Path

from engine.launch import netfilter, unix
from engine.launch import syscalls as sys
from engine.linux.rtnetlink import Routing
from engine.rootless import forwarding, providers
from engine.rootless.leading import Leading

_GRACE = 5.0  # seconds; making all this anew costs a command some 60 ms
_LOOPBACK = 1  # the number that the kernel gives it in every namespace
_TABLE = 27745  # of routes, for answers that are ours though their address is a client's


def main(directory: str, ready: int, found: int, programs: Sequence[str]) -> None:
    """Serve until nobody is left.

    :param directory: of the socket and its lock. :param ready: a pipe that is told "+" when others can come,
        else why not. :param found: a descriptor of the namespace that containers are in, or -1.
    :param programs: that may lead outside, by their paths.
    """
    os.set_inheritable(ready, False)
    sys.set_process_name("lamina-uplink")
    sys.ignore_signals((sys.SIGHUP, sys.SIGINT, sys.SIGQUIT))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    leading = Leading(programs, directory, ready)
    read, write = os.pipe2(os.O_CLOEXEC)
    _thread.start_new_thread(_inside, (directory, found, write, leading))
    word = os.read(read, 64)
    if not word.isdigit():
        leading.fail("no network namespace can be made")
    leading.keep(int(word))


def _inside(directory: str, found: int, told: int, leading: Leading) -> None:
    """The thread that is in the namespace."""
    try:
        if found >= 0:
            sys.setns(found, sys.CLONE_NEWNET)
        else:
            sys.unshare(sys.CLONE_NEWNET)
        namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _prepare()
        os.write(told, b"%d" % namespace)
        leading.await_ready()
        switchboard = Switchboard(directory, namespace)
        leading.succeed()
        switchboard.serve()
        leading.forget()
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - it is all that this process is for
        leading.fail(str(error))
        os._exit(1)


def _prepare() -> None:
    """Have the namespace ready for bridges, and for answers to clients whose addresses we speak by."""
    for place in ("all", "default"):
        with contextlib.suppress(OSError):
            Path(f"/proc/sys/net/ipv4/conf/{place}/rp_filter").write_text("0")
    with Routing() as routing:
        routing.set_up(_LOOPBACK)
        with contextlib.suppress(OSError):  # a kernel without IPv6
            routing.add_address(_LOOPBACK, forwarding.OWN, 128)
        for family in (socket.AF_INET, socket.AF_INET6):
            with contextlib.suppress(OSError):  # that, or it is there
                routing.deliver_marked(family, providers.BACK, _TABLE, _LOOPBACK)


class Switchboard:
    """Who is in the namespace, and what each has published."""

    def __init__(self, directory: str, namespace: int) -> None:
        self._path = os.path.join(directory, "uplink")
        self._lock = os.open(
            os.path.join(directory, providers.LOCK),
            os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
            0o600,
        )
        self._namespace = namespace
        self._loop = forwarding.Loop()
        self._forwarding = forwarding.Forwarding(self._loop)
        self._present: dict[int, unix.Socket] = {}
        self._releases: dict[int, list[bytes]] = {}
        self._watched: dict[int, int] = {}  # processes that others brought in
        self._server = unix.listen(self._path)
        self._loop.watch(self._server.fileno(), select.EPOLLIN, self._admit)

    def serve(self) -> None:
        """Until nobody is left."""
        while True:
            happened = self._loop.turn(-1 if self._present else _GRACE)
            if not happened and not self._present and self._leaves():
                with contextlib.suppress(FileNotFoundError):  # the store has been removed
                    os.unlink(self._path)
                return

    def _leaves(self) -> bool:
        """Whether nobody is on the way in, which takes the lock; it is held from then on."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if select.select([self._server], [], [], 0)[0]:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            return False
        return True

    def _admit(self, _events: int) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            guest = unix.accept(self._server)
            if not unix.is_from_us(guest):
                return
            unix.send_descriptor(guest, self._namespace)
            number = guest.fileno()
            self._present[number] = guest
            self._loop.watch(number, select.EPOLLIN, lambda events: self._hear(number, events))

    def _hear(self, number: int, events: int) -> None:
        guest = self._present[number]
        self._loop.forget(number)
        if not events & select.EPOLLHUP:
            try:
                document, descriptors = unix.receive_document(guest)
                if document:
                    release, by_process = marshal.loads(document)  # noqa: S302 - of this user
                    self._serve(number, release, by_process, descriptors)
                    guest.sendall(b"+")
                    return
            except (OSError, ValueError, EOFError, TypeError):
                pass
        self._dismiss(number)

    def _serve(self, number: int, release: list[bytes], by_process: bool, descriptors: list[int]) -> None:
        """Pass on what comes to sockets. :param by_process: the first descriptor is of who they are for."""
        until = number
        if by_process:
            until = self._watched[number] = descriptors.pop(0)
        self._releases[number] = release
        self._forwarding.publish(number, descriptors)
        # A guest's own direction is shut by now, so only its end is news.
        events = select.EPOLLIN if by_process else 0
        self._loop.watch(until, events, lambda _events: self._dismiss(number))

    def _dismiss(self, number: int) -> None:
        self._forwarding.withdraw(number)
        if number in self._watched:
            self._loop.forget(self._watched[number])
            os.close(self._watched.pop(number))
        self._loop.forget(number)
        netfilter.send(self._releases.pop(number, []))
        self._present.pop(number).close()
