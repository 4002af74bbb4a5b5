"""Which control groups a container gets, and what is written to them: limits and devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.errors import NotSupported
from engine.launch.cgroups import Group, Setting
from engine.linux.cgroups import Cgroups, Hierarchy, find_cgroups
from engine.runtime import disks
from engine.runtime.devices import DeviceRule, as_lines
from engine.runtime.isolation import UNLIMITED, Resources

_PARENT = "lamina"
_PERIOD = 100_000  # microseconds in which a share of processor time is counted, Docker's
# Option, field of Resources, and the controllers of which any one can hold it.
_FIELDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("--memory", "memory", ("memory",)),
    ("--memory-swap", "memory_swap", ("memory",)),
    ("--memory-reservation", "memory_reservation", ("memory",)),
    ("--cpus", "nano_cpus", ("cpu",)),
    ("--cpu-period", "cpu_period", ("cpu",)),
    ("--cpu-quota", "cpu_quota", ("cpu",)),
    ("--cpu-shares", "cpu_shares", ("cpu",)),
    ("--cpuset-cpus", "cpuset_cpus", ("cpuset",)),
    ("--cpuset-mems", "cpuset_mems", ("cpuset",)),
    ("--pids-limit", "pids", ("pids",)),
    ("--blkio-weight", "blkio_weight", ("blkio", "io")),
    ("--memory-swappiness", "swappiness", ("memory",)),
    ("--oom-kill-disable", "oom_kill_disable", ("memory",)),
)
_CONTROLLERS_OF_2 = ("cpu", "cpuset", "io", "memory", "pids")


def plan_groups(
    cgroups: Cgroups, container_id: str, resources: Resources, devices: Sequence[DeviceRule] | None
) -> list[Group]:
    """The groups of one container.

    :param devices: what may be opened, or None for everything. Version 2 takes them as a program instead
        (`engine.runtime.devices.as_program`).
    :raises NotSupported: a limit was asked for that no group here can hold; names it.
    """
    check_resources(cgroups, resources)
    return [
        Group(
            str(group_path(hierarchy, container_id)),
            hierarchy.version,
            [name for name in hierarchy.controllers if hierarchy.version == 1 or name in _CONTROLLERS_OF_2],
            _shown(hierarchy, cgroups),
            [
                *limits_in(hierarchy, resources),
                *disks.disk_settings(hierarchy, resources.disks),
                *_devices(hierarchy, devices),
            ],
        )
        for hierarchy in cgroups.hierarchies
    ]


def keepable(cgroups: Cgroups, resources: Resources) -> tuple[Resources, list[str]]:
    """The limits that this machine can keep, and the options of those that it cannot."""
    lost = [
        (option, field)
        for option, field, controllers in _FIELDS
        if getattr(resources, field) != getattr(UNLIMITED, field)
        and not any(cgroups.of(controller) for controller in controllers)
    ]
    if not any(cgroups.of(controller) for controller in disks.CONTROLLERS):
        lost += [(option, "disks") for option in {disks.option_of(one): 0 for one in resources.disks}]
    kept = resources._replace(**{field: getattr(UNLIMITED, field) for _, field in lost})
    return kept, [option for option, _ in lost]


def check_resources(cgroups: Cgroups, resources: Resources) -> None:
    """:raises NotSupported: a limit was asked for that no group here can hold; names it."""
    for option, controllers in _needed(resources):
        if not any(cgroups.of(controller) for controller in controllers):
            raise NotSupported(
                f"{option}: this machine has no control group for {' or '.join(controllers)} that is ours",
                hint="lamina info says what can be limited",
            )
    memory = cgroups.of("memory")
    if memory is not None and memory.version == 2:
        for option, asked in (
            ("--memory-swappiness", resources.swappiness >= 0),
            ("--oom-kill-disable", resources.oom_kill_disable),
        ):
            if asked:
                raise NotSupported(
                    f"{option}: control groups of version 2 have it no more",
                    hint="--memory-swap limits swapping, --oom-score-adj says who is killed first",
                )


def group_paths(container_id: str, cgroups: Cgroups | None = None) -> list[str]:
    """Where a container's groups are, if there are any."""
    found = find_cgroups() if cgroups is None else cgroups
    return [str(group_path(hierarchy, container_id)) for hierarchy in found.hierarchies]


def remove_left_groups(container_id: str) -> None:
    """Remove what the killed monitor of a container left, and whatever still runs in it."""
    from engine.launch.cgroups import remove

    remove(path for path in group_paths(container_id) if Path(path).is_dir())


def group_path(hierarchy: Hierarchy, container_id: str) -> Path:
    """Where a container's group of one tree is, or would be."""
    return hierarchy.path / _PARENT / container_id


def _shown(hierarchy: Hierarchy, cgroups: Cgroups) -> list[str]:
    if hierarchy.version == 2:
        # Beside version 1 it has nothing to show, and Docker shows none.
        return [""] if cgroups.mode == "v2" else []
    links = [name for name in hierarchy.controllers if "=" not in name and name != hierarchy.name]
    return [hierarchy.name, *links]


