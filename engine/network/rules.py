"""The rules that packets meet: one table of our own, whose sets and maps say what changes.

    table inet lamina
      refused       nothing from a container reaches the host's loopback addresses
      prerouting ┐  what comes for a published port of this host goes to its container
      output     ┘
      forward       within a network: yes; published: yes; from a network outwards: yes; else nothing gets in
      postrouting   outwards, back to the same network, and from the host's loopback: with our address

Every store of this network namespace shares the table; elements are named by what nobody shares: bridge
and published port. So a start adds elements only, and where the rules are gone they come back whole.
Sources stay as they are but where an answer would miss its way: `postrouting` says in which three cases.
"""

from __future__ import annotations

import _socket as socket  # `socket` itself, with its enumerations, would be felt by every start
import struct
from collections.abc import Container
from ipaddress import ip_network

from engine.linux import nftables
from engine.linux.nftables import Element, Table
from engine.linux.user_namespaces import in_user_namespace
from engine.network import firewalld
from engine.network.models import Network
from engine.rootless.providers import BACK, OUTWARDS

TABLE = Table("inet", "lamina")
_NAME = 16  # bytes of an interface's name, IFNAMSIZ
_PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}

_SETS = """
add table inet lamina
add set inet lamina internal { type ifname; }
add set inet lamina same { type ifname . ifname; }
add set inet lamina near4 { type ifname . ipv4_addr; flags interval; }
add set inet lamina near6 { type ifname . ipv6_addr; flags interval; }
add map inet lamina all4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
add map inet lamina one4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
add map inet lamina all6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
add map inet lamina one6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
"""
_CHAINS = {
    "published": "",
    "refused": "{ type filter hook prerouting priority raw; policy accept; }",
    "prerouting": "{ type nat hook prerouting priority dstnat; policy accept; }",
    "output": "{ type nat hook output priority -100; policy accept; }",
    "forward": "{ type filter hook forward priority filter; policy accept; }",
    "postrouting": "{ type nat hook postrouting priority srcnat; policy accept; }",
}
# Bridges have names of one beginning, so that none has to be listed.
_RULES = """
refused iifname "lamina*" ip daddr 127.0.0.0/8 drop
published dnat ip to ip daddr . meta l4proto . th dport map @one4
published dnat ip to meta l4proto . th dport map @all4
published dnat ip6 to ip6 daddr . meta l4proto . th dport map @one6
published dnat ip6 to meta l4proto . th dport map @all6
prerouting fib daddr type local jump published
output fib daddr type local jump published
forward iifname . oifname @same accept
forward iifname @internal drop
forward oifname @internal drop
forward oifname "lamina*" ct state established,related accept
forward oifname "lamina*" ct status dnat accept
forward oifname "lamina*" drop
postrouting oifname . ip saddr @near4 ct status dnat masquerade
postrouting oifname . ip6 saddr @near6 ct status dnat masquerade
postrouting oifname "lamina*" ip saddr 127.0.0.0/8 masquerade
postrouting iifname "lamina*" oifname != "lamina*" masquerade
"""
# In a user's own namespace connections to published ports are made by a process of ours, not by clients:
# known by a mark, and so are the answers, which may be for addresses that are not the namespace's.
_APART_CHAINS = {
    "marking": "{ type filter hook output priority mangle; policy accept; }",
    "answers": "{ type filter hook prerouting priority mangle; policy accept; }",
}
_APART = f"""
output meta mark {OUTWARDS} jump published
marking meta mark {OUTWARDS} ct mark set {BACK}
answers iifname "lamina*" ct mark {BACK} meta mark set {BACK}
"""


def ensure_rules() -> bool:
    """Have all rules there, with one look where they are; whether they, and all elements, were missing."""
    apart = in_user_namespace()
    wanted = [rule for rule in (_RULES + (_APART if apart else "")).splitlines() if rule]
    missing = len(TABLE.rules()) != len(wanted)
    if missing:
        named = {**_CHAINS, **(_APART_CHAINS if apart else {})}
        chains = "".join(f"add chain inet lamina {name} {hook}\n" for name, hook in named.items())
        flushed = "".join(f"flush chain inet lamina {name}\n" for name in named)
        rules = "".join(f"add rule inet lamina {rule}\n" for rule in wanted)
        nftables.run(_SETS + chains + flushed + rules)
    _ensure_passage()
    return missing


