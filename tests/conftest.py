"""Fixtures of all tests: a store of its own, the command line, and real peers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.support import leaks, peers
from tests.support.command import Lamina
from tests.support.mounts import mount_changes, mount_table
from tests.support.small_images import SmallImages, make_small_images


@pytest.fixture
def store_root() -> Iterator[Path]:
    """A directory for a store; the test fails if processes or mounts of it are left at the end."""
    with leaks.scratch_store() as root:
        yield root


@pytest.fixture
def settings(store_root: Path) -> Settings:
    """Settings of a store of its own."""
    return Settings(root=store_root, run=store_root / "run")


@pytest.fixture
def lamina(store_root: Path) -> Lamina:
    """Runs the command line on a store of its own."""
    return Lamina(store_root)


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fails the test that changes the host's mount table."""
    before = mount_table()
    yield
    changes = mount_changes(before, mount_table())
    if changes:
        pytest.fail("the host's mount table changed:\n  " + "\n  ".join(changes), pytrace=False)


@pytest.fixture
def requires_root() -> None:
    """Skips the test for ordinary users."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture(scope="session")
def real_registry() -> peers.RealRegistry:
    """The registry of large real images; the test is skipped where none answers."""
    return peers.RealRegistry.find()


@pytest.fixture(scope="session")
def peer_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.PeerRegistry]:
    """A docker-registry of this test process."""
    with peers.peer_registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def small_images(tmp_path_factory: pytest.TempPathFactory, peer_registry: peers.PeerRegistry) -> SmallImages:
    """Small real images, served by the peer registry."""
    return make_small_images(tmp_path_factory.mktemp("images"), peer_registry)
