"""The process that keeps a store's user namespace while somebody is in it.

Whoever connects to its socket gets a descriptor of the namespace, and counts as being in it for as long as
any process has that connection open: fronts, and the monitors that inherit it. When nobody is left it waits
a moment for the next command, and ends. It is run as `python -I -S`, and imports little: it stays in memory.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select

from engine.launch import syscalls as sys
from engine.launch import unix

_GRACE = 3000  # milliseconds; making a namespace anew costs a command some 30
_FOREVER = -1


def main(directory: str, ready: int) -> None:
    """Serve until nobody is left.

    :param directory: of the socket and its lock. :param ready: a pipe that is told when others can come.
    """
    os.set_inheritable(ready, False)
    sys.set_process_name("lamina-session")
    sys.ignore_signals((sys.SIGHUP, sys.SIGINT, sys.SIGQUIT))
    path = os.path.join(directory, "socket")
    server = unix.listen(path)
    os.write(ready, b"+")
    os.close(ready)
    namespace = os.open("/proc/self/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    lock = os.open(os.path.join(directory, "lock"), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    present: dict[int, unix.Socket] = {}
    poll = select.poll()
    poll.register(server.fileno(), select.POLLIN)
    while True:
        events = poll.poll(_FOREVER if present else _GRACE)
        if not events and not present and _leaves(lock, poll):
            with contextlib.suppress(FileNotFoundError):  # the store has been removed
                os.unlink(path)
            return
        for descriptor, _ in events:
            if descriptor == server.fileno():
                _admit(server, namespace, present, poll)
            else:
                # It has nothing to say, so this is its end.
                poll.unregister(descriptor)
                present.pop(descriptor).close()


def _admit(server: unix.Socket, namespace: int, present: dict[int, unix.Socket], poll: select.poll) -> None:
    with contextlib.suppress(OSError):  # it is gone already
        guest = unix.accept(server)
        if unix.is_from_us(guest):
            unix.send_descriptor(guest, namespace)
            present[guest.fileno()] = guest
            poll.register(guest.fileno(), select.POLLIN)


def _leaves(lock: int, poll: select.poll) -> bool:
    """Whether nobody is on the way in, which takes the lock; it is held from then on."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if poll.poll(0):
        fcntl.flock(lock, fcntl.LOCK_UN)
        return False
    return True
