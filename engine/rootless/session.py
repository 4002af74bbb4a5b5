"""Entering the user namespace of a store: made when the first command needs it, joined by all that follow.

Containers must be in the namespace that later commands are in, or these would have no rights over them. A
small process keeps it (`engine.rootless.holder`). Where that was killed, the namespace is found again by a
container that still runs in it. Mounts are no matter of this: every process that mounts has a mount
namespace of its own.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import LaminaError, PermissionDenied, Unavailable
from engine.launch import state, syscalls, unix
from engine.settings import Settings

_HOME = str(Path(__file__).resolve().parents[2])
# At the end of the path, so that nothing beside it can stand in for the standard library.
_START = "import sys; sys.path.append(sys.argv[1]); from engine.rootless.holder import main; "
_START += "main(sys.argv[2], int(sys.argv[3]))"
_ABOVE = 200  # descriptors below are given numbers by those who start monitors
_APPARMOR = "apparmor_restrict_unprivileged_userns"
# The connection that keeps the namespace which this process entered; what it starts may keep it too.
present = -1
_MOST_STATES = 64 << 10  # bytes of a container's state


def enter(settings: Settings) -> None:
    """Have this process be root of the store's user namespace. It must have one thread only, setns(2).

    :raises PermissionDenied: the machine gives users no user namespaces, or the directory is another's.
    """
    directory = _directory(settings.run)
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if _join(directory):
            return
        fcntl.flock(lock, fcntl.LOCK_UN)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _join(directory):
            return
        _begin(directory, settings.root)
        if not _join(directory):
            raise Unavailable(
                "the process that keeps this user's namespace ended at once", hint="try again; then see dmesg"
            )
    finally:
        os.close(lock)


def _directory(run: Path) -> Path:
    directory = run / "session"
    try:
        directory.mkdir(0o700, parents=True, exist_ok=True)
        status = os.lstat(directory)
    except OSError as error:
        raise PermissionDenied(
            f"cannot make the directory {directory}: {error.strerror}",
            hint="choose another place with --root or LAMINA_ROOT",
        ) from error
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionDenied(
            f"{directory} belongs to somebody else, or others may write there",
            hint="a store is one user's: choose another with --root or LAMINA_ROOT",
        )
    return directory


def _join(directory: Path) -> bool:
    """Join the namespace that is kept; whether there is one."""
    try:
        connection = unix.connect(str(directory / "socket"))
    except OSError:
        return False
    namespace = unix.receive_descriptor(connection) if unix.is_from_us(connection) else -1
    if namespace < 0:
        connection.close()
        return False
    try:
        syscalls.setns(namespace, syscalls.CLONE_NEWUSER)
        syscalls.unshare(syscalls.CLONE_NEWNS)
    except OSError as error:
        raise _refused(error) from error
    finally:
        os.close(namespace)
    # Not closed by exec: a monitor is in the namespace too, and has this open for as long as it lives.
    global present  # noqa: PLW0603 - as the namespace is the whole process's
    present = fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD, _ABOVE)
    os.set_inheritable(present, True)
    connection.close()
    return True


def _begin(directory: Path, root: Path) -> None:
    """Start the process that keeps a namespace: one that containers still are in, or a new one."""
    ours, theirs = unix.pair()
    found = _left_namespace(root)
    if os.fork() == 0:
        _leave(ours)
        _become_holder(theirs, str(directory), found)
    theirs.close()
    if found >= 0:
        os.close(found)
    os.wait()
    try:
        word = ours.recv(16)
        if found < 0 and word.isdigit():
            from engine.rootless.mapping import map_ids  # felt, and only needed by the first

            map_ids(int(word))
            ours.sendall(b"+")
            word = ours.recv(16)
        if word != b"+":
            number = int(word[1:]) if word[:1] == b"-" else 0
            raise _refused(OSError(number, os.strerror(number) if number else "it ended without a word"))
    except OSError as error:
        raise _refused(error) from error
    finally:
        ours.close()


def _leave(ours: unix.Socket) -> None:
    """Be nobody's child, so that no front has to wait for this process."""
    if os.fork():
        os._exit(0)
    ours.close()
    os.setsid()


def _become_holder(channel: unix.Socket, directory: str, found: int) -> None:
    """Enter the namespace, wait until it has its ids, and become the program. Returns never."""
    try:
        if found >= 0:
            syscalls.setns(found, syscalls.CLONE_NEWUSER)
        else:
            syscalls.unshare(syscalls.CLONE_NEWUSER)
            syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)  # or newuidmap could not write its map
            channel.sendall(b"%d" % os.getpid())
            if channel.recv(1) != b"+":
                os._exit(1)
        os.chdir("/")
        null = os.open("/dev/null", os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        syscalls.close_on_exec_from(3)
        ready = channel.detach()
        os.set_inheritable(ready, True)
        words = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _START, _HOME, directory, str(ready)]
        os.execve(sys.executable, words, {})
    except OSError as error:
        with suppress(OSError):
            channel.sendall(b"-%d" % (error.errno or errno.EIO))
    finally:
        os._exit(1)


def monitors(root: Path) -> Iterator[tuple[str, int]]:
    """The ids of a store's running containers, and the pids of their monitors."""
    for path in root.glob("containers/*/state"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            pid, start = _monitor(path)
            if start and state.start_time(pid) == start:
                yield path.parent.name, pid


def _left_namespace(root: Path) -> int:
    """The user namespace of a container that runs though nobody keeps it; -1 where there is none."""
    for _, pid in monitors(root):
        with suppress(OSError):
            return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    return -1


def _monitor(path: Path) -> tuple[int, int]:
    import json  # felt, and only needed after a kill

    with path.open("rb") as file:
        fields = json.loads(file.read(_MOST_STATES))
    if fields["boot"] != state.boot_id():
        return 0, 0
    return int(fields["monitor"]), int(fields["monitor_start"])


def _refused(error: OSError) -> LaminaError:
    return PermissionDenied(
        f"this machine gives ordinary users no user namespace: {error.strerror}", hint=_remedy()
    )


def _remedy() -> str:
    for setting, forbids, word in (
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        (f"kernel/{_APPARMOR}", "1", f"kernel.{_APPARMOR}=0"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ):
        with suppress(OSError):
            if Path("/proc/sys", setting).read_text("ascii").strip() == forbids:
                return f"sudo sysctl {word}"
    return "run it as root: sudo lamina …"
