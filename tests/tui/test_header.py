"""The first line says how the engine works here, and what an ordinary user could have by which command."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from engine.models import Missing, Rootless
from tests.tui.fake import FakeSource
from tui.panels.header import header_versions
from tui.state import State
from tui.updates import HostKnown
from tui.widgets.lines import Line

_IDS = Missing("subordinate ids", "one user only", "sudo usermod …")
_NETWORKS = Missing("networks of containers", "none", "sudo apt install slirp4netns")
_SLOWER = Missing("overlays of the kernel", "fuse-overlayfs shows files, which is slower")


def _header(width: int, *missing: Missing, mode: str = "rootless") -> str:
    host = asyncio.run(FakeSource().info())
    state, line = State(), Line()
    if mode == "rootless":
        host = replace(host, mode="rootless", rootless=Rootless(65537, "", missing))
    state.apply([HostKnown(host)])
    line._versions = tuple(header_versions(state))
    return "".join(text for text, _ in line.spans(0, width)[0])


def test_root_is_told_as_such() -> None:
    assert "root · overlay · cgroup v2" in _header(120, mode="root")
    assert "missing" not in _header(120, mode="root")


def test_all_that_is_missing_is_said_with_its_commands_where_there_is_room() -> None:
    said = _header(200, _IDS, _NETWORKS)
    assert "rootless · overlay" in said
    assert "no subordinate ids: sudo usermod …" in said
    assert "no networks of containers: sudo apt install slirp4netns" in said


def test_narrow_header_counts_what_is_missing_and_names_the_command_that_tells_it() -> None:
    for width in (60, 80, 100):
        said = _header(width, _IDS, _NETWORKS)
        assert "rootless" in said
        assert "2 missing: lamina info" in said


def test_what_no_command_adds_is_not_called_missing() -> None:
    assert "rootless · overlay" in _header(100, _SLOWER)
    assert "no overlays" not in _header(200, _SLOWER)
