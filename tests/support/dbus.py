"""A message bus of a test's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.waiting import eventually

_SETTINGS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


def start_bus(directory: Path, monkeypatch: pytest.MonkeyPatch) -> subprocess.Popen[bytes]:
    """Start one that this test's programs take for the system's; the caller ends it.

    :param directory: for its socket and settings.
    """
    place, settings = directory / "bus", directory / "bus.conf"
    settings.write_text(_SETTINGS.format(place), "utf-8")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={place}")
    process = subprocess.Popen(
        ["dbus-daemon", f"--config-file={settings}", "--nofork", "--nopidfile"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert eventually(place.exists)
    return process
