"""The options of run and create that say how a container is kept apart and limited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from engine.cli.mounts import Mounts, take_mounts, tmpfs_option
from engine.cli.quantities import number_of, processors_of, size_of
from engine.containers.models import Device, Isolation, Names, Resources, Ulimit
from engine.errors import InvalidArgument, NotFound, NotSupported
from engine.runtime.isolation import DISK_KINDS, DiskLimit

_LARGEST_PROFILE = 1 << 20  # bytes


def _many(*names: str, metavar: str, help: str) -> click.Option:
    return click.Option(names, multiple=True, metavar=metavar, help=help)


def _text(*names: str, metavar: str, help: str) -> click.Option:
    return click.Option(names, default="", metavar=metavar, help=help)


def _number(*names: str, help: str) -> click.Option:
    return click.Option(names, type=int, default=0, help=help)


_SHARED = ("pid", "ipc", "uts", "cgroup")
_CONTAINER = "container:"


def _shared(name: str, variable: str, help: str) -> click.Option:
    return click.Option([name, variable], default="", metavar="MODE", help=help)


# Made once for all commands that take them: an option's making is felt where there are thirty.
WALL_OPTIONS = (
    _many("--cap-add", metavar="CAPABILITY", help="Give a capability (ALL: every one)."),
    _many("--cap-drop", metavar="CAPABILITY", help="Take a capability (ALL: every one)."),
    click.Option(["--privileged"], is_flag=True, help="Give it the host's devices and every right."),
    _many("--security-opt", metavar="WORD", help="seccomp=FILE, seccomp=unconfined or no-new-privileges."),
    _many("--group-add", metavar="GROUP|GID", help="A further group of the program."),
    _shared("--pid", "pid_mode", "host or container:NAME: see and reach their processes."),
    _shared("--ipc", "ipc_mode", "host or container:NAME: share their memory and queues."),
    _shared("--uts", "uts_mode", "host or container:NAME: share their name."),
    _shared("--cgroupns", "cgroup_mode", "host: see the host's control groups."),
    _text("--userns", metavar="host", help="host: the host's users, which it has anyway."),
    _many("--sysctl", metavar="NAME=VALUE", help="A setting of the kernel that its namespaces have."),
    _many("--ulimit", metavar="NAME=SOFT[:HARD]", help="A limit of its processes, such as nofile=1024."),
    _many("--device", metavar="HOST[:INSIDE[:rwm]]", help="Give it a device of the host."),
    _many("--device-cgroup-rule", metavar="RULE", help="Let it open devices that it makes: 'c 42:* rwm'."),
    _many("--device-read-bps", metavar="DISK:BYTES", help="What it may read from a disk in a second."),
    _many("--device-write-bps", metavar="DISK:BYTES", help="What it may write to a disk in a second."),
    _many("--device-read-iops", metavar="DISK:NUMBER", help="How often it may read in a second."),
    _many("--device-write-iops", metavar="DISK:NUMBER", help="How often it may write in a second."),
    _many("--tmpfs", metavar="DIR[:OPTIONS]", help="Mount an empty file system in memory."),
    _many("--mount", metavar="KEY=VALUE,…", help="type=bind, volume or tmpfs, source=…, target=…, readonly."),
    _many("--volumes-from", metavar="CONTAINER[:ro]", help="Mount what another container has mounted."),
    _text("--volume-driver", metavar="NAME", help="Of volumes that are made; there is local."),
    _text("--shm-size", metavar="BYTES", help="Of /dev/shm; 64m unless said."),
    _text("-m", "--memory", metavar="BYTES", help="Limit of its memory."),
    _text("--memory-swap", metavar="BYTES", help="Limit of memory and swap together; -1: none."),
    _text("--memory-reservation", metavar="BYTES", help="Memory it is left with when the host has little."),
    _text("--cpus", metavar="NUMBER", help="How many processors' time it gets at most."),
    _number("-c", "--cpu-shares", help="Its weight beside others; 1024 is usual."),
    _number("--cpu-period", help="Microseconds in which its time is counted; 100000."),
    _number("--cpu-quota", help="Microseconds of them that it gets; -1: all."),
    _text("--cpuset-cpus", metavar="LIST", help="Processors it may run on: 0-2,4."),
    _text("--cpuset-mems", metavar="LIST", help="Memory nodes it may use."),
    _number("--pids-limit", help="Processes and threads at a time; -1: no limit."),
    _number("--blkio-weight", help="Its weight at the disks, 10 to 1000."),
    click.Option(["--memory-swappiness"], type=int, default=-1, help="How gladly it is swapped, 0 to 100."),
    click.Option(
        ["--oom-kill-disable"], is_flag=True, help="Let it wait for memory instead of being killed."
    ),
    click.Option(["--oom-score-adj"], type=int, help="How soon the host kills it for memory, -1000 to 1000."),
    _text("--domainname", metavar="NAME", help="Its NIS domain, and that of its name in /etc/hosts."),
    _many("--add-host", metavar="NAME:ADDRESS", help="A line of its /etc/hosts."),
    _many("--dns", metavar="ADDRESS", help="A name server in place of the host's."),
    _many("--dns-option", metavar="OPTION", help="An option of its resolv.conf, such as ndots:1."),
    _many("--dns-search", metavar="DOMAIN", help="A domain to look names up in; '.': none."),
)


def wall_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it takes them as keywords for `take_walls`."""
    # What click.option does with each (click.decorators), which lists them from the last to the first.
    params = function.__dict__.setdefault("__click_params__", [])
    params.extend(reversed(WALL_OPTIONS))
    return function


