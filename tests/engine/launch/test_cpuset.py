"""Groups for processors of version 1, which are empty when they are new."""

import os

import pytest

from engine.launch.cgroups import Group, make
from engine.linux.cgroups import find_cgroups

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def test_a_group_gets_processors_though_its_parent_has_none_yet() -> None:
    """Another container's monitor makes the parent at the same moment."""
    hierarchy = find_cgroups().of("cpuset")
    if hierarchy is None or hierarchy.version != 1:
        pytest.skip("processors are not grouped by version 1 here")
    parent = hierarchy.path / f"lamina-test-{os.getpid()}"
    child = parent / "child"
    parent.mkdir()
    try:
        make([Group(str(child), 1, ["cpuset"], [], [])])
        assert (child / "cpuset.cpus").read_text().strip()
        assert (child / "cpuset.mems").read_text().strip()
    finally:
        if child.exists():
            child.rmdir()
        parent.rmdir()
