"""The lesson of namespaces for somebody who is not root."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.engine.rootless.world import OrdinaryUser, ordinary_user

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