def remove_rules() -> None:
    """Take everything of ours away. Only when no network of any store is up."""
    nftables.run("add table inet lamina\ndelete table inet lamina")
    for family in ("ip", "ip6"):
        _remove_passage(family)
    firewalld.close_passage()


def of_network(network: Network) -> list[Element]:
    """What the rules must know of a network."""
    name = _interface(network.bridge)
    found = [of_bridge(network.bridge)]
    for title, text in (("near4", network.subnet), ("near6", network.subnet6)):
        if text:
            subnet = ip_network(text)
            found.append(Element(title, name + subnet[0].packed, end=name + subnet[-1].packed))
    return [*found, Element("internal", name)] if network.internal else found


def of_bridge(name: str) -> Element:
    """That what stays on a bridge may pass."""
    return Element("same", _interface(name) * 2)


def stale_elements(bridges: Container[str]) -> list[Element]:
    """What the rules still know of networks and ports that are gone.

    :param bridges: those of any store that are there.
    """
    stale: list[Element] = []
    subnets: list[tuple[bytes, bytes]] = []
    for title in ("same", "internal", "near4", "near6"):
        for element in TABLE.elements(title):
            name = element.key[:_NAME].rstrip(b"\0").decode("utf-8", "replace")
            if name not in bridges:
                stale.append(element)
            elif title.startswith("near"):
                subnets.append((element.key[_NAME:], element.end[_NAME:]))
    for title, size in (("all4", 4), ("one4", 4), ("all6", 16), ("one6", 16)):
        for element in TABLE.elements(title):
            to = element.value[:size]
            if not any(len(to) == len(first) and first <= to <= last for first, last in subnets):
                stale.append(element)
    return stale


def _interface(name: str) -> bytes:
    return name.encode().ljust(_NAME, b"\0")


def of_port(address: str, port: int, protocol: str, to: str, target: int) -> Element:
    """A published port.

    :param address: of the host, "" for all of the family of `to`, which is the container's address.
    """
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    value = socket.inet_pton(family, to) + struct.pack(">H2x", target)
    return _of_key(address, port, protocol, family)._replace(value=value)


def keys_of_port(address: str, port: int, protocol: str) -> list[Element]:
    """The elements that a published port may have, for their removal."""
    families = [socket.AF_INET, socket.AF_INET6]
    if address:
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET]
    return [_of_key(address, port, protocol, family) for family in families]


def _of_key(address: str, port: int, protocol: str, family: int) -> Element:
    suffix = "6" if family == socket.AF_INET6 else "4"
    key = struct.pack(">B3xH2x", _PROTOCOLS[protocol], port)
    if not address:
        return Element(f"all{suffix}", key)
    return Element(f"one{suffix}", socket.inet_pton(family, address) + key)


# Docker lets nothing through that it does not know (policy drop of `forward`), and keeps a chain for others
# to say what may pass; it never writes there itself. What passes there has passed our own `forward` too.
_PASSAGE = "DOCKER-USER"
_WAYS = ("iifname", "oifname")


def _ensure_passage() -> None:
    firewalld.open_passage()
    for family in ("ip", "ip6"):
        theirs = Table(family, "filter").rules(_PASSAGE)
        if theirs and len(_passage(family)) < len(_WAYS):
            _remove_passage(family)
            nftables.run(
                "".join(
                    f'insert rule {family} filter {_PASSAGE} {way} "lamina*" counter accept\n'
                    for way in _WAYS
                )
            )


def _remove_passage(family: str) -> None:
    for handle in _passage(family):
        nftables.run(f"delete rule {family} filter {_PASSAGE} handle {handle}")


def _passage(family: str) -> list[int]:
    """Handles of our rules in Docker's chain, known by the beginning of our bridges' names."""
    return [handle for handle, rule in Table(family, "filter").rules(_PASSAGE) if b"lamina" in rule]
