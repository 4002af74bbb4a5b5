"""Firewalls of others that stop what containers send: found and told, never changed.

What one base chain of nftables drops no other can let pass, so our own rules cannot help here. Docker's is
an exception: it keeps a chain for others, which `engine.network.rules` uses; firewalld the other, which can
be asked (`engine.network.firewalld`).
"""

from __future__ import annotations

from typing import NamedTuple

from engine.linux.nftables import FAMILIES, Table, closed_forward_chains
from engine.network import firewalld

_DOCKERS = "DOCKER-USER"


class Obstacle(NamedTuple):
    """A chain that drops what is forwarded. :param advice: the command that lets ours pass."""

    family: str
    table: str
    chain: str
    advice: str


def obstacles() -> list[Obstacle]:
    """Chains of others that drop what containers send out or are sent, as far as can be told."""
    names = {number: name for name, number in FAMILIES.items()}
    found = []
    for number, table, chain in closed_forward_chains():
        family = names.get(number)
        if family is None or table in ("lamina", firewalld.TABLE) or _lets_ours_pass(family, table, chain):
            continue
        found.append(Obstacle(family, table, chain, _advice(family, table, chain)))
    if firewalld.is_closed():
        found.append(Obstacle("inet", firewalld.TABLE, firewalld.CHAIN, firewalld.ADVICE))
    return found


def _lets_ours_pass(family: str, table: str, chain: str) -> bool:
    # By name: what a rule means in full is more than can be said from here.
    if any(b"lamina" in rule for _, rule in Table(family, table).rules(chain)):
        return True
    return any(b"lamina" in rule for _, rule in Table(family, table).rules(_DOCKERS))


def _advice(family: str, table: str, chain: str) -> str:
    if (table, chain) == ("filter", "FORWARD") and family != "inet":
        tool = "iptables" if family == "ip" else "ip6tables"
        return f"{tool} -I FORWARD -i 'lamina+' -j ACCEPT; {tool} -I FORWARD -o 'lamina+' -j ACCEPT"
    place = f"nft insert rule {family} {table} {chain}"
    return f"{place} iifname 'lamina*' accept; {place} oifname 'lamina*' accept"
