"""Making a whole file system durable at once. syncfs(2)"""

from __future__ import annotations

import ctypes
import os


def syncfs(descriptor: int) -> None:
    """Write out the file system that an open file lies on.

    :raises OSError: writing failed, now or since the file was opened.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syncfs(ctypes.c_int(descriptor)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"syncfs: {os.strerror(number)}")
