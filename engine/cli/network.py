"""Verbs about networks: network create, ls, inspect, rm, prune, connect, disconnect; and port."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from engine.cli import complete
from engine.cli.ending import each
from engine.cli.filters import Tests, filter_option, fits
from engine.cli.network_options import parse_attachment
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.shape import (
    Shape,
    inspection_option,
    label_of,
    labels_text,
    print_inspections,
    print_rows,
    shape_option,
)
from engine.errors import InvalidArgument, NotFound
from engine.network.models import ALWAYS_THERE, Network, NetworkOptions
from engine.printable import printable


@click.group()
def network() -> None:
    """Networks that containers are on: bridges of this host."""


@network.command()
@click.argument("name")
@click.option("--subnet", "subnets", multiple=True, metavar="SUBNET", help="10.1.0.0/24; also one of IPv6.")
@click.option("--gateway", "gateways", multiple=True, metavar="ADDRESS", help="The host's address in it.")
@click.option("--internal", is_flag=True, help="Without a way to the outside.")
@click.option("--ipv6", is_flag=True, help="IPv6 too.")
@click.option("--label", "labels", multiple=True, metavar="NAME[=VALUE]", help="Attach a note.")
@click.option("-d", "--driver", type=click.Choice(["bridge"]), default="bridge", help="The one there is.")
@pass_session
def create(
    session: Session,
    name: str,
    subnets: tuple[str, ...],
    gateways: tuple[str, ...],
    internal: bool,
    ipv6: bool,
    labels: tuple[str, ...],
    driver: str,
) -> None:
    """Make a network; its containers find each other by name. Prints its id."""
    subnet, subnet6 = _by_version("--subnet", subnets)
    gateway, gateway6 = _by_version("--gateway", gateways)
    if gateway and not subnet:
        raise InvalidArgument("--gateway wants --subnet")
    pairs = (label.partition("=") for label in labels)
    made = session.rooms.kept.networks.create(
        NetworkOptions(
            name, subnet, gateway, ipv6, subnet6, gateway6, internal, {key: value for key, _, value in pairs}
        )
    )
    click.echo(made.id)


def _labelled(value: str) -> Callable[[Network], bool]:
    name, equals, wanted = value.partition("=")
    return lambda found: name in found.labels and (not equals or found.labels[name] == wanted)


def _is_builtin(found: Network) -> bool:
    return found.is_default or found in ALWAYS_THERE


_FILTERS: dict[str, Callable[[str], Callable[[Network], bool]]] = {
    "name": lambda value: lambda found: value in found.name,
    "id": lambda value: lambda found: found.id.startswith(value),
    "driver": lambda value: lambda found: value == found.driver,
    "label": _labelled,
    "type": lambda value: lambda found: value == ("builtin" if _is_builtin(found) else "custom"),
}


@network.command("ls")
@click.option("-q", "--quiet", is_flag=True, help="Ids only.")
@click.option("--no-trunc", is_flag=True, help="Whole ids.")
@filter_option(_FILTERS)
@shape_option
@pass_session
def list_networks(session: Session, quiet: bool, no_trunc: bool, tests: Tests, shape: Shape) -> None:
    """List networks."""
    networks = session.rooms.kept.networks
    networks.ensure_default()
    found = [one for one in (*networks.all(), *ALWAYS_THERE) if fits(one, tests)]
    if shape.as_json or shape.is_own:
        from engine.containers.network_view import describe

        described = [describe(one) for one in found]
        if shape.as_json:
            print_json(described)
        else:
            print_rows(shape, [_fields(one, no_trunc) for one in described], {"ID": "NETWORK ID"})
        return
    ids = [one.id if no_trunc else one.id[:12] for one in found]
    if quiet:
        for one in ids:
            click.echo(one)
        return
    rows = [
        (
            short,
            one.name,
            one.driver,
            one.subnet or "-",
            one.subnet6 or "-",
            "internal" if one.internal else "",
        )
        for short, one in zip(ids, found, strict=True)
    ]
    print_table(("NETWORK ID", "NAME", "DRIVER", "SUBNET", "IPV6", "SCOPE"), rows)


def _fields(found: Mapping[str, Any], no_trunc: bool) -> dict[str, object]:
    """By the names of docker network ls."""
    identifier = found["Id"] if no_trunc else found["Id"][:12]
    flags = {
        "IPv4": "true",
        "IPv6": str(found["EnableIPv6"]).lower(),
        "Internal": str(found["Internal"]).lower(),
    }
    labels = found.get("Labels") or {}
    return {
        "ID": identifier,
        "Name": found["Name"],
        "Driver": found["Driver"],
        "Scope": found["Scope"],
        "CreatedAt": found["Created"],
        "Labels": labels_text(labels),
        "Label": label_of(labels),
        **{name: str(value).lower() for name, value in flags.items()},
    }


@network.command()
@click.argument("names", metavar="NETWORK...", nargs=-1, required=True)
@inspection_option
@pass_session
def inspect(session: Session, names: tuple[str, ...], shape: Shape) -> int:
    """Show everything about networks, with the way of a packet from each container to the outside."""
    found: list[dict[str, Any]] = []
    code = each(names, lambda name: found.append(session.rooms.inspect(name, "network")))
    print_inspections(shape, found)
    return code


@network.command()
@click.argument("names", metavar="NETWORK...", nargs=-1, required=True)
@pass_session
def rm(session: Session, names: tuple[str, ...]) -> int:
    """Remove networks that no container is on."""

    def remove(name: str) -> None:
        session.rooms.kept.networks.remove(name)
        click.echo(printable(name))

    return each(names, remove)


@network.command()
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@pass_session
def prune(session: Session, force: bool) -> None:
    """Remove all networks that no container is on.

    The default network stays; only its bridge is taken down until it is used again.
    """
    if not force and sys.stdin.isatty():
        click.confirm("Remove all networks that no container is on?", abort=True)
    for removed in session.rooms.kept.networks.prune():
        click.echo(printable(removed.name))


@network.command()
@click.argument("network")
@click.argument("container", shell_complete=complete.containers)
@click.option("--ip", default="", metavar="ADDRESS", help="Its IPv4 address there.")
@click.option("--ip6", default="", metavar="ADDRESS", help="Its IPv6 address there.")
@click.option("--alias", "aliases", multiple=True, metavar="NAME", help="A further name it is found by.")
@pass_session
def connect(
    session: Session, network: str, container: str, ip: str, ip6: str, aliases: tuple[str, ...]
) -> None:
    """Put CONTAINER on NETWORK, at once where it runs."""
    from engine.containers.networking import connect as connect_container

    words = [f"name={network}", *(f"alias={alias}" for alias in aliases)]
    asked = parse_attachment("connect", ",".join(words))._replace(address=ip, address6=ip6)
    connect_container(session.rooms.kept, container, asked)


@network.command()
@click.argument("network")
@click.argument("container", shell_complete=complete.containers)
@pass_session
def disconnect(session: Session, network: str, container: str) -> None:
    """Take CONTAINER off NETWORK, at once where it runs."""
    from engine.containers.networking import disconnect as disconnect_container

    disconnect_container(session.rooms.kept, network, container)


@click.command()
@click.argument("container", shell_complete=complete.running)
@click.argument("inside", metavar="[PORT[/PROTOCOL]]", default="")
@format_option
@pass_session
def port(session: Session, container: str, inside: str, as_json: bool) -> None:
    """Show which ports of the host lead to CONTAINER."""
    record = session.rooms.kept.records.find(container)
    found = session.rooms.kept.networks.published(record.id)
    if inside:
        wanted = inside if "/" in inside else f"{inside}/tcp"
        found = [one for one in found if f"{one.target}/{one.protocol}" == wanted]
        if not found:
            raise NotFound(f"port {wanted} of {record.name} is not published", hint="publish it: run -p PORT")
    if as_json:
        print_json([one._asdict() for one in found])
        return
    for one in found:
        address = f"[{one.address}]" if ":" in one.address else one.address or "0.0.0.0"  # noqa: S104
        place = f"{address}:{one.port}"
        click.echo(place if inside else f"{one.target}/{one.protocol} -> {place}")


def _by_version(option: str, texts: tuple[str, ...]) -> tuple[str, str]:
    """The IPv4 and the IPv6 one of what was given."""
    found = ["", ""]
    for text in texts:
        place = 1 if ":" in text else 0
        if found[place]:
            raise InvalidArgument(f"{option}: one of IPv4 and one of IPv6 at most")
        found[place] = text
    return found[0], found[1]
