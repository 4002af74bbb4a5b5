"""What is written to a terminal so that a text lies on its clipboard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from tests.support.heard import Heard
from tests.support.waiting import eventually
from tui.clipboard import MOST, copy_sequence, hand_to_tmux


def test_a_text_travels_as_osc_52() -> None:
    assert copy_sequence("hello", {}) == "\x1b]52;c;aGVsbG8=\a"


def test_inside_tmux_it_is_also_wrapped_for_the_terminal_around() -> None:
    sequence = copy_sequence("hello", {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert sequence.startswith("\x1b]52;c;aGVsbG8=\a")
    assert sequence.endswith("\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\a\x1b\\")


def test_no_control_character_of_the_text_reaches_the_terminal() -> None:
    sequence = copy_sequence("\x1b]0;evil\x07\n", {})
    assert "evil" not in sequence
    assert sequence.count("\x1b") == 1


def test_what_is_too_long_is_cut_on_a_characters_edge() -> None:
    payload = copy_sequence("é" * MOST, {}).split(";")[2].rstrip("\a")
    text = b64decode(payload).decode("utf-8")
    assert set(text) == {"é"}
    assert len(text.encode()) <= MOST


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
def test_tmux_as_it_is_by_itself_hands_it_to_the_terminal_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    program = "from tui.clipboard import hand_to_tmux as hand; print('took', hand('hello')); input()"
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    with Heard([*tmux, "new", sys.executable, "-c", program], 80, 24) as screen:
        screen.until("took True")
        assert eventually(lambda: screen.feed(0.1) or b";aGVsbG8=" in screen.all)
        subprocess.run([*tmux, "kill-server"], check=True)
    assert b"]52;" in screen.all


def test_without_tmux_nobody_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not hand_to_tmux("hello")
