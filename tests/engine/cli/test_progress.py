"""A pull's progress as people see it on stderr."""

from __future__ import annotations

import io
import sys

import pytest

from engine.cli.progress import PullProgress
from engine.images.models import LayerProgress, LayerState, PlanLayer, PullPlan
from engine.oci import Digest

BASE, APPLICATION = Digest.of(b"base"), Digest.of(b"application")
PLAN = PullPlan(
    reference="lab/web:2",
    image_id=Digest.of(b"image"),
    manifest_digest=Digest.of(b"manifest"),
    platform="linux/amd64",
    layers=(PlanLayer(1, BASE, BASE, 5000, True, 0), PlanLayer(2, APPLICATION, APPLICATION, 189, False, 1)),
    fetch_bytes=189,
    total_bytes=5189,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def pulled(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, quiet: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    shown = PullProgress(quiet)
    shown.plan(PLAN)
    shown.layer(LayerProgress(1, LayerState.WAITING, 0, 5000))
    shown.layer(LayerProgress(1, LayerState.HERE, 5000, 5000))
    shown.layer(LayerProgress(2, LayerState.WAITING, 0, 189))
    shown.layer(LayerProgress(2, LayerState.DOWNLOADING, 100, 189))
    shown.layer(LayerProgress(2, LayerState.DOWNLOADING, 189, 189))
    shown.layer(LayerProgress(2, LayerState.DONE, 189, 189))
    shown.close()
    return stream.getvalue()


def test_without_a_terminal_each_change_of_state_is_a_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = pulled(io.StringIO(), monkeypatch).splitlines()
    assert [line.partition(": ")[2] for line in lines] == [
        "already here (5 kB)",
        "downloading 100 B of 189 B",
        "done (189 B)",
    ]


def test_lines_name_their_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = pulled(io.StringIO(), monkeypatch).splitlines()
    assert lines[0].split(":")[0].split() == ["1", BASE.short]


def test_on_a_terminal_lines_are_redrawn_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    written = pulled(Terminal(), monkeypatch)
    last = written.rpartition("\x1b[2A")[2]
    assert "\x1b[2A" in written
    assert "already here" in last
    assert "done (189 B)" in last


def test_quiet_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pulled(Terminal(), monkeypatch, quiet=True) == ""