def take_walls(options: dict[str, Any]) -> tuple[Isolation, Resources, Names, Mounts]:
    """Take these options out of all that were given.

    :raises InvalidArgument: one cannot be meant; names it.
    """
    no_new_privileges, seccomp = _security(options.pop("security_opt"))
    mounts = take_mounts(options)
    shared, joined = _namespaces({name: options.pop(f"{name}_mode") for name in _SHARED})
    _check_users(options.pop("userns"))
    shm_size = options.pop("shm_size")
    isolation = Isolation(
        cap_add=tuple(map(_capability, options.pop("cap_add"))),
        cap_drop=tuple(map(_capability, options.pop("cap_drop"))),
        privileged=options.pop("privileged"),
        no_new_privileges=no_new_privileges,
        seccomp=seccomp,
        groups=tuple(options.pop("group_add")),
        shared=shared,
        joined=joined,
        sysctls=dict(_pair("--sysctl", text, "=") for text in options.pop("sysctl")),
        ulimits=tuple(map(_ulimit, options.pop("ulimit"))),
        devices=tuple(map(_device, options.pop("device"))),
        tmpfs=(*map(tmpfs_option, options.pop("tmpfs")), *mounts.memory),
        shm_size=size_of("--shm-size", shm_size) if shm_size else 0,
        oom_score=options.pop("oom_score_adj"),
        device_rules=tuple(options.pop("device_cgroup_rule")),
    )
    names = Names(
        tuple(map(_host, options.pop("add_host"))),
        tuple(options.pop("dns")),
        tuple(options.pop("dns_search")),
        tuple(options.pop("dns_option")),
        options.pop("domainname"),
    )
    return isolation, _resources(options), names, mounts


