"""What may be asked of a container's walls and limits: each refusal names its option."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable

from engine.containers.network_files import HOST_GATEWAY
from engine.errors import InvalidArgument, NotSupported
from engine.launch.limits import NAMES as ULIMITS
from engine.linux import capabilities
from engine.linux.cgroups import find_cgroups
from engine.linux.user_namespaces import in_user_namespace
from engine.runtime.devices import look_up, parse_rules
from engine.runtime.disks import disk_number, option_of
from engine.runtime.groups import check_resources
from engine.runtime.isolation import Isolation, Names, Resources, Tmpfs
from engine.runtime.walls import TMPFS_FLAGS

_LEAST_MEMORY = 6 << 20  # Docker's: with less no program gets far enough to say so
_NUMBERS = re.compile(r"[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*", re.ASCII)
_SYSCTL = re.compile(r"[a-z0-9_-]+(\.[A-Za-z0-9_-]+)+", re.ASCII)
_IPC_SYSCTLS = frozenset(
    f"kernel.{name}"
    for name in ("msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced")
)
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}", re.ASCII)
_RESOLVER_OPTION = re.compile(r"[a-z0-9-]{1,32}(:[0-9]{1,5})?", re.ASCII)
_LARGEST_ID = 2**31 - 1
_LONGEST_DOMAIN = 64  # bytes; uname(2)


def check_limits(asked: Resources) -> None:
    """:raises InvalidArgument: a limit cannot be meant. :raises NotSupported: this machine cannot keep it."""
    if asked.memory and asked.memory < _LEAST_MEMORY:
        raise InvalidArgument(f"--memory: at least {_LEAST_MEMORY >> 20} MB are needed")
    if asked.memory_swap and not asked.memory:
        raise InvalidArgument("--memory-swap wants --memory too", hint="it is memory and swap together")
    if 0 < asked.memory_swap < asked.memory:
        raise InvalidArgument("--memory-swap is memory and swap together, so not less than --memory")
    if asked.memory and asked.memory_reservation > asked.memory:
        raise InvalidArgument("--memory-reservation is more than --memory")
    processors = os.cpu_count() or 1
    if asked.nano_cpus and not 10_000_000 <= asked.nano_cpus <= processors * 1_000_000_000:
        raise InvalidArgument(f"--cpus: this machine has from 0.01 to {processors}")
    _check_processor_time(asked)
    if not -1 <= asked.swappiness <= 100:
        raise InvalidArgument("--memory-swappiness is from 0 to 100")
    if asked.oom_kill_disable and not asked.memory:
        raise InvalidArgument(
            "--oom-kill-disable wants --memory too",
            hint="without a limit it is the host that would stand still",
        )
    if asked.cpu_shares and not 2 <= asked.cpu_shares <= 262_144:
        raise InvalidArgument("--cpu-shares is from 2 to 262144")
    if asked.blkio_weight and not 10 <= asked.blkio_weight <= 1000:
        raise InvalidArgument("--blkio-weight is from 10 to 1000")
    for option, text in (("--cpuset-cpus", asked.cpuset_cpus), ("--cpuset-mems", asked.cpuset_mems)):
        if text and not _NUMBERS.fullmatch(text):
            raise InvalidArgument(f"{option} {text!r} is no list of numbers such as 0-2,4")
    _check_disks(asked)
    check_resources(find_cgroups(), asked)


def _check_disks(asked: Resources) -> None:
    for limit in asked.disks:
        disk_number(limit)
        if limit.value < 1:
            raise InvalidArgument(f"{option_of(limit)} {limit.path}: at least 1 is needed")


def _check_processor_time(asked: Resources) -> None:
    """As Docker has it; the bounds are the kernel's (kernel/sched/core.c: tg_set_cfs_bandwidth)."""
    if asked.nano_cpus and (asked.cpu_period or asked.cpu_quota):
        raise InvalidArgument("--cpus and --cpu-period or --cpu-quota exclude each other")
    if asked.cpu_period and not 1000 <= asked.cpu_period <= 1_000_000:
        raise InvalidArgument("--cpu-period is from 1000 to 1000000 microseconds")
    if asked.cpu_quota not in (0, -1) and asked.cpu_quota < 1000:
        raise InvalidArgument("--cpu-quota is at least 1000 microseconds; -1 is no limit")


def check_isolation(asked: Isolation, network: str, hostname: str, domain: str = "") -> None:
    """Raise what stands against a container's walls.

    :raises InvalidArgument: an option cannot be meant. :raises NotSupported: this engine cannot keep it.
    """
    _check_capabilities(asked)
    if asked.seccomp not in ("", "unconfined"):
        from engine.runtime.seccomp.profile import parse_profile

        parse_profile(asked.seccomp.encode("utf-8", "surrogateescape"), "--security-opt seccomp")
    others = (*asked.shared, *(name for name, _ in asked.joined))
    for option, name in (("--hostname", hostname), ("--domainname", domain)):
        if "uts" in others and name:
            raise InvalidArgument(f"{option} and --uts host or container:NAME exclude each other")
    for name, value in asked.sysctls.items():
        _check_sysctl(name, value, network, others)
    for limit in asked.ulimits:
        if limit.name not in ULIMITS:
            raise InvalidArgument(f"--ulimit {limit.name}: there are {', '.join(ULIMITS)}")
        if limit.hard >= 0 and not 0 <= limit.soft <= limit.hard:
            raise InvalidArgument(f"--ulimit {limit.name}: the soft limit is above the hard one")
    _check_devices(asked)
    for tmpfs in asked.tmpfs:
        _check_tmpfs(tmpfs)
    if asked.oom_score is not None and not -1000 <= asked.oom_score <= 1000:
        raise InvalidArgument("--oom-score-adj is from -1000 to 1000")


