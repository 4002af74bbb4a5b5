"""Looking into an image of a hundred thousand files, inside a running engine; in processor time."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable

from engine.analysis.blame import blame
from engine.analysis.changes import layer_changes
from engine.analysis.stacked import Stack
from engine.analysis.waste import waste
from engine.layers.inode import Directory, Inode
from engine.layers.member import Kind
from engine.layers.table import FileTable
from engine.layers.table_writer import encode_table

_LAYERS, _FILES = 10, 9000


def tables() -> list[bytes]:
    """Ten tables of ten thousand entries, of which every seventh meets one of a layer below."""
    chance, known, found = random.Random(1), list[bytes](), list[bytes]()
    for _ in range(_LAYERS):
        root = Directory()
        for _ in range(_FILES):
            again = bool(known) and chance.random() < 1 / 7
            path = chance.choice(known) if again else b"usr/share/package-%d/part%d/file-%d.txt" % (
                chance.randrange(400), chance.randrange(8), chance.randrange(10**9),
            )  # fmt: skip
            _put(root, path, Inode(Kind.WHITEOUT) if again and chance.random() < 0.2 else _file(path, chance))
            known.append(path)
        found.append(encode_table(root))
    return found


def _file(path: bytes, chance: random.Random) -> Inode:
    inode = Inode(Kind.FILE, 0o644)
    inode.size = chance.randrange(100_000)
    inode.digest = hashlib.sha256(path + b"%d" % chance.randrange(3)).digest()
    return inode


def _put(root: Directory, path: bytes, inode: Inode) -> None:
    *parents, name = path.split(b"/")
    here = root
    for parent in parents:
        below = here.children.get(parent)
        if not isinstance(below, Directory):
            below = here.children[parent] = Directory(parent, here)
        here = below
    here.children[name] = inode


def seconds(action: Callable[[], object]) -> float:
    """Processor time of the best of five runs."""
    best = 60.0
    for _ in range(5):
        start = time.process_time()
        action()
        best = min(best, time.process_time() - start)
    return best


def opened(encoded: list[bytes]) -> Stack:
    """The stack from its files' bytes to the sizes of the first directories."""
    stack = Stack([FileTable(data) for data in encoded])
    stack.children("/")
    return stack


def asked(encoded: list[bytes]) -> None:
    """All that one asks of an image: waste, blame of a path, and the changes of its last layer."""
    stack = opened(encoded)
    waste(stack)
    blame(stack, "usr/share")
    layer_changes(stack, _LAYERS).counts.values()


def report() -> str:
    """Both, measured, in lines as people read them."""
    encoded = tables()
    entries = sum(len(FileTable(data)) for data in encoded)
    return (
        f"looking into an image of {entries:,} entries\n"
        f"  its stacked tree opens in     {seconds(lambda: opened(encoded)) * 1e3:.0f} ms\n"
        f"  with blame, waste and changes {seconds(lambda: asked(encoded)) * 1e3:.0f} ms\n"
    )