def _namespaces(modes: dict[str, str]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Those of the host, and those of other containers by name."""
    joined = []
    for name, mode in modes.items():
        option = f"--{name}" if name != "cgroup" else "--cgroupns"
        if mode.startswith(_CONTAINER) and name != "cgroup" and mode != _CONTAINER:
            joined.append((name, mode.removeprefix(_CONTAINER)))
        elif mode == "shareable" and name == "ipc":
            continue  # every container's is: whoever may start one beside it may join it
        elif mode not in ("", "private", "host"):
            raise InvalidArgument(
                f"{option} {mode!r} is not supported", hint="there are private, host and container:NAME"
            )
    return tuple(name for name, mode in modes.items() if mode == "host"), tuple(joined)


def _check_users(mode: str) -> None:
    if mode not in ("", "host"):
        raise NotSupported(
            f"--userns {mode!r} is not supported: containers have the users of whoever starts them",
            hint="as an ordinary user lamina has a user namespace of its own",
        )


def _resources(options: dict[str, Any]) -> Resources:
    memory, reservation = options.pop("memory"), options.pop("memory_reservation")
    swap, cpus = options.pop("memory_swap"), options.pop("cpus")
    return Resources(
        memory=size_of("--memory", memory) if memory else 0,
        memory_swap=-1 if swap == "-1" else size_of("--memory-swap", swap) if swap else 0,
        memory_reservation=size_of("--memory-reservation", reservation) if reservation else 0,
        nano_cpus=processors_of("--cpus", cpus) if cpus else 0,
        cpu_shares=options.pop("cpu_shares"),
        cpuset_cpus=options.pop("cpuset_cpus"),
        cpuset_mems=options.pop("cpuset_mems"),
        pids=options.pop("pids_limit"),
        blkio_weight=options.pop("blkio_weight"),
        cpu_period=options.pop("cpu_period"),
        cpu_quota=options.pop("cpu_quota"),
        swappiness=options.pop("memory_swappiness"),
        oom_kill_disable=options.pop("oom_kill_disable"),
        disks=tuple(
            _disk(kind, text)
            for kind in DISK_KINDS
            for text in options.pop(f"device_{kind.replace('-', '_')}")
        ),
    )


def _disk(kind: str, text: str) -> DiskLimit:
    option = f"--device-{kind}"
    path, colon, value = text.rpartition(":")
    if not colon or not path.startswith("/"):
        raise InvalidArgument(f"{option} {text!r} is not DISK:VALUE", hint="for example /dev/sda:1mb")
    return DiskLimit(
        kind, path, number_of(option, value) if kind.endswith("iops") else size_of(option, value)
    )


def _capability(text: str) -> str:
    return text.upper().removeprefix("CAP_")


_WITHOUT = {("apparmor", "unconfined"), ("label", "disable")}


def _security(words: tuple[str, ...]) -> tuple[bool, str]:
    no_new_privileges, seccomp = False, ""
    for word in words:
        # Docker takes a colon too, from before it took the equals sign.
        name, _, value = word.replace(":", "=", 1).partition("=")
        if name == "no-new-privileges" and value in ("", "true", "false"):
            no_new_privileges = value != "false"
        elif name == "seccomp" and value:
            seccomp = _seccomp(value)
        elif (name, value) in _WITHOUT:
            pass  # no profile of these is applied anyway
        else:
            raise InvalidArgument(
                f"--security-opt {word!r} is not supported",
                hint="there are seccomp=FILE, seccomp=unconfined, no-new-privileges, and apparmor=unconfined",
            )
    return no_new_privileges, seccomp


def _seccomp(value: str) -> str:
    if value in ("unconfined", "builtin"):
        return value.replace("builtin", "")
    try:
        with open(value, "rb") as file:
            data = file.read(_LARGEST_PROFILE + 1)
        text = data.decode("utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"--security-opt seccomp={value}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"--security-opt seccomp={value}: cannot be read: {error}") from error
    if len(data) > _LARGEST_PROFILE:
        raise InvalidArgument(f"--security-opt seccomp={value} is larger than {_LARGEST_PROFILE} bytes")
    if not text.strip():
        raise InvalidArgument(f"--security-opt seccomp={value} is empty")
    return text


def _pair(option: str, text: str, separators: str) -> tuple[str, str]:
    found = [text.index(separator) for separator in separators if separator in text]
    name, value = (text[: min(found)], text[min(found) + 1 :]) if found else ("", "")
    if name and value:
        return name, value
    raise InvalidArgument(f"{option} {text!r} is not NAME{separators[0]}VALUE")


def _host(text: str) -> tuple[str, str]:
    name, address = _pair("--add-host", text, ":=")
    return name, address.strip("[]")


def _ulimit(text: str) -> Ulimit:
    name, values = _pair("--ulimit", text, "=")
    soft, _, hard = values.partition(":")
    first = number_of("--ulimit", soft)
    return Ulimit(name, first, number_of("--ulimit", hard) if hard else first)


def _device(text: str) -> Device:
    source, *rest = text.split(":")
    if not source.startswith("/") or len(rest) > 2:
        raise InvalidArgument(f"--device {text!r} is not HOST[:INSIDE[:rwm]]", hint="for example /dev/fuse")
    if len(rest) == 1 and not rest[0].startswith("/"):
        return Device(source, source, rest[0])
    return Device(source, *rest) if rest else Device(source, source)
