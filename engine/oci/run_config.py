"""How an image wants to be run: the part of its config that a start needs, without the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How a container of the image starts, where its maker does not say otherwise.

    :param env: `NAME=value`, in the order of the document.
    :param exposed_ports: as written, such as `80/tcp`.
    :param volumes: paths inside.
    """

    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    stop_signal: str = ""
