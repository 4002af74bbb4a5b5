"""Layers with real files on a disk and real tables, so that an explorer has something to look into."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from engine.analysis.compare import Comparison, SettingChange, align_layers, compare_files, update_cost
from engine.analysis.content import Contents
from engine.analysis.images import LayerFacts
from engine.analysis.stacked import Stack
from engine.images.models import ImageDetail
from engine.layers.inode import Directory, Inode
from engine.layers.member import Kind
from engine.layers.table import FileTable
from engine.layers.table_writer import encode_table
from tests.tui.fake_files import put

Layer = dict[str, bytes | None]
"""Paths to contents; None removes what lies below."""

LAYERS: tuple[Layer, ...] = (
    {
        "bin/tool": bytes(range(256)) * 8,
        "etc/config.py": b"# how it runs\nport = 80\nname = 'web'\n",
        "etc/motd": b"welcome\n",
        "var/cache/big": b"x" * 100_000,
        "usr/share/doc/README": b"read me\n",
    },
    {"var/cache/big": None, "opt/app/main.py": b"import os\n\nprint(os.getcwd())\n"},
    {"etc/config.py": b"# how it runs\nport = 8080\nname = 'web'\n", "etc/motd": None},
)


def contents(directory: Path, layers: tuple[Layer, ...] = LAYERS, upper: int = 0) -> Contents:
    """An image of these layers, the base first.

    :param directory: where their files are written.
    :param upper: how many empty layers lie above.
    """
    tables = [_layer(directory / str(number), files) for number, files in enumerate(layers)]
    tables += [_layer(directory / f"empty{number}", {}) for number in range(upper)]
    names = [*map(str, range(len(layers))), *(f"empty{number}" for number in range(upper))]
    return Contents(Stack(tables), lambda layer: directory / names[layer])


def _layer(directory: Path, files: Layer) -> FileTable:
    directory.mkdir(parents=True, exist_ok=True)
    root = Directory()
    for path, data in files.items():
        inode = Inode(Kind.WHITEOUT if data is None else Kind.FILE, 0o644)
        if data is not None:
            inode.size, inode.digest = len(data), sha256(data).digest()
            target = os.fsencode(directory) + b"/" + os.fsencode(path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(data)
        put(root, path, inode)
    return FileTable(encode_table(root))


def comparison(old: ImageDetail, new: ImageDetail, directory: Path) -> Comparison:
    """Two images as the engine compares them; the older has two of the layers, the newer three."""
    facts = [
        tuple(LayerFacts(row.diff_id, row.compressed, row.unpacked) for row in detail.layers)
        for detail in (old, new)
    ]
    before = contents(directory / "old", LAYERS[:2]).stack
    after = contents(directory / "new", LAYERS).stack
    download, shared = update_cost(*facts)
    return Comparison(
        layers=align_layers(*facts),
        files=compare_files(before, after),
        settings=(SettingChange("user", None, "app"), SettingChange("cmd", '["a"]', '["b"]')),
        environment=(SettingChange("PORT", "80", "8080"),),
        download=download,
        shared=shared,
    )
