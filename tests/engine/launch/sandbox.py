"""A container of the engine's launch room alone: a root of busybox, a task, what it said."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.launch import frames
from engine.launch.limits import Limit
from engine.launch.task import Bind, Overlay, Places, Program, Task
from engine.launch.walls import Walls
from engine.runtime.sandbox import CAPABILITIES, DEFAULT_PATH, MASKED_PATHS, READ_ONLY_PATHS
from engine.runtime.start import Launched, launch
from engine.runtime.state import State, read_state

_BUSYBOX = "/usr/bin/busybox"
_PASSWD = "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001::/srv/web:/bin/sh\n"
_GROUP = "root:x:0:\nwww:x:1001:\nlog:x:1002:web,other\naudio:x:29:other\n"


def make_root(directory: Path) -> Path:
    """A root filesystem with busybox under its usual names, and two users."""
    if not os.path.exists(_BUSYBOX):
        pytest.skip("no busybox here: install busybox-static")
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "root", "srv/web"):
        (directory / name).mkdir(parents=True)
    shutil.copy(_BUSYBOX, directory / "bin/busybox")
    for applet in (
        "sh",
        "id",
        "cat",
        "ls",
        "sleep",
        "echo",
        "readlink",
        "kill",
        "stty",
        "touch",
        "true",
        "ip",
        "env",
        "false",
    ):
        (directory / "bin" / applet).symlink_to("busybox")
    (directory / "etc/passwd").write_text(_PASSWD)
    (directory / "etc/group").write_text(_GROUP)
    return directory


@dataclass(frozen=True)
class Outcome:
    """What a container said and how it ended."""

    code: int
    out: str
    err: str


@dataclass
class Sandbox:
    """Makes and runs containers below one directory; fields become the next task's."""

    base: Path
    lowers: list[Path]
    argv: list[str] = field(default_factory=lambda: ["true"])
    env: list[str] = field(default_factory=lambda: [f"PATH={DEFAULT_PATH}"])
    user: str = ""
    workdir: str = "/"
    network: str = "none"
    binds: list[Bind] = field(default_factory=list)
    read_only: bool = False
    tty: bool = False
    stdin: bool = False
    overlay_options: list[str] = field(default_factory=list)
    capabilities: list[str] = field(default_factory=lambda: list(CAPABILITIES))
    no_new_privileges: bool = False
    filter: bytes = b""
    groups: list[str] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    walls: Walls = field(default_factory=lambda: Walls([]))

    def __post_init__(self) -> None:
        for name in ("upper", "work", "rootfs"):
            (self.base / name).mkdir()

    @property
    def upper(self) -> Path:
        """The writable layer."""
        return self.base / "upper"

    @property
    def socket(self) -> Path:
        """Where the monitor listens."""
        return self.base / "run" / "attach.sock"

    @property
    def state(self) -> State:
        """What the monitor wrote."""
        return read_state(self.base)

    def task(self) -> Task:
        """The task of the fields as they are."""
        return Task(
            id="f" * 64,
            name="box",
            image="busybox",
            hostname="boxed",
            network=self.network,
            places=Places(
                str(self.base), str(self.base / "rootfs"), str(self.socket), str(self.base / "events.jsonl")
            ),
            overlay=Overlay(
                [str(lower) for lower in self.lowers],
                str(self.upper),
                str(self.base / "work"),
                self.overlay_options,
            ),
            binds=self.binds,
            program=Program(
                self.argv,
                self.env,
                self.workdir,
                self.user,
                self.capabilities,
                self.tty,
                self.no_new_privileges,
                self.filter,
                groups=self.groups,
                limits=self.limits,
            ),
            masked=list(MASKED_PATHS),
            read_only_paths=list(READ_ONLY_PATHS),
            read_only=self.read_only,
            stdin_open=self.stdin,
            stdin_once=self.stdin,
            on_exit=[],
            walls=self.walls,
        )

    def start(self, *argv: str) -> Launched:
        """Start a program, attached."""
        if argv:
            self.argv = list(argv)
        return launch(self.task(), attach=True)

    def run(self, *argv: str, stdin: bytes = b"") -> Outcome:
        """Run a program to its end."""
        self.stdin = bool(stdin)
        attachment = self.start(*argv).attachment
        assert attachment is not None
        with attachment:
            if stdin:
                attachment.sendall(frames.frame(frames.STDIN, stdin) + frames.frame(frames.STDIN_END))
            return outcome(attachment)

    def shell(self, script: str) -> Outcome:
        """Run a shell script to its end."""
        return self.run("sh", "-c", script)


def outcome(attachment: socket.socket) -> Outcome:
    """Read an attachment to the exit frame."""
    attachment.settimeout(30)
    splitter = frames.Splitter()
    streams = {frames.STDOUT: b"", frames.STDERR: b""}
    while data := attachment.recv(65536):
        for kind, payload in splitter.feed(data):
            if kind == frames.EXIT:
                return Outcome(
                    frames.unpack_exit(payload),
                    streams[frames.STDOUT].decode("utf-8", "surrogateescape"),
                    streams[frames.STDERR].decode("utf-8", "surrogateescape"),
                )
            streams[kind] += payload
    raise AssertionError("the monitor closed the connection without an exit frame")
