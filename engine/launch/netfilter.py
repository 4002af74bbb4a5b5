"""What a container's end changes in the host's packet filter, written by the engine before it began."""

from __future__ import annotations

from _socket import AF_NETLINK, SOCK_CLOEXEC, SOCK_RAW

from .unix import Socket

_NETLINK_NETFILTER = 12


def send(messages: list[bytes]) -> None:
    """Send the kernel what somebody else wrote, message by message; what it refuses was undone already."""
    if not messages:
        return
    kernel = Socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, _NETLINK_NETFILTER)
    for each in messages:
        kernel.send(each)
    kernel.close()
