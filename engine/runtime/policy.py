"""What becomes of a container when it has ended, as it was asked for and as its monitor reads it.

The two files are described in `engine.launch.restarts`.
"""

import contextlib
import re
from pathlib import Path
from typing import NamedTuple

from engine.errors import InvalidArgument
from engine.launch.restarts import AGAIN, ENDED, HOST, PERSON, POLICY
from engine.launch.state import replace_file

__all__ = [
    "AGAIN", "HOST", "NEVER", "PERSON",
    "RestartPolicy", "ended_by", "forget_ended", "mark_ended", "parse_policy", "write_policy",
]  # fmt: skip

_POLICY = r"(no|always|unless-stopped|on-failure)(?::([0-9]{1,9}))?"


class RestartPolicy(NamedTuple):
    """Docker's restart policies.

    :param name: "no", "always", "unless-stopped" or "on-failure".
    :param limit: of "on-failure": how many times in a row at most; 0 is as often as it takes.
    """

    name: str = "no"
    limit: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.limit}" if self.limit else self.name


NEVER = RestartPolicy()


def parse_policy(text: str) -> RestartPolicy:
    """The policy of `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:5`.

    :raises InvalidArgument: it is none of them.
    """
    found = re.fullmatch(_POLICY, text or "no", re.ASCII)
    if not found:
        raise InvalidArgument(
            f"--restart {text!r} is no policy",
            hint="there are no, always, unless-stopped, on-failure[:TIMES]",
        )
    name, limit = found[1], int(found[2] or 0)
    if limit and name != "on-failure":
        raise InvalidArgument(f"--restart {text}: only on-failure takes how many times")
    return RestartPolicy(name, limit)


def write_policy(directory: Path, policy: RestartPolicy) -> None:
    """Tell the monitor, be it running or yet to come."""
    if policy.name == "no":
        (directory / POLICY).unlink(missing_ok=True)
        return
    text = f"{policy.name} {policy.limit}" if policy.limit else policy.name
    replace_file(str(directory / POLICY), text.encode())


def mark_ended(directory: Path, why: str, policy: RestartPolicy) -> None:
    """Have it stay ended, and after the machine's next start too where its policy minds that.

    :param why: PERSON, HOST (the machine goes down) or AGAIN (it is started at once by whoever ends it).
    :raises OSError: the disk refuses, and the policy would start it again.
    """
    # Where nothing starts it again, a full disk must not keep anybody from stopping it.
    with contextlib.suppress(*([] if policy.name != "no" else [OSError])):
        replace_file(str(directory / ENDED), why.encode(), durable=policy.name != "no")


def forget_ended(directory: Path) -> None:
    """It is started: whatever ended it before counts no more."""
    (directory / ENDED).unlink(missing_ok=True)


def ended_by(directory: Path) -> str:
    """Why it was ended: PERSON, HOST or AGAIN; "" where nobody did."""
    try:
        return (directory / ENDED).read_text("utf-8", "replace").strip()
    except FileNotFoundError:
        return ""
