"""How long a client waits."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from engine.registry.retry import RetryPolicy, is_retried, retry_after


def test_waits_grow_up_to_a_bound() -> None:
    policy = RetryPolicy(base=1.0, longest=5.0)
    for failures, most in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (1000, 5.0)):
        delays = [policy.delay(failures) for _ in range(200)]
        assert max(delays) <= most
        assert len(set(delays)) > 100, "clients that failed together must not return together"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(status: int) -> None:
    assert is_retried(status)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 501])
def test_what_will_not_pass_is_not_asked_again(status: int) -> None:
    assert not is_retried(status)


def test_a_registry_may_ask_for_seconds() -> None:
    assert retry_after(" 7 ") == 7.0


def test_a_registry_may_ask_for_a_date() -> None:
    assert retry_after(formatdate(time.time() + 60, usegmt=True)) == pytest.approx(60, abs=5)
    assert retry_after(formatdate(time.time() - 60, usegmt=True)) == 0.0


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "٣", "9" * 100, "Mon, 99 Foo 0000"])
def test_what_cannot_be_understood_asks_for_nothing(value: str | None) -> None:
    assert retry_after(value) is None
