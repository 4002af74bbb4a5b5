"""A store on a small real disk without a free block, or without a free inode.

The disk is a tmpfs of a mount namespace of its own: nothing of it is seen outside.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.images.publish import Registry, layer, noise
from tests.support.command import REPOSITORY

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

SMALL = layer({"etc/os": b"small" + noise("small", 50_000)})
BIG = layer({"bin/big": noise("big", 6_000_000)})
GROWN = layer({f"zeros/{number}": bytes(1_000_000) for number in range(40)})
MANY = layer({f"many/{number}": b"x" for number in range(3000)})

# Commands come in as lines of JSON, answers go out so; the namespace and its disk end with the process.
SCRIPT = """
import json, os, subprocess, sys
root, options = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", root], check=True)
for line in sys.stdin:
    words = json.loads(line)
    if words[0] == "fill":
        try:
            if words[1] == "inodes":
                for number in range(10**6):
                    open(f"{root}/ballast-{number}", "xb").close()
            with open(f"{root}/ballast", "wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        except OSError:
            answer = ["", ""]
    elif words[0] == "free":
        disk = os.statvfs(root)
        answer = [disk.f_bavail * disk.f_frsize, disk.f_favail]
    else:
        command = [sys.executable, "-m", "engine.cli", "--root", root, *words]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        answer = [done.returncode, done.stdout, done.stderr]
    print(json.dumps(answer), flush=True)
"""


@dataclass
class SmallDisk:
    """A store on a disk of its own."""

    process: subprocess.Popen[str]

    def ask(self, *words: str) -> list[object]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        answer: list[object] = json.loads(self.process.stdout.readline())
        return answer

    def lamina(self, *words: str) -> tuple[int, str]:
        """Exit code, and all that was written."""
        code, out, err = self.ask(*words)
        assert isinstance(code, int)
        assert "Traceback" not in f"{err}"
        return code, f"{out}{err}"

    def ok(self, *words: str) -> str:
        code, said = self.lamina(*words)
        assert code == 0, said
        return said

    @property
    def free(self) -> int:
        free = self.ask("free")[0]
        assert isinstance(free, int)
        return free


def _disk(root: Path, options: str) -> Iterator[SmallDisk]:
    words = ["unshare", "--mount", sys.executable, "-c", SCRIPT, str(root), options]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        yield SmallDisk(process)


@pytest.fixture
def few_bytes(tmp_path: Path) -> Iterator[SmallDisk]:
    root = tmp_path / "store"
    root.mkdir()
    yield from _disk(root, "size=10m,nr_inodes=2000")


@pytest.fixture
def few_inodes(tmp_path: Path) -> Iterator[SmallDisk]:
    root = tmp_path / "store"
    root.mkdir()
    yield from _disk(root, "size=64m,nr_inodes=400")


def _names(disk: SmallDisk) -> list[object]:
    return [name for image in json.loads(disk.ok("images", "--format", "json")) for name in image["names"]]


async def pull(disk: SmallDisk, reference: str) -> tuple[int, str]:
    """Pull while this process serves the registry."""
    return await asyncio.to_thread(disk.lamina, "pull", "-q", reference)


async def test_a_pull_that_finds_no_room_says_so_and_leaves_no_image(
    few_bytes: SmallDisk, registry: Registry
) -> None:
    small, big = registry.publish("small:1", SMALL), registry.publish("big:1", SMALL, BIG)
    assert (await pull(few_bytes, small))[0] == 0
    before = few_bytes.free
    code, said = await pull(few_bytes, big)
    assert code == 1
    assert "make room" in said
    assert _names(few_bytes) == [small]
    few_bytes.ok("image", "prune", "-f")
    assert before - few_bytes.free < 100_000
    few_bytes.ok("system", "check")


async def test_a_layer_that_outgrows_the_disk_says_so_and_leaves_no_image(
    few_bytes: SmallDisk, registry: Registry
) -> None:
    """Its blob is small, so that only the unpack can find out."""
    small, grown = registry.publish("small:1", SMALL), registry.publish("grown:1", SMALL, GROWN)
    assert (await pull(few_bytes, small))[0] == 0
    before = few_bytes.free
    code, said = await pull(few_bytes, grown)
    assert code == 1
    assert GROWN.digest.short in said
    assert "lamina system prune" in said or "lamina rmi" in said
    assert _names(few_bytes) == [small]
    few_bytes.ok("image", "prune", "-f")
    assert before - few_bytes.free < 100_000
    few_bytes.ok("system", "check")


async def test_a_pull_that_finds_no_inode_says_so_and_leaves_no_image(
    few_inodes: SmallDisk, registry: Registry
) -> None:
    small, many = registry.publish("small:1", SMALL), registry.publish("many:1", SMALL, MANY)
    assert (await pull(few_inodes, small))[0] == 0
    code, said = await pull(few_inodes, many)
    assert code == 1
    assert "No space" in said
    assert _names(few_inodes) == [small]
    few_inodes.ok("image", "prune", "-f")
    few_inodes.ok("system", "check")


@pytest.mark.parametrize("what", ["bytes", "inodes"])
@pytest.mark.parametrize("way", [("rmi",), ("image", "prune", "-a", "-f"), ("system", "prune", "-a", "-f")])
async def test_a_full_disk_can_still_be_made_emptier(
    few_bytes: SmallDisk, registry: Registry, what: str, way: tuple[str, ...]
) -> None:
    reference = registry.publish("small:1", SMALL)
    assert (await pull(few_bytes, reference))[0] == 0
    few_bytes.ask("fill", what)
    assert _names(few_bytes) == [reference]
    assert "CONTAINER" in few_bytes.ok("ps", "-a")
    assert _names(few_bytes) == [reference]
    few_bytes.ok(*way, *([reference] if way == ("rmi",) else []))
    assert _names(few_bytes) == []
    assert few_bytes.free > 50_000


async def test_a_pull_on_a_full_disk_is_a_clear_error(few_bytes: SmallDisk, registry: Registry) -> None:
    small, other = registry.publish("small:1", SMALL), registry.publish("other:1", BIG)
    assert (await pull(few_bytes, small))[0] == 0
    few_bytes.ask("fill", "bytes")
    code, said = await pull(few_bytes, other)
    assert code == 1
    assert "lamina: " in said
    assert _names(few_bytes) == [small]
