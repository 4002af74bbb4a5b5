"""A container's own network, as its monitor gets it: by a socket, while the container is being made."""

from __future__ import annotations

import os

from . import unix
from .messages import Failure, FrontGone, Stage
from .task import NAMESPACE, Network


class Plug:
    """A socket that becomes a network namespace, under the number `NAMESPACE` all the time.

    :param channel: a descriptor of the socket, which is let go of.
    :ivar release: what undoes it when all is over; see `Network`.
    """

    def __init__(self, channel: int) -> None:
        os.dup2(channel, NAMESPACE, inheritable=False)
        os.close(channel)
        self._here = False
        self.release: list[bytes] = []

    def take(self) -> None:
        """Wait for the network, the first time. What came with it is open for as long as this process lives.

        :raises Failure: there is none.
        """
        if self._here:
            return
        channel = unix.adopt(NAMESPACE)
        document, descriptors = unix.receive_document(channel)
        channel.detach()
        try:
            network = Network.load(document)
        except EOFError:
            gone = "the command that started it ended before its network was there"
            raise FrontGone(Stage.NETWORK, gone) from None
        if network.problem:
            raise Failure(Stage.NETWORK, network.problem)
        os.dup2(descriptors[0], NAMESPACE, inheritable=False)
        os.close(descriptors[0])
        self._here, self.release = True, list(network.release)

    def hand_on(self, channel: unix.Socket) -> None:
        """Give the namespace to the container's first process; where that has failed, it says so itself."""
        try:
            unix.send_descriptor(channel, NAMESPACE)
        except ConnectionError:
            return
