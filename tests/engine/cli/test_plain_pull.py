"""Which words are a plain pull, and that it says and does what the whole command line would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import plain_pull
from tests.support.command import Lamina


def test_a_name_alone_is_read_quiet_or_not() -> None:
    found = plain_pull.read(["redis:7"], "/store")
    assert found is not None
    assert (found.reference, found.root, found.quiet) == ("redis:7", "/store", False)
    for words in (["-q", "redis:7"], ["redis:7", "--quiet"]):
        found = plain_pull.read(words, "")
        assert found is not None
        assert found.quiet


@pytest.mark.parametrize(
    "words", [[], ["-q"], ["a", "b"], ["--platform", "linux/arm64", "a"], ["--help"], ["--", "a"], [""]]
)
def test_all_other_words_are_left_to_the_command_line(words: list[str]) -> None:
    assert plain_pull.read(words, "") is None


@pytest.mark.parametrize("name", ["127.0.0.1:1/none:1", "No Name", "lab/base"])
def test_what_goes_wrong_is_said_as_the_command_line_says_it(tmp_path: Path, name: str) -> None:
    lamina = Lamina(tmp_path)
    plain, whole = lamina("pull", name), lamina("pull", "--platform", "", name)
    assert plain.code == whole.code != 0
    assert plain.err == whole.err != ""


def test_click_is_not_loaded(tmp_path: Path) -> None:
    script = (
        "import sys, atexit; sys.argv = ['lamina', 'pull', '-q', 'lab/base'];"
        "from engine.cli import plain_pull, pulling;"
        "plain_pull.read(['lab/base'], ''); print('click' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
