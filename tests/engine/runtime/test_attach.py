"""The pump between a terminal or pipe and a container's monitor."""

import os
import socket
import tempfile
import threading

from engine.launch import frames
from engine.runtime.attach import run_attached

_MUCH = 8 << 20  # bytes; more than two sockets hold


def test_input_that_waits_does_not_hold_back_output() -> None:
    """A monitor may stop to take input until its output is taken."""
    ours, theirs = socket.socketpair()
    taken = bytearray()

    def monitor() -> None:
        with theirs:
            for _ in range(_MUCH >> 16):
                theirs.sendall(frames.frame(frames.STDOUT, bytes(1 << 16)))
            splitter = frames.Splitter()
            while True:
                for kind, data in splitter.feed(theirs.recv(1 << 16)):
                    taken.extend(data)
                    if kind == frames.STDIN_END:
                        theirs.sendall(frames.exit_frame(7))
                        return

    peer = threading.Thread(target=monitor)
    peer.start()
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout:
        stdin.write(b"x" * _MUCH)
        stdin.seek(0)
        code = run_attached(ours, stdin=stdin.fileno(), stdout=stdout.fileno(), stderr=2, terminal=False)
        peer.join()
        assert (code, os.fstat(stdout.fileno()).st_size, bytes(taken)) == (7, _MUCH, b"x" * _MUCH)
