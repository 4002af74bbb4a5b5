"""Having a network's resolver run: `engine.network.resolver`."""

from __future__ import annotations

import errno
import fcntl
import os
import sys

from engine.errors import Conflict, Unavailable
from engine.network import upstream
from engine.network.models import Network
from engine.store.layout import Layout

_PORT = 53
_PATIENCE = 20.0  # seconds until it listens


def wants_resolver(network: Network) -> bool:
    """Whether containers ask at the gateway: to find each other, or as host servers are out of reach."""
    return not network.is_default or not upstream.reachable_servers()


def ensure_resolver(layout: Layout, network: Network) -> None:
    """Have a resolver at a network's gateway; for who holds the host, and has just plugged in a container.

    :raises Conflict: another program has the port. :raises Unavailable: it does not begin.
    """
    if _is_running(layout, network.id):
        return
    import subprocess  # felt, and only needed by the first on a network

    ready, theirs = os.pipe2(os.O_CLOEXEC)
    try:
        words = [str(layout.root), str(layout.run), network.id, str(theirs)]
        with open(ready, "rb") as pipe:
            subprocess.run(
                [sys.executable, "-I", "-m", "engine.network.resolver", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs],
                check=False,
                timeout=_PATIENCE,
            )
            os.close(theirs)
            theirs = -1
            word = pipe.read(4096)
    finally:
        if theirs >= 0:
            os.close(theirs)
    if word == b"\0":
        return
    message = word.decode("utf-8", "replace") or "it ended without a word"
    if f"[Errno {errno.EADDRINUSE}]" in message:
        raise Conflict(
            f"another program of the host answers at port {_PORT} of {network.gateway}",
            hint=f"see which: ss -lnp 'sport = :{_PORT}'; have it not listen on all addresses",
        )
    raise Unavailable(f"the resolver of the network {network.name} cannot begin: {message}")


def open_mark(layout: Layout, network_id: str) -> int:
    """A descriptor of the file that a network's resolver holds a lock on."""
    path = layout.locks / f"resolver-{network_id}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def forget_mark(layout: Layout, network_id: str) -> None:
    """Remove that file, when the network goes."""
    (layout.locks / f"resolver-{network_id}").unlink(missing_ok=True)


def _is_running(layout: Layout, network_id: str) -> bool:
    mark = open_mark(layout, network_id)
    try:
        fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(mark)
    return False
