"""Whose files are looked at, a container's or a volume's, and how to come by them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.containers.writing import Copied
    from engine.volumes.models import VolumeEntry
    from tui.source import Source

_MOST = 1 << 20  # bytes of a file that are read


@dataclass(frozen=True, slots=True)
class Place:
    """Whose files they are, and how to come by them.

    :param about: "container" or "volume". :param spoken: what commands write before a path, as `box:`.
    """

    about: str
    name: str
    spoken: str
    list: Callable[[str], Awaitable[list[VolumeEntry]]]
    read: Callable[[str], Awaitable[bytes]]
    copy_out: Callable[[str, str], Awaitable[Copied]]
    copy_in: Callable[[str, str], Awaitable[Copied]]


def of_container(source: Source, name: str) -> Place:
    """A container's files, whether it runs or not."""
    return Place(
        "container", name, f"{name}:", partial(source.browse_container, name),
        lambda path: source.read_container(name, path, _MOST),
        partial(source.copy_out, name), partial(source.copy_in, name),
    )  # fmt: skip


def of_volume(source: Source, name: str) -> Place:
    """A volume's files."""
    return Place(
        "volume", name, "", partial(source.browse_volume, name),
        lambda path: source.read_volume(name, path, _MOST),
        partial(source.copy_out_of_volume, name), partial(source.copy_into_volume, name),
    )  # fmt: skip
