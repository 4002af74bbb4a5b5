"""The processes of a container, by their numbers on the host and inside. proc_pid_stat(5), …_status(5)"""

from __future__ import annotations

import os
from typing import NamedTuple

from engine.runtime.groups import group_paths

_LARGEST = 64 << 10  # bytes of any file of /proc; a longer command line is cut there
_MOST_GROUPS = 1000  # groups below a container's own, which may make them itself
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProcessRow(NamedTuple):
    """One process. Texts are the program's own and may hold anything.

    :param pid: on the host. :param inside: in the container's own pid namespace.
    :param uid: on the host. :param state: one letter, as ps has it.
    :param started: seconds since the epoch. :param cpu: seconds of processor time.
    :param memory: resident, bytes. :param terminal: such as "pts/0" (in whose /dev/pts it is), or "?".
    :param name: what the kernel calls it. :param command: its command line; its name in brackets without one.
    """

    pid: int
    inside: int
    parent: int
    uid: int
    state: str
    threads: int
    started: float
    cpu: float
    memory: int
    terminal: str
    name: str
    command: str


def pids_of(container_id: str, init: int) -> list[int]:
    """Pids on the host of all that runs in it, ascending: by control group, else by pid namespace."""
    found = {init}
    for path in group_paths(container_id):
        members = _members(path)
        if members:
            found |= members
            break
    else:
        found |= _in_pid_namespace(init)
    return sorted(found)


def processes_of(container_id: str, init: int) -> list[ProcessRow]:
    """Rows of all processes of a container; one that ends meanwhile is left out."""
    boot = _boot_time()
    rows = (_process(pid, boot) for pid in pids_of(container_id, init))
    return [row for row in rows if row is not None]


def status_of(pid: int) -> dict[str, str]:
    """The fields of /proc/PID/status. :raises OSError: the process is gone."""
    fields = {}
    for line in _read(f"/proc/{pid}/status").decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields[name] = value.strip()
    return fields


def _members(path: str) -> set[int]:
    found: set[int] = set()
    for number, (directory, _, _) in enumerate(os.walk(path)):
        if number >= _MOST_GROUPS:
            break
        try:
            with open(os.path.join(directory, "cgroup.procs"), "rb") as file:
                found.update(int(line) for line in file)
        except OSError:
            continue  # a group of threads, or gone
    return found - {0}


def _in_pid_namespace(init: int) -> set[int]:
    try:
        own, host = _namespace(init), _namespace(os.getpid())
    except OSError:
        return set()
    if own == host:
        return set()  # it shares the host's, in which nothing tells whose a process is
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if _namespace(int(entry)) == own:
                    found.add(int(entry))
            except OSError:
                continue
    return found


def _namespace(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/pid")


def _process(pid: int, boot: float) -> ProcessRow | None:
    try:
        status = status_of(pid)
        name, _, rest = _read(f"/proc/{pid}/stat").decode("utf-8", "surrogateescape").rpartition(")")
        words = _read(f"/proc/{pid}/cmdline").rstrip(b"\0").replace(b"\0", b" ")
    except OSError:
        return None
    fields = rest.split()  # the third field of proc_pid_stat(5) is the first here
    name = name.partition("(")[2]
    return ProcessRow(
        pid=pid,
        inside=int(status.get("NSpid", str(pid)).split()[-1]),
        parent=int(fields[1]),
        uid=int(status["Uid"].split()[1]),
        state=fields[0],
        threads=int(fields[17]),
        started=boot + int(fields[19]) / _TICK,
        cpu=(int(fields[11]) + int(fields[12])) / _TICK,
        memory=int(fields[21]) * _PAGE,
        terminal=_terminal(int(fields[4])),
        name=name,
        command=words.decode("utf-8", "surrogateescape") or f"[{name}]",
    )


def _terminal(number: int) -> str:
    if not number:
        return "?"
    major, minor = os.major(number), os.minor(number)
    return f"pts/{minor + 256 * (major - 136)}" if 136 <= major <= 143 else f"{major}:{minor}"


def _boot_time() -> float:
    for line in _read("/proc/stat").split(b"\n"):
        if line.startswith(b"btime "):
            return float(line[6:])
    return 0.0


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read(_LARGEST) or b""
