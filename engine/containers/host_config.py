"""What was asked of a container's walls and limits, by the keys of Docker's HostConfig."""

from __future__ import annotations

from typing import Any

from engine.runtime.config import ContainerConfig
from engine.runtime.isolation import DISK_KINDS, Tmpfs


def host_config(config: ContainerConfig) -> dict[str, Any]:
    """Docker Engine API, HostConfig; limits in bytes, processors in thousand millionths."""
    asked, limits = config.isolation, config.resources
    security = ["no-new-privileges"] if asked.no_new_privileges else []
    security += [f"seccomp={asked.seccomp}"] if asked.seccomp else []
    return {
        "Privileged": asked.privileged,
        "CapAdd": list(asked.cap_add),
        "CapDrop": list(asked.cap_drop),
        "SecurityOpt": security,
        "GroupAdd": list(asked.groups),
        "PidMode": _mode(config, "pid", ""),
        "IpcMode": _mode(config, "ipc", "private"),
        "UTSMode": _mode(config, "uts", ""),
        "CgroupnsMode": _mode(config, "cgroup", "private"),
        "Sysctls": dict(asked.sysctls),
        "Ulimits": [{"Name": one.name, "Soft": one.soft, "Hard": one.hard} for one in asked.ulimits],
        "Devices": [
            {"PathOnHost": one.source, "PathInContainer": one.target, "CgroupPermissions": one.access}
            for one in asked.devices
        ],
        "Tmpfs": {one.target: ",".join(_tmpfs_options(one)) for one in asked.tmpfs},
        "ShmSize": asked.shm_size or 64 << 20,
        "Init": config.reaper,
        "ExtraHosts": [f"{name}:{address}" for name, address in config.names.hosts],
        "Dns": list(config.names.servers),
        "DnsOptions": list(config.names.options),
        "DnsSearch": list(config.names.search),
        "Memory": limits.memory,
        "MemorySwap": limits.memory_swap or 2 * limits.memory,
        "MemoryReservation": limits.memory_reservation,
        "NanoCpus": limits.nano_cpus,
        "CpuShares": limits.cpu_shares,
        "CpuPeriod": limits.cpu_period,
        "CpuQuota": limits.cpu_quota,
        "CpusetCpus": limits.cpuset_cpus,
        "CpusetMems": limits.cpuset_mems,
        "PidsLimit": limits.pids or None,
        "BlkioWeight": limits.blkio_weight,
        **_disks(config),
        "DeviceCgroupRules": list(asked.device_rules),
        "MemorySwappiness": None if limits.swappiness < 0 else limits.swappiness,
        "OomKillDisable": limits.oom_kill_disable,
        "OomScoreAdj": asked.oom_score or 0,
        "Annotations": dict(config.annotations),
        "LogConfig": {"Type": "json-file", "Config": _log(config)},
    }


def _tmpfs_options(asked: Tmpfs) -> list[str]:
    """In the words of --tmpfs, without those that are as usual."""
    usual = Tmpfs(asked.target)
    numbers = {
        "size": f"{asked.size}",
        "mode": f"{asked.mode:o}",
        "uid": f"{asked.uid}",
        "gid": f"{asked.gid}",
    }
    said = [name for name in numbers if getattr(asked, name) != getattr(usual, name)]
    return [*asked.flags, *(f"{name}={numbers[name]}" for name in said)]


def _disks(config: ContainerConfig) -> dict[str, list[dict[str, str | int]]]:
    keys = {"bps": "Bps", "iops": "IOps"}
    found: dict[str, list[dict[str, str | int]]] = {}
    for kind in DISK_KINDS:
        way, _, unit = kind.partition("-")
        found[f"BlkioDevice{way.capitalize()}{keys[unit]}"] = [
            {"Path": one.path, "Rate": one.value} for one in config.resources.disks if one.kind == kind
        ]
    return found


def _log(config: ContainerConfig) -> dict[str, str]:
    return {"max-size": str(config.log.size), "max-file": str(config.log.files)}


def _mode(config: ContainerConfig, name: str, own: str) -> str:
    if other := dict(config.isolation.joined).get(name):
        return f"container:{other}"
    return "host" if name in config.isolation.shared else own
