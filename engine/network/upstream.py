"""The name servers of the host: resolv.conf(5), and what stands behind a server of its own loopback."""

from __future__ import annotations

from ipaddress import ip_address

from engine.linux.user_namespaces import in_user_namespace
from engine.rootless.providers import NAME_SERVER

_HOSTS = "/etc/resolv.conf"
# Where systemd-resolved, whose own address is 127.0.0.53, names the servers that it asks itself.
_BEHIND = "/run/systemd/resolve/resolv.conf"
_LIMIT = 1 << 16  # bytes
_MOST = 3  # resolv.conf(5), MAXNS


def host_file() -> str:
    """The host's resolv.conf, "" where there is none."""
    return _read(_HOSTS)


def servers() -> list[str]:
    """Addresses that can be asked from where networks are: the host's own, its loopback's among them."""
    found = _servers(_read(_HOSTS))
    if in_user_namespace():
        # The host's loopback is not the namespace's; who leads that outside asks there for us.
        found = [NAME_SERVER if _is_loopback(address) else address for address in found]
    return list(dict.fromkeys(found))


def reachable_servers() -> list[str]:
    """Those that can be asked from a network namespace of one's own; none where all are on the loopback."""
    found = [address for address in _servers(_read(_HOSTS)) if not _is_loopback(address)]
    return found or [address for address in _servers(_read(_BEHIND)) if not _is_loopback(address)]


def _servers(text: str) -> list[str]:
    words = (line.split() for line in text.splitlines())
    return [parts[1] for parts in words if len(parts) > 1 and parts[0] == "nameserver"][:_MOST]


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return True  # nothing that could be asked
    return address.is_loopback or address.is_unspecified or (address.version == 6 and "%" in text)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(_LIMIT)
    except OSError:
        return ""
