"""Layers on disk, as an unpack would have left them, with the stack of their tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.analysis.content import Contents
from engine.analysis.stacked import Stack
from engine.layers.member import Kind
from tests.engine.analysis.tables import What, file, tables


def lay(place: Path, *layers: Mapping[str, What | bytes]) -> Contents:
    """Write files, links and directories of layers below a place."""
    for number, layer in enumerate(layers):
        root = place / f"layer{number}"
        root.mkdir(parents=True)
        for path, what in layer.items():
            _write(root, path, file(what) if isinstance(what, bytes) else what)
    return Contents(Stack(tables(*layers)), lambda number: place / f"layer{number}")


def _write(root: Path, path: str, what: What) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if what.same_as:
        os.link(root / what.same_as, target)
    elif what.kind is Kind.DIRECTORY:
        target.mkdir(exist_ok=True)
    elif what.kind is Kind.FILE:
        target.write_bytes(what.content)
    elif what.kind is Kind.SYMLINK:
        target.symlink_to(what.link)
