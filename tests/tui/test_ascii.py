"""Whether tmux draws more than ASCII, by asking a tmux of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.terminal import Terminal
from tui.ascii import draws_only_ascii

_ASK = """
from tui.ascii import draws_only_ascii
print("only ascii" if draws_only_ascii() else "all of it", flush=True)
input()
"""


@pytest.mark.parametrize(
    "environment",
    [{}, {"TMUX": "x", "LANG": "de_DE.UTF-8"}, {"TMUX": "x", "LC_ALL": "en_US.utf8", "LANG": "C"}],
)
def test_nobody_is_asked_without_tmux_or_where_the_locale_tells(environment: dict[str, str]) -> None:
    assert not draws_only_ascii(environment | {"PATH": "/nowhere"})


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
@pytest.mark.parametrize(("words", "answer"), [((), "only ascii"), (("-u",), "all of it")])
def test_tmux_tells_how_its_client_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], answer: str
) -> None:
    for name in ("TMUX", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    socket = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    with Terminal([*socket, *words, "new", sys.executable, "-c", _ASK], 80, 24) as screen:
        screen.until(answer)
        subprocess.run([*socket, "kill-server"], check=True)
