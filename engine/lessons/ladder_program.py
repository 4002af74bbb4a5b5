"""The program that the lesson on namespaces looks at: enters some, says what it sees, waits to be ended.

It runs as a fresh interpreter (`python -I -S`), for the reasons of `engine.launch`. Its first process stays
where it is; its second one, the child, takes the namespaces and the walls. What it changes, it changes in
namespaces that are its own: the host has the same mounts, names and interfaces before, meanwhile and after.
It ends with its standard input, which whoever started it holds, and the child ends with its parent.

On its standard input a document, `{"namespaces", "walls", "directory", "marker", "host_name", "user",
"capabilities", "filter", "flags"}`; on its output documents, each after its length in four bytes:

    {"pid": …}                                          of the child, as the host sees it
    {"seen": {question: answer}, "before": […], "after": […]}
    {"failed": what was tried, "errno": …}
"""

from __future__ import annotations

import ctypes
import marshal
import os
import select
import sys
from collections.abc import Callable
from typing import Any

from engine.launch import rootfs, syscalls, unix
from engine.launch.fork import fork_apart
from engine.launch.identity import Identity
from engine.launch.mounts import attach, make_filesystem
from engine.launch.privileges import limit_bounding_set, set_capabilities, take_identity

WALLS = ("root", "capabilities", "seccomp")  # in the order in which they are built
FLAGS = {
    "pid": syscalls.CLONE_NEWPID,
    "mount": syscalls.CLONE_NEWNS,
    "uts": syscalls.CLONE_NEWUTS,
    "net": syscalls.CLONE_NEWNET,
    "ipc": syscalls.CLONE_NEWIPC,
    "user": syscalls.CLONE_NEWUSER,
    "cgroup": syscalls.CLONE_NEWCGROUP,
}
_BORN_IN = ("user", "pid")  # a process is in these from its first moment, or its children are
_SIGKILL = 9
_MOST_NAMES = 12  # of a directory that are told


def main() -> None:
    """Do what the document says."""
    asked = marshal.load(sys.stdin.buffer)  # noqa: S302 - our own parent wrote it
    wanted = asked["namespaces"]
    os.chdir(asked["directory"])  # before its owner is nobody's inside
    ours, theirs = unix.pair()
    try:
        pid = fork_apart(sum(FLAGS[name] for name in wanted if name in _BORN_IN))
    except OSError as error:
        tell({"failed": f"a process in namespaces of {' and '.join(_BORN_IN)}", "errno": error.errno})
        return
    if pid == 0:
        ours.close()
        _child(asked, theirs)
    theirs.close()
    try:
        if "user" in wanted:
            for file in ("uid_map", "gid_map"):
                _write(f"/proc/{pid}/{file}", f"0 {asked['user']} 1\n")
        tell({"pid": pid})
        ours.sendall(b"+")
        select.select([0, ours.fileno()], [], [])  # the end of its input, or of its child
    except OSError as error:
        tell({"failed": "ids for a user namespace", "errno": error.errno})
    finally:
        os.kill(pid, _SIGKILL)
        os.waitpid(pid, 0)


def tell(document: dict[str, Any]) -> None:
    """One document on standard output."""
    data = marshal.dumps(document)
    data = len(data).to_bytes(4, "little") + data
    while data:
        data = data[os.write(1, data) :]


def seen(pid: int = 0) -> dict[str, str]:
    """What there is, asked from where the caller stands.

    :param pid: of the process that it is asked about, 0 for the caller's own.
    """
    status = dict(line.split(":\t", 1) for line in _lines(f"/proc/{pid or 'self'}/status") if ":\t" in line)
    groups = [line.split(":", 2)[2] for line in _lines(f"/proc/{pid or 'self'}/cgroup")]
    return {
        "number": str(pid or os.getpid()),
        "processes": str(sum(name.isdigit() for name in os.listdir("/proc"))),
        "mounts": str(len(_lines("/proc/self/mountinfo"))),
        "host name": os.uname().nodename,
        "interfaces": _some(line.partition(":")[0] for line in _lines("/proc/self/net/dev")[2:]),
        "queues": str(max(0, len(_lines("/proc/sysvipc/msg")) - 1)),
        "user": status["Uid"].split()[0],
        "control group": max(groups, key=len, default="none"),
        "root": _some(os.listdir("/")),
        "capabilities": str(int(status["CapEff"], 16).bit_count()),
        "system calls": {"0": "all"}.get(status.get("Seccomp", "0"), "filtered"),
    }


