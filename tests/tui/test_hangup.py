"""A terminal that is gone is not taken anew when the program is told to go on."""

from __future__ import annotations

import os
import pty
import signal
from collections.abc import Iterator

import pytest

from tui.hangup import heed_hangup


@pytest.fixture
def taken() -> Iterator[list[int]]:
    """How often the terminal was taken anew."""
    times: list[int] = []
    before = signal.signal(signal.SIGCONT, lambda number, _: times.append(number))
    yield times
    signal.signal(signal.SIGCONT, before)


def test_terminal_is_taken_anew_while_it_is_there(taken: list[int]) -> None:
    ours, theirs = pty.openpty()
    heed_hangup(theirs)
    signal.raise_signal(signal.SIGCONT)
    assert taken == [signal.SIGCONT]
    os.close(ours)
    os.close(theirs)


def test_terminal_that_is_gone_is_left_alone(taken: list[int]) -> None:
    ours, theirs = pty.openpty()
    heed_hangup(theirs)
    os.close(ours)
    signal.raise_signal(signal.SIGCONT)
    assert taken == []
    os.close(theirs)
