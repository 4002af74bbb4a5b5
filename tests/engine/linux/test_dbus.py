"""Calls on a bus of the real daemon."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.linux.dbus import BusError, Method, call
from tests.support.dbus import start_bus
from tests.support.peers import needs_programs

_BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A bus that is taken for the system's."""
    needs_programs("dbus-daemon")
    process = start_bus(tmp_path, monkeypatch)
    yield process
    process.terminate()
    process.wait(timeout=60)


@pytest.mark.usefixtures("bus")
def test_method_is_called_with_its_words() -> None:
    call(Method(*_BUS, "NameHasOwner"), "org.freedesktop.DBus")


@pytest.mark.usefixtures("bus")
def test_refusal_is_told_by_its_name() -> None:
    with pytest.raises(BusError, match=r"org\.freedesktop\.DBus\.Error\."):
        call(Method("com.example.Nobody", "/", "com.example.Nobody", "Do"), "one", "three", "")


def test_bus_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    with pytest.raises(BusError):
        call(Method(*_BUS, "GetId"))
