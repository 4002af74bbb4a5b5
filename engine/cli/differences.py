"""How the differences of two images are written; shared by `diff` and `compare`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from engine.cli.output import print_table
from engine.cli.words import size

if TYPE_CHECKING:
    from engine.analysis.compare import FileChange, LayerPair, SettingChange


def print_layers(pairs: Iterable[LayerPair]) -> None:
    """Layers side by side; a dash where an image has none."""
    print_table(
        ("OLD", "NEW", "DIFF ID", "COMPRESSED", "UNPACKED"),
        [
            (
                "-" if pair.old is None else str(pair.old),
                "-" if pair.new is None else str(pair.new),
                pair.diff_id.short,
                size(pair.compressed),
                size(pair.unpacked),
            )
            for pair in pairs
        ],
    )


def print_files(files: Iterable[FileChange]) -> None:
    """Files that differ, with their sizes in both images."""
    print_table(
        ("CHANGE", "OLD SIZE", "NEW SIZE", "PATH"),
        [(file.change.value, size(file.old_size), size(file.new_size), f"/{file.path}") for file in files],
    )


def print_settings(settings: Iterable[SettingChange], environment: Iterable[SettingChange]) -> None:
    """Settings and variables that differ; nothing where none does."""
    rows = [(change.name, change.old, change.new) for change in settings]
    rows += [(f"env {change.name}", change.old, change.new) for change in environment]
    if rows:
        click.echo()
        print_table(
            ("SETTING", "OLD", "NEW"),
            [(name, *("-" if value is None else value for value in values)) for name, *values in rows],
        )


def file_document(file: FileChange) -> dict[str, object]:
    """One file for JSON."""
    return {
        "path": f"/{file.path}",
        "change": file.change.value,
        "kind": file.kind.name.lower(),
        "old_size": file.old_size,
        "new_size": file.new_size,
    }
