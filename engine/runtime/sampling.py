"""Reading what containers use from the files of their control groups: version 1, 2, or both side by side.

Made for hundreds of containers a second: a file is opened, read and closed, and nothing is searched for.
Sources: Linux admin-guide/cgroup-v1, admin-guide/cgroup-v2.rst, accounting/psi.rst, proc_pid_net(5).
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from engine.linux.cgroups import Cgroups, find_cgroups
from engine.runtime.groups import group_paths
from engine.runtime.usage import MemoryUse, Pressure, Traffic

_LARGEST = 64 << 10  # bytes of any of these files
_PRESSURE = re.compile(rb"some avg10=([0-9]+\.[0-9]+)")
_KERNEL_PARTS = (b"slab", b"kernel_stack", b"pagetables", b"percpu", b"sock")  # their sum is new in 5.18
_NOTHING = Traffic(0, 0)


class Reading(NamedTuple):
    """What one container's groups say at a moment; times in nanoseconds, all since its start."""

    cpu: int
    periods: int
    throttled_periods: int
    throttled: int
    memory: MemoryUse
    disk: Traffic
    processes: int
    processes_limit: int | None
    pressure: Pressure | None


class GroupReader:
    """Reads the groups of containers on this machine.

    :param cgroups: what there is; else found. :param host_memory: what is a container's limit that has none.
    """

    def __init__(self, cgroups: Cgroups | None = None, host_memory: int = 0) -> None:
        self._cgroups = find_cgroups() if cgroups is None else cgroups
        self._host_memory = host_memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        self._places: dict[str, dict[str, str]] = {}

    def read(self, container_id: str) -> Reading | None:
        """What a container's groups say; None where it has none, which is so when it does not run."""
        places = self._places.get(container_id) or self._find(container_id)
        try:
            cpu, throttling = _cpu(places)
            processes, limit = _processes(places)
            memory = self._memory(places)
            return Reading(
                cpu,
                *throttling,
                memory,
                _disk(places),
                processes,
                limit,
                _pressure(places.get("unified", "")),
            )
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ENODEV:  # the group goes away at this moment
                return None
            raise

    def forget(self, container_id: str) -> None:
        """This container will not be asked for any more."""
        self._places.pop(container_id, None)

    def _find(self, container_id: str) -> dict[str, str]:
        """Directories by controller, those of version 2 with a `2` before it; "unified" is the tree's."""
        places = {}
        paths = group_paths(container_id, self._cgroups)
        for hierarchy, path in zip(self._cgroups.hierarchies, paths, strict=True):
            prefix = "2" if hierarchy.version == 2 else ""
            places.update({prefix + controller: path + "/" for controller in hierarchy.controllers})
            if prefix:
                places["unified"] = path + "/"
        self._places[container_id] = places
        return places

    def _memory(self, places: Mapping[str, str]) -> MemoryUse:
        if place := places.get("memory"):
            raw, counts = _number(place + "memory.usage_in_bytes"), _counts(place + "memory.stat")
            anonymous, file = _of(counts, b"total_rss"), _of(counts, b"total_cache")
            kernel = _number_or_zero(place + "memory.kmem.usage_in_bytes")
            idle, limit = _of(counts, b"total_inactive_file"), _of(counts, b"hierarchical_memory_limit")
        elif place := places.get("2memory"):
            raw, counts = _number(place + "memory.current"), _counts(place + "memory.stat")
            anonymous, file = _of(counts, b"anon"), _of(counts, b"file")
            kernel = _of(counts, b"kernel") or sum(_of(counts, part) for part in _KERNEL_PARTS)
            idle, limit = _of(counts, b"inactive_file"), _limit(place + "memory.max") or 0
        else:
            return MemoryUse(0, 0, 0, 0, 0, self._host_memory, False)
        limited = 0 < limit < self._host_memory
        return MemoryUse(
            max(0, raw - idle), raw, anonymous, file, kernel,
            limit if limited else self._host_memory, limited,
        )  # fmt: skip


