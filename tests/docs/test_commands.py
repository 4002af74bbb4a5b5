"""Every command that the pages show is one that the program has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from engine.cli.main import cli

_PROJECT = Path(__file__).parents[2]
_PAGES = ("README.md", "docs/guide.md")
_BETWEEN = {"|", "||", "&&", ";"}


def _shown() -> list[tuple[str, ...]]:
    """The words after each `lamina` of the lines that begin with a prompt."""
    found = []
    for page in _PAGES:
        for line in re.findall(r"^\$ (.*)$", (_PROJECT / page).read_text("utf-8"), re.MULTILINE):
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, ";"]:
                if word in _BETWEEN or word in ("<", ">"):
                    if words[:1] == ["lamina"]:
                        found.append(tuple(words[1:]))
                    words = []
                elif word == "lamina" or words:  # `ssh host lamina load` is one of ours too
                    words.append(word)
    return sorted(set(found))


def test_the_pages_show_commands() -> None:
    assert len(_shown()) > 100


@pytest.mark.parametrize("words", _shown(), ids=" ".join)
def test_a_command_that_a_page_shows_is_understood(words: tuple[str, ...]) -> None:
    command: click.Command = cli
    context = click.Context(cli, info_name="lamina")
    rest = list(words)
    while isinstance(command, click.Group) and rest:
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    # Only what the words are is asked: what they name, such as a file, need not be here.
    parser = command.make_parser(context)
    values, left, _ = parser.parse_args(args=rest)
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    assert left == [] or any(one.nargs == -1 for one in arguments)
    for one in arguments:
        assert not one.required or values.get(one.name or "") not in (None, ()), f"{one.name} is missing"
