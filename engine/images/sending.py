"""Blobs on their way to a registry, several at a time, each told about as it goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.images.moves import BlobProgress, BlobState
from engine.images.offload import leaf
from engine.oci.descriptor import Descriptor
from engine.oci.digest import Digest
from engine.oci.reference import Reference

if TYPE_CHECKING:
    from engine.registry import RegistryPusher
    from engine.registry.uploads import Read

_INTERVAL = 0.1  # seconds between two reports of bytes; faster than anybody reads

OnBlob = Callable[[BlobProgress], None]


@dataclass(frozen=True, slots=True)
class Cargo:
    """One blob that a repository is to have.

    :param position: in the stack of layers; 0 for what is no layer.
    :param mounts: paths of repositories of the same registry that should have it.
    """

    descriptor: Descriptor
    read: Read
    position: int = 0
    mounts: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """Bytes by how they came to be on the other side."""

    bytes: dict[BlobState, int] = field(default_factory=dict)

    def add(self, state: BlobState, size: int) -> None:
        """One blob more."""
        self.bytes[state] = self.bytes.get(state, 0) + size

    def of(self, state: BlobState) -> int:
        """Bytes of all blobs that came so."""
        return self.bytes.get(state, 0)

    @property
    def total(self) -> int:
        """Bytes of all blobs."""
        return sum(self.bytes.values())


async def send_all(
    pusher: RegistryPusher,
    target: Reference,
    cargo: Sequence[Cargo],
    parallel: int,
    on_blob: OnBlob | None,
    tally: Tally,
) -> None:
    """Let a repository have every blob, each digest once.

    :param tally: is added to.
    :raises LaminaError: of the first blob that cannot be sent; the others are stopped.
    """
    once: Mapping[Digest, Cargo] = {each.descriptor.digest: each for each in reversed(cargo)}
    turns = asyncio.Semaphore(parallel)

    async def send(each: Cargo) -> None:
        async with turns:
            state = await _send(pusher, target, each, on_blob)
        tally.add(state, each.descriptor.size)

    try:
        async with asyncio.TaskGroup() as group:
            for each in sorted(once.values(), key=lambda item: item.descriptor.size, reverse=True):
                _tell(on_blob, each, BlobState.WAITING, 0)
                group.create_task(send(each))
    except BaseExceptionGroup as errors:
        raise leaf(errors) from None


async def _send(pusher: RegistryPusher, target: Reference, cargo: Cargo, on_blob: OnBlob | None) -> BlobState:
    told = 0.0

    def sent(done: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _INTERVAL:
            told = time.monotonic()
            _tell(on_blob, cargo, BlobState.SENDING, done)

    outcome = await pusher.push_blob(target, cargo.descriptor, cargo.read, mounts=cargo.mounts, on_sent=sent)
    state = {"there": BlobState.THERE, "mounted": BlobState.MOUNTED, "sent": BlobState.DONE}[outcome]
    _tell(on_blob, cargo, state, cargo.descriptor.size)
    return state


def _tell(on_blob: OnBlob | None, cargo: Cargo, state: BlobState, done: int) -> None:
    if on_blob is not None and cargo.position:
        descriptor = cargo.descriptor
        on_blob(BlobProgress(cargo.position, descriptor.digest, state, done, descriptor.size))
