"""What becomes of containers while the clock of the machine jumps."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

import engine
from engine.containers.models import ContainerOptions
from engine.containers.records import Record
from engine.containers.resolve import resolve_config
from engine.containers.store import ContainerStore
from engine.oci import Digest, RunConfig
from engine.runtime.state import NEVER_STARTED
from engine.settings import Settings

_DAY = 86400.0
# Where durations are kept to: pauses, grace, health, patience. What is told or stored is the clock's.
_ROOMS = ("launch", "runtime", "containers")


def _ended(ago: float) -> tuple[Record, object]:
    options = ContainerOptions("image", ("true",), auto_remove=True)
    config = resolve_config("0" * 64, options, RunConfig(), "host")
    record = Record("0" * 64, "box", Digest.of(b""), "image", 0, config)
    return record, NEVER_STARTED._replace(status="exited", finished=time.time() - ago)


@pytest.mark.parametrize(("ago", "left"), [(1, False), (_DAY, True), (-_DAY, True)])
def test_what_ended_before_the_clock_was_set_back_is_removed_too(
    settings: Settings, ago: float, left: bool
) -> None:
    record, state = _ended(ago)
    assert ContainerStore(settings).was_left(record, state) is left  # type: ignore[arg-type]


def _reckonings(path: Path) -> list[int]:
    """Lines that add to or take from the present time of the clock."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.BinOp)
        for side in (node.left, node.right)
        if isinstance(side, ast.Call) and ast.unparse(side.func) == "time.time"
    ]


def test_no_duration_is_measured_by_a_clock_that_may_jump() -> None:
    base = Path(engine.__file__).parent
    found = {
        str(path.relative_to(base)): lines
        for room in _ROOMS
        for path in sorted((base / room).rglob("*.py"))
        if (lines := _reckonings(path))
    }
    # The end of a container is read from its file, maybe by another process of another day.
    assert found.keys() == {"containers/store.py"}