def _check_devices(asked: Isolation) -> None:
    for device in asked.devices:
        look_up(device)
        if posixpath.normpath(device.target) != device.target or not device.target.startswith("/dev/"):
            raise InvalidArgument(f"--device {device.target}: inside, a device stands below /dev")
        if not device.access or set(device.access) - set("rwm"):
            raise InvalidArgument(f"--device {device.source}: {device.access!r} is not made of r, w and m")
    for rule in asked.device_rules:
        parse_rules(rule)
        if in_user_namespace():
            raise NotSupported(
                "--device-cgroup-rule: only root may tell the kernel which devices are opened",
                hint="--device binds one of the host's that you may use",
            )


def check_names(names: Names) -> None:
    """:raises InvalidArgument: an address is none, or a name is none."""
    for host, address in names.hosts:
        if not _HOST.fullmatch(host):
            raise InvalidArgument(f"--add-host: {host!r} is no host name")
        if address != HOST_GATEWAY:
            _check_address("--add-host", address)
    if names.domain and not (_HOST.fullmatch(names.domain) and len(names.domain) <= _LONGEST_DOMAIN):
        raise InvalidArgument(f"--domainname {names.domain!r} is none", hint="64 bytes at most")
    for option in names.options:
        if not _RESOLVER_OPTION.fullmatch(option):
            raise InvalidArgument(f"--dns-option: {option!r} is none", hint="for example ndots:1")
    for server in names.servers:
        _check_address("--dns", server)
    for domain in names.search:
        if domain != "." and not _HOST.fullmatch(domain):
            raise InvalidArgument(f"--dns-search: {domain!r} is no domain")


def _check_address(option: str, text: str) -> None:
    from ipaddress import ip_address  # 3 ms that only those with addresses pay

    try:
        ip_address(text)
    except ValueError as error:
        raise InvalidArgument(f"{option}: {text!r} is no address") from error


def _check_capabilities(asked: Isolation) -> None:
    held: Iterable[str] = capabilities.held()
    for option, names in (("--cap-add", asked.cap_add), ("--cap-drop", asked.cap_drop)):
        for name in names:
            if name != "ALL" and not capabilities.known(name):
                raise InvalidArgument(f"{option} {name}: there is no such capability")
    for name in asked.cap_add:
        if name != "ALL" and name not in held:
            raise NotSupported(
                f"--cap-add {name}: this engine does not hold CAP_{name} itself",
                hint="nobody can give it here",
            )


def _check_sysctl(name: str, value: str, network: str, shared: tuple[str, ...]) -> None:
    if not _SYSCTL.fullmatch(name) or "\n" in value or "\0" in value or not value:
        raise InvalidArgument(f"--sysctl {name}={value} is no setting", hint="write net.ipv4.ip_forward=1")
    if name.startswith("net."):
        if network == "host":
            raise InvalidArgument(f"--sysctl {name}: on the host's network it would be the host's setting")
    elif name in _IPC_SYSCTLS or name.startswith("fs.mqueue."):
        if "ipc" in shared:
            raise InvalidArgument(f"--sysctl {name}: with this --ipc it would be another's setting")
    else:
        raise InvalidArgument(
            f"--sysctl {name}: no namespace has this for itself, so it would be the host's setting",
            hint="net.*, fs.mqueue.*, kernel.shm*, kernel.msg* and kernel.sem can be set",
        )


def _check_tmpfs(tmpfs: Tmpfs) -> None:
    if not tmpfs.target.startswith("/") or posixpath.normpath(tmpfs.target) == "/" or "\0" in tmpfs.target:
        raise InvalidArgument(f"--tmpfs {tmpfs.target}: an absolute path inside, below the root, is wanted")
    for flag in tmpfs.flags:
        if flag not in TMPFS_FLAGS:
            raise InvalidArgument(f"--tmpfs {tmpfs.target}: the option {flag!r} is not supported")
    if not (0 <= tmpfs.mode <= 0o7777 and 0 <= tmpfs.uid <= _LARGEST_ID and 0 <= tmpfs.gid <= _LARGEST_ID):
        raise InvalidArgument(f"--tmpfs {tmpfs.target}: mode, uid or gid cannot be")
    if tmpfs.size < 0:
        raise InvalidArgument(f"--tmpfs {tmpfs.target}: its size cannot be less than nothing")
