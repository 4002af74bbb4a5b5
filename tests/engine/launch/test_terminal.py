"""A container's terminal."""

import select
from pathlib import Path

import pytest

from engine.launch import frames
from engine.runtime.attach import attach
from tests.engine.launch.sandbox import Sandbox, outcome

pytestmark = pytest.mark.system


def test_the_streams_are_a_terminal_of_its_own(box: Sandbox) -> None:
    box.tty = True
    result = box.shell("test -t 0 && test -t 1 && test -t 2 && readlink /proc/self/fd/0; ls /dev/pts")
    assert result.out.split() == ["/dev/pts/0", "0", "ptmx"]


def test_console_is_the_terminal(box: Sandbox) -> None:
    box.tty = True
    assert box.shell("echo through the console > /dev/console").out == "through the console\r\n"


def test_it_follows_the_size_it_is_told(box: Sandbox) -> None:
    box.tty = True
    attachment = box.start("sh", "-c", "read line; stty size").attachment
    assert attachment is not None
    with attachment:
        attachment.sendall(frames.size_frame(33, 101) + frames.frame(frames.STDIN, b"\n"))
        assert "33 101" in outcome(attachment).out


def test_an_interrupt_typed_reaches_the_program(box: Sandbox) -> None:
    box.tty = True
    attachment = box.start(
        "sh", "-c", "trap 'echo caught; exit 9' INT; echo ready; sleep 100 & wait"
    ).attachment
    assert attachment is not None
    with attachment:
        attachment.settimeout(10)
        seen = b""
        while b"ready" not in seen:
            seen += attachment.recv(4096)
        attachment.sendall(frames.frame(frames.STDIN, b"\x03"))
        result = outcome(attachment)
    assert result.code == 9
    assert "caught" in result.out


def test_a_second_front_sees_what_comes_and_types_too(box: Sandbox) -> None:
    box.tty = True
    first = box.start("sh", "-c", "read word; echo got $word").attachment
    assert first is not None
    with first, attach(box.socket) as second:
        second.sendall(frames.frame(frames.STDIN, b"hello\n"))
        assert "got hello" in outcome(first).out
        assert "got hello" in outcome(second).out


def test_no_byte_is_lost_at_the_end(box: Sandbox) -> None:
    box.tty = True
    out = box.shell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done").out
    assert out.splitlines()[-1] == "line 4999"
    assert len(out.splitlines()) == 5000


def test_input_larger_than_the_terminal_takes_at_once_arrives_whole(box: Sandbox) -> None:
    box.tty = True
    attachment = box.start(
        "sh", "-c", "stty raw -echo; echo ready; sleep 0.3; head -c 200000 | wc -c"
    ).attachment
    assert attachment is not None
    with attachment:
        attachment.settimeout(10)
        seen = b""
        while b"ready" not in seen:
            seen += attachment.recv(4096)
        attachment.sendall(frames.frame(frames.STDIN, b"x" * 200_000))
        assert "200000" in outcome(attachment).out


def test_a_program_that_lets_go_of_its_terminal_costs_nothing(box: Sandbox) -> None:
    box.tty = True
    attachment = box.start("sh", "-c", "exec <&- >&- 2>&-; sleep 0.5; exit 4").attachment
    assert attachment is not None
    with attachment:
        monitor, ticks = box.state.monitor.pid, 0
        while not select.select([attachment], [], [], 0.05)[0]:
            ticks = _ticks(monitor)
        assert outcome(attachment).code == 4
    assert ticks < 20  # hundredths of a second, of the fifty that passed


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
