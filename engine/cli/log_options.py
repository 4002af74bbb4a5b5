"""`--log-driver` and `--log-opt` of run and create."""

from __future__ import annotations

from engine.cli.quantities import number_of, size_of
from engine.errors import InvalidArgument, NotSupported
from engine.runtime.log_limits import MOST_FILES, SMALLEST, UNLIMITED_SIZE, LogLimits

_SIZE, _FILES = "--log-opt max-size", "--log-opt max-file"


def log_limits(driver: str, words: tuple[str, ...]) -> LogLimits:
    """What `max-size=10m` and `max-file=3` say.

    :raises NotSupported: another driver than the one there is.
    :raises InvalidArgument: a word is something else, or its value cannot be meant.
    """
    if driver not in ("", "json-file"):
        raise NotSupported(
            f"--log-driver {driver!r}: there is one kind of log, JSON lines with rotation",
            hint="it is json-file, which may be left out; see --log-opt",
        )
    size = files = 0
    for word in words:
        name, _, value = word.partition("=")
        if name == "max-size":
            size = UNLIMITED_SIZE if value == "-1" else size_of(_SIZE, value)
            if size != UNLIMITED_SIZE and size < SMALLEST:
                raise InvalidArgument(f"{_SIZE} {value!r} is below 1k", hint="-1 is no limit")
        elif name == "max-file":
            files = number_of(_FILES, value)
            if not 1 <= files <= MOST_FILES:
                raise InvalidArgument(f"{_FILES} {value!r} is not between 1 and {MOST_FILES}")
        else:
            raise InvalidArgument(
                f"--log-opt {word!r} is not supported", hint="there are max-size=BYTES and max-file=COUNT"
            )
    return LogLimits(size, files)
