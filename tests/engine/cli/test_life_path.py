"""The verbs of a container's life, from the command line to the kernel."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Lamina
from tests.support.peers import needs_programs
from tests.support.small_images import SmallImages
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture
def box(lamina: Lamina, small_images: SmallImages) -> Iterator[Lamina]:
    """A store with a container `box` that sleeps and is asked for its health."""
    lamina("pull", small_images.base).ok()
    lamina(
        "run", "-d", "--name", "box", "--network", "none", "--health-cmd", "true",
        "--health-interval", "100ms",
        small_images.base, "sleep", "1000",
    ).ok()  # fmt: skip
    yield lamina
    lamina("rm", "-f", *lamina("ps", "-aq").ok().out.split())


def test_health_stands_in_the_list_and_can_be_asked_for(box: Lamina) -> None:
    assert eventually(lambda: "(healthy)" in box("ps").ok().out)
    assert len(box("ps", "-q", "-f", "health=healthy").ok().out.split()) == 1
    assert box("ps", "-q", "-f", "health=unhealthy").ok().out == ""


def test_pause_and_unpause_are_seen_in_the_list(box: Lamina) -> None:
    assert box("pause", "box").ok().out == "box\n"
    assert "(Paused)" in box("ps").ok().out
    assert len(box("ps", "-q", "-f", "status=paused").ok().out.split()) == 1
    refused = box("exec", "box", "true")
    assert refused.code != 0
    assert "paused" in refused.err
    box("unpause", "box").ok()
    assert "(Paused)" not in box("ps").ok().out


def test_restart_rename_and_update_change_what_inspect_shows(box: Lamina) -> None:
    box("restart", "-t", "0", "box").ok()
    box("rename", "box", "other").ok()
    box("update", "--pids-limit", "50", "--restart", "on-failure:3", "other").ok()
    (shown,) = box("inspect", "other").json()
    assert shown["HostConfig"]["PidsLimit"] == 50
    assert shown["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert shown["State"]["Running"]


def test_dockers_longer_names_do_the_same(box: Lamina) -> None:
    assert "box" in box("container", "ls").ok().out
    assert box("container", "stop", "-t", "0", "box").ok().out == "box\n"
    assert "Exited (137)" in box("container", "ls", "-a", "-f", "exited=137").ok().out
    pruned = box("container", "prune", "-f").ok().out
    assert pruned.startswith("Deleted Containers:\n")
    assert box("ps", "-aq").ok().out == ""


def test_errors_are_1_but_for_what_runs_a_program(box: Lamina) -> None:
    for words in (
        ["rm", "nothing"],
        ["stop", "nothing"],
        ["unpause", "box"],
        ["update", "box"],
        ["wait", "x"],
    ):
        assert box(*words).code == 1, words
    assert box("run", "--pull", "never", "nothing").code == 125
    assert box("container", "run", "--pull", "never", "nothing").code == 125


def test_systemd_finds_no_fault_in_the_unit(lamina: Lamina, tmp_path: Path) -> None:
    needs_programs("systemd-analyze")
    unit = tmp_path / "lamina.service"
    unit.write_text(lamina("boot", "--print-unit").ok().out)
    found = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, "lamina.service" in found.stderr) == (0, False), found.stderr


def test_a_unit_for_systemd_starts_and_ends_with_the_machine(box: Lamina) -> None:
    unit = box("boot", "--print-unit").ok().out
    assert f'"--root" "{box.root}" boot\n' in unit
    assert f'"--root" "{box.root}" boot --down\n' in unit
    assert box("boot").ok().out == ""
