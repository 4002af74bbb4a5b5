"""Capabilities: their names, and which of them this process could give away. capabilities(7)"""

from __future__ import annotations

from pathlib import Path

from engine.launch.privileges import CAPABILITIES


def held() -> tuple[str, ...]:
    """Those that this process has and may hand on, without CAP_, in the kernel's order."""
    fields = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8", "replace").splitlines()
    )
    mask = int(fields["CapPrm"], 16) & int(fields["CapBnd"], 16)
    return tuple(name for bit, name in enumerate(CAPABILITIES) if mask & 1 << bit)


def known(name: str) -> bool:
    """Whether there is a capability of a name (without CAP_)."""
    return name in CAPABILITIES
