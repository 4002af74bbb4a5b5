"""Which address a registry's name stands for, and which addresses a request may be led on to."""

from __future__ import annotations

from typing import NamedTuple, Self
from urllib.parse import urlsplit

from engine.errors import Malformed
from engine.oci.quote import quoted

# Docker's registry answers elsewhere than at its name.
_API_HOSTS = {"docker.io": "registry-1.docker.io"}
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port: what credentials are bound to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """The origin of an absolute http or https URL.

        :raises Malformed: it is none, or it carries a user's name.
        """
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError:
            scheme, host, port = "", None, None
        if scheme not in _PORTS or not host or "@" in parts.netloc:
            raise Malformed(f"not an address to ask: {quoted(url)}")
        return cls(scheme, host, port or _PORTS[scheme])

    @property
    def is_secure(self) -> bool:
        """Spoken to over TLS."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """It is this machine: 127.0.0.0/8, ::1 or localhost."""
        return is_loopback(self.host)

    def may_lead_to(self, target: Self) -> bool:
        """Whether an answer from here may send the client there, by redirect or as the place of tokens.

        Never from TLS to plain HTTP; never from the net to this machine or to link-local addresses,
        where clouds keep their metadata services.
        """
        if target == self:
            return True
        if self.is_secure and not target.is_secure:
            return False
        if target.is_loopback:
            return self.is_loopback
        if is_link_local(target.host):
            return False
        return target.is_secure or target.host == self.host

    def belongs_to(self, other: Self) -> bool:
        """Whether this host is the other's, or one is a name below the other's (RFC 6265, 5.1.3)."""
        if self.host == other.host:
            return True
        shorter, longer = sorted((self.host, other.host), key=len)
        # One label alone, such as `com`, belongs to everybody; digits are addresses, which have no below.
        named = "." in shorter and not longer.rpartition(".")[2].isdigit() and ":" not in longer
        return named and longer.endswith(f".{shorter}")


def registry_url(domain: str, insecure: tuple[str, ...]) -> str:
    """Where the registry called `domain` (`host` or `host:port`) answers, without a final slash.

    :param insecure: names that are spoken to over plain HTTP; loopback addresses always are.
    """
    host = _API_HOSTS.get(domain, domain)
    name = urlsplit(f"//{host}").hostname or ""
    plain = domain in insecure or is_loopback(name)
    return f"{'http' if plain else 'https'}://{host}"


def is_loopback(host: str) -> bool:
    """Whether `host`, without a port, is this machine by its name alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_link_local(host: str) -> bool:
    """Whether `host` is an address that no registry has: link-local, multicast or none at all."""
    from ipaddress import IPv6Address, ip_address

    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_link_local or address.is_unspecified or address.is_multicast
