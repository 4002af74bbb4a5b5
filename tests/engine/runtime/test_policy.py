"""Restart policies as people type them and monitors read them."""

from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from engine.launch.restarts import POLICY, Restarts
from engine.runtime.policy import (
    HOST,
    PERSON,
    RestartPolicy,
    ended_by,
    forget_ended,
    mark_ended,
    parse_policy,
    write_policy,
)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", RestartPolicy()),
        ("no", RestartPolicy()),
        ("always", RestartPolicy("always")),
        ("on-failure:5", RestartPolicy("on-failure", 5)),
        ("on-failure", RestartPolicy("on-failure")),
    ],
)
def test_dockers_words_are_taken(text: str, policy: RestartPolicy) -> None:
    assert parse_policy(text) == policy


@pytest.mark.parametrize("text", ["never", "always:3", "on-failure:", "on-failure:-1", "on-failure:٣", "no "])
def test_others_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="--restart"):
        parse_policy(text)


def test_the_monitor_reads_what_is_written(tmp_path: Path) -> None:
    write_policy(tmp_path, parse_policy("on-failure:1"))
    restarts = Restarts(str(tmp_path))
    assert restarts.pause(1, 0) is not None
    assert restarts.pause(0, 0) is None
    write_policy(tmp_path, parse_policy("no"))
    assert not (tmp_path / POLICY).exists()


def test_who_ended_it_is_kept_until_it_is_started(tmp_path: Path) -> None:
    assert ended_by(tmp_path) == ""
    for why in (PERSON, HOST):
        mark_ended(tmp_path, why, parse_policy("always"))
        assert ended_by(tmp_path) == Restarts(str(tmp_path)).ended_by() == why
    forget_ended(tmp_path)
    assert ended_by(tmp_path) == ""


def test_a_disk_that_refuses_keeps_nobody_from_stopping_what_nothing_restarts(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    mark_ended(gone, PERSON, parse_policy("no"))
    with pytest.raises(OSError, match="gone"):
        mark_ended(gone, PERSON, parse_policy("always"))
