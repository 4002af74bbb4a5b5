"""The program of lab/web, run as it is in its container but on the host."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from engine.lab import images

Server = tuple["subprocess.Popen[str]", int]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    shutil.copy(Path(images.__file__).with_name("web_server.py"), tmp_path / "server.py")
    (tmp_path / "version.txt").write_text("7\n")
    command = [sys.executable, "-I", "-S", str(tmp_path / "server.py")]
    with subprocess.Popen(command, env={"PORT": "0"}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = re.fullmatch(r"lab/web version 7 listens on port (\d+)\n", process.stdout.readline())
            assert said
            yield process, int(said[1])
        finally:
            process.kill()


def ask(port: int, method: str = "GET", path: str = "/") -> tuple[int, str]:
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_version_is_answered(server: Server) -> None:
    assert ask(server[1]) == (200, "lab/web version 7\n")


def test_request_is_logged_on_one_line(server: Server) -> None:
    process, port = server
    ask(port, path="/a?b")
    assert process.stdout is not None
    assert process.stdout.readline() == '127.0.0.1 "GET /a?b HTTP/1.1" 200 -\n'


def test_head_is_answered_without_a_body(server: Server) -> None:
    assert ask(server[1], "HEAD") == (200, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_at_once_and_well(number: signal.Signals, server: Server) -> None:
    process, _ = server
    os.kill(process.pid, number)
    assert process.wait(timeout=30) == 0
