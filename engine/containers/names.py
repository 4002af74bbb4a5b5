"""Names for containers: checked where a person gives one, made up where nobody does."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from engine.errors import InvalidArgument

# Docker's rule; compiled where a name is checked, because most starts check none.
_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}"

_HOW = (
    "amber ample azure bold brisk calm clear crisp deft dense early fair fine firm fleet fresh gentle glad "
    "keen kind light lively lucid mellow mild neat nimble noble plain prime quick quiet rapid ready ripe "
    "sharp silent sleek smart smooth sober solid spry stable steady still sturdy sunny swift terse tidy "
    "trim true vivid warm wise"
).split()
_WHAT = (
    "agate alder aspen basalt beech birch cedar chalk clay coral dune elm fern flint gneiss granite hazel "
    "heath ivy jasper juniper larch laurel lichen linden loam maple marble marl moss oak onyx opal pine "
    "poplar pumice quartz reed rowan sage sand schist sedge shale slate sorrel spruce sycamore talc thyme "
    "tuff walnut willow yarrow yew"
).split()


def check_name(name: str) -> str:
    """The name, if it can be one.

    :raises InvalidArgument: it cannot; says what may stand in a name.
    """
    if not re.fullmatch(_NAME, name):
        raise InvalidArgument(
            f"{name!r} cannot name a container",
            hint="letters, digits, and _ . - after the first, 128 at most",
        )
    return name


def made_up_name() -> str:
    """A name that is easy to say; may be taken already."""
    return f"{_any_of(_HOW)}_{_any_of(_WHAT)}"


def new_id() -> str:
    """A container id: 64 hex digits, of which the first twelve are what people see and type."""
    while True:
        found = os.urandom(32).hex()
        # A short id of digits alone would read as a number in a host name or a user's eye.
        if not found[:12].isdecimal():
            return found


def _any_of(words: Sequence[str]) -> str:
    # Not the module secrets, whose imports would double the time of `ps`.
    return words[int.from_bytes(os.urandom(4)) % len(words)]
