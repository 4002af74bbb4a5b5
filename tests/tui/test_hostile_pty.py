"""What the workstation writes to a real terminal while everything on its screens is hostile."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.support.heard import Heard

_PROGRAM = """
import sys
from pathlib import Path
from engine.settings import Settings
from tests.tui.test_hostile import HostileSource
from tui.app import Lamina
root = Path(sys.argv[1])
Lamina(Settings(root=root, run=root), source=HostileSource()).run()
"""
_WAYS = (
    ("1 j j", ""), ("3 j", ""), ("4 ] ] [ [", ""), ("2 j l", ""), ("2 ] ]", ""), ("2 ?", "Help"),
    ("2 v", "Group containers"), ("6", "Volumes"), ("7", "Volumes"), ("2 F", "files"), ("1 R", "Run"),
    (":", "Go any"), ("P", "Pull"), ("u 5", "updates"), ("2 s", ""), ("2 d", "killed first"),
)  # fmt: skip
"""Keys, and what then stands on another screen until it is left."""
# What Textual itself sends: moves, colours, modes, questions about the terminal; kitty's keyboard protocol.
_OURS = re.compile(
    r"\x1b(?:\[[0-9;:?<>=]*[Hmhlupqrtnc]|\[\?[0-9;]*\$p|\]22;[a-z]*\x07|[=>78]|\(B|P\+q[0-9A-Fa-f;]*\x1b\\\\)"
)
_FOREIGN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def test_nothing_but_our_own_sequences_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "LAMINA_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path))
    with Heard([sys.executable, "-c", _PROGRAM, str(tmp_path)], 120, 30) as screen:
        screen.until("30")
        for keys, shown in _WAYS:
            for key in keys.split(" "):
                screen.strike(key)
                screen.settle(quiet=0.15, longest=2)
            screen.until(shown)
            screen.press("esc")
            screen.until("q quit")
        screen.press("2", "E")
        screen.until("then d")
        screen.press("\x1d", "d")
        screen.press("1")
        screen.until("Images")  # it lives, and answers
    written = screen.all.decode("utf-8")
    rest = _OURS.sub("", written)
    foreign = {letter for letter in rest if unicodedata.category(letter) in _FOREIGN} - {"\r", "\n"}
    assert foreign == set(), [rest[max(0, at - 40) : at + 40] for at in _places(rest)][:5]
    assert "\x1b]0;" not in written
    assert "\x1b]52;" not in written


def _places(rest: str) -> list[int]:
    foreign = (unicodedata.category(letter) in _FOREIGN and letter not in "\r\n" for letter in rest)
    return [at for at, is_foreign in enumerate(foreign) if is_foreign]
