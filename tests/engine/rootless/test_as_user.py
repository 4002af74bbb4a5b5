"""Images and containers of an ordinary user with subordinate ids."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.engine.rootless.world import OrdinaryUser
from tests.support.ordinary import FIRST_ID, IDS, UID
from tests.support.waiting import eventually

pytestmark = pytest.mark.system


def test_root_inside_is_the_user_outside(user: OrdinaryUser, image: str) -> None:
    user("run", "-d", "--name", "outside", "--network", "none", image, "sleep", "100").ok()
    pid = json.loads(user("inspect", "outside").ok().out)[0]["State"]["Pid"]
    assert os.stat(f"/proc/{pid}/cwd/etc/passwd").st_uid == UID
    assert f"Uid:\t{UID}\t{UID}" in Path(f"/proc/{pid}/status").read_text("ascii")
    user("rm", "-f", "outside").ok()


def test_other_users_inside_have_subordinate_ids(user: OrdinaryUser, image: str) -> None:
    user("run", "-d", "--name", "other", "-u", "33", "--network", "none", image, "sleep", "100").ok()
    pid = json.loads(user("inspect", "other").ok().out)[0]["State"]["Pid"]
    assert f"Uid:\t{FIRST_ID + 32}" in Path(f"/proc/{pid}/status").read_text("ascii")
    user("rm", "-f", "other").ok()


def test_pulled_files_have_their_owners_inside(user: OrdinaryUser, image: str) -> None:
    done = user("run", "--rm", "--network", "none", image, "stat", "-c", "%u:%g", "/etc/shadow").ok()
    assert done.out == "0:42\n"


def test_files_of_an_image_are_replaced_and_removed(user: OrdinaryUser, image: str) -> None:
    script = "rm /etc/issue && rm -r /var/lib/dpkg && mkdir /var/lib/dpkg && echo x > /etc/motd"
    user("run", "--name", "changed", "--network", "none", image, "sh", "-c", script).ok()
    assert {"D /etc/issue", "C /etc/motd"} <= set(user("diff", "changed").ok().out.splitlines())
    user("rm", "changed").ok()


def test_file_that_is_written_to_is_copied_up_and_one_put_in_its_place_is_not(
    user: OrdinaryUser, image: str
) -> None:
    script = "echo more >> /etc/passwd; cp /etc/group /tmp/group; mv /tmp/group /etc/group"
    user("run", "--name", "writer", image, "sh", "-c", script).ok()
    changes = user("overlay", "--format", "json", "writer").json()["changes"]
    user("rm", "writer").ok()
    found = {change["path"]: change["effect"] for change in changes}
    assert (found["/etc/passwd"], found["/etc/group"]) == ("copied up", "replaced")


def test_devices_are_those_of_the_host(user: OrdinaryUser, image: str) -> None:
    script = "head -c 4 /dev/zero | wc -c && echo lost > /dev/null && test -c /dev/urandom"
    assert user("run", "--rm", "--network", "none", image, "sh", "-c", script).ok().out == "4\n"


def test_programs_are_run_beside_the_first(user: OrdinaryUser, image: str) -> None:
    user("run", "-d", "--name", "beside", "--network", "none", image, "sleep", "100").ok()
    assert user("exec", "beside", "id", "-u").ok().out == "0\n"
    assert user("exec", "-u", "nobody", "beside", "id", "-u").ok().out == "65534\n"
    assert user("exec", "beside", "sh", "-c", "exit 7").code == 7
    user("rm", "-f", "beside").ok()


def test_volume_outlives_its_containers(user: OrdinaryUser, image: str) -> None:
    run = ("run", "--rm", "--network", "none", "-v", "kept:/data", image, "sh", "-c")
    user(*run, "echo here > /data/file && chown 33:33 /data/file").ok()
    assert user(*run, "cat /data/file; stat -c %u /data/file").ok().out == "here\n33\n"
    user("volume", "rm", "kept").ok()


def test_files_are_copied_out_of_and_into_a_container(user: OrdinaryUser, image: str) -> None:
    user("create", "--name", "copied", "--network", "none", image, "cat", "/root/in").ok()
    (user.home / "in").write_text("words", "utf-8")
    os.chown(user.home / "in", UID, UID)
    user("cp", str(user.home / "in"), "copied:/root/in").ok()
    assert user("start", "-a", "copied").ok().out == "words"
    user("cp", "copied:/root/in", str(user.home / "out")).ok()
    assert (user.home / "out").read_text("utf-8") == "words"
    user("rm", "copied").ok()


def test_logs_are_kept_and_container_starts_again(user: OrdinaryUser, image: str) -> None:
    user("run", "--name", "told", "--network", "none", image, "echo", "word").ok()
    user("start", "-a", "told").ok()
    assert user("logs", "told").ok().out == "word\nword\n"
    user("rm", "told").ok()


def test_container_that_fails_is_started_again(user: OrdinaryUser, image: str) -> None:
    options = ("--name", "again", "--network", "none", "--restart", "on-failure:2")
    user("run", "-d", *options, image, "sh", "-c", "echo life; exit 3").ok()
    assert user("wait", "again").ok().out == "3\n"
    assert user("logs", "again").ok().out == "life\n" * 3
    user("rm", "again").ok()


def test_host_network_has_the_hosts_interfaces(user: OrdinaryUser, image: str) -> None:
    inside = user("run", "--rm", "--network", "host", image, "cat", "/proc/net/dev").ok().out
    names = {line.partition(":")[0].strip() for line in inside.splitlines()[2:]}
    assert "lo" in names
    assert names & set(os.listdir("/sys/class/net")) == names


def test_limit_that_cannot_be_kept_is_left_out_with_a_warning(user: OrdinaryUser, image: str) -> None:
    done = user("run", "--name", "unlimited", "--network", "none", "-m", "100m", image, "true").ok()
    assert "--memory" in done.err
    assert json.loads(user("inspect", "unlimited").ok().out)[0]["HostConfig"]["Memory"] == 0
    user("rm", "unlimited").ok()


def test_info_says_which_mode_is_active_and_what_is_missing(user: OrdinaryUser) -> None:
    found = user("info", "--format", "json").json()
    assert found["mode"] == "rootless"
    assert found["rootless"]["ids"] == IDS + 1
    assert all(missing["what"] and missing["cost"] for missing in found["rootless"]["missing"])


def test_containers_are_reached_after_the_namespaces_keeper_was_killed(
    user: OrdinaryUser, image: str
) -> None:
    user("run", "-d", "--name", "left", "--network", "none", image, "sleep", "100").ok()
    user.run("pkill", "-KILL", "-f", f"rootless.holder.*{user.root}").ok()
    assert eventually(lambda: user("exec", "left", "id", "-u").out == "0\n")
    user("rm", "-f", "left").ok()
