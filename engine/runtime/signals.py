"""Signals by the names people and images use."""

from __future__ import annotations

import re
import signal

from engine.errors import InvalidArgument

_NUMBER = r"[0-9]{1,2}"


def signal_number(text: str) -> int:
    """The number of `TERM`, `SIGTERM`, `15` or `RTMIN+3`.

    :raises InvalidArgument: there is no such signal.
    """
    name = text.upper()
    if re.fullmatch(_NUMBER, name, re.ASCII) and 1 <= int(name) <= signal.SIGRTMAX:
        return int(name)
    name = name if name.startswith("SIG") else f"SIG{name}"
    base, plus, offset = name.partition("+")
    try:
        number = int(signal.Signals[base])
    except KeyError:
        number = 0
    if plus and base == "SIGRTMIN" and re.fullmatch(_NUMBER, offset, re.ASCII):
        number += int(offset)
    elif plus:
        number = 0
    if not 1 <= number <= signal.SIGRTMAX:
        raise InvalidArgument(
            f"there is no signal {text!r}", hint="name one such as TERM, HUP, USR1, or its number"
        )
    return number
