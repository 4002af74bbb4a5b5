"""From what was asked of a container's walls to what its launch is told: Docker's rules, on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import NotSupported
from engine.launch import syscalls
from engine.launch.limits import UNLIMITED, Limit
from engine.launch.walls import Memory, Node, Walls
from engine.linux.cgroups import find_cgroups
from engine.linux.user_namespaces import in_user_namespace
from engine.runtime import devices
from engine.runtime.config import ContainerConfig
from engine.runtime.groups import plan_groups
from engine.runtime.isolation import Isolation, Tmpfs, Ulimit
from engine.runtime.sandbox import CAPABILITIES, MASKED_PATHS, NETWORK_SYSCTLS, READ_ONLY_PATHS
from engine.runtime.seccomp.kept import Program, program_for

_SHM_SIZE = 64 << 20
_FILES = 1 << 20  # what Docker's own service gives its containers, where that may be had

_FLAGS = {
    "ro": syscalls.MOUNT_ATTR_RDONLY,
    "nosuid": syscalls.MOUNT_ATTR_NOSUID,
    "nodev": syscalls.MOUNT_ATTR_NODEV,
    "noexec": syscalls.MOUNT_ATTR_NOEXEC,
}
_CONTRARIES = {"rw": "ro", "suid": "nosuid", "dev": "nodev", "exec": "noexec"}
TMPFS_FLAGS = frozenset({*_FLAGS, *_CONTRARIES})


def capabilities_of(isolation: Isolation) -> tuple[str, ...]:
    """The container's capabilities: Docker's, less and more (moby: oci/caps, TweakCapabilities)."""
    if isolation.privileged or "ALL" in isolation.cap_add:
        from engine.linux.capabilities import held

        dropped = () if isolation.privileged else isolation.cap_drop
        return tuple(name for name in held() if name not in dropped)
    base = () if "ALL" in isolation.cap_drop else CAPABILITIES
    kept = [name for name in base if name not in isolation.cap_drop]
    return tuple(dict.fromkeys((*kept, *isolation.cap_add)))


def filter_of(isolation: Isolation, capabilities: Sequence[str], directory: Path) -> Program | None:
    """The filter of system calls; None where there is none.

    The default one is done without where libseccomp is missing, which `lamina info` says;
    one of somebody's own is not.

    :param directory: where programs are kept.
    """
    if isolation.seccomp == "unconfined" or (isolation.privileged and not isolation.seccomp):
        return None
    if isolation.seccomp:
        return program_for(directory, isolation.seccomp.encode(), capabilities)
    try:
        return program_for(directory, None, capabilities)
    except NotSupported:
        return None


def limits_of(ulimits: Sequence[Ulimit]) -> list[Limit]:
    """Limits of the program's processes: as wide as Docker's service has them, then those asked for."""
    wide = [Limit("nofile", _FILES, _FILES, False), Limit("nproc", UNLIMITED, UNLIMITED, False)]
    asked = [Limit(one.name, _value(one.soft), _value(one.hard), True) for one in ulimits]
    names = {limit.name for limit in asked}
    return [*(limit for limit in wide if limit.name not in names), *asked]


def _value(limit: int) -> int:
    return UNLIMITED if limit < 0 else limit


def hidden_paths(isolation: Isolation) -> tuple[list[str], list[str]]:
    """Paths that show nothing, and paths that cannot be written."""
    return ([], []) if isolation.privileged else (list(MASKED_PATHS), list(READ_ONLY_PATHS))


def walls_of(container_id: str, config: ContainerConfig) -> Walls:
    """Groups, namespaces, devices, mounts and settings of one start.

    :raises NotFound: a device is not there (any more). :raises NotSupported: a limit cannot be kept here.
    """
    isolation = config.isolation
    nodes = [devices.look_up(device) for device in isolation.devices]
    rules = [
        devices.DeviceRule(node.kind, node.major, node.minor, device.access)
        for node, device in zip(nodes, isolation.devices, strict=True)
    ]
    rules += [rule for text in isolation.device_rules for rule in devices.parse_rules(text)]
    allowed = None if isolation.privileged else [*devices.DEFAULT_RULES, *rules]
    if isolation.privileged:
        nodes = [*devices.all_of_the_host(), *nodes]
    cgroups = find_cgroups()
    # Where version 1 has the devices, its groups are told them, and a program would be one too many.
    by_program = allowed is not None and cgroups.of("devices") is None
    if in_user_namespace():
        # Nobody there may tell the kernel which devices can be opened, nor make one that is not the host's.
        allowed, by_program = None, False
    return Walls(
        plan_groups(cgroups, container_id, config.resources, allowed),
        devices.as_program(allowed) if allowed is not None and by_program else b"",
        list(isolation.shared),
        [Node(node.path, node.kind, node.major, node.minor, node.mode, node.uid, node.gid) for node in nodes],
        [_memory(tmpfs) for tmpfs in isolation.tmpfs],
        _sysctls(config),
        isolation.shm_size or _SHM_SIZE,
        isolation.privileged,
        domain=config.names.domain,
    )


def _memory(tmpfs: Tmpfs) -> Memory:
    set_flags = {"nosuid", "nodev", "noexec"}
    for flag in tmpfs.flags:
        if flag in _CONTRARIES:
            set_flags.discard(_CONTRARIES[flag])
        else:
            set_flags.add(flag)
    options = [("mode", f"{tmpfs.mode:o}")]
    options += [("size", str(tmpfs.size))] if tmpfs.size else []
    options += [(name, str(value)) for name, value in (("uid", tmpfs.uid), ("gid", tmpfs.gid)) if value]
    return Memory(tmpfs.target, options, sum(_FLAGS[flag] for flag in set_flags))


def _sysctls(config: ContainerConfig) -> list[tuple[str, str, bool]]:
    asked = config.isolation.sysctls
    found = (
        [] if config.network == "host" else [(*one, False) for one in NETWORK_SYSCTLS if one[0] not in asked]
    )
    return [*found, *((name, value, True) for name, value in asked.items())]
