"""A wrong verb names its likes, and `help VERB` tells of one."""

from __future__ import annotations

import pytest

from engine.cli.main import main


def test_an_unknown_verb_names_what_may_be_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments=["rnu"]) == 125
    assert "run" in capsys.readouterr().err.partition("Did you mean")[2]


def test_help_of_a_verb_is_the_verbs_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments=["help", "waste"]) == 0
    assert "lamina waste" in capsys.readouterr().out
