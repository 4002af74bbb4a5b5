"""Images and containers of an ordinary user who has no ids but his own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.rootless.world import OrdinaryUser

pytestmark = pytest.mark.system


def test_image_is_pulled_and_run(lone_user: OrdinaryUser, image: str) -> None:
    done = lone_user(
        "run", "--rm", "--network", "none", image, "sh", "-c", "id -u; stat -c %g /etc/shadow"
    ).ok()
    assert done.out == "0\n0\n"


def test_program_has_a_terminal(lone_user: OrdinaryUser, image: str) -> None:
    done = lone_user("run", "--rm", "-t", "--network", "none", image, "tty").ok()
    assert done.out.strip() == "/dev/pts/0"


def test_program_is_run_beside_the_first(lone_user: OrdinaryUser, image: str) -> None:
    lone_user("run", "-d", "--name", "beside", "--network", "none", image, "sleep", "100").ok()
    assert lone_user("exec", "beside", "id", "-u").ok().out == "0\n"
    lone_user("rm", "-f", "beside").ok()


def test_output_is_kept_and_a_volume_outlives_its_containers(lone_user: OrdinaryUser, image: str) -> None:
    words = ("--network", "none", "-v", "kept:/data", image, "sh", "-c")
    lone_user("run", "--name", "first", *words, "echo said; echo here > /data/file").ok()
    assert lone_user("logs", "first").ok().out == "said\n"
    assert lone_user("run", "--rm", *words, "cat /data/file").ok().out == "here\n"
    lone_user("rm", "first").ok()
    lone_user("volume", "rm", "kept").ok()


def test_other_user_is_refused_with_the_reason(lone_user: OrdinaryUser, image: str) -> None:
    done = lone_user("run", "--rm", "--network", "none", "-u", "33", image, "true")
    assert done.code == 125
    assert "not among the ids" in done.err


def test_info_names_the_command_that_adds_ids(lone_user: OrdinaryUser) -> None:
    found = lone_user("info", "--format", "json").json()["rootless"]
    assert found["ids"] == 1
    assert any(missing["command"].startswith("sudo usermod --add-subuids") for missing in found["missing"])


def test_info_names_the_package_that_maps_ids_where_it_is_not_installed(lone_user: OrdinaryUser) -> None:
    bare = replace(lone_user, path="/usr/sbin:/sbin")
    missing = bare("info", "--format", "json").json()["rootless"]["missing"]
    assert missing[0]["command"].startswith("sudo apt install uidmap && sudo usermod --add-subuids")
