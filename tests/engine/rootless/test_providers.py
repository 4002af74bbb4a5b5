"""Which program leads an ordinary user's containers outside, and that each of them does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.network.world import HOST, OUTSIDE, listening, name_server
from tests.engine.rootless.place import REACH, Place, cleared, placed
from tests.support.leaks import processes_of
from tests.support.peers import needs_programs
from tests.support.waiting import eventually

pytestmark = pytest.mark.system

_BESIDE = ("newuidmap", "newgidmap", "setpriv")  # what an ordinary user's commands need too
_FIND = "import socket; print(socket.gethostbyname('www.example.com'))"


@pytest.fixture(scope="module")
def somewhere(image: str) -> Iterator[Place]:
    """A user whose host asks a name server of its own loopback."""
    needs_programs("ip", "nsenter")
    with placed(image) as found:
        (found.user.etc / "resolv.conf").write_text("nameserver 127.0.0.53\n", "ascii")
        yield found


def _with(somewhere: Place, name: str, **programs: str) -> Place:
    """The same user with some programs only. :param programs: their files by their names."""
    directory = somewhere.user.etc / name
    directory.mkdir()
    for link, target in [(each, each) for each in _BESIDE] + list(programs.items()):
        (directory / link).symlink_to(shutil.which(target) or target)
    _end(somewhere)
    return replace(somewhere, user=replace(somewhere.user, path=str(directory)))


def _end(somewhere: Place) -> None:
    """Leave nobody who was led outside by another program."""
    for process in processes_of(somewhere.user.home):
        os.kill(process.pid, 9)
    assert eventually(lambda: not processes_of(somewhere.user.home))


def _script(somewhere: Place, name: str, text: str) -> str:
    path = somewhere.user.etc / name
    path.write_text(f"#!/bin/sh\n{text}\n", "ascii")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="module", params=["slirp4netns", "pasta"])
def led(request: pytest.FixtureRequest, somewhere: Place) -> Iterator[Place]:
    """A user who has one of the programs, and a server that runs."""
    needs_programs(request.param)
    place = _with(somewhere, request.param, **{request.param: request.param})
    place.serve("-p", "8080:80")
    yield place
    cleared(place)


def _try(place: Place, address: str, port: int) -> bool:
    """Whether his server reaches one elsewhere."""
    script = f"import socket; socket.create_connection(('{address}', {port}), 2)"
    return place.user("exec", "server", "python3", "-c", script).code == 0


def test_published_port_and_outside_are_reached(led: Place) -> None:
    assert eventually(lambda: led.sent(3_000_001) == f"3000001 from {OUTSIDE}")
    with listening(led.outside, OUTSIDE, 7000) as server:
        assert _try(led, OUTSIDE, 7000)
        client, peer = server.accept()
        client.close()
        assert peer[0] == HOST


def test_host_is_reached_by_its_address_but_not_its_loopback(led: Place) -> None:
    with listening(led.host, "0.0.0.0", 7000):
        assert _try(led, HOST, 7000)
    with listening(led.host, "127.0.0.1", 7000):
        assert not any(_try(led, address, 7000) for address in ("127.0.0.1", "10.0.2.2", HOST))


def test_name_server_of_the_hosts_loopback_is_asked(led: Place) -> None:
    with name_server(led.host, "127.0.0.53"):
        assert led.user("exec", "server", "python3", "-c", _FIND).ok().out == "198.51.100.7\n"


def test_program_has_no_files_of_the_users_and_few_system_calls(led: Place) -> None:
    pid, _ = led.program()
    status = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    assert "Seccomp:\t2" in status
    assert not Path(f"/proc/{pid}/root{led.user.home}").exists()


def test_namespace_is_named_where_profiles_of_apparmor_allow_it(led: Place) -> None:
    if not os.path.isdir("/run/user"):
        pytest.skip("this machine has no /run/user")
    pid, _ = led.program()
    assert b"/run/user/0/netns/lamina" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert not os.path.exists("/run/user/0/netns/lamina")


def test_killed_program_is_started_again(led: Place) -> None:
    pid, file = led.program()
    assert os.path.basename(file).partition(".")[0] in ("slirp4netns", "passt")
    os.kill(pid, 9)
    with listening(led.outside, OUTSIDE, 7000):
        assert eventually(lambda: _try(led, OUTSIDE, 7000))


def test_info_names_the_program_that_was_found_to_work(led: Place) -> None:
    assert led.user("info", "--format", "json").json()["rootless"]["network"] == Path(led.user.path).name


def test_next_program_is_taken_where_the_first_does_not_work(somewhere: Place) -> None:
    needs_programs("pasta")
    broken = _script(somewhere, "broken", "echo sorry >&2; exit 1")
    place = _with(somewhere, "both", slirp4netns=broken, pasta="pasta")
    found = place.user("info", "--format", "json").json()["rootless"]
    assert found["network"] == "pasta"
    assert not any(missing["what"] == "networks of containers" for missing in found["missing"])
    with listening(place.outside, OUTSIDE, 7000):
        place.user("run", "--rm", place.image, "python3", "-c", REACH).ok()


def test_pasta_leads_those_outside_who_have_a_single_id(image: str) -> None:
    needs_programs("ip", "nsenter", "pasta")
    with placed(image, subordinate=False) as alone:
        place = _with(alone, "pasta", pasta="pasta")
        with listening(place.outside, OUTSIDE, 7000):
            place.user("run", "--rm", place.image, "python3", "-c", REACH).ok()
        _end(alone)


def test_info_says_why_no_program_works(somewhere: Place) -> None:
    broken = _script(somewhere, "refused", "echo no luck today >&2; exit 1")
    place = _with(somewhere, "none", pasta=broken)
    (missing,) = [
        each
        for each in place.user("info", "--format", "json").json()["rootless"]["missing"]
        if each["what"] == "networks of containers"
    ]
    assert "pasta: no luck today" in missing["cost"]
    assert missing["command"] == "sudo apt install slirp4netns"
    assert "no luck today" in place.user("run", "--rm", place.image, "true").err


def test_program_that_closes_its_output_and_ends_is_followed_by_the_next(somewhere: Place) -> None:
    needs_programs("pasta")
    silent = _script(somewhere, "silent", "exec >&- 2>&-; exit 1")
    place = _with(somewhere, "after", slirp4netns=silent, pasta="pasta")
    assert place.user("info", "--format", "json").json()["rootless"]["network"] == "pasta"


def test_device_that_is_not_for_everybody_is_named_with_the_command_that_opens_it(somewhere: Place) -> None:
    needs_programs("slirp4netns")
    place = _with(somewhere, "closed", slirp4netns="slirp4netns")
    tunnel = Path(place.user.etc, "tun")
    tunnel.chmod(0o600)
    try:
        assert "sudo chmod 666 /dev/net/tun" in place.user("run", "--rm", place.image, "true").err
    finally:
        tunnel.chmod(0o666)
