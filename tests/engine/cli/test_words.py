"""Sizes, ages and states read as in Docker's tables."""

from __future__ import annotations

import pytest

from engine.cli.words import ago, size, status
from engine.containers.models import ContainerSummary, Status
from engine.oci import Digest

NOW = 1_700_000_000.0


def container(state: Status, **more: object) -> ContainerSummary:
    fields: dict[str, object] = {
        "id": "a" * 64, "name": "web", "image": "lab/web:1", "image_id": Digest.of(b""), "command": ("sh",),
        "created": NOW - 60, "status": state, "pid": 0, "exit_code": None, "started": NOW - 180,
        "finished": None, "error": "", "network": "none", "tty": False, "labels": {},
    }  # fmt: skip
    return ContainerSummary(**(fields | more))  # type: ignore[arg-type]  # a table of fields says more than 15 parameters


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (189, "189 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (999_600, "1 MB"),
        (718_000_000, "718 MB"),
        (1_230_000_000, "1.23 GB"),
    ],
)
def test_size_has_three_digits_and_a_decimal_unit(count: int, text: str) -> None:
    assert size(count) == text


def test_age_is_said_in_words() -> None:
    assert ago(NOW - 180, NOW) == "3 minutes ago"


def test_unknown_age_is_not_applicable() -> None:
    assert ago(None) == "N/A"


def test_age_after_the_clock_was_set_back_is_not_in_the_future() -> None:
    assert ago(NOW + 3600, NOW) == "a moment ago"


def test_running_container_is_up() -> None:
    assert status(container(Status.RUNNING), NOW) == "Up 3 minutes"


def test_paused_container_says_so() -> None:
    assert status(container(Status.PAUSED), NOW) == "Up 3 minutes (Paused)"


def test_exited_container_shows_its_code() -> None:
    ended = container(Status.EXITED, exit_code=137, finished=NOW - 7200)
    assert status(ended, NOW) == "Exited (137) 2 hours ago"


def test_exited_container_without_a_known_code_shows_none() -> None:
    assert status(container(Status.EXITED, finished=NOW - 60), NOW) == "Exited (?) a minute ago"


@pytest.mark.parametrize(("state", "text"), [(Status.CREATED, "Created"), (Status.DEAD, "Dead")])
def test_other_states_are_one_word(state: Status, text: str) -> None:
    assert status(container(state), NOW) == text


@pytest.mark.parametrize(
    ("health", "text"), [("healthy", "healthy"), ("unhealthy", "unhealthy"), ("starting", "health: starting")]
)
def test_health_stands_beside_the_time(health: str, text: str) -> None:
    assert status(container(Status.RUNNING, health=health), NOW) == f"Up 3 minutes ({text})"
