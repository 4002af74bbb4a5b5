"""The lessons of namespaces and limits for somebody who is not root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.linux.cgroups import find_cgroups
from tests.engine.rootless.world import OrdinaryUser, delegated_groups, ordinary_user

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def user() -> Iterator[OrdinaryUser]:
    """A user with subordinate ids, in no control group of his own."""
    with ordinary_user(subordinate=True) as found:
        yield found


def taught(user: OrdinaryUser, lesson: str) -> str:
    """The page of a lesson that was run to its end, in which everything held."""
    page = user.home / f"{lesson}.md"
    done = user("lab", "start", lesson, "--auto", "--speed", "0", "--export", str(page), timeout=120)
    assert done.code == 0, done.out[-3000:] + done.err
    assert not os.path.exists(user.root / "lab" / "lesson")
    return page.read_text("utf-8")


def test_namespaces_are_seen_from_both_sides(user: OrdinaryUser) -> None:
    page = taught(user, "namespaces")
    assert "NOT done" not in page
    assert "Skipped" not in page
    assert "host file: No such file or directory" in page


def test_limits_that_cannot_be_kept_are_left_out_with_the_remedy(user: OrdinaryUser) -> None:
    page = taught(user, "limits")
    assert "no control group that limits memory" in page
    assert "Delegate=yes" in page
    assert "lab\\-greedy" not in page
    assert "$ lamina create" not in page


def test_limits_are_run_into_in_control_groups_that_were_given(user: OrdinaryUser) -> None:
    cgroups = find_cgroups()
    if any(cgroups.of(controller) is None for controller in ("memory", "pids", "cpu")):
        pytest.skip("no control groups of memory, processors and processes here")
    with delegated_groups(cgroups.hierarchies) as groups:
        page = taught(replace(user, groups=groups), "limits")
    assert "Skipped" not in page
    assert "lab-greedy ran out of memory" in page
