"""What may be asked of a container's network: named tuples, because every list of containers loads this."""

from typing import NamedTuple


class Attachment(NamedTuple):
    """That a container shall be on a network.

    :param network: name or id. :param aliases: further names it is found by there.
    """

    network: str
    address: str = ""
    address6: str = ""
    mac: str = ""
    aliases: tuple[str, ...] = ()


class Publish(NamedTuple):
    """That a port of the host shall lead to one of a container.

    :param address: of the host, "" for all. :param port: of the host, 0 for any that is free.
    :param target: of the container. :param protocol: "tcp" or "udp".
    """

    address: str
    port: int
    target: int
    protocol: str
