"""When to ask again, and how long to wait before."""

from __future__ import annotations

import asyncio
import random
import time
from typing import NamedTuple

from engine.errors import Unavailable

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})


class RetryPolicy(NamedTuple):
    """How patient a client is.

    :param attempts: how often one thing is tried, the first time included.
    :param base: seconds of the first wait at most; each later one may be twice as long.
    :param longest: seconds of any one wait, also of what a registry asks for by Retry-After.
    :param connect: seconds to get a connection.
    :param stall: seconds without a single byte, after which an attempt has failed.
    :param document: seconds for the whole of a manifest, config or token; blobs take as long as they take.
    :param total: seconds after the first failure in a row in which a further attempt may begin.
    :param settle: seconds a registry has to take in what it was sent.
    :param window: seconds of waiting for bytes in which at least `least` must come.
    :param least: bytes; with the default window 400 a second, which a bad telephone line still brings.
    """

    attempts: int = 5
    base: float = 0.25
    longest: float = 30.0
    connect: float = 15.0
    stall: float = 20.0
    document: float = 45.0
    total: float = 90.0
    settle: float = 300.0
    window: float = 20.0
    least: int = 8000

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (1 is the first).

        Drawn at random up to the bound ("full jitter"), so that clients that failed together
        do not return together.
        """
        return random.uniform(0, min(self.longest, self.base * 2 ** min(failures - 1, 30)))  # noqa: S311


def is_retried(status: int) -> bool:
    """Whether an answer of this HTTP status may be different the next time."""
    return status in _RETRIED


def retry_after(value: str | None) -> float | None:
    """Seconds that a `Retry-After` header asks for, or None where it asks for nothing we understand.

    Source: RFC 9110, 10.2.3: seconds or a date.
    """
    if not value or len(value) > 64:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


class Interrupted(Exception):
    """An attempt failed in a way that may pass. No person sees it: see `Patience`.

    :param reason: in words, to end the sentence "the registry does not answer: …".
    :param wait: seconds the registry asked for, or None.
    :param answered: it did answer, and the reason ends the sentence "the registry …".
    """

    def __init__(self, reason: str, wait: float | None = None, *, answered: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.answered = answered

    def told(self, host: str) -> str:
        """What happened, as a sentence about a host."""
        return f"{host} {'' if self.answered else 'does not answer: '}{self.reason}"


class Patience:
    """The attempts at one thing.

    :param what: what is asked for, as the person named it.
    :param host: whom we ask.
    """

    def __init__(self, policy: RetryPolicy, what: str, host: str) -> None:
        self._policy = policy
        self._what = what
        self._host = host
        self._failures = 0
        self._since = 0.0  # time.monotonic() of the first failure in a row

    def progressed(self) -> None:
        """Start counting anew: what failed before has been overcome."""
        self._failures = 0

    async def after(self, failure: Interrupted) -> None:
        """Wait for the next attempt.

        :raises Unavailable: there is none left, or the registry asks for more time than we give.
        """
        now = time.monotonic()
        self._since = self._since if self._failures else now
        self._failures += 1
        wait = failure.wait or 0.0
        late = now + wait - self._since > self._policy.total
        if self._failures >= self._policy.attempts or wait > self._policy.longest or late:
            raise Unavailable(f"{self._what}: {failure.told(self._host)}", hint=_advice(failure)) from failure
        await asyncio.sleep(wait + self._policy.delay(self._failures))


def _advice(failure: Interrupted) -> str:
    if failure.wait:
        return f"try again in {failure.wait:.0f} seconds"
    if failure.answered:
        return "try again later, or ask who runs it"
    return "check the address and the network, then try again"


class Pace:
    """Whether bytes come fast enough: a drip that never falls silent would otherwise last for ever.

    Only waiting counts, so a reader who is slow himself is no reason to give up.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._waited = 0.0
        self._bytes = 0
        self._mark = time.monotonic()

    def waits(self) -> None:
        """From now on the network is waited for."""
        self._mark = time.monotonic()

    def came(self, count: int) -> None:
        """So many bytes came.

        :raises Interrupted: too few in the whole window.
        """
        self._waited += time.monotonic() - self._mark
        self._bytes += count
        if self._waited >= self._policy.window:
            if self._bytes < self._policy.least:
                seconds = f"{self._waited:.0f} seconds"
                raise Interrupted(f"sent only {self._bytes} bytes in {seconds}", answered=True)
            self._waited, self._bytes = 0.0, 0
