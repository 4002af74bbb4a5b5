"""A container's terminal."""

import pytest

from engine.launch import frames
from engine.runtime.attach import connect
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
    with first, connect(box.socket) as second:
        second.sendall(frames.frame(frames.STDIN, b"hello\n"))
        assert "got hello" in outcome(first).out
        assert "got hello" in outcome(second).out


def test_no_byte_is_lost_at_the_end(box: Sandbox) -> None:
    box.tty = True
    out = box.shell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done").out
    assert out.splitlines()[-1] == "line 4999"
    assert len(out.splitlines()) == 5000
