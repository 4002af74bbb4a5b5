"""Namespaces of the host and of other containers, by the options of run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image and a container named first, which runs."""
    with lab_house() as lamina:
        script = "echo mine > /dev/shm/file; sleep 1000"
        lamina("run", "-d", "--name", "first", "--network", "none", "lab/base", "sh", "-c", script).ok()
        yield lamina
        lamina("rm", "-f", *lamina("ps", "-aq").ok().out.split()).ok()


def _namespace(house: Lamina, name: str, *words: str) -> str:
    link = f"/proc/self/ns/{name}"
    return house("run", "--rm", "--network", "none", *words, "lab/base", "readlink", link).ok().out.strip()


def _first(house: Lamina, name: str) -> str:
    (shown,) = house("inspect", "first").json()
    return os.readlink(f"/proc/{shown['State']['Pid']}/ns/{name}")


@pytest.mark.parametrize("name", ["pid", "ipc", "uts"])
def test_a_namespace_is_shared_with_a_container(house: Lamina, name: str) -> None:
    assert _namespace(house, name, f"--{name}", "container:first") == _first(house, name)
    assert _namespace(house, name) != _first(house, name)


def test_a_network_is_shared_with_its_names(house: Lamina) -> None:
    script = "readlink /proc/self/ns/net; hostname; cat /etc/hostname"
    words = ("run", "--rm", "--network", "container:first", "lab/base", "sh", "-c", script)
    namespace, name, in_file = house(*words).ok().out.split()
    (shown,) = house("inspect", "first").json()
    assert (namespace, in_file) == (_first(house, "net"), shown["Config"]["Hostname"])
    assert name == in_file


def test_processes_and_shared_memory_of_the_other_are_seen(house: Lamina) -> None:
    words = ("--pid", "container:first", "--ipc", "container:first")
    script = "cat /proc/1/comm /dev/shm/file"
    out = house("run", "--rm", "--network", "none", *words, "lab/base", "sh", "-c", script).ok().out
    assert out.split() == ["sh", "mine"]


def test_one_that_shares_processes_ends_alone_and_wholly(house: Lamina) -> None:
    script = "sleep 1001 & exec true"
    house("run", "--rm", "--network", "none", "--pid", "container:first", "lab/base", "sh", "-c", script).ok()
    (shown,) = house("inspect", "first").json()
    assert shown["State"]["Running"] is True
    children = f"/proc/{shown['State']['Pid']}/task/{shown['State']['Pid']}/children"
    assert eventually(lambda: len(_lines(children)) <= 1)


def _lines(path: str) -> list[str]:
    with open(path) as file:
        return file.read().split()


@pytest.mark.parametrize("name", ["ipc", "uts", "cgroup"])
def test_a_namespace_of_the_host_is_shared(house: Lamina, name: str) -> None:
    option = "--cgroupns" if name == "cgroup" else f"--{name}"
    assert _namespace(house, name, option, "host") == os.readlink(f"/proc/self/ns/{name}")


def test_the_hosts_users_may_be_asked_for_by_name(house: Lamina) -> None:
    assert _namespace(house, "user", "--userns", "host") == os.readlink("/proc/self/ns/user")


@pytest.mark.parametrize(
    "words",
    [("--userns", "private"), ("--pid", "container:"), ("--pid", "other"), ("--cgroupns", "container:first"),
     ("--uts", "container:first", "-h", "x"), ("--network", "container:first", "-p", "80:80"),
     ("--pid", "container:nothing"), ("--network", "container:nothing"),
     ("--ipc", "container:first", "--sysctl", "kernel.msgmax=1")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_made(house: Lamina, words: tuple[str, ...]) -> None:
    before = house("ps", "-aq").ok().out
    finished = house("run", "--rm", *words, "lab/base", "true")
    assert (finished.code, finished.err.startswith("lamina: ")) == (125, True)
    assert house("ps", "-aq").ok().out == before


def test_one_that_does_not_run_cannot_be_joined(house: Lamina) -> None:
    house("create", "--name", "still", "--network", "none", "lab/base", "true").ok()
    for option in ("--pid", "--network"):
        refused = house("run", "--rm", option, "container:still", "lab/base", "true")
        assert (refused.code, "still, which is not running" in refused.err) == (125, True)


def test_one_that_restarts_waits_for_the_other_and_joins_its_new_namespaces(house: Lamina) -> None:
    words = ("run", "-d", "--network", "none")
    house(*words, "--name", "other", "lab/base", "sleep", "1000").ok()
    shared = ("--restart", "always", "--ipc", "container:other", "--name", "joined")
    house(*words, *shared, "lab/base", "sh", "-c", "readlink /proc/self/ns/ipc; exec sleep 1000").ok()
    house("stop", "-t", "0", "other").ok()
    os.kill(_state(house, "joined")["Pid"], signal.SIGKILL)
    assert eventually(lambda: _state(house, "joined")["Status"] == "restarting")
    house("start", "other").ok()
    assert eventually(lambda: _state(house, "joined")["Status"] == "running")
    told = house("logs", "joined").ok().out.split()
    now = os.readlink(f"/proc/{_state(house, 'other')['Pid']}/ns/ipc")
    house("rm", "-f", "joined", "other").ok()
    assert (len(told), told[-1]) == (2, now)


def _state(house: Lamina, name: str) -> dict[str, Any]:
    (shown,) = house("inspect", name).json()
    return dict(shown["State"])
