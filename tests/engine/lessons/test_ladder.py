"""One small program in chosen namespaces: what it sees, and that the host is left as it was."""

from __future__ import annotations

import marshal
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidArgument
from engine.lessons import ladder
from engine.lessons.figures import Figure
from engine.lessons.place import Place
from engine.settings import load_settings
from engine.store.layout import Layout
from tests.support.mounts import mount_table

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

SEVEN = ("pid", "mount", "uts", "net", "ipc", "user", "cgroup")
OURS = "pid, mount, uts, net, ipc, cgroup"  # those that a container of root's has


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place of a lesson without images and without a registry, which nothing here asks for."""
    settings = load_settings(tmp_path / "store", with_file=False)
    Layout.of(settings).create()
    return Place(settings, None, {}, tmp_path)  # type: ignore[arg-type]  # nothing here asks its registry


async def looked(place: Place, namespaces: str, walls: str = "") -> dict[str, Figure]:
    return dict((await ladder.look_from_inside(place, namespaces=namespaces, walls=walls)).figures)


async def test_without_namespaces_inside_is_outside(place: Place) -> None:
    found = await looked(place, "")
    assert str(found["own"]) == "none"
    assert found["ids"] == found["ids_outside"]
    assert (found["number"], found["name"]) == (found["seen"], found["name_outside"])


@pytest.mark.parametrize("name", SEVEN)
async def test_each_namespace_is_the_only_one_that_is_new(place: Place, name: str) -> None:
    found = await looked(place, name)
    assert str(found["own"]) == name
    assert f"--{name}" in str(found["command"])


async def test_what_is_done_inside_is_not_seen_on_the_host(place: Place) -> None:
    before = host()
    found = await looked(place, ", ".join(SEVEN))
    assert host() == before
    assert (str(found["number"]), str(found["processes"]), str(found["queues"])) == ("1", "1", "1")
    assert str(found["name"]) == ladder.HOST_NAME
    assert str(found["user"]) != str(found["user_outside"])


@pytest.mark.parametrize(
    ("walls", "attempt", "refused"),
    [
        ("root", "host file", "No such file or directory"),
        ("root, capabilities", "host name", "Operation not permitted"),
        ("root, capabilities, seccomp", "namespace", "Operation not permitted"),
    ],
)
async def test_wall_refuses_what_worked_before_it(
    place: Place, walls: str, attempt: str, refused: str
) -> None:
    before = host()
    found = await looked(place, OURS, walls)
    tried, again = str(found["before"].value).splitlines(), str(found["after"].value).splitlines()
    assert f"{attempt}: works" in tried
    assert f"{attempt}: {refused}" in again
    assert sum(one != other for one, other in zip(tried, again, strict=True)) == 1
    assert host() == before


@pytest.mark.parametrize(
    ("namespaces", "walls"), [("pid, disk", ""), (OURS, "moat"), ("pid", "root"), ("sh -c id", "")]
)
async def test_what_is_no_namespace_and_no_wall_is_refused(place: Place, namespaces: str, walls: str) -> None:
    with pytest.raises(InvalidArgument):
        await looked(place, namespaces, walls)


@pytest.mark.parametrize("how", ["let go", "killed"])
@pytest.mark.parametrize("namespaces", [["mount"], ["pid", "mount"]])
def test_program_ends_with_whoever_started_it(place: Place, namespaces: list[str], how: str) -> None:
    asked = ladder._document(place, namespaces, [])
    words = [sys.executable, "-I", "-S", "-X", "utf8", "-c", ladder._START, ladder._HOME]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, cwd="/") as first:
        assert first.stdin is not None
        first.stdin.write(marshal.dumps(asked))
        first.stdin.flush()
        answers = documents(first)
        pid = os.pidfd_open(next(answers)["pid"])
        assert "seen" in next(answers)
        if how == "killed":
            first.kill()
        else:
            first.stdin.close()
        assert select.select([pid], [], [], 20)[0], "it still runs"
        os.close(pid)


def documents(program: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    assert program.stdout is not None
    while size := program.stdout.read(4):
        yield marshal.loads(program.stdout.read(int.from_bytes(size, "little")))


def host() -> tuple[str, ...]:
    """What a program could have changed of the host."""
    return (*mount_table(), os.uname().nodename, Path("/proc/sysvipc/msg").read_text("ascii"))
