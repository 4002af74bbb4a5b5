"""The options of run and create that put a container on networks and publish its ports."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import click

from engine.errors import InvalidArgument, NotSupported
from engine.network.wishes import Attachment, Publish

_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?", re.ASCII)
_MOST_PORTS = 65535


class Connections(NamedTuple):
    """What these options say together; `network` is the first of the networks, or a mode such as "host"."""

    network: str
    attachments: tuple[Attachment, ...]
    ports: tuple[Publish, ...]
    exposed: tuple[str, ...]


def _many(*names: str, metavar: str, help: str) -> click.Option:
    return click.Option(names, multiple=True, metavar=metavar, help=help)


def _text(*names: str, metavar: str, help: str) -> click.Option:
    return click.Option(names, default="", metavar=metavar, help=help)


NETWORK_OPTIONS = (
    _many(
        "--network", "--net", "networks", metavar="NAME[,alias=…][,ip=…]",
        help="A network, several times for several; bridge unless said; none; host.",
    ),
    _text("--ip", metavar="ADDRESS", help="Its IPv4 address on the first network."),
    _text("--ip6", metavar="ADDRESS", help="Its IPv6 address there."),
    _text("--mac-address", metavar="ADDRESS", help="Its hardware address there."),
    _many("--network-alias", metavar="NAME", help="A further name it is found by there."),
    _many(
        "-p", "--publish", metavar="[[IP:]PORT:]INSIDE[/udp]",
        help="Let a port of the host lead to one of its own; ranges too.",
    ),
    _many("--expose", metavar="PORT[/udp]", help="A port that its program listens at; ranges too."),
    click.Option(["-P", "--publish-all"], is_flag=True, help="Publish every port that it exposes."),
)  # fmt: skip


def network_options(function: Any) -> Any:
    """Give a command these options; it takes them as keywords for `take_network`."""
    params = function.__dict__.setdefault("__click_params__", [])
    params.extend(reversed(NETWORK_OPTIONS))
    return function


def take_network(options: dict[str, Any]) -> Connections:
    """Take these options out of all that were given; `publish_all` stays.

    :raises InvalidArgument: one cannot be meant; names it.
    """
    words = options.pop("networks") or ("bridge",)
    first, *others = (parse_attachment("--network", word) for word in words)
    address, address6 = options.pop("ip"), options.pop("ip6")
    mac, aliases = options.pop("mac_address"), options.pop("network_alias")
    for alias in aliases:
        _check_alias("--network-alias", alias)
    if mac:
        from engine.network.pools import check_mac

        mac = check_mac(mac)
    first = Attachment(
        first.network,
        address or first.address,
        address6 or first.address6,
        mac or first.mac,
        (*first.aliases, *aliases),
    )
    if others and (first.network in ("none", "host") or first.network.startswith("container:")):
        raise InvalidArgument(f"--network {first.network} cannot be together with another network")
    ports = tuple(port for text in options.pop("publish") for port in parse_ports(text))
    exposed = tuple(name for text in options.pop("expose") for name in parse_exposed(text))
    return Connections(first.network, (first, *others), ports, exposed)


def parse_attachment(option: str, text: str) -> Attachment:
    """`NAME`, or `name=NAME,alias=…,ip=…,ip6=…,mac-address=…` as Docker has it.

    :raises InvalidArgument: it is neither.
    """
    name, *words = text.split(",")
    fields: dict[str, str] = {}
    aliases = []
    for word in words if "=" not in name else [name, *words]:
        key, equals, value = word.partition("=")
        if not equals or not value:
            raise InvalidArgument(f"{option} {text!r}: {word!r} is not KEY=VALUE")
        if key == "alias":
            _check_alias(option, value)
            aliases.append(value)
        elif key in ("name", "ip", "ip6", "mac-address") and key not in fields:
            fields[key] = value
        else:
            raise InvalidArgument(
                f"{option} {text!r}: there is no {key!r}", hint="there are name, alias, ip, ip6, mac-address"
            )
    name = fields.get("name", "") if "=" in name else name
    if not name:
        raise InvalidArgument(f"{option} {text!r} names no network")
    mac = fields.get("mac-address", "")
    if mac:
        from engine.network.pools import check_mac

        mac = check_mac(mac)
    name = "bridge" if name == "default" else name
    return Attachment(name, fields.get("ip", ""), fields.get("ip6", ""), mac, tuple(aliases))


def parse_ports(text: str) -> list[Publish]:
    """`[[IP:]PORT:]INSIDE[/PROTOCOL]`, each port one number or a range FIRST-LAST.

    :raises InvalidArgument: it is not that. :raises NotSupported: a protocol that cannot be published.
    """
    places, slash, protocol = text.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if protocol == "sctp":
        raise NotSupported(f"-p {text}: sctp is not supported", hint="there are tcp and udp")
    if protocol not in ("tcp", "udp"):
        raise InvalidArgument(f"-p {text!r}: there is no protocol {protocol!r}", hint="there are tcp and udp")
    address, host, inside = _places(text, places)
    targets = _range(text, inside)
    if not host:
        return [Publish(address, 0, target, protocol) for target in targets]
    ports = _range(text, host, 0 if host == "0" else 1)
    if len(targets) == 1 and len(ports) > 1:
        raise InvalidArgument(f"-p {text}: {len(ports)} ports of the host for one of the container")
    if len(ports) == 1 and ports[0] == 0:
        return [Publish(address, 0, target, protocol) for target in targets]
    if len(ports) != len(targets):
        raise InvalidArgument(f"-p {text}: {len(ports)} ports of the host for {len(targets)} inside")
    return [Publish(address, port, target, protocol) for port, target in zip(ports, targets, strict=True)]


def parse_exposed(text: str) -> list[str]:
    """`INSIDE[/PROTOCOL]` as `80/tcp`, each port of a range.

    :raises InvalidArgument: it is not that. :raises NotSupported: a protocol that cannot be published.
    """
    if ":" in text:
        raise InvalidArgument(f"--expose {text!r} is not PORT[/PROTOCOL]", hint="-p publishes a port")
    try:
        return [f"{port.target}/{port.protocol}" for port in parse_ports(text)]
    except (InvalidArgument, NotSupported) as error:
        raise type(error)(
            error.message.replace("-p ", "--expose ", 1), hint="for example --expose 80"
        ) from None


def _places(text: str, places: str) -> tuple[str, str, str]:
    if places.startswith("["):
        address, closing, rest = places[1:].partition("]:")
        if not closing:
            raise _malformed(text)
    else:
        address, _, rest = places.partition(":") if places.count(":") >= 2 else ("", "", places)
    host, _, inside = rest.rpartition(":")
    if ":" in host:
        raise _malformed(text)
    return _address(text, address), host, inside


def _address(text: str, address: str) -> str:
    if not address or address in ("0.0.0.0", "::"):  # noqa: S104 - what people write for "all"
        return ""
    from ipaddress import ip_address

    try:
        return str(ip_address(address))
    except ValueError as error:
        raise InvalidArgument(f"-p {text!r}: {address!r} is no address") from error


def _range(text: str, ports: str, least: int = 1) -> list[int]:
    first, dash, last = ports.partition("-")
    if not (first.isascii() and first.isdigit() and len(first) <= 5):
        raise _malformed(text)
    if dash and not (last.isascii() and last.isdigit() and len(last) <= 5):
        raise _malformed(text)
    numbers = range(int(first), int(last or first) + 1)
    if not numbers or numbers[0] < least or numbers[-1] > _MOST_PORTS:
        raise InvalidArgument(f"-p {text!r}: ports are from 1 to {_MOST_PORTS}")
    return list(numbers)


def _malformed(text: str) -> InvalidArgument:
    return InvalidArgument(
        f"-p {text!r} is not [[IP:]PORT:]INSIDE[/PROTOCOL]",
        hint="for example -p 8080:80 or -p 127.0.0.1:53:53/udp",
    )


def _check_alias(option: str, name: str) -> None:
    if not _HOST_NAME.fullmatch(name):
        raise InvalidArgument(f"{option}: {name!r} is no host name")
