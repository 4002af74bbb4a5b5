"""The clipboard of the terminal one sits at, also over SSH and from inside tmux: OSC 52."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping

MOST = 74_994
"""Bytes that travel at once; terminals drop longer sequences whole (xterm: 100,000 characters)."""


def clipped(text: str) -> str:
    """As much of a text as a terminal takes at once, cut on a character's edge."""
    raw = text.encode("utf-8", "replace")
    return raw[:MOST].decode("utf-8", "ignore")


def copy_sequence(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """What has to be written to the terminal so that `text` lies on its clipboard.

    Inside tmux both the plain sequence, which tmux itself takes where `set-clipboard` is on, and one
    wrapped for the terminal around it (tmux(1), allow-passthrough).

    :param text: at most `MOST` bytes of it are copied.
    """
    payload = b64encode(clipped(text).encode("utf-8")).decode("ascii")
    plain = f"\x1b]52;c;{payload}\a"
    if environment.get("TMUX"):
        return plain + "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        return plain + f"\x1bP{plain}\x1b\\"
    return plain
