"""A machine's report is read, or refused; never believed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Unavailable
from engine.lab.machine.report import Inside, parse_report

WHOLE = [
    "kernel 6.1.0", "boot abc", "uptime 2.5", "memory MemTotal: 100", "memory MemAvailable: 60",
    "process 1 program init", "process 2 kernel kworker/0:1 \x1b[31m", "end",
]  # fmt: skip


def test_report_is_read() -> None:
    found = parse_report(WHOLE)
    assert (found.kernel, found.boot, found.uptime) == ("6.1.0", "abc", 2.5)
    assert (found.memory, found.used) == (100 << 10, 40 << 10)
    assert found.processes[0] == Inside(1, "init", False)
    assert found.processes[1].of_kernel
    assert "\x1b" not in found.processes[1].name


@pytest.mark.parametrize("missing", range(5))
def test_report_that_lacks_something_is_refused(missing: int) -> None:
    with pytest.raises(Unavailable):
        parse_report(WHOLE[:missing] + WHOLE[missing + 1 :])


@given(st.lists(st.sampled_from(WHOLE) | st.text(max_size=30)))
def test_any_lines_are_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(Unavailable):
        parse_report(lines)
