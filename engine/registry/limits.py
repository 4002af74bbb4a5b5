"""How many more pulls a registry grants.

Source: Docker Hub's documentation, "Pull usage and limits": `ratelimit-limit: 100;w=21600` and
`ratelimit-remaining: 76;w=21600`, where `w` is the window in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_VALUE = r"(\d{1,9})(?!\d)(?:\s*;\s*w=(\d{1,9}))?"
_NEARLY = 0.1  # of the limit, or
_FEW = 5  # pulls


class RateLimit(NamedTuple):
    """What a registry says of its limit.

    :param window: seconds that the limit is for; 0 where it does not say.
    """

    limit: int
    remaining: int
    window: int = 0

    @property
    def is_nearly_used_up(self) -> bool:
        """It is time to tell a person."""
        return self.remaining <= max(_FEW, self.limit * _NEARLY)

    def __str__(self) -> str:
        """`3 of 100 pulls in 6 hours are left`."""
        window = f" in {_span(self.window)}" if self.window else ""
        return f"{self.remaining} of {self.limit} pulls{window} are left"


def read_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """The limit that the headers of an answer tell of; None where they do not, or cannot be read."""
    limit = re.match(_VALUE, headers.get("ratelimit-limit", ""), re.ASCII)
    remaining = re.match(_VALUE, headers.get("ratelimit-remaining", ""), re.ASCII)
    if not limit or not remaining:
        return None
    return RateLimit(int(limit[1]), int(remaining[1]), int(limit[2] or 0))


def _span(seconds: int) -> str:
    for length, name in ((3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = round(seconds / length)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