def _child(asked: dict[str, Any], channel: unix.Socket) -> None:
    """What is looked at. Returns never."""
    doing = "the user of a namespace"
    try:
        if channel.recv(1) != b"+":
            os._exit(0)
        if "user" in asked["namespaces"]:
            take_identity(Identity(0, 0, [], "/"))  # the only id that there is
        for step, enter in _steps(asked):
            doing = step
            enter()
        before: list[str] = []
        after: list[str] = []
        for wall in asked["walls"]:
            doing = f"the wall {wall}"
            before = _attempts(asked["marker"])
            _BUILD[wall](asked)
            after = _attempts(asked["marker"])
        doing = "a look around"
        tell({"seen": seen(), "before": before, "after": after})
        channel.recv(1)  # the end of its parent
    except OSError as error:
        tell({"failed": doing, "errno": error.errno})
    finally:
        os._exit(0)


def _steps(asked: dict[str, Any]) -> list[tuple[str, Callable[[], object]]]:
    """What brings about each namespace that is wanted, and then something in it that others do not see."""
    wanted = asked["namespaces"]
    left = [name for name in wanted if name not in _BORN_IN]
    steps: list[tuple[str, Callable[[], object]]] = [
        (f"a namespace of {name}", lambda flag=FLAGS[name]: syscalls.unshare(flag))  # type: ignore[misc]
        for name in left
    ]
    if "mount" in wanted:
        steps.append(("a mount of its own", _mount))
        if "pid" in wanted:
            steps.append(("a list of processes of its own", lambda: _mount_proc("/proc")))
    if "uts" in wanted:
        steps.append(("a host name of its own", lambda: syscalls.sethostname(asked["host_name"])))
    if "ipc" in wanted:
        steps.append(("a message queue of its own", _make_queue))
    return steps


def _mount() -> None:
    # Private first: until then a mount made here would show on the host.
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    attach(make_filesystem("tmpfs", [("mode", "755")]), _directory("own"))


def _mount_proc(path: str) -> None:
    attach(make_filesystem("proc"), _directory(path))


def _make_queue() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.msgget(0, 0o600) < 0:  # IPC_PRIVATE; it is gone with its namespace
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _pivot(_: dict[str, Any]) -> None:
    os.mkdir("own/proc")
    _mount_proc("own/proc")
    rootfs.pivot(_directory("own"))


def _drop(asked: dict[str, Any]) -> None:
    set_capabilities(limit_bounding_set(asked["capabilities"]))
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)


def _filter(asked: dict[str, Any]) -> None:
    syscalls.load_filter(asked["filter"], asked["flags"])


_BUILD: dict[str, Callable[[dict[str, Any]], None]] = {
    "root": _pivot,
    "capabilities": _drop,
    "seccomp": _filter,
}


def _attempts(marker: str) -> list[str]:
    """What each of WALLS forbids, tried: a line that says how it went. Nothing of it lasts.

    A file of the host is read, the host name is set to what it is, and a user namespace is made.
    """
    attempts: dict[str, Callable[[], object]] = {
        "host file": lambda: os.close(os.open(marker, os.O_RDONLY)),
        "host name": lambda: syscalls.sethostname(os.uname().nodename),
        "namespace": _unshare_aside,
    }
    return [f"{name}: {_tried(attempt)}" for name, attempt in attempts.items()]


def _tried(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return os.strerror(error.errno or 0)
    return "works"


def _unshare_aside() -> None:
    """In a process that ends at once."""
    pid = os.fork()
    if pid == 0:
        try:
            syscalls.unshare(syscalls.CLONE_NEWUSER)
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    if number := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise OSError(number, os.strerror(number))


def _directory(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode("ascii"))
    finally:
        os.close(fd)


def _lines(path: str) -> list[str]:
    """Of a file of the kernel's; none where this kernel has no such file."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []


def _some(names: Any) -> str:
    found = sorted(name.strip() for name in names)
    more = [f"and {len(found) - _MOST_NAMES} more"] if len(found) > _MOST_NAMES else []
    return " ".join([*found[:_MOST_NAMES], *more]) or "none"
