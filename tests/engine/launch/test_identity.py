"""Who the program runs as."""

import os
from pathlib import Path

import pytest

from engine.errors import LaunchError
from engine.launch.messages import Stage
from engine.runtime.sandbox import CAPABILITIES
from tests.engine.launch.sandbox import Sandbox

pytestmark = pytest.mark.system

DOCKERS_MASK = 0x00000000A80425FB  # CapEff of `docker run debian cat /proc/self/status`


def _sets(box: Sandbox) -> dict[str, int]:
    lines = box.run("cat", "/proc/self/status").out.splitlines()
    return {line[3:6]: int(line.split()[1], 16) for line in lines if line.startswith("Cap")}


def test_root_has_dockers_capabilities_and_hands_none_on(box: Sandbox) -> None:
    assert _sets(box) == {"Inh": 0, "Prm": DOCKERS_MASK, "Eff": DOCKERS_MASK, "Bnd": DOCKERS_MASK, "Amb": 0}
    assert len(CAPABILITIES) == 14


def test_an_ordinary_user_has_none_but_the_limit(box: Sandbox) -> None:
    box.user = "web"
    assert _sets(box) == {"Inh": 0, "Prm": 0, "Eff": 0, "Bnd": DOCKERS_MASK, "Amb": 0}


@pytest.mark.parametrize(
    ("user", "uid", "gid", "groups"),
    [
        ("", 0, 0, {0}),
        ("web", 1000, 1001, {1001, 1002}),
        ("1000", 1000, 1001, {1001, 1002}),
        ("web:www", 1000, 1001, {1001}),
        ("web:audio", 1000, 29, {29}),
        ("4242", 4242, 0, {0}),
        ("4242:77", 4242, 77, {77}),
        (":audio", 0, 29, {29}),
    ],
)
def test_names_and_numbers_are_resolved_in_the_image(
    box: Sandbox, user: str, uid: int, gid: int, groups: set[int]
) -> None:
    box.user = user
    status = box.run("cat", "/proc/self/status").out
    fields = {line.split(":")[0]: line.split()[1:] for line in status.splitlines()}
    assert {int(value) for value in fields["Uid"]} == {uid}
    assert {int(value) for value in fields["Gid"]} == {gid}
    assert {int(value) for value in fields["Groups"]} == groups


@pytest.mark.parametrize(
    "user", ["nobody-here", "2147483648", "1_000", "١٠٠٠", "-1", "web:nogroup", "0x0", " 0"]
)
def test_a_user_that_cannot_be_is_refused(box: Sandbox, user: str) -> None:
    """CVE-2024-40635, CVE-2016-3697: neither a number out of range nor foreign digits become root."""
    box.user = user
    with pytest.raises(LaunchError) as caught:
        box.start("true")
    assert caught.value.stage == Stage.IDENTITY


def test_digits_are_never_a_name(box: Sandbox) -> None:
    (box.lowers[0] / "etc/passwd").write_text("1000:x:0:0::/root:/bin/sh\n")
    box.user = "1000"
    assert box.run("id", "-u").out == "1000\n"


def test_a_fifo_in_place_of_passwd_does_not_hold_the_start_up(box: Sandbox) -> None:
    (box.lowers[0] / "etc/passwd").unlink()
    os.mkfifo(box.lowers[0] / "etc/passwd")
    box.user = "1000"
    assert "Uid:\t1000" in box.run("cat", "/proc/self/status").out


def test_a_passwd_that_links_to_the_host_is_not_read(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("spy:x:7:7::/:/bin/sh\n")
    (box.lowers[0] / "etc/passwd").unlink()
    (box.lowers[0] / "etc/passwd").symlink_to(tmp_path / "passwd")
    box.user = "spy"
    with pytest.raises(LaunchError, match="no user 'spy'"):
        box.start("true")


def test_the_streams_can_be_opened_again_by_an_ordinary_user(box: Sandbox) -> None:
    box.user = "web"
    assert box.shell("echo again > /proc/self/fd/1").out == "again\n"
