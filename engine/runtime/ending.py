"""The end of a container: waited for without polling, or brought about."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import Unavailable
from engine.linux.inotify import MOVED_TO, Inotify
from engine.runtime.attach import connect
from engine.runtime.state import State, read_state

_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid; unix(7)


def end_listener(socket_path: Path) -> None:
    """Kill the monitor that listens at an attach socket, and with it its container; wait until it is gone.

    For a container whose state file cannot say who its monitor is. Nothing happens when nobody listens.
    """
    try:
        connection = connect(socket_path)
    except Unavailable:
        return
    with connection:
        pid, _, _ = _CREDENTIALS.unpack(
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        try:
            monitor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # Its end would have ended the connection, so the descriptor is that of the one who listens.
            if not _ended(connection):
                signal.pidfd_send_signal(monitor, signal.SIGKILL)
                select.select([monitor], [], [])
        finally:
            os.close(monitor)


def _ended(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def wait_for_exit(directory: Path, timeout: float | None) -> bool:
    """Wait until a container no longer runs, and is not to be started again; False when the time ran out.

    :param timeout: seconds; None waits for as long as it takes.
    """
    return wait_until(directory, lambda _: False, timeout)


def wait_until(directory: Path, reached: Callable[[State], bool], timeout: float | None) -> bool:
    """Wait until a container has reached some state, or has ended; False when the time ran out before.

    Woken by the state file being replaced, and by the end of the monitor, which covers one that was killed.

    :param timeout: seconds; None waits for as long as it takes.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with Inotify() as changes:
        try:
            changes.add(directory, MOVED_TO)
        except FileNotFoundError:
            return True  # removed
        while True:
            state = read_state(directory)
            if not state.standing or reached(state):
                return True
            try:
                monitor = os.pidfd_open(state.monitor.pid)
            except ProcessLookupError:
                continue  # gone since we looked: the next look says how it ended
            try:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                select.select([changes.fileno(), monitor], [], [], left)
            finally:
                os.close(monitor)
            changes.read()
