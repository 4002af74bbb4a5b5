"""Input of a container that does not take it, and the end of input."""

import os
import select
import socket
from pathlib import Path

import pytest

from engine.launch import frames, unix
from engine.launch.clients import Client
from engine.launch.streams import Streams
from tests.engine.launch.sandbox import Sandbox
from tests.support.waiting import eventually

pytestmark = pytest.mark.system

_FLOOD = 16 << 20  # bytes; far more than sockets, pipes and the monitor hold
_PATIENCE = 1.0  # seconds without room that count as "takes no more"


@pytest.fixture
def box(box: Sandbox) -> Sandbox:
    """A container whose input is open."""
    box.stdin = True
    return box


def _attached(box: Sandbox, script: str) -> socket.socket:
    attachment = box.start("sh", "-c", script).attachment
    assert attachment is not None
    return attachment


def _pour(attachment: socket.socket) -> int:
    """Send a flood of input; the bytes that were taken."""
    attachment.setblocking(False)
    piece = frames.frame(frames.STDIN, bytes(64 << 10))
    sent = 0
    while sent < _FLOOD and select.select([], [attachment], [], _PATIENCE)[1]:
        sent += attachment.send(piece[sent % len(piece) :])
    return sent


def test_input_that_the_program_does_not_take_stays_with_the_front(box: Sandbox) -> None:
    with _attached(box, "exec sleep 60") as attachment:
        assert _pour(attachment) < _FLOOD // 4
    box.state.init.signal(9)
    assert eventually(lambda: box.state.status == "exited")


def test_input_of_a_program_that_closed_it_is_dropped(box: Sandbox) -> None:
    with _attached(box, "exec <&-; exec sleep 60") as attachment:
        assert _pour(attachment) >= _FLOOD
    box.state.init.signal(9)
    assert eventually(lambda: box.state.status == "exited")


def test_input_ends_when_the_first_front_leaves(box: Sandbox) -> None:
    _attached(box, "cat; exit 3").close()
    assert eventually(lambda: box.state.exit_code == 3)


def test_what_a_front_said_before_it_left_is_heard_whoever_notices_first() -> None:
    """It says that nobody reads any more, and is gone, while output for it is about to be sent."""
    ours, front = unix.pair()
    cue_read, cue_write = os.pipe2(os.O_CLOEXEC)
    output_read, output_write = os.pipe2(os.O_CLOEXEC)
    ended_read, ended_write = os.pipe2(os.O_CLOEXEC)
    streams = Streams({output_read: frames.STDOUT}, -1, -1, False, None)

    def leave() -> None:
        streams.unwatch(cue_read)
        front.sendall(frames.frame(frames.NO_OUTPUT))
        front.close()

    told: list[bool] = []

    def look() -> float:
        if streams.clients:
            return 10
        try:
            os.write(output_write, b"x")
        except BrokenPipeError:
            told.append(True)
        os.close(ended_write)
        streams.alarm = None
        return 0

    # Both can be read when it waits first, and the front has nothing to say yet.
    streams.alarm = look
    streams.watch(cue_read, leave)
    streams.add(Client(ours))
    os.write(cue_write, b"x")
    os.write(output_write, b"for nobody")
    streams.run(None, ended_read, alone=False)
    assert told
    for fd in (cue_read, cue_write, output_write, ended_read):
        os.close(fd)


def test_whoever_had_attached_before_something_was_written_is_sent_it(tmp_path: Path) -> None:
    """It, what it came for and the output are all there when the monitor looks for the first time."""
    output_read, output_write = os.pipe2(os.O_CLOEXEC)
    ended_read, ended_write = os.pipe2(os.O_CLOEXEC)
    streams = Streams({output_read: frames.STDOUT}, -1, -1, False, None)
    server = unix.listen(str(tmp_path / "socket"))
    front = unix.connect(str(tmp_path / "socket"))
    front.sendall(frames.frame(frames.ATTACH))
    os.write(output_write, b"seen")
    os.close(output_write)
    os.close(ended_write)
    streams.run(server, ended_read)
    streams.finish(0)
    kinds_and_data = frames.Splitter().feed(front.recv(4096))
    assert kinds_and_data[0] == (frames.STDOUT, b"seen")
    assert [kind for kind, _ in kinds_and_data[1:]] == [frames.EXIT]
    for closed in (server, front):
        closed.close()
    os.close(ended_read)
