"""A terminal that is gone is not taken anew."""

from __future__ import annotations

import signal
import sys
import termios
from types import FrameType


def heed_hangup(descriptor: int | None = None) -> None:
    """Let SIGCONT be answered only where the terminal is still there.

    Textual takes the terminal anew at every SIGCONT. A hangup brings one as well (POSIX, General Terminal
    Interface: the foreground process group gets SIGHUP and SIGCONT), and what is written to a terminal that
    is gone ends the thread that writes; some lines later the queue to it is full, and waiting for room in it
    lasts for ever.

    :param descriptor: of the terminal; standard input where it is not given.
    """
    before = signal.getsignal(signal.SIGCONT)
    if not callable(before):
        return
    if descriptor is None:
        if sys.__stdin__ is None:
            return
        descriptor = sys.__stdin__.fileno()
    terminal, take = descriptor, before

    def answer(number: int, frame: FrameType | None) -> None:
        if _is_there(terminal):
            take(number, frame)

    signal.signal(signal.SIGCONT, answer)


def _is_there(terminal: int) -> bool:
    try:
        termios.tcgetattr(terminal)
    except termios.error:
        return False
    return True
