"""Ordinary users with an image, one for each way of having ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.rootless.world import OrdinaryUser, needs_root, ordinary_user
from tests.support.house import furnish, lab_house
from tests.support.peers import PeerRegistry


@pytest.fixture(scope="session")
def image(peer_registry: PeerRegistry) -> str:
    """The name of an image with users of its own, in a registry."""
    name = f"{peer_registry.host}/test/house:1"
    needs_root()
    with lab_house("lab/python") as lamina:
        furnish(lamina, "lab/python", name)
        lamina("push", name).ok()
    return name


@pytest.fixture(scope="module")
def user(image: str) -> Iterator[OrdinaryUser]:
    """A user with subordinate ids, who has pulled the image."""
    with ordinary_user(subordinate=True) as found:
        found("pull", "-q", image).ok()
        yield found


@pytest.fixture(scope="module")
def lone_user(image: str) -> Iterator[OrdinaryUser]:
    """A user with a single id, who has pulled the image."""
    with ordinary_user(subordinate=False) as found:
        found("pull", "-q", image).ok()
        yield found
