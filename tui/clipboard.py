"""The clipboard of the terminal one sits at, also over SSH and from inside tmux: OSC 52."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from collections.abc import Mapping

MOST = 74_994
"""Bytes that travel at once; terminals drop longer sequences whole (xterm: 100,000 characters)."""

_PATIENCE = 2.0  # seconds for tmux to answer


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


def hand_to_tmux(text: str) -> bool:
    """Put a text into tmux's own buffer, and through it onto the clipboard of the terminal around it.

    As it is set up by itself, tmux takes no such sequence from a program, but sends one of its own
    (tmux(1), `load-buffer -w`, since 3.2). Blocks.

    :return: whether tmux took it.
    """
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=clipped(text).encode("utf-8"), capture_output=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
