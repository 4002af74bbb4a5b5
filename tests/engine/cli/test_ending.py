"""Exit codes: what is the engine's, what the program's, what the words'."""

import pytest

from engine.cli.ending import ended
from engine.errors import InvalidArgument, LaunchError, NotFound


def _fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("error", [NotFound("x"), InvalidArgument("x"), LaunchError("x", exit_code=127)])
def test_an_error_of_the_engine_is_1(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(lambda: _fail(error), lambda: False) == 1
    assert capsys.readouterr().err == "lamina: x\n"


@pytest.mark.parametrize(("error", "code"), [(NotFound("x"), 125), (LaunchError("x", exit_code=127), 127)])
def test_where_a_program_has_a_code_the_engines_is_another(error: Exception, code: int) -> None:
    assert ended(lambda: _fail(error), lambda: True) == code


def test_a_code_that_a_command_gives_is_its_own() -> None:
    assert ended(lambda: 125, lambda: False) == 125
