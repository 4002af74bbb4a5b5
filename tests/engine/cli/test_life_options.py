"""Durations, health and restarts as words of the command line."""

import pytest

from engine.cli.life_options import seconds_of, take_life
from engine.containers.models import HealthCheck, RestartPolicy
from engine.errors import InvalidArgument

NOTHING = {
    "restart": "no", "health_cmd": "", "health_interval": "", "health_timeout": "", "health_retries": 0,
    "health_start_period": "", "health_start_interval": "", "no_healthcheck": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 0), ("0", 0), ("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("1.5h", 5400)]
)
def test_durations_are_gos(text: str, seconds: float) -> None:
    assert seconds_of("--x", text) == seconds


@pytest.mark.parametrize("text", ["30", "s", "-1s", "1 s", "1d", "١s"])
def test_what_is_no_duration_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(InvalidArgument, match="--health-interval"):
        seconds_of("--health-interval", text)


def test_nothing_said_is_nothing_asked() -> None:
    assert take_life(dict(NOTHING)) == (RestartPolicy(), HealthCheck(), False)


def test_everything_can_be_said() -> None:
    said = {
        "restart": "on-failure:2", "health_cmd": "curl -f localhost", "health_interval": "5s",
        "health_timeout": "1s", "health_retries": 2, "health_start_period": "1m",
        "health_start_interval": "1s", "no_healthcheck": False,
    }  # fmt: skip
    assert take_life(said) == (
        RestartPolicy("on-failure", 2),
        HealthCheck(("CMD-SHELL", "curl -f localhost"), 5, 1, 60, 1, 2),
        False,
    )


def test_a_command_called_none_asks_nothing() -> None:
    assert take_life({**NOTHING, "health_cmd": "none"})[1].test == ("NONE",)
