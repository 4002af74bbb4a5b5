"""WWW-Authenticate headers, as registries really write them and as they should not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.registry.challenge import Challenge, parse_challenges


def test_the_challenge_of_docker_is_read() -> None:
    header = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
    assert parse_challenges([header]) == (
        Challenge(
            "bearer",
            {
                "realm": "https://auth.docker.io/token",
                "service": "registry.docker.io",
                "scope": "repository:a/b:pull,push",
            },
        ),
    )


def test_several_challenges_are_told_apart() -> None:
    one = ['Basic realm="a, b", Bearer Realm = "x\\"y" , service=z']
    two = ['Basic realm="a, b"', 'Bearer Realm="x\\"y",service=z']
    wanted = (Challenge("basic", {"realm": "a, b"}), Challenge("bearer", {"realm": 'x"y', "service": "z"}))
    assert parse_challenges(one) == wanted
    assert parse_challenges(two) == wanted


def test_a_parameter_that_comes_twice_keeps_its_first_value() -> None:
    assert parse_challenges(['Bearer realm="a",realm="b"'])[0].parameters == {"realm": "a"}


@pytest.mark.parametrize("header", ["", ",,,", '"', "=", 'realm="x"'])
def test_what_cannot_be_read_is_no_challenge(header: str) -> None:
    assert parse_challenges([header]) == ()


@given(st.lists(st.text(alphabet='Bearn "=,\\;é\t', max_size=60), max_size=3))
def test_any_header_is_read_without_an_error(headers: list[str]) -> None:
    parse_challenges(headers)


def test_a_long_header_is_read_in_a_moment() -> None:
    parse_challenges(['Bearer realm="' + "\\" * 100_000, "a " * 100_000, 'a="' * 50_000])
