"""Told by the kernel when a process ends: containers whose monitor was killed leave no event behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable

_MOST = 256  # descriptors; a screen of more containers still hears of every end that makes an event


class Deaths:
    """Waits for the ends of processes, by descriptor (pidfd_open(2)).

    :param ended: called in the event loop when one has ended.
    """

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._watched: dict[int, int] = {}  # pid to descriptor

    def keep(self, pids: Iterable[int]) -> None:
        """Wait for these, and for no others any more."""
        wanted = set(sorted(pids)[:_MOST])
        for pid in self._watched.keys() - wanted:
            self._forget(pid)
        for pid in wanted - self._watched.keys():
            try:
                descriptor = os.pidfd_open(pid)
            except OSError:
                continue  # it is gone, or there are no descriptors left: its event tells
            self._watched[pid] = descriptor
            asyncio.get_running_loop().add_reader(descriptor, self._over, pid)

    def close(self) -> None:
        """Wait for none."""
        self.keep(())

    def _over(self, pid: int) -> None:
        self._forget(pid)
        self._ended()

    def _forget(self, pid: int) -> None:
        descriptor = self._watched.pop(pid)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
