"""From a container's record to the document its monitor gets."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.containers.network_files import FILES
from engine.containers.networking import has_networks
from engine.containers.records import Record
from engine.launch.task import Bind, Check, Overlay, Places, Program, Task
from engine.oci.run_config import HealthCheck
from engine.runtime.config import Bind as ConfigBind
from engine.runtime.config import ContainerConfig
from engine.runtime.reaper import INSIDE, find_reaper
from engine.runtime.walls import capabilities_of, filter_of, hidden_paths, limits_of, walls_of
from engine.store.layout import Layout


def attach_socket(layout: Layout, container_id: str) -> Path:
    """Where a container's monitor listens."""
    return layout.container_run(container_id) / "attach.sock"


def build_task(layout: Layout, record: Record, overlay: Overlay, attached: bool) -> Task:
    """The task of one start.

    :param attached: a front stands in the streams from the start, and its end of input is the end of input.
    """
    config, directory = record.config, layout.container(record.id)
    # The engine's own come first, so that a person's bind on /etc/hosts lies over ours.
    binds = [Bind(str(directory / name), f"/etc/{name}") for name in FILES]
    binds += [_bind(layout, bind) for bind in config.binds]
    if config.auto_remove:
        # Its writes need not reach the disk: without this the last unmount waits for all of them.
        overlay.options.append("volatile")
    if config.reaper:
        binds.append(Bind(find_reaper(), INSIDE, True))
    masked, read_only_paths = hidden_paths(config.isolation)
    return Task(
        id=record.id,
        name=record.name,
        image=record.image,
        hostname=config.hostname,
        network="joined" if has_networks(config.network) else config.network,
        places=Places(
            str(directory),
            str(directory / "rootfs"),
            str(attach_socket(layout, record.id)),
            str(layout.journal),
            max(0, config.log.size),
            config.log.files,
        ),
        overlay=overlay,
        binds=binds,
        program=_program(layout, config),
        masked=masked,
        read_only_paths=read_only_paths,
        read_only=config.read_only,
        stdin_open=config.interactive,
        stdin_once=attached,
        on_exit=_removal(layout, record) if config.auto_remove else [],
        walls=walls_of(record.id, config),
        health=_check(config.health),
    )


def _bind(layout: Layout, bind: ConfigBind) -> Bind:
    return Bind(
        str(layout.volume_data(bind.volume)) if bind.volume else bind.source,
        bind.target,
        bind.read_only,
        subpath=bind.subpath,
        propagation=bind.propagation.removeprefix("r"),
        recursive=bind.recursive != "disabled",
        writable_below=bind.recursive == "writable",
        volume=bind.volume,
    )


def _program(layout: Layout, config: ContainerConfig) -> Program:
    isolation = config.isolation
    capabilities = capabilities_of(isolation)
    calls = filter_of(isolation, capabilities, layout.filters)
    return Program(
        [INSIDE, "--", *config.argv] if config.reaper else list(config.argv),
        list(config.env),
        config.workdir,
        config.user,
        list(capabilities),
        config.tty,
        isolation.no_new_privileges,
        calls.instructions if calls else b"",
        calls.flags if calls else 0,
        list(isolation.groups),
        limits_of(isolation.ulimits),
        oom_score=isolation.oom_score,
    )


def _check(health: HealthCheck | None) -> Check | None:
    if health is None:
        return None
    kind, *words = health.test
    argv = ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words
    return Check(
        argv, health.interval, health.timeout, health.start_period, health.start_interval, health.retries
    )


def _removal(layout: Layout, record: Record) -> list[str]:
    return [sys.executable, "-m", "engine.containers.removal", str(layout.root), str(layout.run), record.id]
