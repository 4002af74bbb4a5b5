"""Whether a terminal draws more than ASCII, as far as that can be known."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

_PATIENCE = 1.0  # seconds for tmux to answer


def draws_only_ascii(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether tmux stands between and puts `_` for whatever is not ASCII: its client was begun without UTF-8.

    Only where the locale does not say UTF-8 is tmux asked (tmux(1), `client_utf8`).
    """
    words = (environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((word for word in words if word), "").lower().replace("-", "")
    # Python gives itself C.UTF-8 where nothing was said (PEP 538), which tmux knows nothing of.
    if not environment.get("TMUX") or ("utf8" in locale and locale != "c.utf8"):
        return False
    try:
        asked = subprocess.run(
            ["tmux", "display-message", "-p", "#{client_utf8}"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.stdout.strip() == b"0"
