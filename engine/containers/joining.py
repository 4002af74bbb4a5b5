"""Containers that share namespaces of another one: --pid, --ipc, --uts and --network container:NAME."""

from __future__ import annotations

from pathlib import PurePosixPath

from engine.containers.models import ContainerOptions
from engine.containers.records import Record
from engine.containers.store import ContainerStore
from engine.errors import Conflict, InvalidArgument, NotFound
from engine.launch.task import Task
from engine.network.wishes import Attachment

_CONTAINER = "container:"
# A network is found by names, so those are shared with it, as with Docker.
_NETWORK_FILES = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"})


def settled(store: ContainerStore, options: ContainerOptions) -> ContainerOptions:
    """The options with the other containers by their ids, which stay when they are renamed.

    :raises InvalidArgument: there is none of a name, or what was asked for besides would be its own.
    """
    joined = tuple((name, _id(store, f"--{name}", other)) for name, other in options.isolation.joined)
    options = options._replace(isolation=options.isolation._replace(joined=joined))
    if not options.network.startswith(_CONTAINER):
        return options
    if options.ports or options.publish_all:
        raise InvalidArgument("-p: with another container's network, its own ports are published there")
    if options.hostname and "uts" not in dict(joined):
        raise InvalidArgument("--hostname and --network container:NAME exclude each other")
    if options.names != type(options.names)():
        raise InvalidArgument("--add-host and --dns are for the container whose network it is")
    for name in options.isolation.sysctls:
        if name.startswith("net."):
            raise InvalidArgument(f"--sysctl {name}: it would be another container's setting")
    if options.attachments not in ((), (Attachment(options.network),)):
        raise InvalidArgument("--network container:NAME takes no address, alias or other network")
    other = _id(store, "--network", options.network.removeprefix(_CONTAINER))
    return options._replace(network=_CONTAINER + other, attachments=())


def _id(store: ContainerStore, option: str, name: str) -> str:
    try:
        return store.records.find(name).id
    except NotFound as error:  # which is what an image is said to be that should be pulled
        raise InvalidArgument(f"{option} container:{name}: {error.message}", hint=error.hint) from error


def join(store: ContainerStore, record: Record, task: Task) -> None:
    """Have the task of a start join the namespaces that the container shares, of those that run now.

    :raises Conflict: one does not run. :raises NotFound: one was removed.
    """
    config = record.config
    wanted = dict(config.isolation.joined)
    if config.network.startswith(_CONTAINER):
        wanted["net"] = config.network.removeprefix(_CONTAINER)
    for namespace, container_id in wanted.items():
        other = store.records.find(container_id)
        state = store.state(other)
        if state.status not in ("running", "paused"):
            raise Conflict(
                f"{record.name} shares the {namespace} namespace of {other.name}, which is not running",
                hint=f"start that first: lamina start {other.name}",
            )
        # Init opens the namespace by the pid, and takes it only if the start time is still the same.
        place = str(store.directory(other) / "state")
        task.walls.joined.append((namespace, state.init.pid, state.init.start, place))
        if namespace == "net":
            _take_network(store, other, task)
        if namespace in ("net", "uts"):
            _take_name(record, other, task)


def _take_network(store: ContainerStore, other: Record, task: Task) -> None:
    task.network = "container"
    task.walls.sysctls = [one for one in task.walls.sysctls if not one[0].startswith("net.")]
    directory = store.directory(other)
    for bind in task.binds[: len(_NETWORK_FILES)]:
        if bind.target in _NETWORK_FILES:
            bind.source = str(directory / PurePosixPath(bind.target).name)


def _take_name(record: Record, other: Record, task: Task) -> None:
    task.hostname = other.config.hostname
    own = f"HOSTNAME={record.config.hostname}"
    task.program.env = [f"HOSTNAME={task.hostname}" if item == own else item for item in task.program.env]
