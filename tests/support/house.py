"""A store that many tests of the command line live in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import leaks
from tests.support.command import Lamina


@contextmanager
def lab_house() -> Iterator[Lamina]:
    """A store with the lab's base image, whose registry is down again; gone in the end."""
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        lamina("lab", "up").ok()
        try:
            lamina("pull", "-q", "lab/base").ok()
        finally:
            lamina("lab", "down").ok()
        yield lamina
