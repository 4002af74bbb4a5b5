"""From an image's defaults and a person's wishes to how a container runs: Docker's rules, as a function."""

from __future__ import annotations

import os
import posixpath

from engine.containers.checks import check_isolation, check_limits, check_names
from engine.containers.models import ContainerOptions
from engine.containers.health import resolve_health
from engine.errors import InvalidArgument, LaunchError
from engine.oci import RunConfig
from engine.runtime.config import Bind, ContainerConfig
from engine.runtime.sandbox import DEFAULT_PATH
from engine.runtime.signals import signal_number

_NETWORKS = ("none", "host")
_LONGEST_HOSTNAME = 64  # bytes; HOST_NAME_MAX


def resolve_config(
    container_id: str, options: ContainerOptions, image: RunConfig, host_name: str
) -> ContainerConfig:
    """How the container will run.

    :param host_name: of the host, which is the container's too on the host's network.
    :raises InvalidArgument: an option cannot be meant; names it.
    """
    if options.network not in _NETWORKS:
        raise InvalidArgument(
            f"there is no network {options.network!r}", hint=f"there are: {', '.join(_NETWORKS)}"
        )
    check_isolation(options.isolation, options.network, options.hostname)
    check_limits(options.resources)
    check_names(options.names)
    if options.stop_signal:
        signal_number(options.stop_signal)
    entrypoint, cmd = _argv(options, image)
    of_the_host = options.network == "host" or "uts" in options.isolation.shared
    hostname = options.hostname or (host_name if of_the_host else container_id[:12])
    if options.auto_remove and options.restart.name != "no":
        raise InvalidArgument("--rm and --restart exclude each other")
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
        binds=_binds(options),
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
        restart=options.restart,
        health=resolve_health(options.health, image.healthcheck, options.no_health),
    )


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


def _binds(options: ContainerOptions) -> tuple[Bind, ...]:
    binds = []
    for bind in options.binds:
        if not bind.source.startswith("/") or not bind.target.startswith("/"):
            raise InvalidArgument(
                f"{bind.source}:{bind.target}: both sides of a bind must be absolute paths",
                hint="write /host/path:/container/path[:ro]",
            )
        target = posixpath.normpath(bind.target)
        if target == "/":
            raise InvalidArgument(f"{bind.source} cannot be bound over the container's root")
        binds.append(Bind(bind.source, target, bind.read_only))
    return tuple(binds)
