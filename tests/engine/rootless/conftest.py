"""Ordinary users with an image, one for each way of having ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.rootless.world import OrdinaryUser, ordinary_user
from tests.support.peers import RealRegistry

IMAGE = "debian:12"


@pytest.fixture(scope="module")
def image(real_registry: RealRegistry) -> str:
    """The name of a real image with users of its own."""
    return real_registry.image(IMAGE)


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
