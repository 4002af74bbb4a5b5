"""What a person may ask of a container's walls and limits: plain values, kept as they were asked for.

Sizes are bytes. An empty value is Docker's default. Named tuples, because every list of containers loads
this, and a dataclass takes seven times as long to be made.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Self

DISK_KINDS = ("read-bps", "write-bps", "read-iops", "write-iops")  # of limits of single disks


class DiskLimit(NamedTuple):
    """How much of a single disk it may use in a second.

    :param kind: of DISK_KINDS; bps are bytes, iops operations.
    :param path: of the disk on the host.
    """

    kind: str
    path: str
    value: int


class Resources(NamedTuple):
    """Limits by control group; 0 is none.

    :param memory_swap: memory and swap together; -1 lets it swap as it likes; 0 is twice the memory.
    :param memory_reservation: what it is left with when the host has little.
    :param nano_cpus: processors, in thousand millionths.
    :param cpu_period: microseconds in which processor time is counted.
    :param cpu_quota: microseconds of them that it gets; -1 is all.
    :param cpu_shares: weight beside others, 2 to 262144; 1024 is ordinary.
    :param cpuset_cpus: processors by number, such as "0-2,4". :param cpuset_mems: memory nodes likewise.
    :param pids: processes and threads at a time; -1 is no limit.
    :param blkio_weight: weight at the disks, 10 to 1000.
    :param swappiness: how gladly its memory is swapped, 0 to 100; -1 is as its parent's.
    :param oom_kill_disable: processes that find no memory wait, instead of being killed.
    :param disks: of single disks.
    """

    memory: int = 0
    memory_swap: int = 0
    memory_reservation: int = 0
    nano_cpus: int = 0
    cpu_shares: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    pids: int = 0
    blkio_weight: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    swappiness: int = -1
    oom_kill_disable: bool = False
    disks: tuple[DiskLimit, ...] = ()

    @classmethod
    def load(cls, fields: dict[str, Any]) -> Self:
        """From what `_asdict` gave, by way of JSON. :raises TypeError: it is something else."""
        return cls(**{**fields, "disks": tuple(DiskLimit(*one) for one in fields.get("disks", ()))})


class Tmpfs(NamedTuple):
    """A file system in memory, of which nothing may be executed, set-uid or a device unless it is said.

    :param size: 0 is half of the machine's memory, as the kernel has it. :param mode: of its top directory.
    :param flags: of mount(8): "ro", "exec", "suid", "dev" and their contraries.
    """

    target: str
    size: int = 0
    mode: int = 0o1777
    uid: int = 0
    gid: int = 0
    flags: tuple[str, ...] = ()


class Device(NamedTuple):
    """A device of the host, and its name inside.

    :param access: of "r", "w" and "m" (mknod).
    """

    source: str
    target: str
    access: str = "rwm"


class Ulimit(NamedTuple):
    """A limit of setrlimit(2), by its short name such as "nofile"; -1 is unlimited."""

    name: str
    soft: int
    hard: int


class Isolation(NamedTuple):
    """The walls around a container.

    :param cap_add: capabilities, without CAP_, in capitals; "ALL" is all that the engine holds itself.
    :param seccomp: "" is the default profile, "unconfined" none, anything else the profile's document.
    :param groups: supplementary groups beside the image's, names or numbers.
    :param shared: namespaces of the host that the container stays in: of "pid", "ipc", "uts", "cgroup".
    :param joined: (namespace, container) of those that it shares with another container: "pid", "ipc", "uts".
    :param sysctls: of the kernel's settings those that a namespace has for itself.
    :param shm_size: of /dev/shm; 0 is 64 MiB.
    :param device_rules: further devices that may be used where somebody makes them, as Docker writes them:
        "c 42:* rmw".
    :param oom_score: how soon its processes are killed when the host has no memory left, -1000 to 1000;
        None is the engine's own.
    """

    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    no_new_privileges: bool = False
    seccomp: str = ""
    groups: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = MappingProxyType({})
    ulimits: tuple[Ulimit, ...] = ()
    devices: tuple[Device, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    shm_size: int = 0
    joined: tuple[tuple[str, str], ...] = ()
    oom_score: int | None = None
    device_rules: tuple[str, ...] = ()

    def dump(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        lists = {
            name: [one._asdict() for one in getattr(self, name)] for name in ("ulimits", "devices", "tmpfs")
        }
        return {**self._asdict(), "sysctls": dict(self.sysctls), **lists}

    @classmethod
    def load(cls, fields: dict[str, Any]) -> Self:
        """From what `dump` gave, by way of JSON. :raises TypeError: it is something else."""
        for name in ("cap_add", "cap_drop", "groups", "shared"):
            fields[name] = tuple(fields[name])
        fields["device_rules"] = tuple(fields.get("device_rules", ()))
        fields["joined"] = tuple((name, other) for name, other in fields.get("joined", ()))
        fields["ulimits"] = tuple(Ulimit(**one) for one in fields["ulimits"])
        fields["devices"] = tuple(Device(**one) for one in fields["devices"])
        fields["tmpfs"] = tuple(Tmpfs(**{**one, "flags": tuple(one["flags"])}) for one in fields["tmpfs"])
        return cls(**fields)


class Names(NamedTuple):
    """How a container finds others by name.

    :param hosts: (name, address) lines for its /etc/hosts. :param servers: addresses for its resolv.conf;
        empty takes the host's. :param search: domains to try; "." is none.
    :param options: of its resolv.conf in place of the host's, such as "ndots:1".
    :param domain: its NIS domain name (setdomainname(2)), and of its own name in its /etc/hosts; "" for none.
    """

    hosts: tuple[tuple[str, str], ...] = ()
    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    domain: str = ""

    @classmethod
    def load(cls, fields: dict[str, Any]) -> Self:
        """From what `_asdict` gave, by way of JSON. :raises TypeError: it is something else."""
        hosts = tuple((name, address) for name, address in fields["hosts"])
        options = tuple(fields.get("options", ()))
        domain = fields.get("domain", "")
        return cls(hosts, tuple(fields["servers"]), tuple(fields["search"]), options, domain)


# What is meant where nothing was asked for.
DOCKERS, UNLIMITED, NO_NAMES = Isolation(), Resources(), Names()
