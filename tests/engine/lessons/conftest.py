"""A store that lessons are started from, whose sample images are made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.support import leaks


@pytest.fixture(scope="package")
def outer() -> Iterator[Settings]:
    """Settings of a learner's store; the tests fail if a lesson leaves anything of it behind."""
    with leaks.scratch_store() as root:
        yield Settings(root=root, run=root / "run")


@pytest.fixture
def lesson_file(tmp_path: Path) -> Path:
    """A lesson of two steps in which nothing is wrong."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, "utf-8")
    return path


SMALL = '''\
title = "Small"
about = "Two steps."

[given]
word = "hello"

[[step]]
title = "Say"
text = """
A [container] says
something.
"""
hint = "Press Enter."
do = [
  { run = "lamina run --name lab-a lab/base echo {given.word}", name = "run" },
]
measure = [{ measure = "container", name = "a", container = "lab-a" }]
check = [
  { check = "container_is", container = "lab-a", status = "exited", code = 0 },
  { check = "says", of = "run.said", text = "{given.word}" },
]
show = [{ picture = "table", of = "run.seconds, a.code", labels = "took, code" }]
after = "It took {measured.run.seconds}."

[[step]]
title = "Remove"
text = "Remove it."
do = ["lamina rm lab-a"]
check = [{ check = "container_is_gone", container = "lab-a" }]
'''
