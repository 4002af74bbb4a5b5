"""How an image wants to be run: the part of its config that a start needs, without the rest."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class HealthCheck(NamedTuple):
    """How to find out whether a container does its work. Docker image-spec 1.2, Healthcheck

    :param test: ("CMD", program, argument, …), ("CMD-SHELL", script), ("NONE",) or () where nothing is said.
    :param interval: seconds between two looks. :param timeout: seconds that one may take.
    :param start_period: seconds in which failures do not count. :param start_interval: seconds between looks
        in it. :param retries: failures in a row that make it unhealthy. Each 0 where nothing is said.
    """

    test: tuple[str, ...] = ()
    interval: float = 0
    timeout: float = 0
    start_period: float = 0
    start_interval: float = 0
    retries: int = 0


_UNSAID = HealthCheck()


class RunConfig(NamedTuple):
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
    labels: Mapping[str, str] = MappingProxyType({})
    stop_signal: str = ""
    healthcheck: HealthCheck = _UNSAID
