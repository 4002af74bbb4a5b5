"""Limits of an ordinary user who was given control groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.linux.cgroups import find_cgroups
from tests.engine.rootless.world import OrdinaryUser, delegated_groups, ordinary_user

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def limited(image: str) -> Iterator[OrdinaryUser]:
    """A user in control groups of his own, who has pulled the image."""
    cgroups = find_cgroups()
    if cgroups.of("memory") is None or cgroups.of("pids") is None:
        pytest.skip("no control groups of memory and processes here")
    with delegated_groups(cgroups.hierarchies) as groups, ordinary_user(subordinate=True) as user:
        found = replace(user, groups=groups)
        found("pull", "-q", image).ok()
        yield found


def test_limits_are_kept(limited: OrdinaryUser, image: str) -> None:
    options = ("--name", "small", "--network", "none", "-m", "64m", "--pids-limit", "20")
    done = limited("run", "-d", *options, image, "sleep", "100").ok()
    assert done.err == ""
    assert str(64 << 20) in str(limited("stats", "--no-stream", "--format", "json").json())
    done = limited("exec", "small", "sh", "-c", "for n in $(seq 40); do sleep 9 & done")
    assert "fork" in done.err
    limited("rm", "-f", "small").ok()


def test_container_is_paused_and_goes_on(limited: OrdinaryUser, image: str) -> None:
    limited("run", "-d", "--name", "held", "--network", "none", image, "sleep", "100").ok()
    limited("pause", "held").ok()
    assert json.loads(limited("inspect", "held").ok().out)[0]["State"]["Paused"]
    limited("unpause", "held").ok()
    limited("rm", "-f", "held").ok()


def test_memory_beyond_the_limit_ends_the_program(limited: OrdinaryUser, image: str) -> None:
    words = ("run", "--name", "greedy", "--network", "none", "-m", "32m", "--memory-swap", "32m", image)
    assert limited(*words, "python3", "-c", "bytearray(200 << 20)").code == 137
    assert json.loads(limited("inspect", "greedy").ok().out)[0]["State"]["OOMKilled"]
    limited("rm", "greedy").ok()


def test_info_names_what_can_be_limited(limited: OrdinaryUser) -> None:
    found = limited("info", "--format", "json").json()
    assert {"memory", "pids"} <= set(found["limits"])
    assert not any(missing["what"] == "control groups" for missing in found["rootless"]["missing"])
