"""The network of one start of a container: its namespace, its names, its published ports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.containers.models import ContainerOptions
from engine.containers.network_files import begin_network_files, write_network_files
from engine.containers.records import Record
from engine.containers.store import ContainerStore
from engine.errors import Conflict, InvalidArgument
from engine.launch.task import NAMESPACE, Network
from engine.network.wishes import Attachment, Publish

if TYPE_CHECKING:
    import sqlite3

    from engine.runtime.start import MakeNetwork

_ALONE = ("none", "host")


def has_networks(mode: str) -> bool:
    """Whether containers of a network mode are on networks: not with none, the host's, or another's."""
    return mode not in _ALONE and not mode.startswith("container:")


def attachments_of(options: ContainerOptions) -> tuple[Attachment, ...]:
    """The networks that a new container is to be on.

    :raises InvalidArgument: what was asked for wants a network, and it is on none.
    """
    if has_networks(options.network):
        return options.attachments or (Attachment(options.network),)
    for asked in options.attachments:
        if asked != Attachment(options.network):
            raise InvalidArgument(
                f"--network {options.network} takes no address, alias or other network",
                hint="leave out --ip, --ip6, --mac-address and --network-alias",
            )
    if options.ports and options.network == "none":
        raise InvalidArgument("-p: a container without a network has no port to be reached by")
    return ()


def enrolment(store: ContainerStore, options: ContainerOptions) -> Callable[[sqlite3.Connection, str], None]:
    """What puts a new container on its networks, inside the transaction that makes it."""
    attachments = attachments_of(options)
    if attachments:
        store.networks.ensure_default()

    def enroll(db: sqlite3.Connection, container_id: str) -> None:
        if attachments:
            store.networks.enroll(db, container_id, attachments)

    return enroll


@contextmanager
def network_maker(store: ContainerStore, record: Record) -> Iterator[MakeNetwork | None]:
    """What makes a container's network, for the start in the block; None: it has none of its own.

    The monitor has taken over what it keeps when the block ends; where the start fails, nothing is left.
    """
    directory, config = store.directory(record), record.config
    if not has_networks(config.network):
        write_network_files(directory, config)
        yield None
        return
    begin_network_files(directory)
    kept: list[int] = []
    begun = False

    def make() -> tuple[Network, Sequence[int]]:
        nonlocal begun
        begun = True
        sandbox = store.networks.open(record.id, [Publish(*port) for port in config.ports])
        kept.extend((sandbox.namespace, *sandbox.held))
        write_network_files(directory, config, store.networks.endpoints(record.id))
        return Network(sandbox.release), kept

    try:
        yield make
    except BaseException:
        # Not of one that runs by now, though whoever started it was interrupted.
        if begun and not store.state(record).standing:
            store.networks.release(record.id)
        raise
    finally:
        for descriptor in kept:
            os.close(descriptor)


def connect(store: ContainerStore, name: str, attachment: Attachment) -> None:
    """Put a container on one more network, at once where it runs.

    :raises Conflict: it is without networks. :raises AlreadyExists: it is there, or an address is taken.
    """
    _check_joinable(attachment.network)
    with _joined(store, name) as (record, namespace):
        store.networks.connect(record.id, attachment, namespace)
        _tell_names(store, record, namespace)


def disconnect(store: ContainerStore, network: str, name: str) -> None:
    """Take a container off a network, at once where it runs. :raises Conflict: it is not on it."""
    _check_joinable(network)
    found = store.networks.get(network)
    with _joined(store, name) as (record, namespace):
        store.networks.disconnect(record.id, found, namespace)
        _tell_names(store, record, namespace)


def _check_joinable(network: str) -> None:
    if network in _ALONE:
        raise Conflict(
            f"{network} is no network to join or leave", hint=f"make the container with --network {network}"
        )


def _tell_names(store: ContainerStore, record: Record, namespace: int) -> None:
    if namespace >= 0:  # else the next start does
        write_network_files(store.directory(record), record.config, store.networks.endpoints(record.id))


@contextmanager
def _joined(store: ContainerStore, name: str) -> Iterator[tuple[Record, int]]:
    """A container, held, and a descriptor of its network namespace, or -1 where it does not run."""
    record = store.records.find(name)
    if not has_networks(record.config.network):
        raise Conflict(
            f"{record.name} was made with --network {record.config.network}, and stays so",
            hint="make another container with --network NAME",
        )
    with store.locked(record):
        state = store.state(record)
        namespace = -1
        if state.standing:
            # Its monitor has it open, even between two lives of the container.
            namespace = os.open(f"/proc/{state.monitor.pid}/fd/{NAMESPACE}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield record, namespace
        finally:
            if namespace >= 0:
                os.close(namespace)
