"""Changing the limits of a container that runs: what its control groups hold, and what they held before."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.errors import Conflict, NotSupported
from engine.linux.cgroups import Hierarchy, find_cgroups
from engine.runtime.groups import group_path, limits_in
from engine.runtime.isolation import Resources

# What a file of a group holds where nothing was asked for; "" is what the parent has.
_UNLIMITED = {
    "memory.limit_in_bytes": "-1",
    "memory.memsw.limit_in_bytes": "-1",
    "memory.soft_limit_in_bytes": "-1",
    "cpu.cfs_quota_us": "-1",
    "cpu.cfs_period_us": "100000",
    "cpu.shares": "1024",
    "memory.swappiness": "",
    "memory.oom_control": "0",
    "blkio.weight": "500",
    "memory.max": "max",
    "memory.swap.max": "max",
    "memory.low": "0",
    "cpu.max": "max 100000",
    "cpu.weight": "100",
    "io.weight": "100",
    "pids.max": "max",
    "cpuset.cpus": "",
    "cpuset.mems": "",
}


class _Change(NamedTuple):
    file: Path
    value: str
    option: str
    optional: bool


def relimit(container_id: str, before: Resources, after: Resources) -> None:
    """Have the groups of a container that runs hold other limits; all of them, or none.

    :raises Conflict: the kernel refuses one, such as less memory than is in use. :raises NotSupported: it has
        none of the kind.
    """
    changes = [
        change for hierarchy in find_cgroups().hierarchies
        for change in _changes(hierarchy, container_id, before, after)
    ]  # fmt: skip
    held = [(change, _read(change.file)) for change in changes]
    failed = _write_all(changes)
    if failed is None:
        return
    change, error = failed
    with contextlib.suppress(OSError):
        _write_all([was._replace(value=value) for was, value in held if value is not None])
    if error.errno == errno.ENOENT:
        raise NotSupported(f"{change.option}: this kernel has no {change.file.name}") from error
    in_use = error.errno == errno.EBUSY and change.option.startswith("--memory")
    raise Conflict(
        f"{change.option}: {change.file.name} does not take {change.value}: {error.strerror}",
        hint="it uses more than that just now" if in_use else "nothing was changed",
    ) from error


def _changes(
    hierarchy: Hierarchy, container_id: str, before: Resources, after: Resources
) -> Iterator[_Change]:
    directory = group_path(hierarchy, container_id)
    wanted = {setting.file: setting for setting in limits_in(hierarchy, after)}
    for setting in limits_in(hierarchy, before):
        if setting.file not in wanted:
            yield _Change(
                directory / setting.file, _without(directory, setting.file), setting.option, setting.optional
            )
    for setting in wanted.values():
        yield _Change(directory / setting.file, setting.value, setting.option, setting.optional)


def _without(directory: Path, name: str) -> str:
    return _UNLIMITED[name] or _read(directory.parent / name) or "\n"


def _write_all(changes: list[_Change]) -> tuple[_Change, OSError] | None:
    """Write them in an order that the kernel takes; gives what it refuses in any.

    Memory alone may never be more than memory and swap together, so which goes first depends on what was.
    """
    while changes:
        refused: list[tuple[_Change, OSError]] = []
        for change in changes:
            try:
                _write(change.file, change.value)
            except OSError as error:
                if not (change.optional and error.errno == errno.ENOENT):
                    refused.append((change, error))
        if len(refused) == len(changes):
            return refused[0]
        changes = [change for change, _ in refused]
    return None


def _write(file: Path, value: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _read(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        return None
