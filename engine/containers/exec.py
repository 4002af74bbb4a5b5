"""Programs run in a running container beside its first one. Calls block."""

from __future__ import annotations

import socket

from engine.containers.store import ContainerStore
from engine.launch.request import Request


def exec_in(store: ContainerStore, name: str, request: Request) -> socket.socket:
    """Begin a program in a running container; gives a socket of frames (`engine.launch.frames`).

    The program goes on when the socket is closed.

    :param request: as `engine.runtime.exec.new_request` makes it.
    :raises Conflict: the container does not run, or is paused.
    :raises LaunchError: the program could not be executed.
    """
    from engine.containers.task import attach_socket
    from engine.runtime.exec import begin

    record = store.running(name)
    return socket.socket(fileno=begin(str(attach_socket(store.layout, record.id)), request).detach())
