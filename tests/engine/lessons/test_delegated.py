"""The lesson of limits for somebody who is not root: with control groups of his own, and without."""

from __future__ import annotations

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


def taught(user: OrdinaryUser) -> str:
    """The page of the lesson, run to its end, in which everything held."""
    page = user.home / "limits.md"
    done = user("lab", "start", "limits", "--auto", "--speed", "0", "--export", str(page), timeout=120)
    assert done.code == 0, done.out[-3000:] + done.err
    return page.read_text("utf-8")


def test_limits_that_cannot_be_kept_are_left_out_with_the_remedy(user: OrdinaryUser) -> None:
    page = taught(user)
    assert "no control group that limits memory" in page
    assert "Delegate=yes" in page
    assert "$ lamina create" not in page


def test_limits_are_run_into_in_control_groups_that_were_given(user: OrdinaryUser) -> None:
    cgroups = find_cgroups()
    if any(cgroups.of(controller) is None for controller in ("memory", "pids", "cpu")):
        pytest.skip("no control groups of memory, processors and processes here")
    with delegated_groups(cgroups.hierarchies) as groups:
        page = taught(replace(user, groups=groups))
    assert "Skipped" not in page
    assert "lab-greedy ran out of memory" in page
