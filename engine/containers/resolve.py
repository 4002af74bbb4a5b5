"""From an image's defaults and a person's wishes to how a container runs: Docker's rules, as a function."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence

from engine.containers.health import resolve_health
from engine.containers.models import ContainerOptions
from engine.containers.mounts import plan_mounts
from engine.errors import InvalidArgument, LaunchError
from engine.oci import RunConfig
from engine.runtime.config import Bind, ContainerConfig
from engine.runtime.isolation import DOCKERS, NO_NAMES, UNLIMITED
from engine.runtime.log_limits import USUAL, LogLimits
from engine.runtime.sandbox import DEFAULT_PATH

_LONGEST_HOSTNAME = 64  # bytes; HOST_NAME_MAX


def resolve_config(
    container_id: str,
    options: ContainerOptions,
    image: RunConfig,
    host_name: str,
    usual_log: LogLimits = USUAL,
    inherited: Sequence[Bind] = (),
) -> ContainerConfig:
    """How the container will run.

    :param host_name: of the host, which is the container's too on the host's network.
    :param usual_log: limits of its log that hold where it has none of its own.
    :param inherited: mounts of the containers of `--volumes-from`.
    :raises InvalidArgument: an option cannot be meant; names it.
    """
    _check(options)
    if options.auto_remove and options.restart.name != "no":
        raise InvalidArgument("--rm and --restart exclude each other")
    if options.stop_signal:
        from engine.runtime.signals import signal_number  # a millisecond with all the names of signals

        signal_number(options.stop_signal)
    entrypoint, cmd = _argv(options, image)
    of_the_host = options.network == "host" or "uts" in options.isolation.shared
    hostname = options.hostname or (host_name if of_the_host else container_id[:12])
    if len(os.fsencode(hostname)) > _LONGEST_HOSTNAME or any(
        c.isspace() or not c.isprintable() for c in hostname
    ):
        raise InvalidArgument(f"{hostname!r} cannot be a host name", hint="64 bytes at most, without spaces")
    return ContainerConfig(
        entrypoint=entrypoint,
        cmd=cmd,
        env=_environment(options, image, hostname),
        workdir=_workdir(options.workdir or image.workdir),
        user=options.user or image.user,
        hostname=hostname,
        network=options.network,
        binds=plan_mounts(options, image.volumes, inherited),
        read_only=options.read_only,
        tty=options.tty,
        interactive=options.interactive,
        auto_remove=options.auto_remove,
        labels={**image.labels, **options.labels},
        stop_signal=options.stop_signal or image.stop_signal or "SIGTERM",
        stop_timeout=options.stop_timeout,
        reaper=options.reaper,
        isolation=options.isolation,
        resources=options.resources,
        names=options.names,
        ports=_ports(options, image),
        exposed=_exposed(options, image),
        annotations=options.annotations,
        restart=options.restart,
        log=options.log.over(usual_log),
        health=resolve_health(options.health, image.healthcheck, options.no_health),
    )


def _check(options: ContainerOptions) -> None:
    if (options.isolation, options.resources, options.names) == (DOCKERS, UNLIMITED, NO_NAMES):
        return  # which is right, and most starts need not load what else there may be
    from engine.containers.checks import check_isolation, check_limits, check_names

    check_isolation(options.isolation, options.network, options.hostname, options.names.domain)
    check_limits(options.resources)
    check_names(options.names)


def _ports(options: ContainerOptions, image: RunConfig) -> tuple[tuple[str, int, int, str], ...]:
    """What was asked for, and with `-P` the image's other ports on any of the host's."""
    ports: list[tuple[str, int, int, str]] = [*options.ports]
    for exposed in _exposed(options, image) if options.publish_all else ():
        number, _, protocol = exposed.partition("/")
        target, kind = (int(number) if number.isdecimal() else 0), protocol or "tcp"
        asked = any((inside, spoken) == (target, kind) for _, _, inside, spoken in ports)
        # What an image says is no more than a hint.
        if 1 <= target <= 65535 and kind in ("tcp", "udp") and not asked:
            ports.append(("", 0, target, kind))
    return tuple(ports)


def _exposed(options: ContainerOptions, image: RunConfig) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*image.exposed_ports, *options.exposed)))


def _argv(options: ContainerOptions, image: RunConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if options.entrypoint is None:
        entrypoint, cmd = image.entrypoint, options.command or image.cmd
    else:
        # An entrypoint of one's own would be given arguments that were meant for the image's.
        entrypoint, cmd = options.entrypoint, options.command
    if not entrypoint + cmd:
        raise InvalidArgument(
            f"{options.image} names no program to run", hint="give one after the image, or with --entrypoint"
        )
    if not (entrypoint + cmd)[0]:
        raise LaunchError("the program's name is empty", hint="name one after the image", exit_code=127)
    if any("\0" in word for word in entrypoint + cmd):
        raise InvalidArgument("an argument holds a zero byte, which no program can be given")
    return entrypoint, cmd


def _environment(options: ContainerOptions, image: RunConfig, hostname: str) -> tuple[str, ...]:
    values = {"PATH": DEFAULT_PATH, "HOSTNAME": hostname}
    if options.tty:
        values["TERM"] = "xterm"
    for item in (*image.env, *options.env):
        name, equals, value = item.partition("=")
        if not name or not equals or "\0" in item:
            if item in image.env:
                continue  # dropped, never filled from the host
            raise InvalidArgument(f"{item!r} is no environment variable", hint="write NAME=value")
        values[name] = value
    return tuple(f"{name}={value}" for name, value in values.items())


def _workdir(path: str) -> str:
    if not path:
        return "/"
    if not path.startswith("/") or "\0" in path:
        raise InvalidArgument(
            f"the working directory {path!r} is not an absolute path", hint="begin it with /"
        )
    return posixpath.normpath(path)