def network_of(pid: int) -> Traffic | None:
    """What a process's network has carried, over all interfaces but its loopback; None when it is gone."""
    try:
        lines = _read(f"/proc/{pid}/net/dev").split(b"\n")[2:-1]
    except OSError:
        return None
    received = sent = 0
    for line in lines:
        name, _, numbers = line.partition(b":")
        if name.strip() != b"lo":
            counts = numbers.split()
            received += int(counts[0])
            sent += int(counts[8])
    return Traffic(received, sent)


def _cpu(places: Mapping[str, str]) -> tuple[int, tuple[int, int, int]]:
    """Time used; periods of the limit, those in which it stopped the group, and for how long."""
    if place := places.get("2cpu"):
        counts = _counts(place + "cpu.stat")
        return 1000 * _of(counts, b"usage_usec"), _throttling(counts, 1000 * _of(counts, b"throttled_usec"))
    used = _number(places["cpuacct"] + "cpuacct.usage") if "cpuacct" in places else 0
    if place := places.get("cpu"):
        counts = _counts(place + "cpu.stat")
        return used, _throttling(counts, _of(counts, b"throttled_time"))
    return used, (0, 0, 0)


def _throttling(counts: Mapping[bytes, bytes], time: int) -> tuple[int, int, int]:
    return _of(counts, b"nr_periods"), _of(counts, b"nr_throttled"), time


def _processes(places: Mapping[str, str]) -> tuple[int, int | None]:
    place = places.get("pids") or places.get("2pids")
    if not place:
        return 0, None
    return _number(place + "pids.current"), _limit(place + "pids.max")


def _disk(places: Mapping[str, str]) -> Traffic:
    try:
        if place := places.get("blkio"):
            return _disk_of_1(_read(place + "blkio.throttle.io_service_bytes_recursive"))
        if place := places.get("2io"):
            return _disk_of_2(_read(place + "io.stat"))
    except FileNotFoundError:
        pass  # a kernel that limits no disks
    return _NOTHING


def _disk_of_1(data: bytes) -> Traffic:
    """Lines of `8:0 Read 4096`, of several devices."""
    read = written = 0
    for line in data.split(b"\n"):
        words = line.split()
        if len(words) == 3:
            if words[1] == b"Read":
                read += int(words[2])
            elif words[1] == b"Write":
                written += int(words[2])
    return Traffic(read, written)


def _disk_of_2(data: bytes) -> Traffic:
    """Lines of `8:0 rbytes=4096 wbytes=0 rios=…`, of several devices."""
    read = written = 0
    for word in data.split():
        if word.startswith(b"rbytes="):
            read += int(word[7:])
        elif word.startswith(b"wbytes="):
            written += int(word[7:])
    return Traffic(read, written)


def _pressure(unified: str) -> Pressure | None:
    if not unified:
        return None
    try:
        found = [_PRESSURE.match(_read(f"{unified}{name}.pressure")) for name in ("cpu", "memory", "io")]
    except OSError:
        return None  # the kernel was built, or begun, without it
    cpu, memory, io = (float(one[1]) if one else 0.0 for one in found)
    return Pressure(cpu, memory, io)


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, _LARGEST)
    finally:
        os.close(fd)


def _number(path: str) -> int:
    return int(_read(path))


def _number_or_zero(path: str) -> int:
    try:
        return int(_read(path))
    except OSError:
        return 0


def _limit(path: str) -> int | None:
    data = _read(path).strip()
    return None if data == b"max" else int(data)


def _counts(path: str) -> dict[bytes, bytes]:
    words = _read(path).split()
    return dict(zip(words[::2], words[1::2], strict=False))


def _of(counts: Mapping[bytes, bytes], name: bytes) -> int:
    return int(counts.get(name, b"0"))
