"""Throughput of a published port: a client on another host, out of a network namespace, reads zeros."""

from __future__ import annotations

import contextlib
import sys

from bench.engines import Engine, Words, quietly
from bench.process import CommandFailed

GIBIBYTES = 2
_CONTAINER, _NAMESPACE = "lamina-bench-port", "lamina-bench"
_PORTS = {"lamina": 18081, "podman": 18082, "docker": 18083}  # all are published at the same time
_LINK, _HOST, _CLIENT = "lbench0", "198.18.0.1", "198.18.0.2"  # RFC 2544: for benchmarks
_PLACE: tuple[Words, ...] = (
    ("ip", "netns", "add", _NAMESPACE),
    ("ip", "link", "add", _LINK, "type", "veth", "peer", "name", "eth0", "netns", _NAMESPACE),
    ("ip", "addr", "add", f"{_HOST}/30", "dev", _LINK),
    ("ip", "link", "set", _LINK, "up"),
    ("ip", "-n", _NAMESPACE, "addr", "add", f"{_CLIENT}/30", "dev", "eth0"),
    ("ip", "-n", _NAMESPACE, "link", "set", "eth0", "up"),
)
# In Perl, because the image has it.
_SERVE = f"""
use IO::Socket::INET;
$server = IO::Socket::INET->new(LocalPort => 80, Listen => 8, ReuseAddr => 1) or die;
$zeros = "\\0" x (1 << 20);
while ($client = $server->accept) {{ for (1 .. {GIBIBYTES << 10}) {{ syswrite($client, $zeros) or last }} }}
"""
_READ = f"""
import socket, sys, time
deadline = time.monotonic() + 10
while True:
    try:
        client = socket.create_connection(("{_HOST}", int(sys.argv[1])), timeout=10)
        break
    except OSError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.05)
buffer, left = bytearray(1 << 20), {GIBIBYTES << 30}
while left > 0:
    got = client.recv_into(buffer)
    if not got:
        sys.exit("the server ended too early")
    left -= got
"""


def serve(engine: Engine, image: str) -> None:
    """Have the server run behind a port, and the other host there."""
    finish(engine)
    for words in _PLACE:
        quietly(words, {})
    publish = ("--detach", "--name", _CONTAINER, "--publish", f"{_PORTS[engine.name]}:80")
    quietly(engine.command("run", *publish, image, "perl", "-e", _SERVE), engine.environment)
    quietly(read(engine), {})  # it listens from now on


def read(engine: Engine) -> Words:
    """The client: it reads to the end and leaves."""
    client = (sys.executable, "-I", "-S", "-c", _READ, str(_PORTS[engine.name]))
    return ("nsenter", f"--net=/run/netns/{_NAMESPACE}", *client)


def finish(engine: Engine) -> None:
    """Remove the server and the other host; the next engine makes it anew."""
    for words in (
        engine.command("rm", "--force", _CONTAINER),
        ("ip", "link", "delete", _LINK),
        ("ip", "netns", "delete", _NAMESPACE),
    ):
        with contextlib.suppress(CommandFailed):  # it was not there
            quietly(words, engine.environment)
