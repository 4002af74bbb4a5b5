"""The network namespace that containers of an ordinary user's store share: had, and entered by a thread."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import NotSupported, Unavailable
from engine.launch import unix
from engine.launch.task import NAMESPACE
from engine.rootless import providers, session

_HOME = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.append(sys.argv[1]); from engine.rootless.uplink import main; "
_START += "main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])"
_ALONE = "or run with --network none or --network host"


class Uplink:
    """A connection to the process that keeps the namespace; whoever has it open counts as being there.

    :param namespace: a descriptor, closed with it.
    :param follows: the process was started now, in a namespace that containers were in without one.
    """

    def __init__(self, connection: unix.Socket, namespace: int, follows: bool = False) -> None:
        self._connection = connection
        self.namespace = namespace
        self.follows = follows

    def publish(self, sockets: Sequence[int], release: Sequence[bytes], process: int = -1) -> None:
        """Have what comes to sockets of the host passed on for as long as this connection is open.

        :param release: messages of netlink(7) for the namespace when it is no more.
        :param process: a pidfd; it counts as being there instead, until it ends.
        :raises Unavailable: the process is gone.
        """
        import marshal

        try:
            document = marshal.dumps((list(release), process >= 0))
            unix.send_document(self._connection, document, [*([process] if process >= 0 else []), *sockets])
            word = self._connection.recv(1)
        except OSError:
            word = b""
        if word != b"+":
            raise Unavailable("the process that leads containers outside ended", hint="try it again")

    def detach(self) -> tuple[int, int]:
        """Its descriptors, connection and namespace, which are the caller's from now on."""
        return self._connection.detach(), self.namespace

    def close(self) -> None:
        """Be there no more."""
        self._connection.close()
        os.close(self.namespace)


def program_outside(run: Path, root: Path) -> str:
    """The name of the program that leads containers outside; it is tried where none does yet.

    :raises LaminaError: see `uplink`.
    """
    uplink(run, root).close()
    with suppress(OSError):  # it ended just now
        return (run / "session" / providers.NOTE).read_text("utf-8")
    return ""


def standing_uplink(run: Path) -> Uplink | None:
    """A connection to the process of a store; None where there is none. :param run: its run directory."""
    return _connect(run / "session")


def uplink(run: Path, root: Path) -> Uplink:
    """The same, but it is started where there is none.

    :param root: the store's directory, by whose containers a namespace is found that lost its process.
    :raises NotSupported: this machine has no program that leads outside.
    :raises Unavailable: that does not begin.
    """
    directory = run / "session"
    directory.mkdir(0o700, parents=True, exist_ok=True)
    lock = os.open(directory / providers.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if (connected := _connect(directory)) is not None:
            return connected
        fcntl.flock(lock, fcntl.LOCK_UN)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (connected := _connect(directory)) is not None:
            return connected
        found = _left_namespace(root)
        _begin(directory, found)
        if (connected := _connect(directory)) is not None:
            connected.follows = found >= 0
            return connected
    finally:
        os.close(lock)
    raise Unavailable("the process that leads containers outside ended at once", hint="try it again")


def _connect(directory: Path) -> Uplink | None:
    try:
        connection = unix.connect(str(directory / "uplink"))
    except OSError:
        return None
    namespace = unix.receive_descriptor(connection) if unix.is_from_us(connection) else -1
    if namespace < 0:
        connection.close()
        return None
    return Uplink(connection, namespace)


def _begin(directory: Path, found: int) -> None:
    import subprocess  # felt, and only needed by the first

    problem, remedy = providers.obstacle()
    if problem:
        raise NotSupported(
            f"an ordinary user's containers have no networks here: {problem}", hint=f"{remedy}, {_ALONE}"
        )
    ready, theirs = os.pipe2(os.O_CLOEXEC)
    kept = [theirs, *([found] if found >= 0 else []), *([session.present] if session.present >= 0 else [])]
    words = [str(directory), str(theirs), str(found), *providers.programs()]
    try:
        with open(ready, "rb") as pipe:
            # Leaves at once, so that no front has a child to wait for.
            subprocess.run(
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", _LEAVE + _START, _HOME, *words],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=kept, cwd="/", env={}, check=False,
            )  # fmt: skip
            os.close(theirs)
            theirs = -1
            word = pipe.read(4096)
    finally:
        for descriptor in (theirs, found):
            if descriptor >= 0:
                os.close(descriptor)
    if word != b"+":
        raise Unavailable(
            f"containers cannot be led outside: {word.decode('utf-8', 'replace') or 'no reason given'}",
            hint=_ALONE.removeprefix("or "),
        )


_LEAVE = "import os; os.fork() and os._exit(0); os.setsid(); "


def _left_namespace(root: Path) -> int:
    """The namespace that running containers are plugged into though nobody keeps it; -1: there is none.

    Their monitors have it open beside the container's own.
    """
    for _, pid in session.monitors(root):
        with suppress(OSError):
            own = os.readlink(f"/proc/{pid}/fd/{NAMESPACE}")
            for name in os.listdir(f"/proc/{pid}/fd"):
                place = f"/proc/{pid}/fd/{name}"
                target = os.readlink(place)
                if target.startswith("net:[") and target != own:
                    return os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    return -1
