"""firewalld(1): asked, by its own interface, to let our bridges' packets pass; its table is only looked at.

It rejects what an interface that is in none of its zones sends elsewhere or to the host, also to our name
servers. The zone `trusted` lets pass; what may not is for our own table to say, whose word is final. As with
its other runtime settings, a reload forgets it, and the next start of a container tells it anew.
"""

from __future__ import annotations

from engine.linux.nftables import Table

ADVICE = "firewall-cmd --zone=trusted --add-interface=lamina+"
TABLE, CHAIN = "firewalld", "filter_FORWARD"
_ZONES = "filter_FORWARD_ZONES"  # by which interface a packet came
_ZONE, _INTERFACES = "trusted", "lamina+"
_NAME, _PATH = "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1"


def is_closed() -> bool:
    """Whether firewalld is at work and knows nothing of our bridges."""
    rules = Table("inet", TABLE).rules(_ZONES)
    return bool(rules) and not any(b"lamina" in rule for _, rule in rules)


def open_passage() -> None:
    """Have it let our bridges' packets pass; where that fails, it stays an obstacle, which is told."""
    if is_closed():
        _tell("addInterface")


def close_passage() -> None:
    """Have it forget them."""
    if any(b"lamina" in rule for _, rule in Table("inet", TABLE).rules(_ZONES)):
        _tell("removeInterface")


def _tell(member: str) -> None:
    from contextlib import suppress

    from engine.linux.dbus import BusError, Method, call  # felt, and only needed beside firewalld

    with suppress(BusError):
        call(Method(_NAME, _PATH, f"{_NAME}.zone", member), _ZONE, _INTERFACES)
