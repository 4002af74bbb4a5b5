"""Every option that docker run and docker create know is there, or is refused by name with a reason."""

from __future__ import annotations

import re
import subprocess

import click
import pytest

from engine.cli.main import cli
from engine.cli.refusing import REFUSED, REFUSED_BY
from engine.cli.run import create, run
from tests.support.command import Lamina
from tests.support.peers import needs_programs

pytestmark = pytest.mark.system

VERBS = {"run": run, "create": create}
# "  -e, --env list      Set environment variables"; without a type it is a flag.
_OPTION = re.compile(r"^ {2}(?: {4}|(-\w), )(--[a-z0-9-]+)(?: ([a-z0-9]\S*))?(?: {2,}|$)")


def _of_docker(verb: str) -> dict[str, tuple[str, bool]]:
    """By long name: the short one, and whether it takes a value."""
    needs_programs("docker")
    told = subprocess.run(["docker", verb, "--help"], capture_output=True, text=True, check=True).stdout
    lines = told[told.index("Options:") :].splitlines()
    found = [match for line in lines if (match := _OPTION.match(line))]
    assert len(found) > 80
    return {match[2]: (match[1] or "", bool(match[3])) for match in found}


def _of_ours(command: click.Command) -> dict[str, click.Option]:
    options = [param for param in command.params if isinstance(param, click.Option)]
    return {name: option for option in options for name in (*option.opts, *option.secondary_opts)}


@pytest.mark.parametrize("verb", VERBS)
def test_each_is_there_in_the_same_form_or_refused(verb: str) -> None:
    ours, refused = _of_ours(VERBS[verb]), REFUSED | REFUSED_BY.get(verb, {})
    for name, (short, takes_value) in _of_docker(verb).items():
        if name == "--help":
            continue
        if name in refused:
            assert name not in ours, f"{name} is refused and there"
            assert not short or short in refused, f"{short} is not refused as {name} is"
            continue
        assert name in ours, f"{name} is neither there nor refused"
        assert not short or ours.get(short) is ours[name], f"{short} is not {name}"
        if name != "--sig-proxy":  # there a flag that is set from the start: only =false says anything
            assert ours[name].is_flag is not takes_value, f"{name} is a flag here or there"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named_with_a_reason(name: str, lamina: Lamina) -> None:
    finished = lamina("run", f"{name}=1" if name.startswith("--") else name, "image")
    assert finished.code == 125
    assert finished.err.startswith(f"lamina: {name} is not supported: ")
    assert "image is not here" not in finished.err


def test_nothing_is_refused_that_docker_does_not_know() -> None:
    known = {
        name for verb in VERBS for name, (short, _) in _of_docker(verb).items() for name in (name, short)
    }
    assert REFUSED.keys() <= known


_OTHERS = """
attach commit cp diff events exec export inspect kill logs pause port ps rename restart rm start stats stop
top unpause update wait
""".split()


@pytest.mark.parametrize("verb", _OTHERS)
def test_each_option_of_other_verbs_is_there_or_refused(verb: str) -> None:
    needs_programs("docker")
    told = subprocess.run(["docker", verb, "--help"], capture_output=True, text=True, check=True).stdout
    lines = told.partition("Options:")[2].splitlines()
    names = {match[2] for line in lines if (match := _OPTION.match(line))} - {"--help"}
    context = click.Context(cli)
    command = cli.get_command(context, verb)
    assert command is not None
    assert names - _of_ours(command).keys() - REFUSED_BY.get(verb, {}).keys() == set()


@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb in REFUSED_BY for name in REFUSED_BY[verb]])
def test_what_other_verbs_refuse_is_named_with_a_reason(verb: str, name: str, lamina: Lamina) -> None:
    finished = lamina(verb, f"{name}=1" if name.startswith("--") else name, "image")
    assert finished.code != 0
    assert finished.err.startswith(f"lamina: {name} is not supported: ")
