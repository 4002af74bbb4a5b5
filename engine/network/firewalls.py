"""Firewalls of others that stop what containers send: found and told, never changed.

What one base chain of nftables drops no other can let pass, so our own rules cannot help here. Docker's is
the exception: it keeps a chain for others, which `engine.network.rules` uses.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.linux.nftables import FAMILIES, Table, closed_forward_chains

_DOCKERS = "DOCKER-USER"
_FIREWALLD = "firewalld"


class Obstacle(NamedTuple):
    """A chain that drops what is forwarded. :param advice: the command that lets a bridge's packets pass."""

    family: str
    table: str
    chain: str
    advice: str


def obstacles(bridge: str) -> list[Obstacle]:
    """Chains of others that drop what a bridge's containers send out or are sent, as far as can be told."""
    names = {number: name for name, number in FAMILIES.items()}
    found = []
    for number, table, chain in closed_forward_chains():
        family = names.get(number)
        if family is None or table == "lamina" or _lets_ours_pass(family, table, chain):
            continue
        found.append(Obstacle(family, table, chain, _advice(family, table, chain, bridge)))
    return found


def _lets_ours_pass(family: str, table: str, chain: str) -> bool:
    # By name: what a rule means in full is more than can be said from here.
    if any(b"lamina" in rule for _, rule in Table(family, table).rules(chain)):
        return True
    return any(b"lamina" in rule for _, rule in Table(family, table).rules(_DOCKERS))


def _advice(family: str, table: str, chain: str, bridge: str) -> str:
    if table == _FIREWALLD:
        return f"firewall-cmd --zone=trusted --add-interface={bridge}"
    if (table, chain) == ("filter", "FORWARD") and family != "inet":
        tool = "iptables" if family == "ip" else "ip6tables"
        return f"{tool} -I FORWARD -i 'lamina+' -j ACCEPT; {tool} -I FORWARD -o 'lamina+' -j ACCEPT"
    place = f"nft insert rule {family} {table} {chain}"
    return f"{place} iifname 'lamina*' accept; {place} oifname 'lamina*' accept"
