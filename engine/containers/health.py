"""How a container's health is asked for: Docker's rules (moby: daemon/health.go, daemon/create)."""

from __future__ import annotations

from engine.errors import InvalidArgument
from engine.oci.run_config import HealthCheck

_INTERVAL, _TIMEOUT, _START_INTERVAL, _RETRIES = 30.0, 30.0, 5.0, 3  # Docker's
_SHORTEST, _SHORTEST_OF_IMAGES, _LONGEST = 0.001, 0.1, 10.0 * 365 * 86400  # seconds


def resolve_health(asked: HealthCheck, image: HealthCheck, off: bool) -> HealthCheck | None:
    """What is run, and when; None where nothing is.

    :param asked: over what the image says, field by field. :param off: `--no-healthcheck`.
    :raises InvalidArgument: a time or a number cannot be meant; names the option.
    """
    if off:
        if asked != HealthCheck():
            raise InvalidArgument("--no-healthcheck and other --health options exclude each other")
        return None
    _check(asked)
    test = asked.test or image.test
    if not test or test[0] not in ("CMD", "CMD-SHELL") or len(test) < 2:
        if asked != HealthCheck() and not asked.test:
            raise InvalidArgument("--health options want a program, and the image names none",
                hint="give one with --health-cmd")  # fmt: skip
        return None
    return HealthCheck(
        test,
        asked.interval or _bounded(image.interval) or _INTERVAL,
        asked.timeout or _bounded(image.timeout) or _TIMEOUT,
        asked.start_period or _bounded(image.start_period),
        asked.start_interval or _bounded(image.start_interval) or _START_INTERVAL,
        asked.retries or image.retries or _RETRIES,
    )


def _check(asked: HealthCheck) -> None:
    times = (
        ("interval", asked.interval), ("timeout", asked.timeout), ("start-period", asked.start_period),
        ("start-interval", asked.start_interval),
    )  # fmt: skip
    for name, seconds in times:
        if seconds and not _SHORTEST <= seconds <= _LONGEST:
            raise InvalidArgument(f"--health-{name} is from 1ms to ten years")
    if asked.retries < 0:
        raise InvalidArgument("--health-retries cannot be less than nothing")
    if any("\0" in word for word in asked.test):
        raise InvalidArgument("--health-cmd holds a zero byte, which no program can be given")


def _bounded(seconds: float) -> float:
    # What an image says cannot be refused to whoever runs it, but neither may it keep a processor busy.
    return min(max(seconds, _SHORTEST_OF_IMAGES), _LONGEST) if seconds else 0
