"""How commands are found and how they end."""

from __future__ import annotations

import os
import subprocess

import pytest

from engine import __version__
from engine.cli.main import cli
from tests.support.command import Lamina


def test_version_is_said(lamina: Lamina) -> None:
    assert lamina("--version").ok().out == f"Lamina version {__version__}\n"


def test_help_names_every_verb(lamina: Lamina) -> None:
    listed = lamina("--help").ok().out
    assert all(f"\n  {verb} " in listed for verb in cli.list_commands(None))  # type: ignore[arg-type]  # unused


@pytest.mark.parametrize("verb", cli.list_commands(None))  # type: ignore[arg-type]  # the table needs no context
def test_every_verb_has_help(verb: str, lamina: Lamina) -> None:
    assert lamina(verb, "--help").ok().out.startswith(f"Usage: lamina {verb}")


def test_without_a_command_the_engine_says_what_there_is(lamina: Lamina) -> None:
    finished = lamina().ok()
    assert "Commands:" in finished.out
    assert "the program `lamina` opens it" in finished.err


@pytest.mark.parametrize("words", [["nothing"], ["ps", "--nothing"], ["run"], ["run", "--nothing", "x"]])
def test_wrong_words_end_with_125_and_say_where_help_is(words: list[str], lamina: Lamina) -> None:
    finished = lamina(*words)
    assert finished.code == 125
    assert finished.err.startswith("lamina: ")
    assert "--help" in finished.err


def test_unknown_option_is_named(lamina: Lamina) -> None:
    assert "--nothing" in lamina("run", "--nothing", "x").err


def test_a_template_is_refused_clearly_where_there_are_none(lamina: Lamina) -> None:
    finished = lamina("layers", "x", "--format", "{{.ID}}")
    assert finished.code == 125
    assert "there are no templates of this" in finished.err


def test_error_is_a_line_and_a_hint_without_a_traceback(lamina: Lamina) -> None:
    finished = lamina("layers", "nothing")
    assert finished.code == 1
    assert finished.err.startswith("lamina: ")
    assert "Traceback" not in finished.err


def test_control_characters_of_an_argument_do_not_come_back(lamina: Lamina) -> None:
    assert "\x1b" not in lamina("layers", "a\x1b[2Jb").err


def test_store_that_cannot_be_made_is_an_error(lamina: Lamina) -> None:
    lamina.root.joinpath("file").write_text("")
    finished = Lamina(lamina.root / "file" / "store")("images")
    assert finished.code == 1
    assert "--root" in finished.err


def test_reader_that_goes_away_is_not_an_error_on_screen(lamina: Lamina) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(lamina.words("--help"), stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_printed(shell: str, lamina: Lamina) -> None:
    assert "_LAMINA_COMPLETE" in lamina("completion", shell).ok().out


def test_words_are_completed(lamina: Lamina) -> None:
    asked = {"_LAMINA_COMPLETE": "bash_complete", "COMP_WORDS": "lamina im", "COMP_CWORD": "1"}
    assert lamina(env=asked).out == "plain,image\nplain,images\nplain,import\n"
