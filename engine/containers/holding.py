"""Holding a container's processes for a moment, so that they go on even if whoever holds them is killed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from engine.launch.freezer import hold, is_held

_PATIENCE, _PAUSE = 2.0, 0.002  # seconds
_PACKAGES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Waits for the end of its input, which the kernel brings about when the front ends in whatever way.
_GUARD = """
import os, sys
sys.path.append(sys.argv[1])
from launch.freezer import hold
os.read(0, 1)
try:
    hold(sys.argv[2], False)
except OSError:
    pass  # the group is gone, and all that was in it
"""


@contextlib.contextmanager
def held(freezer: str) -> Iterator[None]:
    """Hold the processes of a group meanwhile.

    :param freezer: the file that holds them (`engine.launch.freezer.freezer_of`).
    """
    words = [sys.executable, "-I", "-S", "-c", _GUARD, _PACKAGES, freezer]
    # In a session of its own: what interrupts the front must not end its guard.
    with subprocess.Popen(words, stdin=subprocess.PIPE, env={}, start_new_session=True) as guard:
        assert guard.stdin is not None
        try:
            hold(freezer, True)
            deadline = time.monotonic() + _PATIENCE
            # One that does not stop waits for a disk, and so writes nothing meanwhile either.
            while not is_held(freezer) and time.monotonic() < deadline:
                time.sleep(_PAUSE)
            yield
        finally:
            # The guard alone lets them go: later, they may be held by somebody else's wish.
            guard.stdin.close()
            if guard.wait():
                with contextlib.suppress(OSError):
                    hold(freezer, False)
