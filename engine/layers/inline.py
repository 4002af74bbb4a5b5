"""Unpacking a small layer in a thread of the front, without a helper process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from engine.launch.syscalls import CLONE_FS, unshare
from engine.layers.blob import GrowingBlob
from engine.layers.helper import perform
from engine.layers.protocol import Done, Task


def unpack_here(task: Task) -> Done:
    """Make a layer whose blob is there; blocks.

    :raises LaminaError: as `engine.layers.helper.perform` says.
    """
    descriptor = os.open(task.blob, os.O_RDONLY | os.O_CLOEXEC)
    try:
        blob = GrowingBlob(descriptor, task.size)
        blob.grown(task.size)
        with _files_as_they_shall_be():
            return perform(task, blob)
    finally:
        os.close(descriptor)


@contextmanager
def _files_as_they_shall_be() -> Iterator[None]:
    """Files are made with the very mode they are asked for; in this thread, and in no other."""
    unshare(CLONE_FS)
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)
