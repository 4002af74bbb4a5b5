"""What the kernel shows a container, beside what it shows the host. namespaces(7), proc_pid_mountinfo(5)"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from engine.containers.store import ContainerStore
from engine.errors import Conflict, LaminaError
from engine.launch.privileges import CAPABILITIES
from engine.runtime.processes import ProcessRow, processes_of, status_of

_KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
_SETS = {
    "CapBnd": "bounding",
    "CapPrm": "permitted",
    "CapEff": "effective",
    "CapInh": "inheritable",
    "CapAmb": "ambient",
}
_MODES = {"0": "none", "1": "strict", "2": "filter"}
_LARGEST = 4 << 20  # bytes of a mount table


class Namespace(NamedTuple):
    """One namespace, by the numbers that the kernel gives them.

    :param id: the container's. :param host: the one that this engine is in; 0 where that is not to be seen.
    :param shared_with: names of other containers that are in it.
    """

    kind: str
    id: int
    host: int
    shared_with: tuple[str, ...]


class IdRange(NamedTuple):
    """Ids inside that are others outside. user_namespaces(7)"""

    inside: int
    outside: int
    length: int


class MountRow(NamedTuple):
    """A mount that the host has not; paths as the container sees them."""

    target: str
    kind: str
    source: str
    options: str


class ContainerNamespaces(NamedTuple):
    """A container as the kernel has it.

    :param capabilities: by set, names without CAP_. :param missing: those of the kernel that it cannot get.
    :param seccomp: "none", "strict" or "filter"; :param filters: how many filters.
    """

    pid: int
    namespaces: tuple[Namespace, ...]
    processes: tuple[ProcessRow, ...]
    uids: tuple[IdRange, ...]
    gids: tuple[IdRange, ...]
    mounts: tuple[MountRow, ...]
    capabilities: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    seccomp: str
    filters: int
    no_new_privileges: bool
    groups: tuple[str, ...]


def namespaces(store: ContainerStore, name: str) -> ContainerNamespaces:
    """What the kernel shows a container.

    :raises Conflict: it does not run.
    """
    record = store.records.find(name)
    init = store.state(record).init
    if not init.alive:
        raise Conflict(f"{record.name} is not running", hint=f"start it: lamina start {record.name}")
    pid = init.pid
    try:
        status = status_of(pid)
        capabilities = {word: _names(int(status[field], 16)) for field, word in _SETS.items()}
        found = ContainerNamespaces(
            pid=pid,
            namespaces=_namespaces(pid, _others(store, record.id)),
            processes=tuple(processes_of(record.id, pid)),
            uids=_ranges(f"/proc/{pid}/uid_map"),
            gids=_ranges(f"/proc/{pid}/gid_map"),
            mounts=_differing(pid),
            capabilities=capabilities,
            missing=tuple(one for one in CAPABILITIES if one not in capabilities["bounding"]),
            seccomp=_MODES.get(status.get("Seccomp", "0"), "unknown"),
            filters=int(status.get("Seccomp_filters", "0")),
            no_new_privileges=status.get("NoNewPrivs") == "1",
            groups=tuple(_text(f"/proc/{pid}/cgroup").split()),
        )
    except (FileNotFoundError, ProcessLookupError) as error:
        raise Conflict(f"{record.name} has just ended") from error
    if not init.alive:  # a stranger may have the pid by now
        raise Conflict(f"{record.name} has just ended")
    return found


def _others(store: ContainerStore, own: str) -> dict[str, int]:
    """First processes of the other containers that run, by name."""
    found = {}
    for record in store.records.all():
        try:
            init = store.look(record).init
        except LaminaError:
            continue
        if record.id != own and init.alive:
            found[record.name] = init.pid
    return found


def _namespaces(pid: int, others: Mapping[str, int]) -> tuple[Namespace, ...]:
    rows = []
    for kind in _KINDS:
        own = _namespace(pid, kind)
        if own:  # else a kernel without it
            shared = tuple(sorted(name for name, other in others.items() if _namespace(other, kind) == own))
            rows.append(Namespace(kind, own, _namespace("self", kind), shared))
    return tuple(rows)


def _namespace(pid: int | str, kind: str) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/{kind}").st_ino
    except OSError:
        return 0


def _names(mask: int) -> tuple[str, ...]:
    known = tuple(name for bit, name in enumerate(CAPABILITIES) if mask & 1 << bit)
    unknown = mask >> len(CAPABILITIES)
    return known + tuple(
        f"{bit + len(CAPABILITIES)}" for bit in range(unknown.bit_length()) if unknown & 1 << bit
    )


def _ranges(path: str) -> tuple[IdRange, ...]:
    return tuple(IdRange(*map(int, line.split())) for line in _text(path).splitlines())


def _differing(pid: int) -> tuple[MountRow, ...]:
    host = {_same(line) for line in _text("/proc/self/mountinfo").split("\n") if line}
    lines = [line for line in _text(f"/proc/{pid}/mountinfo").split("\n") if line]
    return tuple(_mount(line) for line in lines if _same(line) not in host)


def _same(line: str) -> tuple[str, ...]:
    """What makes a mount the same in two tables: device, root in it, and target."""
    return tuple(line.split(" ")[2:5])


def _mount(line: str) -> MountRow:
    left, _, right = line.partition(" - ")
    before, after = left.split(" "), right.split(" ")
    return MountRow(_unescaped(before[4]), after[0], _unescaped(after[1]), before[5])


def _unescaped(word: str) -> str:
    for code, char in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        word = word.replace(f"\\{code}", char)
    return word


def _text(path: str) -> str:
    with open(path, "rb", buffering=0) as file:
        data = b""
        while len(data) < _LARGEST and (more := file.read(65536)):
            data += more
    return data.decode("utf-8", "surrogateescape")
