"""The container's terminal: opened from its own devpts, held by the monitor."""

from __future__ import annotations

import array
import fcntl
import os
import socket
import struct
import termios

from . import syscalls as sys
from .mounts import attach

_TIOCGPTN, _TIOCSPTLCK, _TIOCGPTPEER = 0x80045430, 0x40045431, 0x5441  # asm-generic/ioctls.h
_TTY_GROUP = 5


def open_terminal(root: int, channel_fd: int, uid: int) -> None:
    """Make a terminal this process's own, its streams and /dev/console; send the master to the monitor.

    :param root: descriptor of the container's root; /dev/pts there is the engine's own mount.
    :param channel_fd: a Unix socket to the monitor.
    :param uid: owner of the terminal.
    """
    pts = os.open("dev/pts", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
    master = os.open("ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=pts)
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    (number,) = struct.unpack("i", fcntl.ioctl(master, _TIOCGPTN, b"\0" * 4))
    # Not opened by its name: the peer of this master, whatever stands at that path.
    slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    os.fchown(slave, uid, _TTY_GROUP)
    _bind_console(root, pts, number)
    os.close(pts)
    with socket.socket(fileno=channel_fd) as channel:
        channel.sendmsg([b"t"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [master]))])
    os.close(master)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.close(slave)


def receive_terminal(channel: socket.socket) -> int:
    """The master end that `open_terminal` sent; -1 when init ended before."""
    size = array.array("i").itemsize
    data, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(size), socket.MSG_CMSG_CLOEXEC)
    if not data:
        return -1
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return array.array("i", payload[:size])[0]
    return -1


def resize(master: int, rows: int, columns: int) -> None:
    """Tell the terminal its size; its foreground program gets SIGWINCH."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _bind_console(root: int, pts: int, number: int) -> None:
    dev = os.open("dev", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
    os.close(os.open("console", os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=dev))
    console = os.open("console", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dev)
    os.close(dev)
    attach(sys.open_tree(pts, str(number), sys.OPEN_TREE_CLONE), console)
