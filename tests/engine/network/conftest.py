"""A store with an image, and hosts for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.network.world import Host, two_hosts
from tests.support import leaks
from tests.support.command import Lamina
from tests.support.peers import needs_programs


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with an image of the lab."""
    needs_programs("ip", "nft", "nsenter")
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        lamina("lab", "up").ok()
        try:
            for image in ("lab/base", "lab/python"):
                lamina("pull", "-q", image).ok()
        finally:
            lamina("lab", "down").ok()
        yield lamina


@pytest.fixture
def host(house: Lamina) -> Iterator[Host]:
    """A host with nothing on it; at the end nothing of ours may be left on it."""
    with two_hosts(house) as world:
        yield world
        left = world("ps", "-aq").ok().out.split()
        if left:
            world("rm", "-f", *left).ok()
        world("network", "prune", "-f").ok()
        assert "lamina" not in world.tool("ip", "-o", "link")
        assert "lamina" not in world.tool("nft", "list", "ruleset")
