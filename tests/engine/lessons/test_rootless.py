"""Lessons run for an ordinary user as they do for root, and leave nothing of his behind either."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.lessons.test_runner import CHOICES, OURS
from tests.engine.rootless.world import OrdinaryUser, ordinary_user

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def user() -> Iterator[OrdinaryUser]:
    """A user with subordinate ids; the tests fail if a process of his is left."""
    with ordinary_user(subordinate=True) as found:
        yield found


@pytest.mark.parametrize("name", OURS)
def test_every_step_is_done_unattended(name: str, user: OrdinaryUser) -> None:
    choices = [word for choice in CHOICES.get(name, ()) for word in ("--set", choice)]
    done = user("lab", "start", name, "--auto", "--speed", "0", *choices, timeout=110)
    assert (done.code, [line for line in done.out.splitlines() if "✗" in line]) == (0, []), (
        done.out + done.err
    )
    assert "(not measured)" not in done.out or "Not on this machine" in done.out
    assert not (user.root / "lab" / "lesson").exists()
