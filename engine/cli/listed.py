"""What `ps --filter` asks of a container, by Docker's keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

from engine.cli.session import Session
from engine.containers.models import ContainerSummary, Status
from engine.errors import NotFound

Test = Callable[[ContainerSummary], bool]

_HEALTHS = ("starting", "healthy", "unhealthy", "none")
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp))?", re.ASCII)


def _labelled(value: str) -> Test:
    name, equals, wanted = value.partition("=")
    return lambda found: name in found.labels and (not equals or found.labels[name] == wanted)


def _named(value: str) -> Test:
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise click.BadParameter(f"name={value}: not a regular expression: {error}") from error
    # Docker's names begin with a slash, and scripts that know it ask for `^/name$`.
    return lambda found: bool(pattern.search(found.name) or pattern.search(f"/{found.name}"))


def _in_state(value: str) -> Test:
    if value not in list(Status):
        raise click.BadParameter(f"no such status: {value}; there are {', '.join(Status)}")
    return lambda found: found.status == value


def _exited_with(value: str) -> Test:
    if not value.isascii() or not value.isdecimal() or len(value) > 3:
        raise click.BadParameter(f"exited={value}: an exit code is a number")
    return lambda found: found.status in (Status.EXITED, Status.DEAD) and found.exit_code == int(value)


def _healthy(value: str) -> Test:
    if value not in _HEALTHS:
        raise click.BadParameter(f"no such health: {value}; there are {', '.join(_HEALTHS)}")
    return lambda found: (found.health or "none") == value


def _from_image(value: str) -> Test:
    return lambda found: (
        value in (found.image, found.image.removesuffix(":latest"))
        or found.image_id.hex.startswith(value.removeprefix("sha256:"))
    )


def _mounting(value: str) -> Test:
    return lambda found: any(value in mount for mount in found.mounts)


def _on_network(value: str) -> Test:
    networks = _session().rooms.kept.networks
    try:
        name = networks.get(value).name
    except NotFound:
        name = value  # "host" and "none", or none at all
    return lambda found: name in found.networks


def _ports(value: str) -> Callable[[int, str], bool]:
    match = _PORTS.fullmatch(value)
    if match is None:
        raise click.BadParameter(f"{value!r} is no port such as 80, 53/udp or 8000-8080/tcp")
    first, last, protocol = match.groups()
    return lambda port, spoken: int(first) <= port <= int(last or first) and spoken == (protocol or "tcp")


def _publishing(value: str) -> Test:
    fits = _ports(value)
    return lambda found: any(fits(each.port, each.protocol) for each in found.ports)


def _exposing(value: str) -> Test:
    fits = _ports(value)

    def test(found: ContainerSummary) -> bool:
        parts = (port.partition("/") for port in found.exposed)
        return any(fits(int(number), protocol) for number, _, protocol in parts if number.isdecimal())

    return test


def _made_before(value: str) -> Test:
    moment = _session().rooms.containers.get(value).created
    return lambda found: found.created < moment


def _made_since(value: str) -> Test:
    moment = _session().rooms.containers.get(value).created
    return lambda found: found.created > moment


def _session() -> Session:
    session = click.get_current_context().find_object(Session)
    assert session is not None
    return session


FILTERS: dict[str, Callable[[str], Test]] = {
    "name": _named,
    "id": lambda value: lambda found: found.id.startswith(value),
    "status": _in_state,
    "exited": _exited_with,
    "health": _healthy,
    "label": _labelled,
    "ancestor": _from_image,
    "volume": _mounting,
    "network": _on_network,
    "publish": _publishing,
    "expose": _exposing,
    "before": _made_before,
    "since": _made_since,
}
"""By key, what makes a test of a value; raises `click.BadParameter` or `NotFound` for what is none."""
