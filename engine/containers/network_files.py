"""The texts that tell a container names: /etc/hosts, /etc/resolv.conf and /etc/hostname."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.runtime.config import ContainerConfig
from engine.runtime.isolation import Names

if TYPE_CHECKING:
    from engine.network.models import Endpoint

FILES = ("hostname", "hosts", "resolv.conf")
_LOOPBACK_HOSTS = (
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
)
HOST_GATEWAY = "host-gateway"  # stands in `--add-host` for the host as the container reaches it
_LOOPBACK = "127.0.0.1"


def begin_network_files(directory: Path) -> None:
    """Have the files there, so that they can be bound before it is known what is to stand in them."""
    for name in FILES:
        (directory / name).touch()


def write_network_files(directory: Path, config: ContainerConfig, endpoints: Sequence[Endpoint] = ()) -> None:
    """`hostname`, `hosts` and `resolv.conf`, as the host and the container's networks are now.

    Written in place, for a running container has these very files bound.
    """
    base = _host_file("/etc/hosts") if config.network == "host" else _LOOPBACK_HOSTS
    gateway = endpoints[0].network.gateway if endpoints else _LOOPBACK
    names = config.names._replace(
        hosts=tuple((name, gateway if to == HOST_GATEWAY else to) for name, to in config.names.hosts)
    )
    resolver = resolver_text(_host_file("/etc/resolv.conf"), names)
    if endpoints:
        resolver = _for_networks(resolver, names, endpoints)
    hosts = hosts_text(base, names) + own_lines(config.hostname, endpoints, names.domain)
    for name, text in zip(FILES, (f"{config.hostname}\n", hosts, resolver), strict=True):
        (directory / name).write_text(text, "utf-8", "surrogateescape")


def hosts_text(base: str, names: Names) -> str:
    """`base` and the lines that were asked for (hosts(5))."""
    return base + "".join(f"{address}\t{name}\n" for name, address in names.hosts)


def own_lines(hostname: str, endpoints: Sequence[Endpoint], domain: str = "") -> str:
    """The container's own name at its own addresses: whole, then up to its first point (hosts(5))."""
    whole = f"{hostname}.{domain}" if domain else hostname
    names = " ".join(dict.fromkeys((whole, hostname if domain else whole.partition(".")[0])))
    addresses = [address for one in endpoints for address in (one.address, one.address6) if address]
    return "".join(f"{address}\t{names}\n" for address in addresses)


def resolver_text(host: str, names: Names) -> str:
    """The host's resolv.conf with what was asked for in its place (resolv.conf(5))."""
    lines = host.splitlines()
    if names.servers:
        lines = _with_servers(lines, names.servers)
    if names.search:
        lines = [line for line in lines if not line.startswith(("search", "domain"))]
        wanted = [domain for domain in names.search if domain != "."]
        lines += [f"search {' '.join(wanted)}"] if wanted else []
    if names.options:
        lines = [line for line in lines if not line.startswith("options")]
        lines += [f"options {' '.join(names.options)}"]
    return "\n".join(lines) + "\n" if lines else ""


def _for_networks(text: str, names: Names, endpoints: Sequence[Endpoint]) -> str:
    """The same where the host's own servers may be out of reach, and others are found by name."""
    from engine.network import upstream
    from engine.network.resolving import wants_resolver

    # Only a network that people made finds names; `wants_resolver` holds for the default one too, at need.
    asked = [one for one in endpoints if not one.network.is_default] or list(endpoints)
    if wants_resolver(asked[0].network) and not (names.servers and asked[0].network.is_default):
        servers: Sequence[str] = (asked[0].network.gateway,)
    else:
        servers = names.servers or upstream.reachable_servers()
    return "\n".join(_with_servers(text.splitlines(), servers)) + "\n"


def _with_servers(lines: Sequence[str], servers: Sequence[str]) -> list[str]:
    kept = [line for line in lines if not line.startswith("nameserver")]
    return [*kept, *(f"nameserver {server}" for server in servers)]


def _host_file(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
