"""`--filter KEY=VALUE` of verbs that list: one of several values for one key, all keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import click

Test = Callable[[Any], bool]
Tests = Mapping[str, Collection[Test]]


def filter_option(known: Mapping[str, Callable[[str], Test]]) -> Callable[[Any], Any]:
    """`--filter`, handed to the command as `tests: Tests`.

    :param known: for each key, what makes a test of a value; raises `click.BadParameter` for what is none.
    """

    def read(_ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> Tests:
        tests: dict[str, list[Test]] = {}
        for value in values:
            key, equals, wanted = value.partition("=")
            if key not in known or not equals or not wanted:
                raise click.BadParameter(f"{value!r} is not KEY=VALUE with one of {', '.join(known)}")
            tests.setdefault(key, []).append(known[key](wanted))
        return tests

    return click.option(
        "-f", "--filter", "tests", metavar="KEY=VALUE", multiple=True, callback=read,
        help=f"Only what fits: {', '.join(known)}. One of several values for one key, all keys.",
    )  # fmt: skip


def fits(thing: object, tests: Tests) -> bool:
    """Whether something passes one test of each key."""
    return all(any(test(thing) for test in alternatives) for alternatives in tests.values())
