"""What a typed line makes of a new network or volume."""

from __future__ import annotations

from engine.errors import InvalidArgument


def judged_network(text: str) -> str:
    """What a line makes of a new network. :raises InvalidArgument: it cannot be meant."""
    from ipaddress import ip_network

    from engine.network.making import check_name

    words = text.split()
    if not 1 <= len(words) <= 2:
        raise InvalidArgument("type a name, and a subnet if you want a certain one")
    check_name(words[0])
    if len(words) == 1:
        return "with a free subnet; its containers find each other by name"
    try:
        return f"with the subnet {ip_network(words[1])}"
    except ValueError as error:
        raise InvalidArgument(str(error)) from error


def judged_volume(text: str) -> str:
    """What a line makes of a new volume. :raises InvalidArgument: it cannot be meant."""
    from engine.volumes.names import check_name

    if not text:
        return "without a name of its own"
    check_name(text)
    return f"makes the volume {text}"
