"""The options of run and create that say what becomes of a container: restarts and health."""

from __future__ import annotations

from typing import Any

import click

from engine.cli.moments import duration
from engine.containers.models import HealthCheck, RestartPolicy
from engine.errors import InvalidArgument

_DURATION = "DURATION"

LIFE_OPTIONS = (
    click.Option(["--restart"], default="no", metavar="POLICY",
        help="When it is started again: no, always, unless-stopped, on-failure[:TIMES]."),
    click.Option(["--health-cmd"], default="", metavar="COMMAND", help="Asks whether it does its work."),
    click.Option(["--health-interval"], default="", metavar=_DURATION, help="Between two looks; 30s."),
    click.Option(["--health-timeout"], default="", metavar=_DURATION, help="What one look may take; 30s."),
    click.Option(["--health-retries"], type=click.IntRange(min=0), default=0, help="Failures in a row; 3."),
    click.Option(["--health-start-period"], default="", metavar=_DURATION, help="Failures then count not."),
    click.Option(["--health-start-interval"], default="", metavar=_DURATION, help="Between looks in it; 5s."),
    click.Option(["--no-healthcheck"], is_flag=True, help="Do not ask, whatever the image says."),
)  # fmt: skip


def life_options(function: Any) -> Any:
    """Give a command these options; it takes them as keywords for `take_life`."""
    function.__dict__.setdefault("__click_params__", []).extend(reversed(LIFE_OPTIONS))
    return function


def take_life(options: dict[str, Any]) -> tuple[RestartPolicy, HealthCheck, bool]:
    """Take these options out of all that were given: restarts, health, and whether it is not asked for.

    :raises InvalidArgument: one cannot be meant; names it.
    """
    from engine.runtime.policy import parse_policy

    command = options.pop("health_cmd")
    times = {
        name: seconds_of(f"--health-{name}", options.pop(f"health_{name.replace('-', '_')}"))
        for name in ("interval", "timeout", "start-period", "start-interval")
    }
    test = ("NONE",) if command == "none" else ("CMD-SHELL", command) if command else ()
    health = HealthCheck(
        test,
        times["interval"],
        times["timeout"],
        times["start-period"],
        times["start-interval"],
        options.pop("health_retries"),
    )
    return parse_policy(options.pop("restart")), health, options.pop("no_healthcheck")


def seconds_of(option: str, text: str) -> float:
    """Seconds of `1m30s`, `500ms` or "" (0), as Go writes durations.

    :raises InvalidArgument: it is none; names the option.
    """
    seconds = duration(text) if text not in ("", "0") else 0.0
    if seconds is None:
        raise InvalidArgument(f"{option} {text!r} is no duration", hint="for example 30s, 1m30s or 500ms")
    return seconds
