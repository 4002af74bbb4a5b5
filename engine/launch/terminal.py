"""The container's terminal: opened from its own devpts, held by the monitor."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import termios

from . import syscalls as sys
from . import unix
from .mounts import attach

_TIOCGPTN, _TIOCSPTLCK, _TIOCGPTPEER = 0x80045430, 0x40045431, 0x5441  # asm-generic/ioctls.h
_TTY_GROUP = 5
_PTMX = os.makedev(5, 2)


def open_terminal(
    root: int, channel_fd: int, uid: int, size: tuple[int, int] | None = None, console: bool = True
) -> None:
    """Make a terminal this process's own, its streams and /dev/console; send the master to the monitor.

    :param root: descriptor of the container's root; /dev/pts there is the engine's own mount.
    :param channel_fd: a Unix socket to the monitor.
    :param uid: owner of the terminal.
    :param size: rows and columns that the program finds.
    :param console: it is the container's console too.
    """
    pts = os.open("dev/pts", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
    # What a volume of the image's holds in this place is neither followed nor asked for a terminal.
    master = os.open("ptmx", os.O_RDWR | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=pts)
    status = os.fstat(master)
    if not stat.S_ISCHR(status.st_mode) or status.st_rdev != _PTMX:
        raise OSError(errno.EPERM, "no terminals of the container's own are there", "/dev/pts/ptmx")
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    (number,) = struct.unpack("i", fcntl.ioctl(master, _TIOCGPTN, b"\0" * 4))
    # Not opened by its name: the peer of this master, whatever stands at that path.
    slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    _own(slave, uid)
    if size:
        resize(master, *size)
    if console:
        _bind_console(root, pts, number)
    os.close(pts)
    channel = unix.adopt(channel_fd)
    unix.send_descriptor(channel, master)
    channel.close()
    os.close(master)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.close(slave)


def resize(master: int, rows: int, columns: int) -> None:
    """Tell the terminal its size; its foreground program gets SIGWINCH."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _bind_console(root: int, pts: int, number: int) -> None:
    dev = os.open("dev", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
    os.close(os.open("console", os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=dev))
    console = os.open("console", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dev)
    os.close(dev)
    attach(sys.open_tree(pts, str(number), sys.OPEN_TREE_CLONE), console)


def _own(slave: int, uid: int) -> None:
    for owner, group in ((uid, _TTY_GROUP), (uid, -1)):
        try:
            os.fchown(slave, owner, group)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            continue  # an id that this user namespace does not map
        return
