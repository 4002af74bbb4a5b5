"""The workstation on a terminal of its own, and how it leaves it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

_OTHER_SCREEN, _FIRST_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
_DRAWN = b"Images"


def _read_until(terminal: int, wanted: bytes, seconds: float = 30.0) -> bytes:
    shown, deadline = b"", time.monotonic() + seconds
    while wanted not in shown:
        left = deadline - time.monotonic()
        assert left > 0, shown
        assert select.select([terminal], [], [], left)[0], shown
        shown += os.read(terminal, 65536)
    return shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_gives_the_terminal_back_as_it_was(number: signal.Signals, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "tui.entry", "--root", str(tmp_path / "store")]
    try:
        with subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"}
        ) as process:
            assert _OTHER_SCREEN in _read_until(ours, _DRAWN)
            process.send_signal(number)
            _read_until(ours, _FIRST_SCREEN)
            assert process.wait(timeout=60) == 128 + number
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)
