"""Signals by name."""

import signal

import pytest

from engine.errors import InvalidArgument
from engine.runtime.signals import signal_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("TERM", 15), ("SIGTERM", 15), ("term", 15), ("9", 9), ("USR1", 10), ("RTMIN+3", signal.SIGRTMIN + 3)],
)
def test_names_and_numbers_are_understood(text: str, number: int) -> None:
    assert signal_number(text) == number


@pytest.mark.parametrize("text", ["", "0", "99", "SIGNOPE", "-9", "TERM+1", "RTMIN+99", "١٥"])
def test_what_is_no_signal_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        signal_number(text)
