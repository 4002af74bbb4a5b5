"""What the layers of a stack are for: pure functions over stacks of diff IDs.

A base is known by what else is here: the longest other local image whose whole stack begins this one.
Alone in a store, an image's first layer is its base.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.images.models import Role
from engine.oci import Digest

Stack = tuple[Digest, ...]


def endings(stack: Stack, others: Iterable[tuple[Stack, str]]) -> dict[int, str]:
    """At which positions (1 is the first) another image ends that begins this stack, and its name.

    :param others: stacks and names of the other local images; one with this very stack does not count.
    """
    found: dict[int, str] = {}
    for other, name in sorted(others, key=lambda pair: pair[1], reverse=True):
        if other and len(other) < len(stack) and stack[: len(other)] == other:
            found[len(other)] = name
    return found


def roles(length: int, ends: Iterable[int]) -> tuple[Role, ...]:
    """The role of each layer of a stack.

    :param ends: positions from `endings`.
    """
    base = max(ends, default=1)
    given = [Role.BASE if position <= base else Role.INTERMEDIATE for position in range(1, length + 1)]
    if length > base:
        given[-1] = Role.APPLICATION
    return tuple(given)
