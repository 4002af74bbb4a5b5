"""What `container prune --filter` lets go of."""

from __future__ import annotations

from collections.abc import Callable

import click

from engine.cli.moments import moment
from engine.containers.models import ContainerSummary

_UNTIL = click.Option(["--filter"])

Test = Callable[[ContainerSummary], bool]


def pruned_ones(filters: tuple[str, ...]) -> Test:
    """Whether a container fits all filters. :raises click.BadParameter: one is none."""
    tests = [_test(text) for text in filters]
    return lambda found: all(test(found) for test in tests)


def _test(text: str) -> Test:
    key, equals, value = text.partition("=")
    if equals and value and key == "until":
        before = moment(click.get_current_context(), _UNTIL, value)
        return lambda found: before is not None and found.created < before
    if equals and value and key in ("label", "label!"):
        name, said, wanted = value.partition("=")

        def has(found: ContainerSummary) -> bool:
            return name in found.labels and (not said or found.labels[name] == wanted)

        return has if key == "label" else lambda found: not has(found)
    raise click.BadParameter(f"{text!r} is none of until=TIME, label=NAME[=VALUE] and label!=NAME[=VALUE]")