def _needed(resources: Resources) -> Iterator[tuple[str, tuple[str, ...]]]:
    for option, field, controllers in _FIELDS:
        if getattr(resources, field) != getattr(UNLIMITED, field):
            yield option, controllers
    for limit in resources.disks:
        yield disks.option_of(limit), disks.CONTROLLERS


def limits_in(hierarchy: Hierarchy, resources: Resources) -> Iterator[Setting]:
    """What a tree of groups is told of limits."""
    write = _limits_of_1 if hierarchy.version == 1 else _limits_of_2
    for controller, file, value, option in write(resources):
        if controller in hierarchy.controllers:
            # A kernel that counts no swap is done without that limit, unless it was asked for by name.
            yield Setting(file, value, option, option == "--memory-swap" and not resources.memory_swap)


_Limit = tuple[str, str, str, str]  # controller, file, value, option


def _limits_of_1(asked: Resources) -> Iterator[_Limit]:
    """Kernel: admin-guide/cgroup-v1; the memory goes before memory and swap, which may not be less."""
    if asked.memory:
        yield "memory", "memory.limit_in_bytes", str(asked.memory), "--memory"
        both = asked.memory_swap or 2 * asked.memory
        yield "memory", "memory.memsw.limit_in_bytes", str(both), "--memory-swap"
    if asked.memory_reservation:
        reserved = str(asked.memory_reservation)
        yield "memory", "memory.soft_limit_in_bytes", reserved, "--memory-reservation"
    if asked.swappiness >= 0:
        yield "memory", "memory.swappiness", str(asked.swappiness), "--memory-swappiness"
    if asked.oom_kill_disable:
        yield "memory", "memory.oom_control", "1", "--oom-kill-disable"
    yield from _processor_time_of_1(asked)
    if asked.cpu_shares:
        yield "cpu", "cpu.shares", str(asked.cpu_shares), "--cpu-shares"
    if asked.blkio_weight:
        yield "blkio", "blkio.weight", str(asked.blkio_weight), "--blkio-weight"
    yield from _limits_of_both(asked)


def _processor_time_of_1(asked: Resources) -> Iterator[_Limit]:
    if asked.nano_cpus:
        yield "cpu", "cpu.cfs_period_us", str(_PERIOD), "--cpus"
        yield "cpu", "cpu.cfs_quota_us", str(_quota(asked)), "--cpus"
    if asked.cpu_period:
        yield "cpu", "cpu.cfs_period_us", str(asked.cpu_period), "--cpu-period"
    if asked.cpu_quota:
        yield "cpu", "cpu.cfs_quota_us", str(asked.cpu_quota), "--cpu-quota"


def _limits_of_2(asked: Resources) -> Iterator[_Limit]:
    """Kernel: admin-guide/cgroup-v2.rst; weights are turned as runc turns them (opencontainers/cgroups)."""
    if asked.memory:
        yield "memory", "memory.max", str(asked.memory), "--memory"
        swap = "max" if asked.memory_swap < 0 else str((asked.memory_swap or 2 * asked.memory) - asked.memory)
        yield "memory", "memory.swap.max", swap, "--memory-swap"
    if asked.memory_reservation:
        yield "memory", "memory.low", str(asked.memory_reservation), "--memory-reservation"
    if asked.nano_cpus:
        yield "cpu", "cpu.max", f"{_quota(asked)} {_PERIOD}", "--cpus"
    elif asked.cpu_period or asked.cpu_quota:
        quota = str(asked.cpu_quota) if asked.cpu_quota > 0 else "max"
        option = "--cpu-quota" if asked.cpu_quota else "--cpu-period"
        yield "cpu", "cpu.max", f"{quota} {asked.cpu_period or _PERIOD}", option
    if asked.cpu_shares:
        yield "cpu", "cpu.weight", str(1 + (asked.cpu_shares - 2) * 9999 // 262142), "--cpu-shares"
    if asked.blkio_weight:
        yield "io", "io.weight", str(1 + (asked.blkio_weight - 10) * 9999 // 990), "--blkio-weight"
    yield from _limits_of_both(asked)


def _limits_of_both(asked: Resources) -> Iterator[_Limit]:
    if asked.cpuset_cpus:
        yield "cpuset", "cpuset.cpus", asked.cpuset_cpus, "--cpuset-cpus"
    if asked.cpuset_mems:
        yield "cpuset", "cpuset.mems", asked.cpuset_mems, "--cpuset-mems"
    if asked.pids:
        yield "pids", "pids.max", "max" if asked.pids < 0 else str(asked.pids), "--pids-limit"


def _quota(asked: Resources) -> int:
    return max(1000, asked.nano_cpus * _PERIOD // 1_000_000_000)


def _devices(hierarchy: Hierarchy, rules: Iterable[DeviceRule] | None) -> list[Setting]:
    if rules is None or hierarchy.version == 2 or "devices" not in hierarchy.controllers:
        return []
    allowed = [Setting("devices.allow", line, "") for line in as_lines(rules)]
    return [Setting("devices.deny", "a", ""), *allowed]
